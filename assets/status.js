// Where a job stands: a line of words over a bar. Joined behind board.js.

const lines = new WeakMap();

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".status");
  if (!lines.has(root)) lines.set(root, new Status(root));
  const line = lines.get(root);
  return join(data, (now) => line.draw(now));
}

class Status {
  constructor(root) {
    this.root = root;
    this.words = root.querySelector(".words");
    this.fill = root.querySelector(".fill");
  }

  draw({ words, share }) {
    const { root } = this;
    if (this.words.textContent !== words) this.words.textContent = words;
    this.fill.style.transform = `scaleX(${share})`;
    root.setAttribute("aria-valuenow", Math.round(share * 100));
    root.setAttribute("aria-valuetext", words);
  }
}
