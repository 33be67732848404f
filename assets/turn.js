// Asks Streamlit to run the script of its part once, when the server says that there is what only the script can draw.
// Joined behind board.js.

const WAIT = 100; // milliseconds until the script is looked at again that is under way
const turns = (globalThis.boltzmannTurns ??= new Map()); // channel -> the last that was passed on

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
  if (app?.dataset.testScriptState === "running") setTimeout(() => ask(turn), WAIT);
  else turn();
}
