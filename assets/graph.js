// A machine small enough to write out: its graph, and the energy and probability of every state, computed here so that
// every number follows the hand. A browser test holds these numbers to the engine's. First unit: highest bit of a state.
// Joined behind board.js and files.js.

const machines = new WeakMap();
const SVG = "http://www.w3.org/2000/svg";

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".machine");
  if (!machines.has(root)) machines.set(root, new Machine(root));
  const machine = machines.get(root);
  machine.send = (value) => setStateValue("machine", value);
  return join(data, (now) => machine.version !== now.version && machine.load(now));
}

const make = (name, attributes = {}, text = "") => {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.textContent = text;
  return node;
};
const signed = (x) => (Math.abs(x) < 0.005 ? "0.00" : x.toFixed(2)).replace("-", "−");
const small = (x) => (x >= 0.0995 ? x.toFixed(3) : x.toPrecision(3)).replace("-", "−");

class Machine {
  constructor(root) {
    this.root = root;
    for (const name of ["graph", "knob", "beta", "numbers", "energy", "probability", "terms", "views", "all"])
      this[name] = root.querySelector(`.${name}`);
    this.at = this.pinned = null;
    this.hidden = false; // whether hidden units are summed out
    this.graph.onkeydown = (event) => this.press(event);
    this.beta.oninput = () => this.change(() => (this.b = 10 ** Number(this.beta.value)));
    this.beta.onchange = () => this.tell();
    this.knob.oninput = () => this.change(() => this.set(this.selected, Number(this.knob.value)));
    this.knob.onchange = () => this.tell();
    root.querySelector(".less").onclick = () => this.nudge(-0.5);
    root.querySelector(".more").onclick = () => this.nudge(0.5);
    this.views.querySelectorAll("button").forEach((button, i) => (button.onclick = () => this.view(i === 1)));
    for (const chart of [this.energy, this.probability]) {
      chart.onpointermove = (event) => this.point(this.find(chart, event));
      chart.onpointerleave = () => this.point(null);
      chart.onclick = (event) => this.pin(this.find(chart, event));
      chart.onkeydown = (event) => this.step(event);
    }
    this.resized = new ResizeObserver(() => this.version && this.draw());
    this.resized.observe(root);
  }

  load(data) {
    const { names, pairs, values, beta, chosen, summed, places, nHidden, version } = data;
    Object.assign(this, { names, pairs, places, nHidden, version, n: names.length, b: beta });
    this.values = [...values]; // the biases, then the weights of the pairs
    this.at = this.pinned = null;
    this.hidden = (this.hidden || summed) && nHidden > 0;
    this.views.hidden = nHidden === 0;
    this.root.dataset.name = _("The machine, and the energy and probability of its states");
    this.selected = chosen ?? Math.min(this.n, this.values.length - 1);
    this.beta.value = Math.log10(beta);
    this.build();
    this.select(this.selected);
    this.compute();
    this.draw();
  }

  label(k) {
    if (k < this.n) return _("bias of {unit}", { unit: this.names[k] });
    return _("weight {units}", { units: this.pairs[k - this.n].map((i) => this.names[i]).join("–") });
  }

  build() {
    this.parts = [];
    const nodes = this.places.map(([x, y], i) => {
      const group = make("g", { class: `node ${i >= this.n - this.nHidden ? "of-hidden" : "of-visible"}` });
      group.append(make("circle", { cx: x, cy: y, r: 19 }), make("text", { x, y: y + 5 }, this.names[i]), make("text", { x, y: y + 33, class: "bias" }));
      this.parts[i] = group;
      return group;
    });
    const edges = this.pairs.map(([i, j], k) => {
      const ends = { x1: this.places[i][0], y1: this.places[i][1], x2: this.places[j][0], y2: this.places[j][1] };
      const group = make("g", { class: "edge" });
      group.append(make("line", { ...ends, class: "hit" }), make("line", { ...ends, class: "pen" }));
      this.parts[this.n + k] = group;
      return group;
    });
    this.parts.forEach((part, k) => {
      part.dataset.k = k;
      part.append(make("title", {}, this.label(k)));
      part.onclick = () => (this.select(k), this.tell());
    });
    this.graph.replaceChildren(...edges, ...nodes);
    this.sliders = this.values.map((_, k) => {
      const slider = Object.assign(document.createElement("input"), { type: "range", min: -4, max: 4, step: 0.1 });
      slider.oninput = () => (this.select(k), this.change(() => this.set(k, Number(slider.value))));
      slider.onchange = () => this.tell();
      const row = document.createElement("label");
      row.append(this.label(k), slider);
      this.all.append(row);
      return slider;
    });
    this.all.replaceChildren(...this.sliders.map((slider) => slider.parentElement));
  }

