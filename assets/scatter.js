// Points of the plane, each with a little picture that is shown where the pointer rests. The pictures are one atlas.
// Streamlit calls the default export again at every change of data or theme: each chart keeps its nodes in `scatters`.

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
    this.resized = new ResizeObserver(() => this.paint());
    this.resized.observe(root);
  }

  update(data) {
    if (this.data?.version !== data.version) {
      this.atlas = new Image();
      this.atlas.src = data.src;
    }
    this.data = data;
    this.canvas.setAttribute("aria-label", data.alt);
    this.explain();
    this.leave();
    this.paint();
    this.root.dataset.points = data.x.length;
  }

  // The classes with their colours; a click leaves one class alone in colour, a second brings the others back.
  explain() {
    const { names, colours } = this.data;
    this.names.replaceChildren(
      ...names.map((name, c) => {
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = name;
        button.style.setProperty("--dot", colours[c % colours.length]);
        button.setAttribute("aria-pressed", this.only === c);
        button.onclick = () => {
          this.only = this.only === c ? null : c;
          this.explain();
          this.paint();
        };
        return button;
      }),
    );
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
    if (found === this.at) return;
    this.at = found;
    this.paint();
    this.show();
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
    this.near.getContext("2d").drawImage(this.atlas, ...from, 0, 0, w, h);
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
