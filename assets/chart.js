// Drawing a line chart as SVG. Every node stays when the data change, so nothing flickers and nothing is forgotten.
// Joined behind scales.js and in front of curves.js.

const SVG = "http://www.w3.org/2000/svg";
const BOTTOM = 40; // room for the numbers and the title of the x axis
const TOP = 8;

function element(parent, name, attributes = {}) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return parent.appendChild(node);
}

function set(node, attributes) {
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
}

class Chart {
  constructor(root) {
    this.root = root;
    this.head = root.querySelector(".head");
    this.note = root.querySelector(".note");
    this.frame = root.querySelector("svg");
    this.tip = root.querySelector(".tip");
    this.reset = root.querySelector(".reset");
    this.grid = element(this.frame, "g", { class: "grid" });
    this.plot = element(this.frame, "svg", { class: "plot" }); // an inner svg clips what is zoomed out of it
    this.band = element(this.plot, "path", { class: "band" });
    this.level = element(this.plot, "line", { class: "level" });
    this.lines = [];
    this.levelText = element(this.frame, "text", { class: "caption halo", "text-anchor": "end" });
    this.xTitle = element(this.frame, "text", { class: "caption", "text-anchor": "middle" });
    this.cross = element(this.plot, "line", { class: "cross" });
    this.selection = element(this.plot, "rect", { class: "selection", y: 0 });
    this.hollow = element(this.plot, "g");
    this.dots = element(this.plot, "g");
    this.hidden = new Set();
    this.zoom = null; // [low, high]; high = null follows the newest value
    this.at = null; // the x under the crosshair
  }

  update(data) {
    this.data = data;
    set(this.frame, { height: data.height, "aria-label": data.alt });
    this.palette = getComputedStyle(this.root).getPropertyValue("--st-chart-categorical-colors").split(",");
    this.writeHead();
    this.note.hidden = data.note === null || data.note === undefined;
    if (this.note.textContent !== (data.note ?? "")) this.note.textContent = data.note ?? "";
    this.draw();
    this.root.dataset.points = data.series.reduce((sum, series) => sum + series.x.length, 0);
  }

  colour(index) {
    const place = this.data.series[index]?.colour ?? index; // several series of one thing share its colour
    return this.palette[place % this.palette.length].trim() || "currentColor";
  }

  // The y title and one button per series; rebuilt only when the names change, so that a click is never lost.
  writeHead() {
    const { series, y, band } = this.data;
    const names = JSON.stringify([y.title, series.map(({ name, dash }) => [name, dash]), band, this.palette]);
    if (names === this.names) return;
    this.names = names;
    const title = Object.assign(document.createElement("span"), { className: "title", textContent: y.title });
    const buttons = series.map((one, index) => {
      const button = Object.assign(document.createElement("button"), { type: "button" });
      button.append(this.swatch(index, one.dash), one.name);
      button.setAttribute("aria-pressed", !this.hidden.has(one.name));
      button.onclick = () => {
        const shown = this.hidden.delete(one.name) || !this.hidden.add(one.name);
        button.setAttribute("aria-pressed", shown);
        this.draw();
      };
      return button;
    });
    this.head.replaceChildren(title, ...(series.length > 1 ? buttons : []));
  }

  swatch(index, dash) {
    const mark = Object.assign(document.createElement("span"), { className: dash ? "swatch dash" : "swatch" });
    mark.style.color = this.colour(index);
    return mark;
  }

  shown() {
    return this.data.series.filter(({ name, x }) => x.length && !this.hidden.has(name));
  }

  draw() {
    const { data } = this;
    const shown = this.shown();
    const width = this.root.clientWidth;
    if (!width) return;
    const ends = shown.flatMap(({ x }) => [x[0], x[x.length - 1]]);
    const whole = extent([...ends, ...(data.x.range ?? [])], 0, data.x.log) ?? [data.x.log ? 0.1 : 0, 1];
    this.whole = whole[0] < whole[1] ? whole : [whole[0], whole[0] + (Math.abs(whole[0]) || 1)];
    const low = Math.max(this.zoom?.[0] ?? this.whole[0], this.whole[0]);
    const high = Math.min(this.zoom?.[1] ?? this.whole[1], this.whole[1]);
    if (low < high) this.domain = [low, high];
    else [this.zoom, this.domain] = [null, this.whole]; // a new run is shorter than the part that was zoomed into
    const values = shown.flatMap((series) => part(series, ...this.domain).map(([, y]) => y));
    const range = extent([...values, ...(data.line && values.length ? [data.line.value] : [])], 0.06, data.y.log);
    if (range) this.widen(range, data.y.least ?? 0);
    this.drawAxes(width, range ?? (data.y.log ? [0.1, 1] : [0, 1]), shown.length > 0);
    this.drawLines(shown);
    this.reset.hidden = !this.zoom;
    this.reset.style.top = `${this.frame.getBoundingClientRect().top - this.root.getBoundingClientRect().top + TOP + 4}px`;
    this.root.dataset.domain = this.domain.join(",");
    this.point(this.at);
  }

  // To both sides of its middle, so that what is only noise does not fill the chart.
  widen(range, least) {
    const lacking = least - (range[1] - range[0]);
    if (lacking > 0) [range[0], range[1]] = [range[0] - lacking / 2, range[1] + lacking / 2];
  }