  select(k) {
    this.parts[this.selected]?.classList.remove("chosen");
    this.selected = k;
    this.parts[k].classList.add("chosen");
    this.show();
  }

  set(k, value) {
    this.values[k] = Math.round(Math.min(4, Math.max(-4, value)) * 100) / 100;
  }

  nudge(by) {
    this.change(() => this.set(this.selected, this.values[this.selected] + by));
    this.tell();
  }

  change(how) {
    how();
    this.compute();
    this.show();
    this.draw();
  }

  tell() {
    this.send({ version: this.version, values: this.values, beta: this.b, chosen: this.selected, summed: this.hidden });
  }

  press(event) {
    const { key } = event;
    const count = this.values.length;
    const turn = { ArrowRight: 1, ArrowLeft: count - 1 }[key];
    const by = { ArrowUp: 0.1, ArrowDown: -0.1, PageUp: 1, PageDown: -1 }[key];
    if (turn) (this.select((this.selected + turn) % count), this.tell());
    else if (by) this.nudge(by);
    else return;
    event.preventDefault();
  }

  // E of each state from that of the state without its lowest unit that is on.
  compute() {
    const { n, values, pairs } = this;
    const bit = (i) => n - 1 - i;
    const weight = Array.from({ length: n }, () => new Float64Array(n));
    pairs.forEach(([i, j], k) => (weight[bit(i)][bit(j)] = weight[bit(j)][bit(i)] = values[n + k]));
    const energies = new Float64Array(2 ** n);
    for (let s = 1; s < energies.length; s++) {
      const low = 31 - Math.clz32(s & -s);
      let e = energies[s & (s - 1)] - values[n - 1 - low];
      for (let j = low + 1; j < n; j++) if ((s >> j) & 1) e -= weight[low][j];
      energies[s] = e;
    }
    const size = 2 ** (this.hidden ? this.nHidden : 0);
    let lowest = Infinity;
    for (const e of energies) lowest = Math.min(lowest, e);
    let z = 0, mean = 0;
    const sums = new Float64Array(energies.length / size);
    energies.forEach((e, s) => {
      const part = Math.exp(-this.b * (e - lowest));
      z += part;
      mean += part * e;
      sums[Math.floor(s / size)] += part;
    });
    this.p = sums.map((part) => part / z);
    this.logZ = Math.log(z) - this.b * lowest;
    this.mean = mean / z;
    this.entropy = this.logZ + this.b * this.mean; // −Σ p log p with log p = −βE − log Z
    this.e = size === 1 ? energies : sums.map((part) => lowest - Math.log(part) / this.b);
  }

  show() {
    const value = this.values[this.selected];
    this.knob.value = value;
    this.root.querySelector(".what").textContent = this.label(this.selected);
    this.root.querySelector(".value").textContent = signed(value);
    this.root.querySelector(".beta-value").textContent = `β = ${this.b.toFixed(2)}`;
    const state = { role: "slider", "aria-label": this.label(this.selected), "aria-valuenow": value, "aria-valuemin": -4, "aria-valuemax": 4 };
    for (const [name, text] of Object.entries(state)) this.graph.setAttribute(name, text);
    this.values.forEach((x, k) => {
      this.sliders[k].value = x;
      this.parts[k].style.setProperty("--pen", `${x === 0 ? 1 : 1.2 + 1.6 * Math.abs(x)}px`);
      this.parts[k].dataset.sign = Math.sign(x);
      if (k < this.n) this.parts[k].querySelector(".bias").textContent = x === 0 ? "" : signed(x);
    });
  }

  view(hidden) {
    this.hidden = hidden;
    this.at = this.pinned = null;
    this.compute();
    this.draw();
    this.tell();
  }

  draw() {
    this.views.querySelectorAll("button").forEach((button, i) => button.setAttribute("aria-pressed", this.hidden === (i === 1)));
    const perBit = this.entropy / Math.LN2;
    const rows = [["ln Z", signed(this.logZ)], ["⟨E⟩", signed(this.mean)], [_("entropy"), _("{nats} nats = {bits} bits", { nats: signed(this.entropy), bits: signed(perBit) })], [_("free energy"), signed(-this.logZ / this.b)]];
    this.numbers.innerHTML = rows.map(([name, text]) => `<div><span>${name}</span><b>${text}</b></div>`).join("");
    Object.assign(this.root.dataset, { logz: this.logZ, mean: this.mean, entropy: this.entropy, free: -this.logZ / this.b, states: this.p.length, beta: this.b });
    this.bars(this.energy, this.e, this.hidden ? _("free energy F(v)") : _("energy E(s)"), signed);
    this.bars(this.probability, this.p, this.hidden ? _("probability p(v)") : _("probability p(s)"), small);
    this.point(this.at);
  }

