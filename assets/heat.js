// A heat map: a grid of buttons, one for each pair of values. Streamlit calls the default export again at
// every change: the buttons stay, only what they show changes, so nothing flickers and the keyboard keeps its place.
// Joined behind board.js and files.js.

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
  const best = data.cells.find(({ state }) => state === "best");
  const filled = _("{n} of {all} cells filled", { n: data.cells.filter(({ colour }) => colour).length, all: data.cells.length });
  describe(root, grid, data.alt, `${data.alt}: ${best ? `${best.words}, ` : ""}${filled}`);
  const wide = data.x.labels.length;
  const row = (label, y) => [label, ...data.cells.slice(y * wide, (y + 1) * wide).map(({ value, text }) => value ?? text)];
  files(root, { name: data.alt, rows: () => [[`${data.y.title} / ${data.x.title}`, ...data.x.labels], ...data.y.labels.map(row)] });
  grid.dataset.dense = data.y.labels.length > 6;
  grid.style.setProperty("--rows", data.y.labels.length);
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
    button.onfocus = () => reach(grid, button);
  });
  const all = [...grid.querySelectorAll("button:enabled")];
  if (!all.some((button) => button.tabIndex === 0)) reach(grid, all.find((one) => one.dataset.state === "best") ?? all[0]);
  grid.onkeydown = (event) => press(grid, data.x.labels.length, event);
}

// The key Tab stops at one cell of the grid; the arrows lead to the others.
function reach(grid, chosen) {
  for (const button of grid.querySelectorAll("button")) button.tabIndex = button === chosen ? 0 : -1;
}

function press(grid, columns, event) {
  const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns }[event.key];
  if (!step) return;
  event.preventDefault();
  const all = [...grid.querySelectorAll("button")];
  const from = all.indexOf(event.target);
  const inLine = (at) => Math.abs(step) > 1 || Math.floor(at / columns) === Math.floor(from / columns);
  for (let at = from + step; all[at] && inLine(at); at += step) if (!all[at].disabled) return all[at].focus();
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
  const button = Object.assign(document.createElement("button"), { tabIndex: -1 }); // until one is chosen for the key Tab
  button.append(document.createElement("b"), document.createElement("i"));
  return button;
}
