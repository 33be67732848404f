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
  }

  listen({ address, sliders }) {
    this.sliders = sliders;
    this.watch.observe(document.body, { subtree: true, attributeFilter: ["value"] });
    if (address === this.address) return;
    this.socket?.close();
    this.address = address;
    const url = new URL(address, location.href); // beside the page, wherever the app is mounted
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    this.socket = new WebSocket(url);
    this.socket.onmessage = ({ data }) => this.take(JSON.parse(data));
  }

  input(key) {
    return document.querySelector(`.st-key-${key} input[type=range]`);
  }

  mine(target) {
    return this.sliders.some((key) => this.input(key) === target);
  }

  // One question at a time; where the slider has moved on meanwhile, the next one asks about its newest place.
  ask() {
    if (this.socket?.readyState !== WebSocket.OPEN) return;
    const inputs = this.sliders.map((key) => [key, this.input(key)]);
    if (inputs.some(([, input]) => !input)) return;
    const stop = ({ value, min, step }) => Math.round((value - min) / step);
    const question = JSON.stringify(Object.fromEntries(inputs.map(([key, input]) => [key, stop(input)])));
    if (question === this.asked) return;
    if (this.waiting) {
      this.late = true;
      return;
    }
    [this.waiting, this.asked] = [true, question];
    this.socket.send(question);
  }

  take(elements) {
    for (const [channel, news] of Object.entries(elements)) tell(channel, news);
    this.waiting = false;
    if (this.late) this.ask();
    this.late = false;
  }

  close() {
    this.watch.disconnect();
    this.socket?.close();
    this.socket = this.address = this.asked = null;
    this.waiting = this.late = false;
  }
}