  // The states' names, below the lower chart of the two: level where there is room, else upright, and as many as fit.
  labels(wide) {
    const shown = this.hidden ? this.n - this.nHidden : this.n;
    const split = this.n - this.nHidden; // visible units, a gap, hidden ones
    const text = (s) => [...s.toString(2).padStart(shown, "0")].map((bit, i) => (i === split ? ` ${bit}` : bit)).join("");
    const letters = shown + (shown > split ? 1 : 0);
    const level = wide >= enlarged(6.7 * letters) + 5;
    const every = level ? 1 : 2 ** Math.max(0, Math.ceil(Math.log2(enlarged(13) / wide)));
    const which = this.names.slice(0, shown).join(" ");
    return { text, level, every, title: _("state: {which}", { which }), room: enlarged((level ? 14 : 6.7 * letters + 4) + 18) };
  }

  bars(chart, values, title, text) {
    const width = chart.clientWidth || 500, left = enlarged(52), top = enlarged(22);
    const wide = (width - left) / values.length, fill = wide > 4 ? 0.82 : 1;
    const names = chart === this.probability ? this.labels(wide) : null;
    const plot = enlarged(120), height = plot + (names?.room ?? 0), bottom = enlarged(8) + height - plot;
    chart.style.height = `${height}px`;
    const low = values.reduce((a, x) => Math.min(a, x), 0), high = values.reduce((a, x) => Math.max(a, x), 0) || (low ? 0 : 1);
    const y = (x) => top + ((high - x) / (high - low)) * (height - top - bottom);
    const paths = ["", ""];
    values.forEach((x, s) => (paths[x < 0 ? 1 : 0] += `M${(left + s * wide).toFixed(2)},${y(0).toFixed(2)}V${y(x).toFixed(2)}h${(wide * fill).toFixed(2)}V${y(0).toFixed(2)}z`));
    Object.assign(chart.dataset, { left, wide, gap: wide * (1 - fill), top: top - 4, deep: height - top - bottom + 8 });
    chart.setAttribute("viewBox", `0 0 ${width} ${height}`);
    chart.replaceChildren(
      make("path", { class: "here" }),
      make("path", { class: "up", d: paths[0] }),
      make("path", { class: "down", d: paths[1] }),
      make("line", { class: "axis", x1: left, x2: width, y1: y(0), y2: y(0) }),
      make("text", { x: 0, y: enlarged(13), class: "title" }, title),
      ...(high > 0 ? [make("text", { x: left - 6, y: y(high) + enlarged(5), class: "tick" }, text(high))] : []),
      ...(low < 0 ? [make("text", { x: left - 6, y: y(low) + enlarged(3), class: "tick" }, text(low))] : []),
      ...(high > 0 && low < 0 ? [] : [make("text", { x: left - 6, y: y(0) + enlarged(4), class: "tick" }, "0")]),
      ...(names ? this.writeNames(names, values.length, left, wide, fill, plot, width) : []),
    );
  }

  writeNames(names, count, left, wide, fill, floor, width) {
    const written = [];
    for (let s = 0; s < count; s += names.every) {
      const x = left + (s + fill / 2) * wide;
      const place = names.level ? { x, y: floor + enlarged(8), "text-anchor": "middle" } : { transform: `translate(${x + enlarged(4)},${floor - 2}) rotate(-90)`, "text-anchor": "end" };
      written.push(make("text", { ...place, class: "state" }, names.text(s)));
    }
    written.push(make("text", { x: (left + width) / 2, y: floor + names.room - enlarged(5), class: "state", "text-anchor": "middle" }, names.title));
    return written;
  }

  find(chart, event) {
    const x = event.clientX - chart.getBoundingClientRect().left - Number(chart.dataset.left);
    const s = Math.floor(x / Number(chart.dataset.wide));
    return s >= 0 && s < this.p.length ? s : null;
  }

  pin(s) {
    this.pinned = this.pinned === s ? null : s;
    this.point(s);
  }

  step(event) {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    this.pinned = Math.min(Math.max((this.at ?? -by) + by, 0), this.p.length - 1);
    this.point(this.pinned);
    globalThis.boltzmannVoice?.say(this.terms.textContent);
    event.preventDefault();
  }

  // The likeliest states: one, or those that tie to rounding.
  likeliest() {
    const most = this.p.reduce((a, p) => Math.max(a, p), 0);
    const found = [];
    this.p.forEach((p, s) => p >= most * (1 - 1e-9) && found.push(s));
    return found;
  }

