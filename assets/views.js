// The rooms of which one is seen at a time: says which is open, opens the one that the server asks for, and has every click count.
// Streamlit disables its tabs from the message that draws their row to those that draw them, and a click just then is lost; sixty
// scripts in one line can lie between.

const AGAIN = 50; // milliseconds until a tab is looked at again that could not be opened
const LONGEST = 20000; // milliseconds for which a click is remembered
const rooms = (globalThis.boltzmannRooms ??= watch(new Map())); // of each row of tabs, by its key

export default function ({ data, setTriggerValue }) {
  const room = rooms.get(data.key) ?? { wanted: -1, answered: 0 };
  rooms.set(data.key, Object.assign(room, { known: data.opened, tell: (place) => setTriggerValue("opened", place) }));
  const [number, place] = data.asked;
  if (number > room.answered) want(data.key, room, place);
  room.answered = number;
  const here = tabs(data.key).findIndex((tab) => tab.ariaSelected === "true");
  if (here >= 0 && here !== room.known && room.wanted < 0) room.tell(here); // chosen before this script had come
}

const tabs = (key) => {
  const row = document.querySelector(`.st-key-${key}`); // in whose rooms there may be tabs again
  return [...(row?.querySelectorAll("[role=tab]") ?? [])].filter((tab) => tab.closest("[data-testid=stTabs]") === row);
};

function watch(rooms) {
  const each = (target, act) => {
    for (const [key, room] of rooms) {
      const place = tabs(key).indexOf(target?.closest?.("[role=tab]"));
      if (place >= 0) act(room, place, key);
    }
  };
  addEventListener("click", ({ target }) => each(target, (room, place, key) => room.wanted === place || want(key, room, place)), true);
  const opened = ({ target }) => target.ariaSelected === "true" && each(target, (room, place) => room.tell(place));
  new MutationObserver((changes) => changes.forEach(opened)).observe(document.body, {
    subtree: true,
    attributeFilter: ["aria-selected"],
  });
  return rooms;
}

function want(key, room, place) {
  room.wanted = place;
  setTimeout(open, 0, key, room, place, performance.now() + LONGEST);
}

// Once whatever the click itself has set off is done: mostly it is open then.
function open(key, room, place, until) {
  if (room.wanted !== place) return;
  const tab = tabs(key)[place];
  if (tab?.ariaSelected === "true" || performance.now() > until) {
    room.wanted = -1;
    return;
  }
  if (tab && tab.ariaDisabled !== "true") tab.click();
  setTimeout(open, AGAIN, key, room, place, until);
}
