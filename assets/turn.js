// Asks Streamlit to run the script of its part once, when the server says that there is what only the script can draw.
// Joined behind board.js.

const WAIT = 100; // milliseconds until the script is looked at again that is under way
const LONGEST = 20000; // milliseconds until a page that was asked for must have come
const turns = (globalThis.boltzmannTurns ??= new Map()); // channel -> the last that was passed on

// Between the click on a link and the page that it leads to, this one is here still. A turn of its script would be the newer wish:
// Streamlit would show this page again, and the click would be lost.
const leaving = (globalThis.boltzmannLeaving ??= listen({ from: null, until: 0 }));

function listen(leaving) {
  const note = (event) => {
    const link = event.composedPath().find((one) => one instanceof HTMLAnchorElement);
    const aside = event.ctrlKey || event.metaKey || event.shiftKey || link?.target || link?.hasAttribute("download");
    if (!link?.href || aside || new URL(link.href).pathname === location.pathname) return;
    Object.assign(leaving, { from: location.pathname, until: performance.now() + LONGEST });
  };
  addEventListener("click", note, true);
  return leaving;
}

export default function ({ data, setTriggerValue }) {
  const { channel, page } = data;
  return join(data, ({ turn }) => {
    if (!turn || turns.get(channel) === turn) return;
    turns.set(channel, turn);
    ask(() => here(page) && setTriggerValue("turn", turn));
  });
}

// Who has just gone back has another address already, while Streamlit would still run the script of the page that was left, and
// show that one again.
function here(page) {
  return page === "" || location.pathname.split("/").pop() === page;
}

// Not before the script that is under way has ended: what it sets would be undone by what the widgets hold until then.
function ask(turn) {
  const app = document.querySelector('[data-testid="stApp"]');
  const left = leaving.from === location.pathname && performance.now() < leaving.until;
  if (left || app?.dataset.testScriptState === "running") setTimeout(() => ask(turn), WAIT);
  else turn();
}
