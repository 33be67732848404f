"""How fast the laboratory answers: ``python -m tests.browser.measure_laboratory``. From the input event to the changed DOM."""

import statistics
import sys

from playwright.sync_api import Page, sync_playwright

from tests.helpers.browser import FLAGS, find_chromium, start_server

# Everything happens in the page, so that no driver's polling is part of the figure.
TURN = """async ([card, input, shown, attribute, turns]) => {
  const pause = (ms) => new Promise((done) => setTimeout(done, ms));
  const roots = (node) => [...node.querySelectorAll("*")].flatMap((one) => one.shadowRoot ?? []);
  const find = (what) => [...document.querySelectorAll(card)].flatMap(roots).map((r) => r.querySelector(what)).find(Boolean);
  const times = [];
  for (let turn = 0; turn < turns; turn++) {
    const node = find(input), before = find(shown).getAttribute(attribute), start = performance.now();
    if (node.type === "range") {
      node.value = Number(node.value) > 0 ? -0.5 : 0.5;
      node.dispatchEvent(new Event("input", { bubbles: true }));
      node.dispatchEvent(new Event("change", { bubbles: true }));
    } else node.click();
    while (find(shown).getAttribute(attribute) === before) {
      if (performance.now() - start > 20000) throw new Error("nothing changed within 20 s");
      await new Promise(requestAnimationFrame);
    }
    times.push(performance.now() - start);
    await pause(250);
  }
  return times;
}"""
ENERGY, PAD = ".st-key-energy_graph", ".st-key-hopfield_pad"


def turned(page: Page, *what: str) -> list[float]:
    return list(page.evaluate(TURN, [*what, 20]))


def say(name: str, times: list[float]) -> None:
    print(f"{name:46} median {statistics.median(times):6.1f} ms   ({min(times):.1f} to {max(times):.1f})")  # noqa: T201


def main() -> None:
    server, url = (None, sys.argv[1]) if len(sys.argv) > 1 else start_server()
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find_chromium(), args=list(FLAGS))
        page = chromium.new_page(viewport={"width": 1280, "height": 1200})
        page.goto(f"{url}/energy")
        page.locator(f"{ENERGY} .machine[data-states]").wait_for()
        page.wait_for_timeout(2000)
        say("weight slider -> numbers, 5 units", turned(page, ENERGY, ".knob", ".machine", "data-logz"))
        page.locator(".st-key-try_energy_5 button").first.click()
        page.locator(f"{ENERGY} .machine[data-states='4096']").wait_for()
        page.wait_for_timeout(2000)
        say("weight slider -> numbers, 12 units", turned(page, ENERGY, ".knob", ".machine", "data-logz"))
        say("beta slider -> numbers, 12 units", turned(page, ENERGY, ".beta", ".machine", "data-logz"))
        page.goto(f"{url}/hopfield")
        page.locator(f"{PAD} .pad[data-length]:not([data-length=''])").wait_for()
        page.wait_for_timeout(3000)
        say("One update -> picture", turned(page, PAD, "button[name=one]", ".pad", "data-t"))
        page.wait_for_timeout(1000)
        # The pixels change at once; data-length is emptied at once too and comes back with the server's recall.
        times = [page.evaluate(ANSWER, PAD) for _ in range(20)]
        say("Noise -> the server's new recall", times)
        chromium.close()
    if server is not None:
        server.terminate()
        server.wait(20)


ANSWER = """async (card) => {
  const roots = (node) => [...node.querySelectorAll("*")].flatMap((one) => one.shadowRoot ?? []);
  const find = (what) => [...document.querySelectorAll(card)].flatMap(roots).map((r) => r.querySelector(what)).find(Boolean);
  const start = performance.now();
  find("button[name=noise]").click();
  while (find(".pad").dataset.length === "" || find(".pad").dataset.t !== "0") await new Promise(requestAnimationFrame);
  const taken = performance.now() - start;
  await new Promise((done) => setTimeout(done, 400));
  return taken;
}"""

if __name__ == "__main__":
    main()
