// Projector mode: large type, no settings, and, if one is chosen, one picture over the whole screen. The browser remembers the mode.

const KEY = "boltzmann-projector";
const PICTURES = ".wall, .chart, .statebars, .machine, .pad, .heat, .scatter, .class";
const CONTROLS = '[class*="transport"], [class*="_controls"], .st-key-machine_bar'; // rows of what moves a picture; stage.css leaves them in sight
const PARTS = "canvas, svg, img, input, button, td, th, .rows, .legend"; // of a picture: others are as wide as the page
const TABLE = '[data-testid="stDataFrame"]';
const LARGER = 1.8; // times the letters of a table, which is as wide as the page already: fewer columns of it are seen at once
const root = document.documentElement;

export default function ({ parentElement }) {
  const [mode, choice] = ["button", "select"].map((name) => parentElement.querySelector(name));
  const draw = () => {
    const on = localStorage.getItem(KEY) === "on";
    root.classList.toggle("projector", on);
    mode.setAttribute("aria-pressed", on);
    choice.hidden = !on;
    if (!on) fill(null);
    window.dispatchEvent(new Event("resize"));
  };
  const turn = () => {
    localStorage.setItem(KEY, localStorage.getItem(KEY) === "on" ? "off" : "on");
    draw();
  };
  const press = (event) => {
    const typing = event.composedPath()[0].closest?.("input:not([type=range]), textarea, [contenteditable]");
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "f" || event.key === "F") turn();
    else if (event.key === "Escape" && root.classList.contains("filled")) fill(null, choice);
  };
  mode.onclick = turn;
  choice.onfocus = choice.onpointerdown = () => list(choice);
  choice.onchange = () => fill(found().get(choice.value) ?? null, choice);
  fill(null, choice); // another page
  draw();
  globalThis.boltzmannKeys?.abort(); // of the call before: one press must not turn the mode twice
  globalThis.boltzmannKeys = new AbortController();
  document.addEventListener("keydown", press, globalThis.boltzmannKeys);
}

// Where an element's picture is: most have a shadow root.
const inside = (place) => [...place.querySelectorAll("*")].find((node) => node.shadowRoot)?.shadowRoot ?? place;

// What can fill the screen: the page's pictures and tables that are drawn now, by what they say they show.
function found() {
  const all = new Map();
  for (const place of document.querySelectorAll('[data-testid="stMain"] [data-testid="stElementContainer"]')) {
    const picture = place.querySelector(`${TABLE} [role="region"]`) ?? inside(place).querySelector(PICTURES);
    if (!picture || !place.clientHeight) continue;
    const said = picture.dataset.name ?? picture.getAttribute("aria-label") ?? picture.querySelector("[aria-label]")?.getAttribute("aria-label");
    if (!said) continue;
    let name = said;
    for (let n = 2; all.has(name); n++) name = `${said} (${n})`; // the filters of two layers, for one
    all.set(name, place);
  }
  return all;
}

// How far to the right a picture is drawn: its box may be as wide as the page.
function drawnTo(place) {
  const parts = [...inside(place).querySelectorAll(PARTS)].map((part) => part.getBoundingClientRect());
  return Math.max(...parts.filter(({ width, height }) => width && height).map(({ right }) => right));
}

function list(choice) {
  const words = [_("All of the page"), ...found().keys()];
  if (words.join() === [...choice.options].map((one) => one.value).join()) return;
  const before = choice.value;
  choice.replaceChildren(...words.map((word) => new Option(word, word)));
  choice.value = words.includes(before) ? before : words[0];
}

// One picture as large as the screen below the bar and the page's buttons allows; none: the page as it is.
function fill(place, choice) {
  const before = document.querySelector("[data-fill]");
  before?.removeAttribute("data-fill");
  before?.style.removeProperty("width");
  root.classList.toggle("filled", Boolean(place));
  if (!place) {
    if (choice) choice.selectedIndex = 0;
    return;
  }
  const bars = [...document.querySelectorAll(`.st-key-title, ${CONTROLS}`)];
  const top = Math.max(...bars.map((bar) => bar.getBoundingClientRect().bottom).filter((y) => y < innerHeight / 2), 0) + 12;
  const { left, width: all, height } = place.getBoundingClientRect();
  const width = place.querySelector(TABLE) ? Math.min(all, (innerWidth - 32) / LARGER) : Math.min(all, drawnTo(place) - left + 4);
  const scale = Math.min((innerWidth - 32) / width, (innerHeight - top - 12) / height);
  for (const [name, value] of [["--fill", scale], ["--fill-top", `${top}px`]]) place.style.setProperty(name, value);
  place.style.width = `${width}px`;
  place.dataset.fill = "";
}
