// Cards that lead to the pages, numbered in the order of the path. They are links; a plain click stays within the visit.

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".path");
  const wanted = JSON.stringify(data.chapters);
  if (root.dataset.shown === wanted) return;
  root.dataset.shown = wanted;
  root.replaceChildren(...data.chapters.map((chapter, i) => card(chapter, i + 1, () => setTriggerValue("go", chapter.address))));
}

function card({ section, title, address, picture }, number, go) {
  const link = Object.assign(document.createElement("a"), { href: address });
  const image = Object.assign(document.createElement("img"), { src: picture, alt: "", loading: "lazy", width: 288, height: 180 });
  const words = document.createElement("span");
  words.append(text("b", `${number} `), title, text("small", section));
  link.append(image, words);
  link.onclick = (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    go();
  };
  return link;
}

function text(name, textContent) {
  return Object.assign(document.createElement(name), { textContent });
}
