// What the reader does with a chart: crosshair, zoom in x by wheel, drag or keys, everything again by a double click.
// Streamlit calls the default export again at every change of data or theme: each chart keeps its state in `charts`.

const charts = new WeakMap();

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".curves");
  if (!charts.has(root)) charts.set(root, new LiveChart(root));
  const chart = charts.get(root);
  const leave = join(data, (now) => chart.update(now));
  return () => {
    leave();
    chart.resized.disconnect();
  };
}

class LiveChart extends Chart {
  constructor(root) {
    super(root);
    this.listen();
    this.resized = new ResizeObserver(() => this.data && this.draw());
    this.resized.observe(root);
  }

  // Crosshair and tooltip at the measured x nearest to the pointer.
  point(x) {
    const shown = this.shown();
    const xs = shown.map((series) => series.x[nearest(series.x, x)]);
    const inside = xs.filter((value) => value >= this.domain[0] && value <= this.domain[1]);
    this.at = x;
    this.dots.replaceChildren();
    this.tip.hidden = this.drag != null || x === null || !inside.length;
    this.cross.style.display = this.tip.hidden ? "none" : "";
    if (this.tip.hidden) return;
    const snapped = inside.reduce((best, value) => (Math.abs(value - x) < Math.abs(best - x) ? value : best));
    const rows = [];
    this.data.series.forEach((series, index) => {
      const y = shown.includes(series) ? between(series, snapped) : null;
      if (y === null) return;
      const doubted = series.hollow?.includes(series.x.indexOf(snapped)) ? ` (${this.data.doubt})` : "";
      rows.push([this.swatch(index, series.dash), series.name, `${number(y)}${doubted}`]);
      element(this.dots, "circle", { cx: this.x(snapped), cy: this.y(y), r: 4, fill: this.colour(index) });
    });
    set(this.cross, { x1: this.x(snapped), x2: this.x(snapped), y1: 0, y2: this.deep });
    this.writeTip(snapped, rows);
  }

  writeTip(x, rows) {
    const { band, series, x: axis } = this.data;
    if (band) {
      const [low, high] = band.map((index) => between(series[index], x));
      const mark = Object.assign(document.createElement("span"), { className: "swatch fill" });
      mark.style.background = this.colour(band[1]);
      if (low !== null && high !== null) rows.push([mark, this.data.bandLabel, number(high - low)]);
    }
    const lines = [["", axis.title, number(x, 7)], ...rows].map((cells) => {
      const line = document.createElement("div");
      line.append(cells[0], ...cells.slice(1).map((text) => Object.assign(document.createElement("span"), { textContent: text })));
      return line;
    });
    this.tip.replaceChildren(...lines);
    const pixel = this.left + this.x(x);
    const room = this.root.clientWidth - this.tip.offsetWidth;
    const beside = pixel + 14 > room ? pixel - 14 - this.tip.offsetWidth : pixel + 14;
    const top = this.frame.getBoundingClientRect().top - this.root.getBoundingClientRect().top + TOP;
    this.tip.style.transform = `translate(${Math.max(0, Math.min(beside, room))}px, ${top}px)`;
  }

  zoomTo(low, high) {
    [low, high] = [Math.max(low, this.whole[0]), Math.min(high, this.whole[1])];
    if (!(high > low)) return;
    const all = low <= this.whole[0] && high >= this.whole[1];
    this.zoom = all ? null : [low, high >= this.whole[1] ? null : high];
    this.draw();
  }

  // Bring the part between two pixels to the full width.
  zoomPixels(left, right) {
    this.zoomTo(this.x.invert(left), this.x.invert(right));
  }

  listen() {
    const { frame } = this;
    const pixel = (event) => event.clientX - frame.getBoundingClientRect().left - this.left;
    frame.onpointerenter = (event) => Object.assign(this, { armed: false, mouse: [event.clientX, event.clientY] });
    frame.onpointerleave = () => this.point(null);
    frame.onpointerdown = (event) => {
      if (event.button !== 0) return;
      event.preventDefault(); // no selection of text while dragging
      this.drag = pixel(event);
      frame.setPointerCapture(event.pointerId);
    };
    frame.onpointermove = (event) => {
      // A page that scrolls under a resting mouse moves the chart, not the mouse: its wheel must not start to zoom.
      if (event.clientX !== this.mouse?.[0] || event.clientY !== this.mouse?.[1]) this.armed = true;
      this.mouse = [event.clientX, event.clientY];
      this.point(this.x.invert(pixel(event)));
      if (this.drag != null) this.select(this.drag, pixel(event));
    };
    frame.onpointerup = frame.onpointercancel = (event) => {
      const from = this.drag;
      this.drag = null;
      this.select(0, 0);
      const [left, right] = [from, pixel(event)].sort((a, b) => a - b);
      if (from != null && event.type === "pointerup" && right - left > 6) this.zoomPixels(Math.max(left, 0), right);
    };
    frame.ondblclick = this.reset.onclick = () => this.zoomTo(...this.whole);
    frame.addEventListener("wheel", (event) => this.wheel(event, pixel(event)), { passive: false });
    frame.onkeydown = (event) => this.press(event);
    frame.onblur = () => {
      this.tip.removeAttribute("aria-live");
      this.point(null);
    };
  }

  select(from, to) {
    set(this.selection, { x: Math.min(from, to), width: Math.abs(to - from), height: this.deep });
  }

  wheel(event, pixel) {
    const sideways = event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY);
    const nothingToDo = !this.zoom && (sideways || event.deltaY > 0);
    if (!this.armed || nothingToDo) {
      this.armed = false; // this is the page's scroll; the mouse has to move before the wheel is ours
      return;
    }
    event.preventDefault();
    const amount = Math.max(-1, Math.min(1, (sideways ? event.deltaX || event.deltaY : event.deltaY) / 300));
    if (sideways) this.pan(amount * this.wide * 0.5);
    else this.zoomPixels(pixel - pixel * 2 ** amount, pixel + (this.wide - pixel) * 2 ** amount);
  }

  // Sideways by some pixels, as far as there are data, without changing the width.
  pan(pixels) {
    const [first, last] = this.whole.map(this.x);
    const shift = Math.max(first, Math.min(pixels, last - this.wide));
    this.zoomPixels(shift, shift + this.wide);
  }

  press(event) {
    const { key } = event;
    const xs = [...new Set(this.shown().flatMap(({ x }) => x))].sort((a, b) => a - b);
    const at = this.at ?? this.domain[1];
    if (key === "+" || key === "=") this.zoomPixels(this.x(at) / 2, (this.x(at) + this.wide) / 2);
    else if (key === "-") this.zoomPixels(-this.wide / 2, this.wide * 1.5);
    else if (key === "0" || key === "Escape") this.zoomTo(...this.whole);
    else if (xs.length && (key === "ArrowLeft" || key === "ArrowRight")) {
      this.tip.setAttribute("aria-live", "polite"); // read out for keys only, not while the curve moves by itself
      this.point(xs[nearest(xs, at) + (key === "ArrowLeft" ? -1 : 1)] ?? at);
    } else return;
    event.preventDefault();
  }
}
