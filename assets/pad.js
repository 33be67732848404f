// A picture to draw on: mouse, finger or pen, or arrow keys and space. Rooms that use it extend the class: what a stroke
// begins with, what follows a change, and what is painted over the pixels. Joined behind board.js and in front of those.

const PAPER = [29, 34, 40]; // of a pixel that is off; one that is on is white

class Pad {
  constructor(root) {
    this.root = root;
    this.canvas = root.querySelector("canvas");
    this.words = root.querySelector(".words");
    this.buttons = Object.fromEntries([...root.querySelectorAll("button")].map((button) => [button.name, button]));
    this.tool = "pen";
    this.brush = 0; // the pen's radius in pixels; 0 is a single pixel
    this.cursor = this.last = null;
    for (const name of ["pen", "eraser"]) this.buttons[name].onclick = () => this.take(name);
    this.buttons.clear.onclick = () => this.edit(() => this.pixels.fill(0));
    this.canvas.onpointerdown = (event) => this.press(event);
    this.canvas.onpointermove = (event) => this.drawing && this.move(event);
    this.canvas.onpointerup = this.canvas.onpointercancel = () => this.lift();
    this.canvas.onkeydown = (event) => this.key(event);
    this.canvas.onblur = () => this.leave();
  }

  begin() {}
  changed() {}
  over() {}
  shown() {
    return this.pixels;
  }

  take(tool) {
    this.tool = tool;
    this.paint();
  }

  edit(how) {
    this.begin();
    how();
    this.paint();
    this.changed(true);
  }

  press(event) {
    event.preventDefault();
    this.canvas.focus({ preventScroll: true });
    this.canvas.setPointerCapture(event.pointerId);
    this.begin();
    this.last = null;
    this.drawing = true;
    this.move(event);
  }

  // All places that the pen has been at since the last event, so that a quick stroke has no gaps.
  move(event) {
    const events = event.getCoalescedEvents?.() ?? [];
    for (const one of events.length ? events : [event]) this.line(this.place(one));
    this.paint();
    this.changed(false);
  }

  lift() {
    if (!this.drawing) return;
    this.drawing = false;
    this.last = null;
    this.changed(true);
  }

  leave() {
    this.cursor = null;
    this.paint();
  }

  place(event) {
    const box = this.canvas.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * this.cols, ((event.clientY - box.top) / box.height) * this.rows];
  }

  line(to) {
    const from = this.last ?? to;
    const steps = Math.max(1, Math.ceil(4 * Math.hypot(to[0] - from[0], to[1] - from[1])));
    for (let i = 1; i <= steps; i++) this.dab(from[0] + ((to[0] - from[0]) * i) / steps, from[1] + ((to[1] - from[1]) * i) / steps);
    this.last = to;
  }

  dab(x, y) {
    const reach = Math.ceil(this.brush);
    const [column, row] = [Math.floor(x), Math.floor(y)];
    for (let r = row - reach; r <= row + reach; r++)
      for (let c = column - reach; c <= column + reach; c++) {
        if (r < 0 || c < 0 || r >= this.rows || c >= this.cols) continue;
        const ink = this.brush ? this.brush + 0.5 - Math.hypot(c + 0.5 - x, r + 0.5 - y) : 1;
        if (ink > 0) this.mark(r * this.cols + c, Math.min(1, ink));
      }
  }

  mark(i, ink) {
    this.pixels[i] = this.tool === "pen" ? Math.max(this.pixels[i], ink) : Math.min(this.pixels[i], 1 - ink);
  }

  key(event) {
    const step = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] }[event.key];
    const at = this.cursor ?? this.first();
    if (step) this.go(Math.min(Math.max((at % this.cols) + step[0], 0), this.cols - 1), Math.min(Math.max(Math.floor(at / this.cols) + step[1], 0), this.rows - 1));
    else if (event.key === " " || event.key === "Enter") this.space((this.cursor = at));
    else return;
    event.preventDefault();
  }

  first() {
    return 0;
  }

  go(column, row) {
    this.cursor = row * this.cols + column;
    this.paint();
  }

  space(at) {
    this.edit(() => (this.pixels[at] = 1 - this.pixels[at]));
  }

  paint() {
    const { rows, cols, cell } = this;
    const context = this.canvas.getContext("2d");
    if (this.canvas.width !== cols * cell) this.canvas.width = cols * cell;
    if (this.canvas.height !== rows * cell) this.canvas.height = rows * cell;
    context.fillStyle = "#000";
    context.fillRect(0, 0, cols * cell, rows * cell);
    this.shown().forEach((x, i) => {
      context.fillStyle = `rgb(${PAPER.map((dark) => Math.round(dark + (255 - dark) * x)).join(" ")})`;
      context.fillRect((i % cols) * cell + 0.5, Math.floor(i / cols) * cell + 0.5, cell - 1, cell - 1);
    });
    this.over(context);
    this.ring(context, this.cursor, "#3cc7b8");
    for (const [name, button] of Object.entries(this.buttons))
      if (["pen", "eraser", "cover"].includes(name)) button.setAttribute("aria-pressed", this.tool === name);
  }

  // How much of it is drawn, and what more the room says.
  say(alt, more = "") {
    const n = this.shown().filter((x) => x >= 0.5).length;
    describe(this.root, this.canvas, alt, [alt, _("{n} of {all} pixels are on", { n, all: this.rows * this.cols }), more].filter(Boolean).join(". "));
  }

  ring(context, i, colour) {
    if (i === null) return;
    const { cols, cell } = this;
    context.strokeStyle = colour;
    context.lineWidth = Math.max(2, cell / 7);
    context.strokeRect((i % cols) * cell + 1.5, Math.floor(i / cols) * cell + 1.5, cell - 3, cell - 3);
  }
}
