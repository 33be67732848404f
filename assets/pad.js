// A pad of pixels to draw on, and, where the server sends one, a recall that starts from the drawing and can be stepped.
// What is drawn goes to the server when the pen is lifted; a recall is shown only with the drawing it starts from.
// Joined behind board.js.

const pads = new WeakMap();
const SVG = "http://www.w3.org/2000/svg";

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".pad");
  if (!pads.has(root)) pads.set(root, new Pad(root));
  const pad = pads.get(root);
  pad.send = (pixels) => setStateValue("pixels", { version: pad.version, pixels });
  const leave = join(data, (now) => pad.update(now));
  return () => {
    leave();
    pad.stop();
  };
}

class Pad {
  constructor(root) {
    this.root = root;
    this.canvas = root.querySelector("canvas");
    this.chart = root.querySelector("svg");
    this.words = root.querySelector(".words");
    this.tool = "pen";
    this.t = 0;
    this.buttons = Object.fromEntries([...root.querySelectorAll("button")].map((button) => [button.name, button]));
    for (const name of ["pen", "eraser"]) this.buttons[name].onclick = () => this.take(name);
    this.buttons.noise.onclick = () => this.edit(() => this.pixels.forEach((x, i) => Math.random() < 0.1 && (this.pixels[i] = 1 - x)));
    this.buttons.half.onclick = () => this.edit(() => this.pixels.fill(0, this.half()));
    this.buttons.clear.onclick = () => this.edit(() => this.pixels.fill(0));
    this.buttons.one.onclick = () => this.go(this.t + 1);
    this.buttons.flip.onclick = () => this.go(this.nextFlip());
    this.buttons.play.onclick = () => (this.playing ? this.stop() : this.play());
    this.buttons.back.onclick = () => this.go(0);
    this.canvas.onpointerdown = (event) => this.press(event);
    this.canvas.onpointermove = (event) => this.drawing && this.ink(this.find(event));
    this.canvas.onpointerup = this.canvas.onpointercancel = () => this.lift();
    this.canvas.onkeydown = (event) => this.key(event);
    this.cursor = null;
    this.canvas.onblur = () => this.paint((this.cursor = null));
  }

  update(data) {
    if (data.version !== this.version) {
      const { rows, cols, version } = data;
      Object.assign(this, { rows, cols, version, pixels: [...data.pixels].map(Number) });
      this.stop();
    }
    const start = this.pixels.join("");
    const path = data.path?.start === start ? data.path : null;
    if (path?.id !== this.path?.id) {
      this.stop();
      this.path = path;
      this.t = 0;
    }
    this.canvas.setAttribute("aria-label", data.alt);
    this.paint();
  }

  // Where the lower half begins, in a single row its right half.
  half() {
    return this.rows > 1 ? Math.ceil(this.rows / 2) * this.cols : Math.ceil(this.cols / 2);
  }

  take(tool) {
    this.tool = tool;
    this.paint();
  }

  // Drawing starts anew from what is shown, so that a recall's end can be corrupted again.
  edit(how) {
    this.stop();
    this.pixels = this.shown();
    this.path = null;
    this.t = 0;
    how();
    this.paint();
    this.send(this.pixels.join(""));
  }

  press(event) {
    event.preventDefault();
    this.canvas.focus({ preventScroll: true });
    this.canvas.setPointerCapture(event.pointerId);
    this.stop();
    this.pixels = this.shown();
    this.path = null;
    this.t = 0;
    this.drawing = true;
    this.ink(this.find(event));
  }

  ink(i) {
    if (i === null) return;
    this.pixels[i] = this.tool === "pen" ? 1 : 0;
    this.paint();
  }

  lift() {
    if (!this.drawing) return;
    this.drawing = false;
    this.send(this.pixels.join(""));
  }

  find(event) {
    const box = this.canvas.getBoundingClientRect();
    const column = Math.floor(((event.clientX - box.left) / box.width) * this.cols);
    const row = Math.floor(((event.clientY - box.top) / box.height) * this.rows);
    return column >= 0 && column < this.cols && row >= 0 && row < this.rows ? row * this.cols + column : null;
  }

