"""In a real browser: the names of a chart's curves lie over no number of its axes."""

import pytest
from playwright.sync_api import Page, expect

from rbm.experiment import DatasetSpec, ModelSpec, RunSpec
from rbm.link import to_url
from rbm.training.config import TrainConfig
from tests.helpers.browser import Server
from tests.helpers.hands import OpenPage, drawn, go, points, press, sized
from tests.helpers.waiting import wait

pytestmark = pytest.mark.browser
SHORT = RunSpec(DatasetSpec("bars_and_stripes"), ModelSpec(8), TrainConfig(epochs=40))
# Of each chart in sight or out of it: how many names and how many numbers it has, and which lie over each other.
OVER = """() => {
  const boxes = (chart, what) => [...chart.querySelectorAll(what)]
    .filter((one) => one.textContent.trim()).map((one) => [one.textContent, one.getBoundingClientRect()]);
  const meet = ([low, high], [from, to]) => high > from + 0.5 && to > low + 0.5; // half a pixel is rounding
  const over = ([, a], [, b]) => meet([a.left, a.right], [b.left, b.right]) && meet([a.top, a.bottom], [b.top, b.bottom]);
  const found = (chart) => {
    const names = boxes(chart, ".head .title, .head .names > *");
    const axes = boxes(chart, ".xtick text, .ytick text, .xtitle, .ytitle");
    const met = names.flatMap((name) => axes.filter((one) => over(name, one)).map((one) => `${name[0]} over ${one[0]}`));
    return [chart.dataset.name, [names.length, axes.length, met]];
  };
  const charts = [...document.querySelectorAll("[data-testid=stMain] .chart")].filter((one) => one.clientHeight);
  return Object.fromEntries(charts.map(found));
}"""


def free(page: Page, *keys: str) -> int:
    """That no name of these charts lies over an axis, at a projector's width and a phone's; how many names there were."""
    names = 0
    for width, height in ((1280, 720), (390, 844)):
        sized(page, width, height)
        for key in keys:
            wait(lambda key=key: points(page, key) > 0, what=f"points of {key}")
            plot = page.locator(f".st-key-{key} .plot")
            # drawn anew, as wide as there is room now
            wait(
                lambda plot=plot: plot.evaluate(
                    "one => one.clientWidth === one.querySelector('.main-svg')?.clientWidth"
                )
            )
        for chart, (some, ticks, over) in page.evaluate(OVER).items():
            assert over == [], chart
            names += some if ticks else 0
    return names


@pytest.mark.slow
def test_names_of_curves_lie_beside_the_axes_on_train_and_on_gibbs(server: Server, open_page: OpenPage):
    page = open_page(to_url(f"{server.url}/train", SHORT), height=720)
    press(page, "train")
    expect(page.locator(".st-key-status .status")).to_contain_text("Finished")
    drawn(page)
    assert free(page, "chart_free_energy", "chart_likelihood", "chart_reconstruction_error") >= 8
    sized(page, 1280, 720)
    go(page, "Generate", "Gibbs sampling")
    drawn(page)
    press(page, "step_100")
    wait(lambda: points(page, "chart_memory") > 0, what="the memory of the chains")
    assert free(page, "chart_energy", "chart_memory") >= 8
