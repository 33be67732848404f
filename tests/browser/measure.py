"""How the screen feels, in figures: ``python -m tests.browser.measure``, on an idle machine. Prints a table, judges nothing.

- from the click on Train (warm server) to the first point of the loss curve in the browser
- from the click on Step to the new picture in the browser
- what share of a core the browser takes while the page looks
- what the live page costs training: images per second with the page open and looking, against the same run on the same
  kind of worker with nobody looking; in many short turns, because a machine that others share has fast and slow moments
"""

import statistics
import time

import psutil
from playwright.sync_api import Page, expect, sync_playwright

from rbm import link
from rbm.experiment import RunSpec
from rbm.jobs import cluster
from rbm.jobs.live import LiveRun
from rbm.training.config import TrainConfig
from tests.helpers.browser import FLAGS, find_chromium, start_server
from tests.helpers.hands import epoch, press

ROUNDS, CLICKS, TURNS, SECONDS = 5, 20, 24, 4.0
IMAGES = 54_000
RUN = RunSpec(training=TrainConfig(epochs=500))  # the default, without an end

# Clicks in the page and waits there, frame by frame, so that no driver's polling is part of the figure.
CLICK_AND_WATCH = """async ([button, card, shown, attribute, wanted]) => {
  const roots = (node) => [...node.querySelectorAll("*")].flatMap((one) => one.shadowRoot ?? []);
  const find = () => [...document.querySelectorAll(card)].flatMap((one) => [one, ...roots(one)])
    .map((root) => root.querySelector(shown)).find(Boolean);
  const read = () => find()?.getAttribute(attribute) ?? "";
  const before = read(), start = performance.now();
  document.querySelector(button).click();
  while (wanted === "more" ? !(Number(read()) > 0) : read() === before) {
    if (performance.now() - start > 20000) throw new Error("nothing changed within 20 s");
    await new Promise(requestAnimationFrame);
  }
  return performance.now() - start;
}"""


def milliseconds(page: Page, button: str, card: str, shown: str, attribute: str, wanted: str = "change") -> float:
    buttons = f".st-key-{button} button"
    return float(page.evaluate(CLICK_AND_WATCH, [buttons, f".st-key-{card}", shown, attribute, wanted]))


def first_points(page: Page, url: str) -> float:
    page.goto(link.to_url(f"{url}/train", RUN))
    expect(page.locator(".st-key-train button").first).to_be_enabled()
    page.wait_for_timeout(3000)
    return milliseconds(page, "train", "chart_reconstruction_error", ".chart", "data-points", "more")


def watched(page: Page) -> tuple[float, float]:
    """Images a second over SECONDS while the page looks, and the share of a core that its browser takes for that."""
    start, done, used = time.perf_counter(), epoch(page), browser_seconds()
    page.wait_for_timeout(SECONDS * 1000)
    took = time.perf_counter() - start
    return (epoch(page) - done) * IMAGES / took, (browser_seconds() - used) / took


def browser_seconds() -> float:
    """Processor seconds that Chromium's processes have used so far."""
    processes = [one for one in psutil.Process().children(recursive=True) if "chrom" in one.name()]
    return sum(sum(one.cpu_times()[:2]) for one in processes)


def unwatched_speed(run: LiveRun) -> float:
    """The same run with nobody looking, on a cluster of this process."""
    run.play()
    began = run.step_number
    while run.step_number < began + 300:
        time.sleep(0.05)
    start, done = time.perf_counter(), run.step_number
    time.sleep(SECONDS)
    speed = (run.step_number - done) * 64 / (time.perf_counter() - start)
    run.pause()
    while run.active:
        time.sleep(0.05)
    return speed


def main() -> None:
    print(f"{psutil.cpu_count()} cores, load before: {psutil.getloadavg()[0]:.2f}")  # noqa: T201
    server, url = start_server()
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find_chromium(), args=list(FLAGS))
        first, steps, looked, share, alone = [], [], [], [], []
        for turn in range(ROUNDS):
            page = chromium.new_page(viewport={"width": 1280, "height": 900})
            page.set_default_timeout(60_000)
            first.append(first_points(page, url))
            page.wait_for_timeout(2000)
            press(page, "pause")
            if turn < ROUNDS - 1:
                page.close()
        run = LiveRun(RUN)
        for _ in range(TURNS):
            alone.append(unwatched_speed(run))
            press(page, "train")
            page.wait_for_timeout(1500)
            speed, taken = watched(page)
            looked.append(speed)
            share.append(100 * taken)
            press(page, "pause")
            page.wait_for_timeout(500)
        alone.append(unwatched_speed(run))
        page.get_by_role("navigation", name="App pages").get_by_role("button", name="Generate").click()
        page.get_by_role("menuitem", name="Gibbs sampling").click()
        expect(page.locator(".st-key-wall_v .wall")).to_be_visible()
        page.wait_for_timeout(4000)
        for _ in range(CLICKS):
            steps.append(milliseconds(page, "step", "wall_v", ".wall", "data-version"))
            page.wait_for_timeout(300)
        chromium.close()
    cluster.disconnect()
    server.terminate()
    server.wait(20)
    for name, values, unit in (
        ("click on Train -> first point", first, "ms"),
        ("click on Step -> new picture", steps, "ms"),
        ("training while the page looks", looked, "images/s"),
        ("training with nobody looking", alone, "images/s"),
        ("the browser while it looks", share, "% of a core"),
    ):
        low, high = min(values), max(values)
        print(f"{name:32} median {statistics.median(values):8,.0f} {unit}   ({low:,.0f} to {high:,.0f})")  # noqa: T201
    # Each watched turn is held against the two beside it.
    ratios = [2 * w / (before + after) for w, before, after in zip(looked, alone, alone[1:], strict=False)]
    mean, error = statistics.mean(ratios), statistics.stdev(ratios) / len(ratios) ** 0.5
    middle = statistics.median(ratios)
    print(f"{'watched / unwatched beside it':32} median {middle:8.3f}   mean {mean:.3f} ± {error:.3f}")  # noqa: T201


if __name__ == "__main__":
    main()