  key(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: this.cols, ArrowUp: -this.cols }[event.key];
    const at = this.cursor ?? 0;
    if (step && at + step >= 0 && at + step < this.pixels.length) this.paint((this.cursor = at + step));
    else if (event.key === " " || event.key === "Enter") this.edit(() => (this.pixels[at] = 1 - this.pixels[at]));
    else return;
    event.preventDefault();
  }

  shown() {
    const pixels = [...this.pixels];
    for (let t = 0; t < this.t; t++) if (this.path.flipped[t] === "1") pixels[this.path.units[t]] = 1 - pixels[this.path.units[t]];
    return pixels;
  }

  nextFlip() {
    const next = this.path.flipped.indexOf("1", this.t);
    return next < 0 ? this.path.units.length : next + 1;
  }

  go(t) {
    this.stop();
    this.t = Math.min(t, this.path.units.length);
    this.paint();
  }

  play() {
    if (this.t >= this.path.units.length) this.t = 0;
    this.playing = setInterval(() => {
      this.t = Math.min(this.t + 3, this.path.units.length);
      if (this.t >= this.path.units.length) this.stop();
      this.paint();
    }, 33);
    this.paint();
  }

  stop() {
    clearInterval(this.playing);
    this.playing = null;
    if (this.rows) this.paint();
  }

  paint() {
    const { path, t, rows, cols } = this;
    const cell = 20, pixels = this.shown(), context = this.canvas.getContext("2d");
    this.canvas.style.width = `${Math.min(1, cols / rows) * 100}%`; // a tall picture is no higher than a square one
    this.canvas.width = cols * cell;
    this.canvas.height = rows * cell;
    context.fillStyle = "#000";
    context.fillRect(0, 0, cols * cell, rows * cell);
    pixels.forEach((x, i) => {
      context.fillStyle = x ? "#fff" : "#1d2228";
      context.fillRect((i % cols) * cell + 0.5, Math.floor(i / cols) * cell + 0.5, cell - 1, cell - 1);
    });
    const asked = path && t > 0 && t < path.units.length ? path.units[t - 1] : null;
    for (const [i, colour] of [[asked, "#f5a623"], [this.cursor, "#3cc7b8"]]) {
      if (i === null) continue;
      context.strokeStyle = colour;
      context.lineWidth = 3;
      context.strokeRect((i % cols) * cell + 1.5, Math.floor(i / cols) * cell + 1.5, cell - 3, cell - 3);
    }
    for (const name of ["pen", "eraser"]) this.buttons[name].setAttribute("aria-pressed", this.tool === name);
    for (const name of ["one", "flip", "play", "back"]) this.buttons[name].disabled = !path;
    this.buttons.play.textContent = this.playing ? "Pause" : "Play";
    const last = path && t === path.units.length;
    const energy = path ? path.energy[t].toFixed(2).replace("-", "−") : "";
    this.words.textContent = path ? `Update ${t} of ${path.units.length}, E = ${energy}. ${last ? path.verdict : ""}` : " ";
    Object.assign(this.root.dataset, { pixels: pixels.join(""), t, energy: path ? path.energy[t] : "", length: path ? path.units.length : "" });
    this.curve();
  }

  curve() {
    const { path, t } = this;
    this.chart.setAttribute("viewBox", "0 0 400 120");
    if (!path) return this.chart.replaceChildren();
    const low = path.energy.at(-1), high = path.energy[0];
    const x = (at) => 6 + (388 * at) / Math.max(1, path.units.length), y = (e) => 24 + (84 * (high - e)) / (high - low || 1);
    const node = (name, attributes, text = "") => {
      const made = document.createElementNS(SVG, name);
      for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
      made.textContent = text;
      return made;
    };
    const line = path.energy.slice(0, t + 1).map((e, at) => `${at ? "L" : "M"}${x(at).toFixed(1)},${y(e).toFixed(1)}`).join("");
    this.chart.replaceChildren(
      node("line", { x1: 6, x2: 394, y1: 118, y2: 118, class: "axis" }),
      node("text", { x: 6, y: 13 }, "energy E against updates"),
      node("path", { d: line, class: "fall" }),
      node("circle", { cx: x(t), cy: y(path.energy[t]), r: 4 }),
    );
  }
}
