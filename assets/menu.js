// The menu of pages. On a wide screen it is this element, a rail at the left; elsewhere Streamlit's own at the top, or on a
// phone over the page, and this one only listens.
// On a phone the menu of pages lies over the page; once a page was chosen it has done its work, so it goes.
// Streamlit calls the default export again at every change of data: here, when another page is drawn. At the first call the
// address tells whether a page was chosen: whoever is quick opens the menu before the first page is drawn, and it must not go
// from under the hand, or chooses from it too, and then it must.

export default function ({ data, parentElement, setTriggerValue }) {
  watchPlace();
  mark();
  lightSteps();
  if (globalThis.boltzmannPage !== data.page || data.bring) {
    const to = cameAgain() ? Number(sessionStorage.getItem(spot(data.page))) : null; // before Streamlit scrolls the new page
    globalThis.boltzmannPlace.going = to !== null;
    afterwards(data, () => settle(data, to));
  }
  turnedDark(parentElement, () => setTriggerValue("theme", true));
  document.documentElement.style.setProperty("--menu", JSON.stringify(_("Menu"))); // what stage.css writes on a phone
  rail(parentElement.querySelector(".menu"), data, (title) => setTriggerValue("go", title));
  const before = globalThis.boltzmannPage ?? (moved() ? null : data.page);
  globalThis.boltzmannPage = data.page;
  if (before === data.page || innerWidth >= 768) return;
  const menu = document.querySelector('[data-testid="stSidebar"][data-collapsed="false"]');
  menu?.querySelector('[data-testid="stSidebarCollapseButton"] button')?.click();
}

// Pictures are coloured by the server for a light or a dark page, and Streamlit runs no script when that changes.
function turnedDark(place, ask) {
  const ground = getComputedStyle(place.firstElementChild ?? place).getPropertyValue("--st-background-color");
  const before = globalThis.boltzmannGround ?? ground;
  globalThis.boltzmannGround = ground;
  if (before !== ground) ask();
}

// Whether the address is another than the one the browser was sent to: Streamlit changes it without loading anything.
function moved() {
  const [loaded] = performance.getEntriesByType("navigation");
  return new URL(loaded.name).pathname !== location.pathname;
}

// What the page's style needs to know and cannot well ask: `:has` of all that is in the page would be asked again at every change
// in it, which took ten milliseconds of each, most of what a chart's drawing cost.
function mark() {
  if (globalThis.boltzmannMarks) return;
  const marks = (globalThis.boltzmannMarks = document.documentElement.classList);
  const tells = (notice) => Boolean(document.querySelector(`${notice} .stAlert`));
  const look = () => {
    marks.toggle("tells-of-run", tells(".st-key-notice_run"));
    marks.toggle("tells-more", tells('[class*="st-key-notice_"]:not(.st-key-notice_pace)'));
  };
  new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
  look();
  addEventListener("focusin", ({ target }) => marks.toggle("names-machines", Boolean(target.closest?.(".st-key-machine_line"))));
}

// Where on a page the reader was is kept by the tab for a reload, and for Back and Forward; who comes by a link begins at the top.
const spot = (page) => `boltzmannAt:${page}`;
const place = () => document.querySelector('[data-testid="stMain"]');
const drawing = () => document.querySelector("[data-testid=stApp]")?.dataset.testScriptState !== "notRunning";

function watchPlace() {
  if (globalThis.boltzmannPlace) return;
  globalThis.boltzmannPlace = { back: false, going: false };
  const leave = () => (globalThis.boltzmannPlace.left = place()?.scrollTop); // Streamlit goes to the top before it draws a page
  document.addEventListener("click", leave, true);
  addEventListener("popstate", () => (leave(), (globalThis.boltzmannPlace.back = true)));
  const note = ({ target }) => {
    if (target === place() && !drawing() && !globalThis.boltzmannPlace.going) sessionStorage.setItem(spot(globalThis.boltzmannPage), target.scrollTop);
  };
  document.addEventListener("scroll", note, true);
  for (const moves of ["wheel", "touchmove", "pointerdown", "keydown", "click", "popstate"]) addEventListener(moves, () => (globalThis.boltzmannPlace.going = false), true);
}

function cameAgain() {
  const { back, left } = globalThis.boltzmannPlace;
  globalThis.boltzmannPlace.back = false;
  if (globalThis.boltzmannPage) {
    if (left !== undefined) sessionStorage.setItem(spot(globalThis.boltzmannPage), left);
    return back;
  }
  return !moved() && ["reload", "back_forward"].includes(performance.getEntriesByType("navigation")[0].type);
}

