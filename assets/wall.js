// The picture wall. One atlas of n pictures is drawn on a canvas; rings mark the picture pointed at and the one chosen. By the
// keyboard arrows lead from picture to picture.
// Streamlit calls the default export again at every change of data or theme: each wall keeps its nodes in `walls`.

const walls = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".wall");
  if (!walls.has(root)) walls.set(root, new Wall(root));
  const wall = walls.get(root);
  const leave = join(data, (now) => wall.update(now, (index) => setTriggerValue("click", index)));
  return () => {
    leave();
    wall.resized.disconnect();
  };
}

class Wall {
  constructor(root) {
    this.root = root;
    this.canvas = root.querySelector("canvas");
    this.chosen = root.querySelector(".selected");
    this.cursor = root.querySelector(".cursor");
    this.label = root.querySelector(".label");
    this.names = root.querySelector(".rows");
    this.at = null;
    root.onpointermove = (event) => this.point(this.find(event));
    root.onpointerleave = () => this.point(null);
    root.onclick = (event) => this.pick(this.find(event));
    root.onfocus = () => root.matches(":focus-visible") && this.point(this.at ?? this.data.selected ?? 0);
    root.onblur = () => this.point(null);
    root.onkeydown = (event) => this.press(event);
    this.resized = new ResizeObserver(() => this.paint());
    this.resized.observe(root);
  }

  update(data, click) {
    const { root } = this;
    const [height, width] = data.cell;
    this.data = data;
    this.click = click;
    this.rows = Math.ceil(data.n / data.columns);
    this.width = data.columns * (width + data.gap) - data.gap;
    this.height = this.rows * (height + data.gap) - data.gap;
    // The room is set from the numbers, before the picture is decoded: nothing below ever jumps.
    root.style.aspectRatio = `${this.width} / ${this.height}`;
    const wide = (root.style.width = `min(100%, ${enlarging((this.width * data.maxCell) / width)})`);
    this.walked = data.clickable || data.n > 1; // a single picture is looked at as it is
    root.tabIndex = this.walked ? 0 : -1;
    if (data.numbers) {
      root.parentNode.style.setProperty("--wide", wide);
      files(root.parentNode, { name: data.alt, rows: data.numbers, parts: [root, root.nextElementSibling] });
    }
    this.describe();
    this.explain(data.legend);
    this.name(data.rows ?? []);
    this.place(this.chosen, data.selected);
    this.point(this.at);
    if (data.version !== this.wanted) this.load(data);
  }

  describe() {
    const { root, data } = this;
    const grid = { "aria-rowcount": this.rows, "aria-colcount": data.columns, "aria-activedescendant": "cell" };
    root.setAttribute("role", this.walked ? "grid" : "img");
    for (const [name, value] of Object.entries(grid)) {
      if (this.walked) root.setAttribute(name, value);
      else root.removeAttribute(name);
    }
    describe(root, root, data.alt, this.words(), !root.dataset.version);
    // Only a grid has rows and cells: in a picture they would be parts of nothing.
    for (const [node, role] of [[this.cursor.parentElement, "row"], [this.cursor, "gridcell"]]) {
      if (this.walked) node.setAttribute("role", role);
      else node.removeAttribute("role");
    }
    Object.assign(root.dataset, { clickable: data.clickable, n: data.n, selected: data.selected ?? "" });
  }

  // What it shows now: the letters in it, or how many pictures, of which moment, on which scale; of no moment how bright they are.
  words() {
    const { alt, n, read, labels, now, legend, rows } = this.data;
    if (read) return `${alt}: ${labels.join(", ")}`;
    const [low, , high] = legend?.words ?? [];
    const moment = now ?? (legend || this.light === undefined ? null : _("{percent} % bright", { percent: brief(100 * this.light) }));
    const parts = [moment, n > 1 ? _("{n} pictures", { n }) : null, legend ? _("scale {low} to {high}", { low, high }) : null];
    if (rows?.length) parts.push(_("rows: {names}", { names: rows.join(", ") }));
    return parts.some(Boolean) ? `${alt}: ${parts.filter(Boolean).join(", ")}` : alt;
  }

  // What the colours mean: the two ends of the scale and the word between them.
  explain(scale) {
    const legend = this.root.parentNode.querySelector(".legend");
    legend.hidden = !scale;
    if (!scale) return;
    legend.firstElementChild.style.background = scale.gradient;
    [...legend.lastElementChild.children].forEach((span, i) => (span.textContent = scale.words[i]));
  }

  // What each row of pictures is, beside it.
  name(rows) {
    const { names, root } = this;
    root.classList.toggle("named", rows.length > 0);
    names.hidden = !rows.length;
    names.replaceChildren(...rows.map((words) => Object.assign(document.createElement("span"), { textContent: words })));
  }

