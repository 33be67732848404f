// A pad from which a recall starts, where the server sends one, that can be stepped. What is drawn goes to the server when the
// pen is lifted; a recall is shown only with the drawing it starts from. Joined behind board.js, files.js and pad.js.

const pads = new WeakMap();
const SVG = "http://www.w3.org/2000/svg";

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".pad");
  if (!pads.has(root)) pads.set(root, new Recall(root));
  const pad = pads.get(root);
  pad.send = (pixels) => setStateValue("pixels", { version: pad.version, pixels });
  const leave = join(data, (now) => pad.update(now));
  return () => {
    leave();
    pad.stop();
  };
}

class Recall extends Pad {
  constructor(root) {
    super(root);
    this.cell = 20;
    this.chart = root.querySelector("svg");
    this.t = 0;
    this.buttons.noise.onclick = () => this.edit(() => this.pixels.forEach((x, i) => Math.random() < 0.1 && (this.pixels[i] = 1 - x)));
    this.buttons.half.onclick = () => this.edit(() => this.pixels.fill(0, this.half()));
    this.buttons.one.onclick = () => this.goTo(this.t + 1);
    this.buttons.flip.onclick = () => this.goTo(this.nextFlip());
    this.buttons.play.onclick = () => (this.playing ? this.stop() : this.play());
    this.buttons.back.onclick = () => this.goTo(0);
  }

  update(data) {
    this.alt = data.alt;
    if (data.version !== this.version) {
      const { rows, cols, version } = data;
      Object.assign(this, { rows, cols, version, pixels: [...data.pixels].map(Number) });
      this.canvas.style.width = `${Math.min(1, cols / rows) * 100}%`; // a tall picture is no higher than a square one
      this.stop();
    }
    const start = this.pixels.join("");
    const path = data.path?.start === start ? data.path : null;
    if (path?.id !== this.path?.id) {
      this.stop();
      this.path = path;
      this.t = 0;
    }
    this.paint();
  }

  // Where the lower half begins, in a single row its right half.
  half() {
    return this.rows > 1 ? Math.ceil(this.rows / 2) * this.cols : Math.ceil(this.cols / 2);
  }

  // Drawing starts anew from what is shown, so that a recall's end can be corrupted again.
  begin() {
    this.stop();
    this.pixels = this.shown();
    this.path = null;
    this.t = 0;
  }

  changed(done) {
    if (done) this.send(this.pixels.join(""));
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

  goTo(t) {
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

  over(context) {
    const { path, t } = this;
    this.ring(context, path && t > 0 && t < path.units.length ? path.units[t - 1] : null, "#f5a623");
    for (const name of ["one", "flip", "play", "back"]) this.buttons[name].disabled = !path;
    this.buttons.play.textContent = this.playing ? _("Pause") : _("Play");
    const last = path && t === path.units.length;
    const energy = path ? path.energy[t].toFixed(2).replace("-", "−") : "";
    this.words.textContent = path ? `${_("Update {t} of {all}, E = {energy}.", { t, all: path.units.length, energy })} ${last ? path.verdict : ""}` : " ";
    Object.assign(this.root.dataset, { pixels: this.shown().join(""), t, energy: path ? path.energy[t] : "", length: path ? path.units.length : "" });
    this.curve();
    this.say(this.alt, this.words.textContent.trim());
    const [place, name] = [this.chart.parentElement, _("Energy against updates")];
    describe(place, this.chart, name, path ? `${name}: ${_("Update {t} of {all}, E = {energy}.", { t, all: path.units.length, energy })}` : name);
    files(place, { name, rows: () => [[_("update"), "E"], ...(this.path?.energy.slice(0, this.t + 1) ?? []).map((e, at) => [at, e])] });
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
      node("text", { x: 6, y: 13 }, _("energy E against updates")),
      node("path", { d: line, class: "fall" }),
      node("circle", { cx: x(t), cy: y(path.energy[t]), r: 4 }),
    );
  }
}