// What is drawn late makes the page longer, and Streamlit may still go to its top: until it has stood there for a second, the
// reader moves, or twenty seconds are over.
function goBack(to, tries = 200, stood = 0) {
  if (!globalThis.boltzmannPlace.going) return;
  const at = place();
  const there = Math.abs(at.scrollTop - to) <= 1 ? stood + 1 : 0;
  if (!there) at.scrollTop = to;
  globalThis.boltzmannPlace.going = there < 10 && tries > 0;
  if (globalThis.boltzmannPlace.going) setTimeout(goBack, 100, to, tries - 1, there);
}

// Links, so that a browser can open one beside this page. The key Tab stops once, at the page that is open; arrows lead on.
function rail(nav, data, go) {
  const home = data.sections[0][1][0];
  const here = data.sections.flatMap(([, pages]) => pages).find(([title]) => title === data.page) ?? home;
  if (nav.dataset.here === here[1]) return;
  nav.dataset.here = here[1];
  const link = ([title, address]) => {
    const one = Object.assign(document.createElement("a"), { href: address || "./", textContent: title, tabIndex: -1 });
    one.onclick = (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      go(title);
    };
    if (address === here[1]) Object.assign(one, { tabIndex: 0, ariaCurrent: "page" });
    return one;
  };
  const section = ([name, pages]) => [Object.assign(document.createElement("h2"), { textContent: name }), ...pages.map(link)];
  nav.replaceChildren(...data.sections.flatMap(section));
  nav.onkeydown = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    const all = [...nav.querySelectorAll("a")];
    all[(all.indexOf(event.target) + step + all.length) % all.length].focus();
    event.preventDefault();
  };
}

// What a step of "What to see" speaks of is lit while the pointer or the focus is on it.
function lightSteps() {
  if (globalThis.boltzmannLight) return;
  const style = (globalThis.boltzmannLight = document.head.appendChild(document.createElement("style")));
  let pointed = null;
  const look = () => {
    // Where the pointer rests on what was drawn under it before this ran, or is drawn anew, nothing says so.
    if (!pointed?.isConnected) pointed = [...document.querySelectorAll(":hover")].at(-1) ?? null;
    const key = spokenOf(stepOf(pointed) ?? stepOf(document.activeElement));
    const rule = key ? `.st-key-${key} { outline: 3px solid #2a9d93; outline-offset: 4px; border-radius: 4px; }` : "";
    if (style.textContent !== rule) style.textContent = rule;
  };
  addEventListener("mouseover", ({ target }) => ((pointed = target), look()));
  for (const moved of ["focusin", "focusout"]) addEventListener(moved, () => setTimeout(look));
  look();
}

const viewOf = (node) => node?.closest("[data-testid=stTabPanel]"); // one that is not open has neither role nor name
const stepOf = (node) => (node?.isConnected && node.closest?.('[class*="st-key-see_"]')) || null;
const spokenOf = (step) => step?.querySelector('[class*="st-key-to_"]')?.className.match(/st-key-to_\w+?_\d+_(\w+)/)?.[1];

// Once the page's script has drawn it; not if another page came meanwhile.
function afterwards(data, act) {
  if (drawing()) {
    setTimeout(() => (globalThis.boltzmannPage ?? data.page) === data.page && afterwards(data, act), 100);
    return;
  }
  act();
}

// Bring an element into view, and let keys and fingers reach the steps of "What to see", which light what they speak of and,
// pressed, bring it into view.
function settle(data, to) {
  reach();
  // Those behind a button are there while it is open.
  globalThis.boltzmannSteps ||= (addEventListener("click", ({ target }) => target.closest?.(".st-key-see") && opened()), true);
  if (data.bring) bring(data.bring);
  else if (to !== null) goBack(to);
  else sessionStorage.setItem(spot(data.page), place().scrollTop);
}

function opened(tries = 20) {
  if (!reach() && tries) setTimeout(() => opened(tries - 1), 50);
}

function reach() {
  const steps = document.querySelectorAll('[class*="st-key-see_"]');
  for (const step of steps) {
    step.tabIndex = 0;
    const lit = spokenOf(step);
    step.onclick = () => bring(lit);
    step.onkeydown = ({ key }) => key === "Enter" && bring(lit);
  }
  return steps.length;
}

// In a view that is not open it is first opened; it can be scrolled to once it has its place there.
function bring(key) {
  const found = key && document.querySelector(`.st-key-${key}`);
  if (!found) return;
  for (let view = viewOf(found); view; view = viewOf(view.parentElement)) {
    const row = view.closest("[data-testid=stTabs]");
    const within = (what) => [...row.querySelectorAll(what)].filter((one) => one.parentElement.closest("[data-testid=stTabs]") === row);
    within("[role=tab]")[within("[data-testid=stTabPanel]").indexOf(view)].click();
  }
  requestAnimationFrame(() => {
    const { top, height } = found.getBoundingClientRect();
    const begins = top >= 0 && top < innerHeight / 2; // what is taller than the screen is in sight where its beginning is
    if (height < innerHeight || !begins) found.scrollIntoView({ block: "nearest" });
  });
}
