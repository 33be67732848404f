"""From pen to picture: ``python -m tests.browser.measure_pad``, on an idle machine. Prints a table, judges nothing.

A stroke on the pad of each page that has one, move by move; timed inside the page, frame by frame, from the pointer's event to
the changed picture: the machine's answer over the socket, unpacked and painted.
"""

import statistics

from playwright.sync_api import Page, sync_playwright

from tests.helpers.browser import FLAGS, find_chromium, start_server
from tests.helpers.hands import choose, press, rest

MOVES = 40
PAUSE = 120  # milliseconds between two moves, as a slow hand draws
# address, pad, what is painted
PADS = (
    ("", "home_pad", "pad_hidden", ".wall"),
    ("", "home_pad", "pad_back", ".wall"),
    ("", "home_pad", "home_pad", ".pad"),
    ("gibbs", "gibbs_pad", "wall_mean", ".wall"),
    ("labels", "labels_pad", "labels_drawn_bars", ".statebars"),
    ("train", "train_pad", "wall_rebuilt", ".wall"),
)
# Moves the pen to a place of the pad, and waits until what it should change is another picture.
MOVE_AND_WATCH = """async ([pad, card, shown, x, y, begins]) => {
  const roots = (node) => [node, ...[...node.querySelectorAll("*")].flatMap((one) => one.shadowRoot ?? [])];
  const all = (place) => [...document.querySelectorAll(place)].flatMap(roots);
  const find = (place, what) => all(place).map((root) => root.querySelector(what)).find(Boolean);
  const read = () => { const node = find(card, shown); return [node.dataset.version, node.dataset.free].join(); };
  const canvas = find(pad, "canvas"), box = canvas.getBoundingClientRect();
  const about = { clientX: box.left + x * box.width, clientY: box.top + y * box.height, pointerId: 1, bubbles: true };
  canvas.setPointerCapture = () => {};
  const before = read(), start = performance.now();
  canvas.dispatchEvent(new PointerEvent(begins ? "pointerdown" : "pointermove", about));
  while (read() === before) {
    if (performance.now() - start > 3000) return -1;
    await new Promise(requestAnimationFrame);
  }
  return performance.now() - start;
}"""


def ready(page: Page, url: str, address: str, pad: str) -> None:
    page.goto(f"{url}/{address}")
    if address == "gibbs":
        choose(page, "gibbs_held", "what I draw")
    if address == "labels":
        page.locator(".st-key-labels_use_softmax").get_by_text("Read what you draw").click()
    if address == "train":  # at rest: a machine that learns rebuilds the drawing anew without a pen
        press(page, "train")
        page.wait_for_timeout(5000)
        rest(page)
        page.get_by_role("button", name="Draw a picture").click()
    page.locator(f".st-key-{pad} canvas").first.wait_for()
    page.wait_for_timeout(4000)


def main() -> None:
    server, url = start_server()
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find_chromium(), args=list(FLAGS))
        for address, pad, card, shown in PADS:
            page = chromium.new_page(viewport={"width": 1280, "height": 720})
            ready(page, url, address, pad)
            times = []
            for move in range(MOVES):
                place = [0.2 + 0.6 * (move % 20) / 20, 0.3 + 0.4 * (move // 20)]
                asked = [f".st-key-{pad}", f".st-key-{card}", shown, *place, move == 0]
                times.append(float(page.evaluate(MOVE_AND_WATCH, asked)))
                page.wait_for_timeout(PAUSE)
            felt = [
                one for one in times[2:] if one > 0
            ]  # the first pay for imports; a move within what is inked changes nothing
            most = sorted(felt)[int(0.95 * len(felt))]
            print(  # noqa: T201
                f"{address or 'start here':10} {card:18} median {statistics.median(felt):4.0f} ms   95 % below {most:4.0f}   "
                f"({min(felt):.0f} to {max(felt):.0f}, {len(felt)} moves)",
                flush=True,
            )
            page.close()
        chromium.close()
    server.terminate()
    server.wait(20)


if __name__ == "__main__":
    main()