  drawAxes(width, range, known) {
    const { data } = this;
    this.deep = data.height - TOP - BOTTOM;
    const yTicks = known ? ticks(range, Math.max(2, Math.round(this.deep / 48)), data.y.log) : [];
    const yLabels = tickLabels(yTicks, data.y.log);
    this.left = Math.max(3, ...yLabels.map((label) => label.length)) * 7.2 + 10;
    this.wide = Math.max(40, width - this.left - 14);
    this.x = makeScale(this.domain, [0, this.wide], data.x.log);
    this.y = makeScale(range, [this.deep, 0], data.y.log);
    const xTicks = known ? ticks(this.domain, Math.max(2, Math.round(this.wide / 90)), data.x.log) : [];
    const xLabels = tickLabels(xTicks, data.x.log);
    this.grid.replaceChildren();
    yTicks.forEach((value, i) => {
      const y = TOP + this.y(value);
      element(this.grid, "line", { x1: this.left, x2: this.left + this.wide, y1: y, y2: y });
      element(this.grid, "text", { x: this.left - 7, y: y + 4, "text-anchor": "end" }).textContent = yLabels[i];
    });
    xTicks.forEach((value, i) => {
      const x = this.left + this.x(value);
      element(this.grid, "line", { x1: x, x2: x, y1: TOP + this.deep, y2: TOP + this.deep + 4 });
      element(this.grid, "text", { x, y: TOP + this.deep + 17, "text-anchor": "middle" }).textContent = xLabels[i];
    });
    const floor = TOP + this.deep;
    element(this.grid, "line", { x1: this.left, x2: this.left + this.wide, y1: floor, y2: floor, style: "opacity:1" });
    set(this.plot, { x: this.left, y: TOP, width: this.wide, height: this.deep });
    set(this.xTitle, { x: this.left + this.wide / 2, y: known ? data.height - 5 : TOP + this.deep / 2 });
    this.xTitle.textContent = known ? data.x.title : data.empty;
  }

  drawLines(shown) {
    const { series, band, line: level } = this.data;
    while (this.lines.length < series.length) {
      const line = element(this.plot, "path");
      this.plot.insertBefore(line, this.cross);
      this.lines.push(line);
    }
    this.lines.forEach((line, index) => {
      const one = series[index];
      line.setAttribute("d", one && shown.includes(one) ? this.path(one.x.map((x, i) => [x, one.y[i]]), this.data.dots) : "");
      set(line, { class: one?.dash ? "dash" : "line", stroke: this.colour(index), "data-name": one?.name ?? "" });
    });
    this.drawHollow(shown);
    this.band.setAttribute("d", band ? this.area(series[band[0]], series[band[1]], shown) : "");
    this.band.style.fill = band ? this.colour(band[1]) : "";
    const height = level ? this.y(level.value) : -9;
    set(this.level, { x1: 0, x2: this.wide, y1: height, y2: height });
    set(this.levelText, { x: this.left + this.wide - 4, y: TOP + height + (height < 7 ? 14 : -5) });
    this.levelText.textContent = level && shown.length ? level.label : "";
    this.level.style.display = level && shown.length ? "" : "none";
  }

  // Values that are not to be trusted: rings over the dots.
  drawHollow(shown) {
    this.hollow.replaceChildren();
    this.data.series.forEach((series, index) => {
      if (!shown.includes(series)) return;
      for (const i of series.hollow ?? []) {
        const [x, y] = [series.x[i], series.y[i]];
        if (y === null || x < this.domain[0] || x > this.domain[1]) continue;
        const ring = element(this.hollow, "circle", { cx: this.x(x), cy: this.y(y), r: 4 });
        Object.assign(ring.style, { stroke: this.colour(index), fill: "var(--st-background-color)" });
      }
    });
  }

  // A missing value breaks the line; a point without neighbours is a dot, and so is every one where they are few.
  path(points, dots = false) {
    const runs = [[]];
    for (const [x, y] of points) {
      if (y === null || (this.data.y.log && y <= 0) || (this.data.x.log && x <= 0)) runs.push([]);
      else runs.at(-1).push(`${this.x(x).toFixed(1)},${this.y(y).toFixed(1)}`);
    }
    const dot = "m-1.6,0a1.6,1.6 0 1,0 3.2,0a1.6,1.6 0 1,0 -3.2,0";
    return runs.map((run) => (run.length ? `M${run.join("L")}${run.length > 1 ? "" : dot}${dots ? run.map((at) => `M${at}${dot}`).join("") : ""}` : "")).join("");
  }

  area(one, other, shown) {
    if (!shown.includes(one) || !shown.includes(other)) return "";
    const low = Math.max(one.x[0], other.x[0], this.domain[0]);
    const high = Math.min(one.x[one.x.length - 1], other.x[other.x.length - 1], this.domain[1]);
    if (low >= high) return "";
    const there = this.path(part(one, low, high).filter(([, y]) => y !== null));
    const back = this.path(part(other, low, high).filter(([, y]) => y !== null).reverse());
    return there && back ? `${there}L${back.slice(1)}Z` : "";
  }
}
