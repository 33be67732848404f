// A chart drawn by Plotly that lives on while its data change: what the reader has zoomed into, hidden or switched stays.
// Streamlit calls the default export again at every change of data or theme: each chart keeps its state in `charts`.
// Joined behind board.js, files.js and figure.js.

const charts = new WeakMap();
const PAUSE = 1000; // milliseconds between two looks at what moves by itself; what answers the reader comes at once
const CONFIG = { displayModeBar: false, doubleClick: false, responsive: false };
const TOUCH = matchMedia("(hover: none)").matches;

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".chart");
  if (!charts.has(root)) charts.set(root, new Chart(root));
  const chart = charts.get(root);
  let answer = true;
  const leave = join(data, (now) => chart.update(now, answer || now.asked));
  answer = false;
  return () => {
    leave();
    chart.close();
    charts.delete(root);
  };
}

// Plotly itself, once a page: the file stays in the browser for as long as its version does.
function plotly(address) {
  return (globalThis.boltzmannPlotly ??= new Promise((done, fail) => {
    const src = new URL(address, location.href); // beside the page, wherever the app is mounted
    const failed = () => fail((globalThis.boltzmannPlotly = undefined));
    document.head.append(Object.assign(document.createElement("script"), { src, onload: done, onerror: failed }));
  }));
}

// The first at once, with what else is new; then one a frame, after it was painted: a chart takes ten times as long as numbers.
const queue = [];

function enqueue(chart) {
  if (!queue.includes(chart) && queue.push(chart) === 1) setTimeout(drawNext);
}

function soon() {
  requestAnimationFrame(() => setTimeout(drawNext));
}

function drawNext() {
  const chart = queue.shift();
  if (queue.length) soon();
  chart.draw();
}

class Chart {
  constructor(root) {
    [this.root, this.plot] = [root, root.querySelector(".plot")];
    this.view = { hidden: new Set(), log: {}, zoom: {}, touch: TOUCH };
    this.due = 0;
    const news = (changes) => this.look((this.inView = changes.at(-1).isIntersecting)); // several at once where the page was busy
    this.seen = new IntersectionObserver(news, { rootMargin: "99px" });
    this.seen.observe(root);
    this.resized = new ResizeObserver(() => root.clientWidth !== this.view.width && this.redraw());
    this.resized.observe(root);
    this.plot.onkeydown = (event) => this.press(event);
    this.plot.onpointerdown = () => (this.held = true); // a drag must not lose the chart under it
    this.released = () => this.look((this.held = false));
    window.addEventListener("pointerup", this.released);
  }

  update(data, atOnce) {
    this.data = data;
    this.stale = true;
    describe(this.root, this.plot, data.alt, spoken(data, this.view)); // also of one that is out of sight
    this.plot.style.minHeight = `${enlarged(data.height)}px`; // its room, while the library is still on its way
    if (atOnce) this.due = 0;
    this.look();
  }

  redraw() {
    if (this.data) this.update(this.data, true);
  }

  // Draw what is new, once that is in view and it is time.
  look() {
    if (!this.stale || !this.inView || this.held || !this.root.clientWidth) return;
    clearTimeout(this.later);
    const wait = this.due - performance.now();
    if (wait > 0) this.later = setTimeout(() => this.look(), wait);
    else if (globalThis.Plotly) enqueue(this);
    else plotly(this.data.library).then(() => this.look(), () => this.write(_("The charts could not be loaded. Load the page again.")));
  }

