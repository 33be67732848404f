// The heat map of a sweep: a grid of buttons, one for each pair of settings. Streamlit calls the default export again at
// every change: the buttons stay, only what they show changes, so nothing flickers and the keyboard keeps its place.
// Joined behind board.js.

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".heat");
  return join(data, (now) => show(root, now, setTriggerValue));
}

function show(root, data, setTriggerValue) {
  root.querySelector(".ytitle").textContent = data.y.title;
  root.querySelector(".xtitle").textContent = data.x.title;
  const grid = root.querySelector(".grid");
  const shape = JSON.stringify([data.x.labels, data.y.labels]);
  if (grid.dataset.shape !== shape) build(grid, data, shape);
  grid.setAttribute("aria-label", data.alt);
  grid.dataset.done = data.cells.filter((cell) => cell.colour).length;
  grid.querySelectorAll("button").forEach((button, i) => {
    const cell = data.cells[i];
    button.dataset.state = cell.state;
    button.title = cell.words;
    button.setAttribute("aria-label", cell.words);
    button.disabled = !cell.run;
    button.style.background = cell.colour || "";
    button.style.color = cell.ink || "";
    button.firstChild.textContent = cell.text;
    button.lastChild.style.width = `${Math.round(100 * cell.share)}%`;
    button.onclick = () => setTriggerValue("click", cell.run);
  });
}

function build(grid, data, shape) {
  grid.dataset.shape = shape;
  grid.style.gridTemplateColumns = `auto repeat(${data.x.labels.length}, minmax(0, 1fr))`;
  const nodes = data.y.labels.flatMap((label) => [word(label), ...data.x.labels.map(square)]);
  grid.replaceChildren(...nodes, word(""), ...data.x.labels.map(word));
}

function word(text) {
  const span = document.createElement("span");
  span.textContent = text;
  return span;
}

function square() {
  const button = document.createElement("button");
  button.append(document.createElement("b"), document.createElement("i"));
  return button;
}
