// Where a run stands, and the socket over which the server tells all moving elements of the page what is new.
// Joined behind board.js.

const lines = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".status");
  if (!lines.has(root)) lines.set(root, new Status(root));
  const line = lines.get(root);
  const leave = join(data, (now) => line.draw(now));
  line.listen(data, (what) => setTriggerValue("news", what));
  return () => {
    leave();
    line.close();
  };
}

class Status {
  constructor(root) {
    this.root = root;
    this.words = root.querySelector(".words");
    this.fill = root.querySelector(".fill");
    this.failures = 0;
  }

  draw({ words, share }) {
    const { root } = this;
    if (this.words.textContent !== words) this.words.textContent = words;
    this.fill.style.transform = `scaleX(${share})`;
    root.setAttribute("aria-valuenow", Math.round(share * 100));
    root.setAttribute("aria-valuetext", words);
  }

  listen(data, ask) {
    this.data = data;
    this.ask = ask;
    if (data.feed === this.feed) return;
    this.close();
    this.feed = data.feed;
    if (this.feed) this.open();
  }

  open() {
    const address = new URL(this.feed, location.href); // beside the page, wherever the app is mounted
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(address);
    this.socket = socket;
    socket.onmessage = ({ data }) => {
      this.failures = 0;
      this.take(JSON.parse(data));
      requestAnimationFrame(() => this.answer(socket)); // a hidden tab draws nothing: it answers by the timer
      setTimeout(() => this.answer(socket), 1000);
      socket.owed = true;
    };
    socket.onclose = () => socket === this.socket && this.lost();
  }

  // The next news comes only when this one has been drawn, so a slow page is never behind.
  answer(socket) {
    if (!socket.owed || socket.readyState !== WebSocket.OPEN) return;
    socket.owed = false;
    socket.send("drawn");
  }

  take({ moving, elements }) {
    for (const [channel, news] of Object.entries(elements)) tell(channel, news);
    // Buttons and messages are the script's: it draws them anew when the run has begun to move or has come to rest,
    // unless its own word of that is already under way.
    clearTimeout(this.turn);
    this.turn = setTimeout(() => moving !== this.data.moving && this.ask("turn"), 300);
  }

  // Without a socket (a proxy may forbid it) the script is asked to look instead, once a second.
  lost() {
    this.failures += 1;
    this.later = setTimeout(() => {
      if (this.failures > 2 && this.data.moving) this.ask("look");
      this.open();
    }, 1000);
  }

  close() {
    clearTimeout(this.later);
    clearTimeout(this.turn);
    const { socket } = this;
    this.socket = this.feed = null;
    socket?.close();
  }
}
