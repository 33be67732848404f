// Bars over the states of a small machine, each with its own little picture. Nodes stay when the data change.
// Joined behind board.js, files.js and scales.js.

const SVG = "http://www.w3.org/2000/svg";
const TOP = 8;
const FEW = 4; // states that are told one by one ...
const HIGHEST = 3; // ... and of more, how many
const charts = new WeakMap();

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".statebars");
  if (!charts.has(root)) charts.set(root, new StateBars(root));
  const chart = charts.get(root);
  const leave = join(data, (now) => chart.update(now));
  return () => {
    leave();
    chart.resized.disconnect();
  };
}

function element(parent, name, attributes = {}) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return parent.appendChild(node);
}

class StateBars {
  constructor(root) {
    this.root = root;
    this.head = root.querySelector(".head");
    this.frame = root.querySelector("svg");
    this.tip = root.querySelector(".tip");
    this.grid = element(this.frame, "g", { class: "grid" });
    this.band = element(this.frame, "rect", { class: "here" });
    this.bars = element(this.frame, "g");
    this.pictures = element(this.frame, "g", { class: "pictures" });
    this.xTitle = element(this.frame, "text", { class: "caption", "text-anchor": "middle" });
    this.frame.onpointermove = (event) => this.point(this.find(event));
    this.frame.onpointerleave = () => this.point(null);
    this.frame.onkeydown = (event) => this.press(event);
    this.frame.onblur = () => this.point(null);
    this.resized = new ResizeObserver(() => this.data && this.draw());
    this.resized.observe(root);
  }

  update(data) {
    this.data = data;
    describe(this.root, this.frame, data.alt, this.words());
    files(this.root, { name: data.alt, rows: () => [[data.x, ...data.series.map(({ name }) => name)], ...data.labels.map((label, i) => [label, ...data.series.map(({ y }) => y[i] ?? "")])] });
    this.palette = getComputedStyle(this.root).getPropertyValue("--st-chart-categorical-colors").split(",");
    this.writeHead();
    this.draw();
    // What the reader sees, for tests and timing: changes exactly when the picture does.
    this.root.dataset.version = data.version;
  }

  // Of each series the values of few states, or its highest, and which state is lit.
  words() {
    const { alt, series, labels, marked } = this.data;
    const told = ({ name, y }) => {
      const order = labels.map((_, i) => i).filter((i) => y[i] !== null);
      if (order.length > FEW) order.sort((a, b) => y[b] - y[a]).splice(HIGHEST);
      const list = order.map((i) => `${labels[i]} ${brief(y[i])}`).join(", ");
      return labels.length > FEW ? _("{name}, highest: {list}", { name, list }) : `${name}: ${list}`;
    };
    const lit = marked === null || marked === undefined ? [] : [_("lit: {label}", { label: labels[marked] })];
    return `${alt}. ${[...series.map(told), ...lit].join("; ")}`;
  }

  colour(index) {
    return this.palette[index % this.palette.length].trim() || "currentColor";
  }

  writeHead() {
    const { series, y } = this.data;
    const title = Object.assign(document.createElement("span"), { className: "title", textContent: y });
    const names = series.map((one, index) => {
      const label = Object.assign(document.createElement("span"), { className: "name" });
      label.append(this.swatch(index), one.name);
      return label;
    });
    this.head.replaceChildren(title, ...(series.length > 1 ? names : []));
  }

  swatch(index) {
    const mark = Object.assign(document.createElement("span"), { className: "swatch" });
    mark.style.color = this.colour(index);
    if (this.data.series[index].outline) mark.classList.add("outline");
    return mark;
  }

  draw() {
    const { data } = this;
    const width = this.root.clientWidth;
    if (!width) return;
    this.height = enlarged(data.height);
    this.frame.setAttribute("height", this.height);
    const values = data.series.flatMap(({ y }) => y);
    const range = [Math.min(0, ...values), data.top ?? (Math.max(0, ...values) * 1.08 || 1)];
    const yTicks = ticks(range, 4);
    const yLabels = tickLabels(yTicks);
    this.left = Math.max(3, ...yLabels.map((label) => label.length)) * 7.2 * (parseFloat(getComputedStyle(document.documentElement).fontSize) / 16) + 10;
    this.slot = Math.max(1, (width - this.left - 6) / data.labels.length);
    const side = data.glyph ? Math.max(2, Math.min(9, (this.slot * 0.72) / data.glyph.columns)) : 0;
    const below = (data.glyph ? side * data.glyph.rows : 16) + 30;
    this.deep = this.height - TOP - below;
    this.y = makeScale(range, [this.deep, 0]);
    this.grid.replaceChildren();
    yTicks.forEach((value, i) => {
      const y = TOP + this.y(value);
      element(this.grid, "line", { x1: this.left, x2: width - 6, y1: y, y2: y, style: value === 0 ? "opacity:1" : "" });
      element(this.grid, "text", { x: this.left - 7, y: y + 4, "text-anchor": "end" }).textContent = yLabels[i];
    });
    this.drawBars();
    this.drawPictures(side);
    this.xTitle.setAttribute("x", this.left + (width - this.left) / 2);
    this.xTitle.setAttribute("y", this.height - 5);
    this.xTitle.textContent = data.x;
    this.point(this.at ?? null);
  }

