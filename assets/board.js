// The elements of this page that move, by channel, the last news of each, and the socket over which they come. Joined in front
// of those that take part.

const board = (globalThis.boltzmannBoard ??= {
  takers: new Map(),
  news: new Map(),
  lately: () => 0,
  socket: null, // while it is open
  openers: new Set(), // what is to be done when it is open again
  asked: [], // what is to be done at the answer to each question under way; a lost socket takes them along
  ask(question, answered) {
    this.asked.push(answered);
    this.socket.send(question);
  },
});
const LATER = 300; // milliseconds in which the sliders have moved to where a script's answer says

// Update an element with what the script says, or with the socket's last news where they win; returns how to leave.
function join(data, update) {
  const { channel } = data;
  const draw = () => {
    const news = board.news.get(channel);
    const old = wins(news, data);
    update(old ? { ...data, ...news } : data);
    return old;
  };
  // What the socket said before the script did may come after it.
  const take = (news) => (news.asked ? draw() : news.at < data.at || update({ ...data, ...news }));
  board.takers.set(channel, take);
  if (draw()) setTimeout(() => board.takers.get(channel) === take && draw(), LATER);
  return () => board.takers.get(channel) === take && board.takers.delete(channel);
}

// Of two answers the one for where the sliders stood later; of two for the same place the younger.
function wins(news, data) {
  if (!news) return false;
  const [mine, theirs] = [news, data].map(({ asked }) => (asked ? board.lately(asked) : 0));
  return mine === theirs ? news.at > data.at : mine > theirs;
}

// The server names sizes in pixels for a screen of 1280 × 720; on a larger one they grow with it.
function enlarged(pixels) {
  const room = Math.min(innerWidth / 1280, innerHeight / 720);
  return Math.round(pixels * Math.max(1, Math.min(room, 2)));
}

// The same as a length of CSS, which follows the window by itself.
function enlarging(pixels) {
  const n = Math.round(pixels);
  return `clamp(${n}px, min(${n / 12.8}vw, ${n / 7.2}vh), ${2 * n}px)`;
}

function tell(channel, news) {
  board.news.set(channel, news);
  board.takers.get(channel)?.(news);
}

// What a picture shows now, in words: its label says so at once, and what is read out is what it has come to (voice.js).
// ``name`` says what it is, whatever it shows. One that is only arriving has not changed.
function describe(root, node, name, words, arriving = false) {
  root.dataset.name = name;
  const before = node.getAttribute("aria-label");
  if (before === words) return;
  node.setAttribute("aria-label", words);
  if (!node.hasAttribute("role")) node.setAttribute("role", "img"); // which a drawing is once it has its text
  if (before && !arriving) globalThis.boltzmannVoice?.changed(root, words);
}

// A number as it is spoken.
function brief(value, digits = 3) {
  return String(Number(Number(value).toPrecision(digits))).replace("-", "−");
}
