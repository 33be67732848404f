// Numbers and words that move with a slider. Cells stay when their words change. Joined behind board.js.

const resized = new WeakMap();

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".facts");
  const leave = join(data, (now) => draw(root, now));
  if (!resized.has(root)) resized.set(root, new ResizeObserver(() => reach(root))); // in a view that was not open it had no width
  resized.get(root).observe(root);
  return () => {
    leave();
    resized.get(root).disconnect();
  };
}

// What is wider than its place is read by the arrows too.
function reach(root) {
  root.tabIndex = root.dataset.look !== "line" && root.scrollWidth > root.clientWidth ? 0 : -1;
}

function draw(root, { look, head, rows, about }) {
  const shape = JSON.stringify([look, head, about, rows.length]);
  if (root.dataset.shape !== shape) {
    root.dataset.shape = shape;
    root.dataset.look = look;
    root.replaceChildren(...(look === "figures" ? figures(head, about) : [table(head, rows)]));
  }
  const cells = root.querySelectorAll(".word");
  rows.flat().forEach((word, i) => write(cells[i], word));
  // What the reader sees, for tests and timing.
  root.dataset.version = rows.flat().join("|");
  root.title = look === "line" ? rows.flat().join(" ").replaceAll("**", "") : ""; // its end may be cut off
  reach(root);
}

function make(name, className, textContent = "", title = "") {
  return Object.assign(document.createElement(name), { className, textContent, title });
}

function figures(head, about) {
  return head.map((name, i) => {
    const block = make("div", "block", "", about[i]);
    block.append(make("div", "name", name), make("div", "word"));
    return block;
  });
}

function table(head, rows) {
  const whole = document.createElement("table");
  if (head.length) whole.createTHead().insertRow().append(...head.map((name) => make(name ? "th" : "td", "", name))); // a corner heads nothing
  const body = whole.createTBody();
  for (const row of rows) body.insertRow().append(...row.map(() => make("td", "word")));
  return whole;
}

function write(cell, word) {
  if (cell.dataset.word === word) return;
  cell.dataset.word = word;
  cell.replaceChildren(...word.split("**").map((part, i) => (i % 2 ? make("b", "", part) : part)));
}