  draw() {
    const { root, plot, view, data } = this;
    if (!this.stale || this.held) return;
    this.stale = false;
    this.theme = themeOf(root);
    view.width = root.clientWidth;
    const { at, asked, ...content } = data;
    const now = JSON.stringify([content, { ...view, hidden: [...view.hidden] }, this.theme]);
    if (now === this.drawn) return; // a script that runs for something else says the same again
    this.drawn = now;
    this.due = performance.now() + (hasPoints(data) ? PAUSE : 0); // the first points are waited for
    this.writeHead();
    this.write(data.note);
    const empty = root.querySelector(".empty");
    empty.hidden = hasPoints(data);
    empty.textContent = data.empty ?? "";
    const shown = figure({ ...data, height: enlarged(data.height) }, view, this.theme);
    globalThis.Plotly.react(plot, shown.data, shown.layout, CONFIG);
    if (!this.heard) this.hear();
    root.dataset.points = data.series.reduce((sum, one) => sum + length(one), 0);
    root.dataset.domain = plot.layout.xaxis?.range ?? "";
  }

  write(note) {
    const place = this.root.querySelector(".note");
    place.hidden = note === null || note === undefined;
    if (place.textContent !== (note ?? "")) place.textContent = note ?? "";
  }

  hear() {
    this.heard = true;
    this.plot.on("plotly_relayout", (change) => this.zoomed(change));
    this.plot.on("plotly_doubleclick", () => this.reset());
  }

  zoomed(change) {
    for (const name of AXES) {
      const [low, high] = [0, 1].map((end) => change[`${name}axis.range[${end}]`]);
      if (low !== undefined) this.view.zoom[name] = [low, high];
    }
    this.follow();
    this.redraw();
  }

  // A zoom that ends at the newest x goes on to end there.
  follow() {
    const { zoom, log } = this.view;
    const last = log.x === undefined ? this.data.layout.xaxis?.range?.[1] : undefined;
    if (zoom.x && zoom.x[1] >= last) zoom.x[1] = null;
  }

  reset() {
    this.view.zoom = {};
    this.redraw();
  }

  // The part between two shares of the width.
  zoomTo(from, to) {
    const [low, high] = this.plot.layout.xaxis.range;
    const at = (share) => low + share * (high - low);
    this.view.zoom = { ...this.view.zoom, x: [at(from), at(to)] };
    this.follow();
    this.redraw();
  }

  // The y title, a button for each series, and what can be done; rebuilt only when those change, so no click is lost.
  writeHead() {
    const { data, view, theme } = this;
    const names = named(data);
    const switches = AXES.filter((name) => canLog(data, name));
    const zoomed = Object.keys(view.zoom).length > 0;
    const title = data.layout.yaxis?.title?.text ?? "";
    const state = JSON.stringify([title, hasPoints(data), names.map(({ name, line }) => [name, line]), data.line?.label, switches, zoomed, theme, view.log]);
    if (state === this.headed) return;
    this.headed = state;
    const [place, series, tools] = ["title", "names", "tools"].map((name) => this.root.querySelector(`.${name}`));
    place.textContent = title;
    series.replaceChildren(...names.map((one) => this.nameButton(one)), ...(data.line ? [levelName(data.line)] : []));
    const log = (name) => button(_("log {axis}", { axis: name }), () => this.turn(name), isLog(data, view, name));
    const actions = hasPoints(data) ? [this.fileButton("PNG", () => this.png()), this.fileButton("CSV", () => this.save())] : [];
    if (zoomed) actions.unshift(button(_("Reset zoom"), () => this.reset()));
    if (view.touch && switches.includes("x")) actions.unshift(button("+", () => this.zoomTo(0.25, 0.75)), button("−", () => this.zoomTo(-0.5, 1.5)));
    tools.replaceChildren(...switches.map(log), ...actions);
  }

  nameButton(series) {
    const { hidden } = this.view;
    const { name } = series;
    const act = () => {
      one.setAttribute("aria-pressed", hidden.delete(name) || !hidden.add(name));
      this.redraw();
    };
    const one = button(name, act, !hidden.has(name));
    const look = swatch(series.line?.dash ?? "");
    look.style.color = ink(series, this.data.series.indexOf(series), this.theme);
    one.prepend(look);
    return one;
  }

