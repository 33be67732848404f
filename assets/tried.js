// Which of the buttons under "Try this" was chosen, for those who hear the page: Streamlit's own cannot say that they are pressed.

const rows = new WeakMap();

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".tried");
  rows.get(root)?.disconnect();
  const row = document.querySelector(`.st-key-try_${data.key}`);
  const mark = () =>
    row.querySelectorAll(`[class*="st-key-try_${data.key}_"]`).forEach((place) => {
      const chosen = place.classList.contains(`st-key-try_${data.key}_${data.chosen}`);
      place.querySelector("button")?.setAttribute("aria-pressed", chosen);
    });
  const seen = new MutationObserver(mark); // Streamlit may draw the buttons after this
  rows.set(root, seen);
  seen.observe(row, { childList: true, subtree: true });
  mark();
  return () => seen.disconnect();
}
