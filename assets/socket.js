// The page's one socket: what the server says is new goes to the elements, what the sliders ask goes to the server.
// Joined behind board.js.

const FIRST_WAIT = 500; // milliseconds before a lost socket is opened again, doubled at each failure
const LONGEST_WAIT = 10000;
const sockets = new WeakMap();

// Streamlit makes another entry of the history whenever the query of a page's address changes, as by "?run=…": Back would then
// change nothing that anybody sees. Another page has another path.
//
// And whoever goes Back while a script of the page is under way would be put forth again: the script begins, and Streamlit shows its
// page. Nobody has asked for that since, so it is told once more where we are.
if (!globalThis.boltzmannHistory) {
  globalThis.boltzmannHistory = true;
  const push = history.pushState;
  let back = null; // the path that Back has led to, until somebody does something else
  addEventListener("popstate", (event) => {
    if (event.isTrusted) back = { path: location.pathname, until: performance.now() + LONGEST_WAIT, times: 3 };
  });
  for (const hand of ["pointerdown", "keydown"]) addEventListener(hand, () => (back = null), true);
  const undone = () => back?.path === location.pathname && performance.now() < back.until && back.times-- > 0;
  history.pushState = (state, unused, address = "") => {
    const samePage = new URL(address, location.href).pathname === location.pathname;
    if (samePage) history.replaceState(state, unused, address);
    else if (undone()) setTimeout(() => dispatchEvent(new PopStateEvent("popstate", { state: history.state })));
    else push.call(history, state, unused, address);
  };
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".socket");
  if (!sockets.has(root)) sockets.set(root, new Line(root));
  const line = sockets.get(root);
  line.askAgain = () => setTriggerValue("again", Date.now());
  line.connect(data.address);
  return () => line.close();
}

class Line {
  constructor(root) {
    this.root = root;
  }

  connect(address) {
    if (address === this.address) return;
    this.close();
    this.address = address;
    this.failures = 0;
    this.open();
  }

  open() {
    const url = new URL(this.address, location.href); // beside the page, wherever the app is mounted
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(url);
    this.socket = socket;
    socket.onopen = () => {
      Object.assign(board, { socket, asked: [] });
      this.say("");
      board.openers.forEach((opened) => opened());
    };
    socket.onmessage = ({ data }) => {
      this.failures = 0;
      this.take(socket, JSON.parse(data));
    };
    socket.onclose = () => socket === this.socket && this.lost();
  }

  take(socket, { elements, answer }) {
    for (const [channel, news] of Object.entries(elements ?? answer)) tell(channel, news);
    if (answer) {
      board.asked.shift()?.();
      return;
    }
    socket.owed = true;
    requestAnimationFrame(() => this.drawn(socket)); // a hidden tab draws nothing: it answers by the timer
    setTimeout(() => this.drawn(socket), 1000);
  }

  // The next news come only when these have been drawn, so a slow page is never behind.
  drawn(socket) {
    if (!socket.owed || socket.readyState !== WebSocket.OPEN) return;
    socket.owed = false;
    socket.send("drawn");
  }

  lost() {
    board.socket = null;
    const wait = Math.min(FIRST_WAIT * 2 ** this.failures, LONGEST_WAIT);
    this.failures += 1;
    if (this.failures > 2) {
      this.say(_("The connection that moves this page is lost; trying again."));
      this.askAgain(); // a server that was started anew knows another address: its script says which
    }
    this.later = setTimeout(() => this.open(), wait);
  }

  say(words) {
    this.root.textContent = words;
    this.root.hidden = !words;
  }

  close() {
    clearTimeout(this.later);
    const { socket } = this;
    this.socket = this.address = null;
    if (board.socket === socket) board.socket = null;
    socket?.close();
  }
}
