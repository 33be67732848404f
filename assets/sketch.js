// A pad that is answered while the pen moves: at each change the drawing goes to the server over the page's socket, one
// question at a time, and what follows from it comes back as news of the page's elements. The pad's own news say how likely
// the drawing is, as a mark on a histogram. Joined behind board.js, files.js and pad.js.

const sketches = new WeakMap();
const kept = new Map(); // what was drawn since the script last heard of it, by version: a pad may close and open again
const NIB = { thin: 0.8, medium: 1.2, thick: 1.8 }; // radii in pixels; a stroke of MNIST is two or three pixels wide
const COVER = 2.5;
const BOX = 20 / 28; // MNIST's digits fill a box of 20 of its 28 pixels
const LARGEST = 1.6; // and a small drawing is not blown up without end

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".pad");
  if (!sketches.has(root)) sketches.set(root, new Sketch(root));
  const sketch = sketches.get(root);
  const leave = join(data, (now) => sketch.update(now));
  const opened = () => sketch.begun && sketch.ask();
  board.openers.add(opened);
  return () => {
    leave();
    board.openers.delete(opened);
  };
}

class Sketch extends Pad {
  constructor(root) {
    super(root);
    this.cell = 10;
    this.brush = NIB.medium;
    this.chart = root.querySelector("svg");
    this.buttons.cover.onclick = () => this.take("cover");
    this.buttons.clear.onclick = () => this.edit(() => this.empty());
    this.nib = root.querySelector("select");
    this.nib.onchange = () => (this.brush = NIB[this.nib.value]);
  }

  update(data) {
    if (data.version !== this.version) {
      const { rows, cols, version, example } = data;
      const n = rows * cols;
      const drawn = { example, pixels: unpacked(data.ink, n), covered: unpacked(data.cover, n) };
      const stored = data.fresh ? recalled(data.channel, n) : forget(data.channel, version);
      Object.assign(this, { rows, cols, version }, kept.get(version) ?? stored ?? drawn);
      this.canvas.style.aspectRatio = `${cols} / ${rows}`;
      this.canvas.style.maxWidth = `min(100%, ${enlarging(data.width * Math.min(1, cols / rows))})`;
    }
    this.data = data;
    this.channel = data.channel;
    this.buttons.cover.hidden = !data.covers;
    this.root.dataset.free = data.free ?? "";
    this.paint();
    this.tell();
    if (this.begun && !this.root.dataset.answered) this.ask(); // after a reload nobody has been told of it yet
  }

  empty() {
    this.pixels.fill(0);
    this.covered.fill(0);
  }

  // What stands there at first is an example: it goes with the first stroke of the pen.
  begin() {
    if (this.example && this.tool === "pen") this.empty();
    this.example = false;
    this.begun = true;
  }

  dab(x, y) {
    const nib = this.brush;
    if (this.tool !== "pen") this.brush = COVER;
    super.dab(x, y);
    this.brush = nib;
  }

  mark(i, ink) {
    if (this.tool === "cover") this.covered[i] ||= ink > 0.5 ? 1 : 0;
    else super.mark(i, ink);
    if (this.tool !== "cover" && ink > 0.5) this.covered[i] = 0;
  }

  // By keys: space puts the pen down and lifts it, arrows move it.
  first() {
    return Math.floor(this.rows / 4) * this.cols + Math.floor(this.cols / 2);
  }

  go(column, row) {
    if (this.drawing) this.line([column + 0.5, row + 0.5]);
    super.go(column, row);
    if (this.drawing) this.changed(false);
  }

  space(at) {
    if (this.drawing) return this.lift();
    this.begin();
    this.drawing = true;
    this.line([(at % this.cols) + 0.5, Math.floor(at / this.cols) + 0.5]);
    this.paint();
    this.changed(false);
  }

  leave() {
    this.lift();
    super.leave();
  }

  changed(done) {
    const { example, pixels, covered, begun } = this;
    kept.set(this.version, { example, pixels, covered, begun });
    sessionStorage.setItem(drawer(this.channel), JSON.stringify([packed(pixels), packed(covered)]));
    this.ask();
    if (done) this.tell();
  }

  // One question at a time; where the pen has moved on meanwhile, the next one asks about what is drawn by then.
  ask() {
    if (!board.socket) return;
    if (this.asking === board.socket) {
      this.late = true;
      return;
    }
    const socket = (this.asking = board.socket);
    this.late = false;
    const centred = this.data.centre ? middle(this.pixels, this.rows, this.cols) : this.pixels;
    const drawing = { ink: packed(this.pixels), centred: packed(centred), cover: packed(this.covered) };
    board.ask(JSON.stringify({ pad: this.channel, ...drawing }), () => {
      if (this.asking === socket) this.asking = null;
      this.root.dataset.answered = drawing.ink;
      if (this.late) this.ask();
    });
  }

  over(context) {
    const { cols, cell } = this;
    context.fillStyle = "rgb(154 161 169 / 75%)";
    this.covered.forEach((x, i) => x && context.fillRect((i % cols) * cell, Math.floor(i / cols) * cell, cell, cell));
    if (this.example) {
      context.fillStyle = "#3cc7b8";
      context.font = `600 ${1.5 * cell}px sans-serif`;
      context.textAlign = "center";
      context.fillText(_("draw here"), (cols * cell) / 2, (this.rows - 1.5) * cell);
    }
    this.root.dataset.pixels = packed(this.pixels);
    this.canvas.setAttribute("aria-description", this.data.keys);
    this.say(this.data.alt);
    this.root.dataset.drawing = Boolean(this.drawing);
  }

