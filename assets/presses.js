// Buttons that only move what the page's socket shows: a press goes over it, and no script runs. Where there is no socket, and by
// the keys that Streamlit itself listens to, they are its buttons as all others.
// Joined behind board.js.

export default function ({ data }) {
  const pressed = (event) => {
    const key = board.socket && data.presses.find((one) => event.target.closest?.(`.st-key-${one} button`));
    if (!key) return;
    event.stopImmediatePropagation();
    event.preventDefault();
    board.ask(JSON.stringify({ press: key }), () => {});
  };
  addEventListener("click", pressed, true);
  return () => removeEventListener("click", pressed, true);
}
