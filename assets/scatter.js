// Points of the plane, each with a little picture that is shown where the pointer rests. The pictures are one atlas.
// By the keyboard arrows lead to the next point across or up, and its picture is shown and its class read out.
// Streamlit calls the default export again at every change of data or theme: each chart keeps its nodes in `scatters`.
// Joined behind board.js and files.js.

const scatters = new WeakMap();

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".scatter");
  if (!scatters.has(root)) scatters.set(root, new Scatter(root));
  const scatter = scatters.get(root);
  scatter.update(data);
  return () => scatter.resized.disconnect();
}

class Scatter {
  constructor(root) {
    this.root = root;
    this.canvas = root.querySelector("canvas.points");
    this.tip = root.querySelector(".tip");
    this.near = root.querySelector(".tip canvas");
    this.words = root.querySelector(".tip span");
    this.names = root.querySelector(".names");
    this.at = null;
    this.only = null;
    this.canvas.onpointermove = (event) => this.point(event);
    this.canvas.onpointerdown = (event) => this.point(event);
    this.canvas.onpointerleave = () => this.leave();
    this.canvas.onblur = () => this.leave();
    this.canvas.onkeydown = (event) => this.press(event);
    this.resized = new ResizeObserver(() => this.paint());
    this.resized.observe(root);
  }

  update(data) {
    if (this.data?.version !== data.version) {
      this.atlas = draw(data);
    }
    this.data = data;
    this.explain();
    this.leave();
    this.paint();
    this.root.dataset.points = data.x.length;
    files(this.root, { name: data.alt, rows: () => [["x", "y", _("class")], ...data.x.map((x, i) => [x, data.y[i], data.names[data.group[i]]])] });
  }

  // How many points of which classes.
  say() {
    const { alt, names, group } = this.data;
    const counts = names.map((name, c) => `${name} ${group.filter((one) => one === c).length}`).filter((_, c) => this.only === null || c === this.only);
    describe(this.root, this.canvas, alt, `${alt}: ${_("{n} points", { n: group.length })}, ${counts.join(", ")}`);
    this.canvas.setAttribute("aria-description", _("Arrow keys lead from point to point."));
  }

  // The classes with their colours; a click leaves one class alone in colour, a second brings the others back.
  explain() {
    const { names, colours } = this.data;
    this.names.replaceChildren(
      ...names.map((name, c) => {
        const button = document.createElement("button");
        button.type = "button";
        const dot = Object.assign(document.createElement("span"), { className: "dot" });
        dot.style.background = colours[c % colours.length];
        button.append(dot, name);
        button.setAttribute("aria-pressed", this.only === c);
        button.onclick = () => {
          this.only = this.only === c ? null : c;
          this.explain();
          this.paint();
        };
        return button;
      }),
    );
    this.say();
  }

  place(i) {
    const { x, y, height } = this.data;
    const edge = 12;
    return [edge + x[i] * (this.width - 2 * edge), edge + (1 - y[i]) * (height - 2 * edge)];
  }

  paint() {
    if (!this.data || !this.root.clientWidth) return;
    const { x, group, colours, height } = this.data;
    const scale = devicePixelRatio;
    this.width = this.root.clientWidth;
    this.canvas.style.height = `${height}px`;
    this.canvas.width = this.width * scale;
    this.canvas.height = height * scale;
    const context = this.canvas.getContext("2d");
    context.scale(scale, scale);
    for (let i = 0; i < x.length; i++) {
      context.globalAlpha = this.only === null || group[i] === this.only ? 0.85 : 0.08;
      context.fillStyle = colours[group[i] % colours.length];
      context.beginPath();
      context.arc(...this.place(i), this.width < 500 ? 2.5 : 3.5, 0, 7);
      context.fill();
    }
    if (this.at === null) return;
    context.globalAlpha = 1;
    context.lineWidth = 2;
    context.strokeStyle = getComputedStyle(this.root).color;
    context.beginPath();
    context.arc(...this.place(this.at), 7, 0, 7);
    context.stroke();
  }

  point(event) {
    if (!this.data) return;
    const box = this.canvas.getBoundingClientRect();
    const [px, py] = [event.clientX - box.left, event.clientY - box.top];
    let best = 25 ** 2;
    let found = null;
    this.data.x.forEach((_, i) => {
      if (this.only !== null && this.data.group[i] !== this.only) return;
      const [x, y] = this.place(i);
      const far = (x - px) ** 2 + (y - py) ** 2;
      if (far < best) [best, found] = [far, i];
    });
    if (found !== this.at) this.go(found);
  }

  go(i) {
    this.at = i;
    this.paint();
    this.show();
  }

  // Left and right by x, up and down by y, among the points that are in colour; the first key leads to the middle of them.
  press(event) {
    const { x, y, group, names } = this.data;
    const [along, step] = { ArrowRight: [x, 1], ArrowLeft: [x, -1], ArrowUp: [y, 1], ArrowDown: [y, -1] }[event.key] ?? [];
    if (event.key === "Escape") this.leave();
    if (!along) return;
    event.preventDefault();
    const order = x.map((_, i) => i).filter((i) => this.only === null || group[i] === this.only).sort((a, b) => along[a] - along[b] || a - b);
    const from = order.indexOf(this.at);
    const to = from < 0 ? Math.floor(order.length / 2) : Math.min(Math.max(from + step, 0), order.length - 1);
    this.go(order[to]);
    globalThis.boltzmannVoice?.say(_("{name}, x = {x}, y = {y}", { name: names[group[this.at]], x: brief(x[this.at]), y: brief(y[this.at]) }));
  }

  show() {
    this.tip.hidden = this.at === null;
    if (this.at === null) return;
    const { cell, columns, gap, names, group, height } = this.data;
    const [h, w] = cell;
    const [x, y] = this.place(this.at);
    const row = Math.floor(this.at / columns);
    this.near.width = w;
    this.near.height = h;
    const from = [(this.at % columns) * (w + gap), row * (h + gap), w, h];
    const at = this.at;
    this.atlas.then(([atlas]) => this.at === at && this.near.getContext("2d").drawImage(atlas, ...from, 0, 0, w, h));
    this.words.textContent = names[group[this.at]];
    this.tip.style.left = `${x < this.width / 2 ? x + 14 : x - 14}px`;
    this.tip.style.top = `${y < height / 2 ? y + 10 : y - 10}px`;
    this.tip.style.transform = `translate(${x < this.width / 2 ? 0 : -100}%, ${y < height / 2 ? 0 : -100}%)`;
  }

  leave() {
    if (this.at === null && this.tip.hidden) return;
    this.at = null;
    this.tip.hidden = true;
    this.paint();
  }
}