  // The words wait until the pen is lifted, as they are read out; the mark on the histogram follows at once.
  tell() {
    if (!this.drawing) this.words.textContent = this.data.words ?? "";
    this.chart.parentElement.hidden = !this.data.counts;
    if (!this.data.counts) return;
    histogram(this.chart, this.data);
    const [name] = this.data.under.split(";");
    describe(this.chart.parentElement, this.chart, name, `${name}: F = ${brief(this.data.free, 4)}`);
    files(this.chart.parentElement, { name, rows: () => binned(this.data) });
  }
}

// Where each bin begins and ends, how many are in it, and the drawing's own value in the row of its bin.
function binned({ counts, low, high, free, under }) {
  const edge = (i) => low + (i * (high - low)) / counts.length;
  const own = Math.min(Math.max(Math.floor(((free - low) / (high - low)) * counts.length), 0), counts.length - 1);
  const rows = counts.map((count, i) => [edge(i), edge(i + 1), count, i === own ? free : ""]);
  return [[_("from"), _("to"), under, _("the drawing")], ...rows];
}

function histogram(chart, { counts, low, high, free, under }) {
  const [wide, tall, most] = [300, 84, Math.max(...counts)];
  const x = (at) => 4 + (wide - 8) * Math.min(Math.max((at - low) / (high - low), 0), 1);
  const step = (wide - 8) / counts.length;
  const bars = counts.map((count, i) => `M${(4 + i * step).toFixed(1)},${tall - 20}v${((-(tall - 38) * count) / most).toFixed(1)}h${(step - 0.6).toFixed(1)}V${tall - 20}z`);
  const [place, words] = [x(free), `F = ${free.toFixed(0).replace("-", "−")}`];
  const side = place > wide - 90 ? "end" : "start";
  chart.setAttribute("viewBox", `0 0 ${wide} ${tall}`);
  chart.innerHTML = `<path class="bars" d="${bars.join("")}"/><line class="axis" x1="4" x2="${wide - 4}" y1="${tall - 20}" y2="${tall - 20}"/>
    <text x="4" y="${tall - 6}"></text><line class="mark" x1="${place}" x2="${place}" y1="4" y2="${tall - 20}"/>
    <text class="value" x="${place + (side === "end" ? -5 : 5)}" y="13" text-anchor="${side}">${words}</text>`;
  chart.querySelector("text").textContent = under;
}

// The drawing as MNIST's digits stand: in a box of 20 × 20 pixels, its centre of mass in the middle.
function middle(pixels, rows, cols) {
  let [mass, x, y, left, right, top, bottom] = [0, 0, 0, cols, -1, rows, -1];
  pixels.forEach((ink, i) => {
    if (ink < 0.5) return;
    const [c, r] = [i % cols, Math.floor(i / cols)];
    [mass, x, y] = [mass + ink, x + ink * c, y + ink * r];
    [left, right, top, bottom] = [Math.min(left, c), Math.max(right, c), Math.min(top, r), Math.max(bottom, r)];
  });
  if (!mass) return pixels;
  const zoom = Math.min(LARGEST, (BOX * rows) / Math.max(right - left + 1, bottom - top + 1));
  return pixels.map((_, i) => {
    const c = ((i % cols) - (cols - 1) / 2) / zoom + x / mass, r = (Math.floor(i / cols) - (rows - 1) / 2) / zoom + y / mass;
    return between(pixels, rows, cols, c, r);
  });
}

function between(pixels, rows, cols, c, r) {
  const [left, top] = [Math.floor(c), Math.floor(r)];
  let sum = 0;
  for (const [row, share] of [[top, top + 1 - r], [top + 1, r - top]])
    for (const [column, part] of [[left, left + 1 - c], [left + 1, c - left]])
      if (row >= 0 && row < rows && column >= 0 && column < cols) sum += share * part * pixels[row * cols + column];
  return sum;
}

// A bit a pixel, the first in the highest place of the first byte, in base64.
// What this tab's visitor drew before the page was loaded again; null where that is nothing of this size.
function recalled(channel, n) {
  const [ink, cover] = JSON.parse(sessionStorage.getItem(drawer(channel)) ?? "[]");
  if (ink === undefined || atob(ink).length !== Math.ceil(n / 8)) return null;
  return { example: false, begun: true, pixels: unpacked(ink, n), covered: unpacked(cover, n) };
}

// Another picture was put in the place of what was drawn.
function forget(channel, version) {
  if (!kept.has(version)) sessionStorage.removeItem(drawer(channel));
}

const drawer = (channel) => `drawn on ${channel}`;

function packed(pixels) {
  const bytes = new Uint8Array(Math.ceil(pixels.length / 8));
  pixels.forEach((x, i) => x >= 0.5 && (bytes[i >> 3] |= 128 >> (i & 7)));
  return btoa(String.fromCharCode(...bytes));
}

function unpacked(text, n) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return Array.from({ length: n }, (_, i) => (bytes[i >> 3] >> (7 - (i & 7))) & 1);
}
