// What pictures say while they change, in the one place of a page from which it is read out: politely, after what is being read.
// A picture is read out once it has come to rest, and while it moves where the keyboard is in it; all of them together no more
// often than every few seconds. What answers a key is read at once.

const REST = 1500; // milliseconds without a change
const OFTEN = 5000; // from one reading to the next
globalThis.boltzmannVoice ??= voice();

function voice() {
  const place = document.body.appendChild(document.createElement("div"));
  place.id = "boltzmann-voice";
  place.setAttribute("aria-live", "polite");
  place.style.cssText = "position: absolute; top: 0; left: 0; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%)";
  const resting = new Map(); // a picture -> when it will have come to rest
  const due = new Map(); // a picture -> what it says
  let [next, later] = [0, null];
  const arm = () => (later = setTimeout(speak, Math.max(0, next - performance.now())));
  const read = (words) => {
    place.textContent = words;
    next = performance.now() + OFTEN;
    if (later === null) return;
    clearTimeout(later); // what waits would cut this short
    arm();
  };
  const speak = () => {
    later = null;
    const words = [...due].filter(([root]) => root.isConnected).map(([, said]) => said);
    due.clear();
    if (words.length) read(words.join(". "));
  };
  const add = (root, words) => {
    resting.delete(root);
    due.set(root, words);
    if (later === null) arm();
  };
  return {
    changed(root, words) {
      clearTimeout(resting.get(root));
      if (root.contains(root.getRootNode().activeElement)) add(root, words);
      else resting.set(root, setTimeout(() => add(root, words), REST));
    },
    say: read,
  };
}
