"""How quickly the lesson pages answer: ``python -m tests.browser.measure_lessons``, on an idle machine. Prints, judges nothing.

From the key that moves a slider to the changed picture in the page, timed inside the page, frame by frame: for single moves,
and for moves that follow each other before Streamlit's own script has finished with the last.
"""

import statistics

from playwright.sync_api import Page, sync_playwright

from tests.helpers.browser import FLAGS, find_chromium, start_server
from tests.helpers.hands import go, rest, train_until

MOVES = 9
PAUSES = {"single": 1000, "dragged": 150}  # milliseconds between two moves
# Sliders with stops enough to go one way, and where they have room to go first.
THERE, BACK = ("ArrowRight", "ArrowLeft"), ("ArrowLeft", "ArrowRight")
LONG = {
    "pixels_step": ("ArrowRight", "ArrowRight"),
    "markov_coupling": THERE,
    "markov_beta": THERE,
    "follows_place": BACK,
}

TRAINED = {"examine": "Diagnostics", "filters": "Filters"}
GLASS = "boltzmann?glass"  # the other picture of that page

# address, slider, the element whose attribute changes
SLIDERS = (
    ("energy", "energy_visible", "energy_graph .numbers"),
    ("pixels", "pixels_step", "pixels_bars .statebars"),
    ("pixels", "pixels_rate", "pixels_bars .statebars"),
    ("markov", "markov_coupling", "markov_spectrum .statebars"),
    ("markov", "markov_beta", "markov_spectrum .statebars"),
    ("slow", "slow_k", "slow_hidden .statebars"),
    ("slow", "slow_learning_rate", "slow_scale_6 .facts"),
    ("hopfield", "hopfield_beta", "hopfield_pad .pad"),
    ("boltzmann", "boltzmann_hidden", "boltzmann_w_boltzmann .wall"),
    ("follows", "follows_place", "follows_angles .chart"),
    ("follows", "follows_k", "follows_numbers .facts"),
    ("ising", "ising_temperature", "ising_c .chart"),
    ("retrieval", "retrieval_load", "retrieval_facts .facts"),
    ("retrieval", "retrieval_temperature", "retrieval_facts .facts"),
    ("teacher", "teacher_beta", "teacher_words .facts"),
    ("examine", "examine_time", "examine_spectrum .chart"),
    ("filters", "filters_time", "wall_all_filters .wall"),
    (GLASS, "glass_seed", "glass_floor .chart"),
    (GLASS, "glass_temperature", "glass_shares .chart"),
)

# Presses a key on the slider and waits, frame by frame, until the picture is another one.
PRESS_AND_WATCH = """async ([slider, card, shown, key]) => {
  const roots = (node) => [...node.querySelectorAll("*")].flatMap((one) => one.shadowRoot ?? []);
  const read = () => [...document.querySelectorAll(card)].flatMap((one) => [one, ...roots(one)])
    .flatMap((root) => [...root.querySelectorAll(shown)])
    .map((node) => [...["version", "energy", "shape"].map((name) => node.dataset[name]),
      [...node.querySelectorAll("path.js-line, .bars path")].map((one) => one.getAttribute("d")).join() || node.textContent])
    .join();
  const input = document.querySelector(`${slider} input`);
  const before = read();
  input.focus();
  const start = performance.now();
  window.lessonDone = new Promise((done, fail) => {
    const look = () => {
      if (read() !== before) done(performance.now() - window.lessonPressed);
      else if (performance.now() - start > 10000) fail(new Error("nothing changed within 10 s"));
      else requestAnimationFrame(look);
    };
    input.addEventListener("keydown", () => { window.lessonPressed = performance.now(); }, { once: true, capture: true });
    requestAnimationFrame(look);
  });
}"""


def milliseconds(page: Page, slider: str, picture: str, key: str) -> float:
    card, shown = picture.split()
    page.evaluate(PRESS_AND_WATCH, [f".st-key-{slider}", f".st-key-{card}", shown, key])
    page.keyboard.press(key)
    return float(page.evaluate("window.lessonDone"))


def main() -> None:
    server, url = start_server()
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find_chromium(), args=list(FLAGS))
        page, at = None, ""
        for address, slider, picture in SLIDERS:
            if address != at:
                page, at = chromium.new_page(viewport={"width": 1280, "height": 900}), address
                if address in TRAINED:  # the machine that comes with the program has one moment alone
                    page.goto(f"{url}/train")
                    train_until(page, 1.5)
                    rest(page)
                    go(page, "Train", TRAINED[address])
                else:
                    page.goto(f"{url}/{address.split('?')[0]}")
                if address == GLASS:
                    page.get_by_role("radio", name="Spin glass").click()
                page.get_by_text("What to see", exact=True).first.wait_for(timeout=90_000)
                if address in TRAINED:
                    page.locator(f".st-key-{slider} input").focus()
                    page.keyboard.press("Home")
                if address == "slow":  # everything is on the screen at the end
                    page.locator(".st-key-slow_stage input").focus()
                    page.keyboard.press("End")
                if address == "hopfield":
                    page.get_by_role("button", name="Modern Hopfield").click()
                page.wait_for_timeout(3000)
            assert page is not None
            for turn, (how, pause) in enumerate(PAUSES.items()):
                times = []
                for move in range(MOVES + 2):
                    back_and_forth = "ArrowRight" if move % 2 == 0 else "ArrowLeft"
                    key = LONG[slider][turn] if slider in LONG else back_and_forth
                    times.append(milliseconds(page, slider, picture, key))
                    page.wait_for_timeout(pause)
                times = times[2:]  # the first two pay for imports and caches
                print(  # noqa: T201
                    f"{address:8} {slider:20} {how:8} median {statistics.median(times):6.0f} ms   "
                    f"({min(times):.0f} to {max(times):.0f})",
                    flush=True,
                )
        chromium.close()
    server.terminate()
    server.wait(20)


if __name__ == "__main__":
    main()