  fileButton(kind, act) {
    const one = button(kind, act);
    one.setAttribute("aria-label", _("{kind}: {name}", { kind, name: this.data.alt }));
    return one;
  }

  turn(name) {
    this.view.log[name] = !isLog(this.data, this.view, name);
    delete this.view.zoom[name];
    this.redraw();
  }

  png() {
    const { data, layout } = figure(this.data, this.view, this.theme);
    const title = this.data.layout.yaxis?.title?.text;
    const legend = { orientation: "h", y: 1.02, yanchor: "bottom", x: 0 };
    const margin = { ...layout.margin, t: 40 };
    const [{ line }] = layout.shapes ?? [{}];
    if (line) data.push({ type: "scatter", mode: "lines", x: [null], y: [null], line: { ...line, color: this.theme.text }, name: this.data.line.label });
    const showlegend = Boolean(line) || named(this.data).length > 0;
    Object.assign(layout, { paper_bgcolor: this.theme.back, showlegend, legend, margin });
    if (title) layout.yaxis = { ...layout.yaxis, title: { text: title } };
    const size = { width: layout.width, height: layout.height + 32, scale: 2 };
    globalThis.Plotly.downloadImage({ data, layout }, { format: "png", filename: fileName(this.data.alt), ...size });
  }

  async save() {
    keep(await csvOf(() => values(this.data, this.view)), `${fileName(this.data.alt)}.csv`);
  }

  press(event) {
    const { key } = event;
    if (key === "+" || key === "=") this.zoomTo(0.25, 0.75);
    else if (key === "-") this.zoomTo(-0.5, 1.5);
    else if (key === "0" || key === "Escape") this.reset();
    else if (key === "ArrowLeft" || key === "ArrowRight") this.read(key === "ArrowLeft" ? -1 : 1);
    else return;
    event.preventDefault();
  }

  // To the next x by the keyboard: its values are shown and read out.
  read(step) {
    const { series, layout } = this.data;
    const shown = series.filter(({ name, x }) => x && !this.view.hidden.has(name));
    const all = places(shown);
    if (!all.length) return;
    this.at = Math.max(0, Math.min((this.at ?? (step > 0 ? -1 : all.length)) + step, all.length - 1));
    const points = shown.map((one) => ({ one, curveNumber: series.indexOf(one), pointNumber: one.x.indexOf(all[this.at]) }));
    const there = points.filter(({ pointNumber }) => pointNumber >= 0);
    globalThis.Plotly.Fx.hover(this.plot, there);
    const words = there.map(({ one, pointNumber }) => `${one.name} ${one.y[pointNumber]}`);
    this.root.querySelector(".said").textContent = [`${layout.xaxis?.title?.text ?? ""} ${all[this.at]}`, ...words].join(", ");
  }

  close() {
    clearTimeout(this.later);
    this.seen.disconnect();
    this.resized.disconnect();
    window.removeEventListener("pointerup", this.released);
    globalThis.Plotly?.purge(this.plot);
    this.data = this.stale = null;
  }
}

function levelName({ label }) {
  const one = document.createElement("span");
  one.append(swatch("dot"), label);
  return one;
}

const swatch = (look) => Object.assign(document.createElement("span"), { className: `swatch ${look}` });

function button(text, onclick, pressed) {
  const one = Object.assign(document.createElement("button"), { type: "button", onclick });
  one.append(text);
  if (pressed !== undefined) one.setAttribute("aria-pressed", pressed);
  return one;
}

function themeOf(root) {
  const style = getComputedStyle(root);
  const read = (name) => style.getPropertyValue(`--st-${name}`).trim();
  const [text, line, back, font] = ["text-color", "border-color", "background-color", "font"].map(read);
  const size = Math.round(0.75 * parseFloat(getComputedStyle(document.documentElement).fontSize)); // grows on a large screen
  return { text, line, back, font, size, palette: read("chart-categorical-colors").split(",").map((one) => one.trim()) };
}