  async load(data) {
    this.wanted = data.version;
    this.root.setAttribute("aria-busy", "true");
    const [picture, light] = await draw(data);
    if (data.version !== this.wanted) return; // a newer one has come meanwhile
    this.picture = picture;
    this.light = light;
    this.scale = null;
    this.describe();
    this.paint();
    this.root.dataset.version = data.version; // only now is it on the screen
    this.root.setAttribute("aria-busy", "false");
  }

  // Enlarged to the next whole number of screen pixels by nearest neighbour; the browser shrinks that smoothly to fit.
  // So all pixels look equally large at any width, which nearest neighbour alone would not give.
  paint() {
    const scale = Math.max(1, Math.ceil((this.root.clientWidth * devicePixelRatio) / this.width - 0.01));
    if (!this.picture || scale === this.scale || !this.root.clientWidth) return;
    this.scale = scale;
    this.canvas.width = this.width * scale;
    this.canvas.height = this.height * scale;
    const context = this.canvas.getContext("2d");
    context.imageSmoothingEnabled = false;
    context.drawImage(this.picture, 0, 0, this.canvas.width, this.canvas.height);
    if (this.data.framed) this.frame(context, scale);
  }

  // A thin line around each picture, so that an empty one can be told from the page, light or dark.
  frame(context, scale) {
    const { cell, gap, columns, n, blank } = this.data;
    const line = (context.lineWidth = Math.max(1, Math.round(devicePixelRatio)));
    context.strokeStyle = "rgb(128 128 128 / 60%)";
    for (let i = blank; i < n; i++) {
      const [x, y] = [(i % columns) * (cell[1] + gap), Math.floor(i / columns) * (cell[0] + gap)];
      const box = [x * scale, y * scale, cell[1] * scale, cell[0] * scale];
      context.strokeRect(box[0] + line / 2, box[1] + line / 2, box[2] - line, box[3] - line);
    }
  }

  find(event) {
    const box = this.root.getBoundingClientRect();
    const { cell, gap, columns, n } = this.data;
    const column = Math.floor((((event.clientX - box.left) / box.width) * this.width) / (cell[1] + gap));
    const row = Math.floor((((event.clientY - box.top) / box.height) * this.height) / (cell[0] + gap));
    const index = row * columns + column;
    return column >= 0 && column < columns && index >= 0 && index < n ? index : null;
  }

  place(node, index) {
    const { cell, gap, columns, n } = this.data;
    node.hidden = (index ?? n) >= n;
    if (node.hidden) return;
    node.style.left = `${(((index % columns) * (cell[1] + gap)) / this.width) * 100}%`;
    node.style.top = `${((Math.floor(index / columns) * (cell[0] + gap)) / this.height) * 100}%`;
    node.style.width = `${(cell[1] / this.width) * 100}%`;
    node.style.height = `${(cell[0] / this.height) * 100}%`;
  }

  point(index) {
    const { cursor, label, data } = this;
    this.at = index !== null && index < data.n ? index : null;
    this.place(cursor, this.at);
    cursor.parentElement.hidden = cursor.hidden;
    const text = this.at === null ? "" : (data.labels?.[this.at] ?? "");
    label.hidden = !text;
    if (this.at === null) return;
    cursor.setAttribute("aria-label", text || `${this.at + 1} / ${data.n}`);
    cursor.setAttribute("aria-selected", this.at === data.selected);
    cursor.setAttribute("aria-colindex", (this.at % data.columns) + 1);
    cursor.parentElement.setAttribute("aria-rowindex", Math.floor(this.at / data.columns) + 1);
    if (!text) return;
    const middle = data.columns > 1 ? (this.at % data.columns) / (data.columns - 1) : 0.5;
    const above = Math.floor(this.at / data.columns) > 0;
    label.textContent = text;
    label.style.left = `${middle * 100}%`; // at the left edge it grows to the right, at the right edge to the left
    label.style.top = above ? cursor.style.top : `calc(${cursor.style.height} + 6px)`;
    label.style.transform = `translate(${-middle * 100}%, ${above ? "calc(-100% - 6px)" : "0"})`;
  }

  pick(index) {
    if (index !== null && this.data.clickable) this.click(index);
  }

  press(event) {
    if (event.target !== this.root || !this.walked) return;
    const { columns, n } = this.data;
    const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns, Home: -n, End: n };
    const at = this.at ?? this.data.selected ?? 0;
    if (event.key === "Enter" || event.key === " ") this.pick(at);
    else if (event.key === "Escape") this.point(null);
    else if (event.key in steps) {
      const next = at + steps[event.key];
      const jump = event.key === "Home" || event.key === "End";
      if (jump || (next >= 0 && next < n)) this.point(Math.min(Math.max(next, 0), n - 1));
    } else return;
    event.preventDefault();
  }
}
