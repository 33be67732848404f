// Which of the buttons under "Try this" was chosen, for those who hear the page: Streamlit's own cannot say that they are pressed.

const rows = new WeakMap();

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".tried");
  rows.get(root)?.disconnect();
  let watched;
  const mark = () => {
    // Streamlit may draw the row after this, and its buttons after the row.
    const row = document.querySelector(`.st-key-try_${data.key}`) ?? document.body;
    if (row !== watched) {
      seen.disconnect();
      seen.observe((watched = row), { childList: true, subtree: true });
    }
    row.querySelectorAll(`[class*="st-key-try_${data.key}_"]`).forEach((place) => {
      const chosen = place.classList.contains(`st-key-try_${data.key}_${data.chosen}`);
      place.querySelector("button")?.setAttribute("aria-pressed", chosen);
    });
  };
  const seen = new MutationObserver(mark);
  rows.set(root, seen);
  mark();
  return () => seen.disconnect();
}
