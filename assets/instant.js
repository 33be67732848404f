// Watches the page's sliders and asks the server what they show now, before Streamlit's script has run.
// Joined behind board.js.

const instants = new WeakMap();

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".instant");
  if (!instants.has(root)) instants.set(root, new Instant());
  const instant = instants.get(root);
  instant.listen(data);
  return () => instant.close();
}

class Instant {
  constructor() {
    this.watch = new MutationObserver((moves) => moves.some(({ target }) => this.mine(target)) && this.ask());
    this.opened = () => this.begin();
  }

  listen({ sliders }) {
    this.sliders = sliders;
    this.watch.observe(document.body, { subtree: true, attributeFilter: ["value"] });
    if (board.lately === this.lately) return;
    [this.places, this.moves, this.last] = [new Map(), 0, null];
    this.lately = (asked) => this.order(asked);
    board.lately = this.lately;
    board.openers.add(this.opened);
    this.begin();
  }

  // Where they stand before the first move; a question that a lost socket took along is asked again.
  begin() {
    this.waiting = this.late = false;
    this.asked = null;
    this.order();
  }

  input(key) {
    return document.querySelector(`.st-key-${key} input[type=range]`);
  }

  mine(target) {
    return this.sliders.some((key) => this.input(key) === target);
  }

  // Where the sliders stand, each by the number of its stop; null while one of them is missing.
  question() {
    const inputs = this.sliders.map((key) => [key, this.input(key)]);
    if (inputs.some(([, input]) => !input)) return null;
    const stop = ({ value, min, step }) => Math.round((value - min) / step);
    return JSON.stringify(Object.fromEntries(inputs.map(([key, input]) => [key, stop(input)])));
  }

  // How lately the sliders stood where an answer is for, in numbers that grow; Infinity for where they are yet to go.
  order(asked) {
    const now = this.question();
    if (!now) return 0;
    if (now !== this.last) this.places.set(now, ++this.moves);
    this.last = now;
    return this.places.get(asked) ?? Infinity;
  }

  // One question at a time; where the slider has moved on meanwhile, the next one asks about its newest place.
  ask() {
    if (!board.socket) return;
    const question = this.question();
    if (!question || question === this.asked) return;
    this.order(question);
    if (this.waiting) {
      this.late = true;
      return;
    }
    [this.waiting, this.asked] = [true, question];
    board.ask(question, () => this.ready());
  }

  ready() {
    this.waiting = false;
    if (this.late) this.ask();
    this.late = false;
  }

  close() {
    this.watch.disconnect();
    board.openers.delete(this.opened);
    if (board.lately === this.lately) board.lately = () => 0;
    this.lately = this.asked = null;
    this.waiting = this.late = false;
  }
}