  point(s) {
    this.at = s ?? this.pinned;
    const ties = this.at === null ? this.likeliest() : [this.at];
    const state = ties[0];
    for (const chart of [this.energy, this.probability]) {
      const { left, wide, gap, top, deep } = Object.fromEntries(Object.entries(chart.dataset).map(([name, text]) => [name, Number(text)]));
      const lit = ties.map((one) => `M${left + one * wide - gap / 2},${top}h${Math.max(wide, 2)}v${deep}h${-Math.max(wide, 2)}z`);
      chart.querySelector(".here").setAttribute("d", lit.join(""));
    }
    const shown = this.hidden ? this.n - this.nHidden : this.n;
    const on = (i) => i < shown && (state >> (shown - 1 - i)) & 1;
    this.parts.forEach((part, k) => {
      const live = k < this.n ? on(k) : this.pairs[k - this.n].every(on);
      part.classList.toggle("on", Boolean(live));
      part.classList.toggle("unknown", k < this.n && k >= shown);
    });
    const p = ties.length > 1 ? _("p = {p} each", { p: small(this.p[state]) }) : `p = ${small(this.p[state])}`;
    this.terms.innerHTML = `<div>${this.said(ties, shown)}, ${p}</div><div>${ties.length > 1 ? `${_("Of the first:")} ` : ""}${this.hidden ? this.freeTerms(on, state) : this.energyTerms(on, state)}</div>`;
    this.terms.dataset.ties = ties.length;
    Object.assign(this.terms.dataset, { state, e: this.e[state], p: this.p[state] });
    const [energy, probability] = this.hidden
      ? [_("Free energy of every visible pattern"), _("Probability of every visible pattern")]
      : [_("Energy of every state"), _("Probability of every state")];
    this.explain(this.energy, energy, this.e);
    this.explain(this.probability, probability, this.p);
  }

  // A chart in words and as files.
  explain(chart, name, values) {
    const [low, high] = [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))].map((one) => brief(one));
    describe(chart.parentElement, chart, name, `${name}: ${_("{low} to {high}", { low, high })}. ${this.terms.firstChild.textContent}`);
    const { text, title } = this.labels(Infinity);
    files(chart.parentElement, { name, rows: () => [[title, name], ...Array.from(values, (value, s) => [text(s), value])] });
  }

  // Which states are shown: "The likeliest state: v1=1 v2=1", or that 2 of them tie.
  said(ties, shown) {
    const bits = (state) => `<b>${this.names.slice(0, shown).map((name, i) => `${name}=${(state >> (shown - 1 - i)) & 1}`).join(" ")}</b>`;
    if (ties.length === 1) {
      const likeliest = this.hidden ? _("The likeliest visible pattern: {one}", { one: bits(ties[0]) }) : _("The likeliest state: {one}", { one: bits(ties[0]) });
      const pointed = this.hidden ? _("This visible pattern: {one}", { one: bits(ties[0]) }) : _("This state: {one}", { one: bits(ties[0]) });
      return this.at === null ? likeliest : pointed;
    }
    const some = ties.slice(0, 3).map(bits);
    const list = ties.length > 3 ? `${some.join(", ")} …` : _("{first} and {last}", { first: some.slice(0, -1).join(", "), last: some.at(-1) });
    const told = { n: ties.length, list };
    return this.hidden ? _("{n} visible patterns tie as the likeliest: {list}", told) : _("{n} states tie as the likeliest: {list}", told);
  }

  energyTerms(on, state) {
    const terms = [];
    this.pairs.forEach(([i, j], k) => on(i) && on(j) && terms.push([`W(${this.names[i]},${this.names[j]})`, this.values[this.n + k]]));
    for (let i = 0; i < this.n; i++) if (on(i)) terms.push([_("bias({unit})", { unit: this.names[i] }), this.values[i]]);
    const kept = terms.filter(([, x]) => x !== 0);
    const why = terms.length ? _("every term is zero") : _("no unit is on, so every term is zero");
    if (!kept.length) return `E = <b>${signed(this.e[state])}</b>: ${why}.`;
    const words = kept.map(([name, x]) => `− ${name} <i>(${signed(x)})</i>`).join(" ");
    return `E = ${words} = <b>${signed(this.e[state])}</b>. ${_("All other terms are zero.")}`;
  }

  freeTerms(on, state) {
    const shown = this.n - this.nHidden;
    let own = 0;
    for (let i = 0; i < shown; i++) if (on(i)) own -= this.values[i];
    const terms = [];
    for (let j = shown; j < this.n; j++) {
      let x = this.values[j];
      this.pairs.forEach(([i, k], at) => k === j && on(i) && (x += this.values[this.n + at]));
      const f = Math.max(0, x) + Math.log1p(Math.exp(-this.b * Math.abs(x))) / this.b;
      terms.push(`− ${signed(f)} <i>(${this.names[j]}, x = ${signed(x)})</i>`);
    }
    return `F(v) = −b·v − (1/β) Σ<sub>j</sub> ln(1 + e<sup>βx</sup>) = ${signed(own)} ${terms.join(" ")} = <b>${signed(this.e[state])}</b>`;
  }
}