  // An outline is as wide as all bars of its state together: they fill it or fall short of it.
  drawBars() {
    const { series, labels } = this.data;
    const filled = series.filter(({ outline }) => !outline).length || 1;
    const room = this.slot * 0.8;
    const shapes = [];
    let place = 0;
    series.forEach((one, index) => {
      const wide = one.outline ? room : room / filled;
      const from = this.slot * 0.1 + (one.outline ? 0 : place++ * wide);
      one.y.forEach((value, i) => shapes.push([one, index, this.left + i * this.slot + from, wide, value]));
    });
    shapes.sort((a, b) => Boolean(a[0].outline) - Boolean(b[0].outline)); // outlines on top
    while (this.bars.childElementCount > shapes.length) this.bars.lastChild.remove();
    shapes.forEach(([one, index, x, wide, value], i) => {
      const bar = this.bars.children[i] ?? element(this.bars, "rect");
      const [a, b] = [this.y(0), this.y(value)];
      const colour = this.colour(index);
      const style = one.outline ? { fill: "none", stroke: colour, "stroke-width": 1.6 } : { fill: colour, stroke: "none" };
      const box = { x: x.toFixed(1), y: (TOP + Math.min(a, b)).toFixed(2), width: Math.max(0.5, wide).toFixed(1) };
      for (const [key, v] of Object.entries({ ...box, height: Math.abs(a - b).toFixed(2), ...style })) bar.setAttribute(key, v);
    });
    this.count = labels.length;
  }

  drawPictures(side) {
    const { glyph, labels } = this.data;
    const top = TOP + this.deep + 7;
    const key = JSON.stringify([this.slot, this.left, top, side, glyph, labels]);
    if (key === this.pictured) return;
    this.pictured = key;
    this.pictures.replaceChildren();
    const longest = Math.max(...labels.map((label) => label.length));
    const every = glyph ? 1 : Math.ceil((longest * 7 + 5) / this.slot); // names that would run into each other are left out
    labels.forEach((label, i) => {
      const middle = this.left + (i + 0.5) * this.slot;
      if (!glyph || !glyph.bits[i]) {
        if (i % every === 0)
          element(this.pictures, "text", { x: middle, y: top + 11, "text-anchor": "middle" }).textContent = label;
        return;
      }
      const start = middle - (side * glyph.columns) / 2;
      const cells = [...glyph.bits[i]].map((bit, n) => {
        const [x, y] = [start + (n % glyph.columns) * side, top + Math.floor(n / glyph.columns) * side];
        return bit === "1" ? `M${x.toFixed(1)},${y.toFixed(1)}h${side}v${side}h${-side}z` : "";
      });
      const box = { x: start, y: top, width: side * glyph.columns, height: side * glyph.rows };
      element(this.pictures, "rect", { ...box, class: "paper" });
      element(this.pictures, "path", { d: cells.join(""), class: "ink" });
    });
  }

  find(event) {
    const index = Math.floor((event.clientX - this.frame.getBoundingClientRect().left - this.left) / this.slot);
    return index >= 0 && index < this.count ? index : null;
  }

  point(index) {
    const { data } = this;
    this.at = index !== null && index < this.count ? index : null;
    const lit = this.at ?? data.marked;
    this.band.style.display = lit === null || lit === undefined ? "none" : "";
    this.tip.hidden = this.at === null;
    if (lit !== null && lit !== undefined) {
      const box = { x: this.left + lit * this.slot, y: TOP, width: this.slot, height: this.height - TOP - 20 };
      for (const [key, value] of Object.entries(box)) this.band.setAttribute(key, value);
    }
    if (this.at === null) return;
    const rows = data.series.map((one, i) => [this.swatch(i), one.name, number(one.y[this.at], 4)]);
    const lines = [["", data.labels[this.at], ""], ...rows].map((cells) => {
      const line = document.createElement("div");
      line.append(cells[0], ...cells.slice(1).map((text) => Object.assign(document.createElement("span"), { textContent: text })));
      return line;
    });
    this.tip.replaceChildren(...lines);
    const pixel = this.left + (this.at + 0.5) * this.slot;
    const room = this.root.clientWidth - this.tip.offsetWidth;
    const beside = pixel + 14 > room ? pixel - 14 - this.tip.offsetWidth : pixel + 14;
    const above = this.frame.getBoundingClientRect().top - this.root.getBoundingClientRect().top + TOP;
    this.tip.style.transform = `translate(${Math.max(0, Math.min(beside, room))}px, ${above}px)`;
  }

  press(event) {
    const at = this.at ?? this.data.marked ?? -1;
    if (event.key === "ArrowRight") this.point(Math.min(at + 1, this.count - 1));
    else if (event.key === "ArrowLeft") this.point(Math.max(at - 1, 0));
    else if (event.key === "Escape") this.point(null);
    else return;
    if (this.at !== null) globalThis.boltzmannVoice?.say([...this.tip.children].map((line) => [...line.querySelectorAll("span:not(.swatch)")].map(({ textContent }) => textContent).join(" ")).join(", "));
    event.preventDefault();
  }
}
