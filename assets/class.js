// The class board: a card for every run. Cards stay while they are told anew, and move where the order changes, so that
// nothing flickers and the keyboard keeps its place: the key Tab stops at one card, and from its picture at its button, arrows,
// Home and End lead to the others. Joined behind board.js.

const cards = new WeakMap(); // the board -> its cards by the run's id

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".class");
  if (!cards.has(root)) {
    cards.set(root, new Map());
    root.onkeydown = (event) => press(root, event);
    root.addEventListener("focusin", ({ target }) => reach(root, target.closest("[role=listitem]"), true));
    root.addEventListener("focusout", ({ target, relatedTarget: to }) => root.contains(to) || reach(root, target.closest("[role=listitem]")));
  }
  return join(data, (now) => {
    say(parentElement.querySelector(".wrong"), now.trouble);
    show(root, now, setTriggerValue);
  });
}

function show(root, data, setTriggerValue) {
  const known = cards.get(root);
  const here = new Set(data.cards.map((card) => card.id));
  const at = root.getRootNode().activeElement;
  for (const [id, card] of known) {
    if (here.has(id)) continue;
    card.remove();
    known.delete(id);
  }
  data.cards.forEach((told, place) => {
    if (!known.has(told.id)) known.set(told.id, build(told.id, setTriggerValue));
    const card = known.get(told.id);
    fill(card, told);
    if (root.children[place] !== card) root.insertBefore(card, root.children[place] ?? null);
  });
  root.dataset.cards = data.cards.length;
  if (root.contains(at)) at.focus({ preventScroll: true }); // whose card has moved: that takes the keyboard from it
  if (!root.querySelector(".look[tabindex='0']")) reach(root, root.firstElementChild);
}

// The card at which the key Tab stops; ``inside``: the keyboard is in it, and Tab leads on to its button.
function reach(root, chosen, inside = false) {
  for (const card of root.children) {
    card.querySelector(".look").tabIndex = card === chosen ? 0 : -1;
    card.querySelector(".open").tabIndex = card === chosen && inside ? 0 : -1;
  }
}

// From a card's picture to another one's, from its button to another one's.
function press(root, event) {
  const { key, target } = event;
  const all = [...root.children];
  const from = all.indexOf(target.closest("[role=listitem]"));
  const wide = getComputedStyle(root).gridTemplateColumns.split(" ").length;
  const to = { ArrowRight: from + 1, ArrowLeft: from - 1, ArrowDown: from + wide, ArrowUp: from - wide, Home: 0, End: all.length - 1 }[key];
  if (to === undefined || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  all[to]?.querySelector(target.matches(".open") ? ".open" : ".look").focus();
}

function build(id, setTriggerValue) {
  const card = document.createElement("div");
  card.setAttribute("role", "listitem");
  card.innerHTML =
    '<button class="look"><canvas></canvas></button><b class="who"></b><span class="what"></span><span class="status"></span>' +
    '<div class="track"><div></div></div><span class="likelihood"></span><span class="differ"></span>' +
    '<span class="trouble"></span><button class="open"></button>';
  card.querySelector(".look").onclick = () => setTriggerValue("show", id);
  card.querySelector(".open").onclick = () => setTriggerValue("open", id);
  for (const one of card.querySelectorAll("button")) one.tabIndex = -1;
  // What is read out of a card that the keyboard comes to.
  const parts = (...names) => names.map((name) => (card.querySelector(`.${name}`).id = `${name}-${id}`)).join(" ");
  card.querySelector(".look").setAttribute("aria-describedby", parts("what", "status", "likelihood"));
  card.querySelector(".open").setAttribute("aria-describedby", parts("who", "what"));
  return card;
}

function fill(card, told) {
  for (const name of ["who", "what", "status", "likelihood", "trouble"]) say(card.querySelector(`.${name}`), told[name]);
  say(card.querySelector(".differ"), told.differ.join(" · "));
  say(card.querySelector(".open"), told.mine ? _("Open") : _("Open a copy"));
  card.classList.toggle("mine", told.mine);
  card.querySelector(".track div").style.width = `${Math.round(100 * told.share)}%`;
  const look = card.querySelector(".look");
  look.setAttribute("aria-label", _("Show the filters of {who}'s run large", { who: told.who }));
  const canvas = look.querySelector("canvas");
  if (told.src && canvas.dataset.src !== told.src) colour(canvas, told.src);
  canvas.hidden = !told.src;
}

// The filters at that address; those of before stay where there is none, or newer ones were told of meanwhile.
async function colour(canvas, src) {
  canvas.dataset.src = src;
  const answer = await fetch(new URL(src, location.href));
  if (!answer.ok) return;
  const [atlas] = await draw(await answer.json());
  if (canvas.dataset.src !== src) return;
  [canvas.width, canvas.height] = [atlas.width, atlas.height];
  canvas.getContext("2d").drawImage(atlas, 0, 0);
}

function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
