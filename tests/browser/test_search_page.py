"""A search over settings on real MNIST, from the page to the heat map and on to the run behind a cell."""

import pytest
from playwright.sync_api import Page, expect

from rbm.experiment import DatasetSpec, RunSpec
from rbm.link import to_url
from tests.helpers.hands import OpenPage, go, picture, press
from tests.helpers.stage import open_view
from tests.helpers.waiting import PATIENCE, wait

pytestmark = pytest.mark.browser


def type_in(page: Page, key: str, text: str) -> None:
    field = page.locator(f".st-key-{key} input")
    field.fill(text)
    field.press("Enter")


@pytest.mark.slow  # the page without a browser is tested at every run
def test_three_sizes_by_three_k_on_mnist_from_the_page_to_the_heat_map(server, open_page: OpenPage):
    page = open_page(to_url(f"{server.url}/train", RunSpec(DatasetSpec(size=2000))))  # a tiny budget of real images
    expect(page.get_by_text("These are the settings of the link")).to_be_visible()
    go(page, "Compare", "Hyperparameter search")
    type_in(page, "sweep_values_n_hidden", "4, 8, 12")
    type_in(page, "sweep_values_k", "1, 2, 3")
    type_in(page, "sweep_new_name", "three by three")
    epochs = page.get_by_role("slider", name="Epochs of every run")
    epochs.focus()
    page.keyboard.press("Home")
    expect(epochs).to_have_attribute("aria-valuetext", "1")
    expect(page.get_by_text("Up to 9 runs")).to_be_visible()
    press(page, "sweep_start")
    grid = page.locator(".st-key-sweep_heat .grid")
    expect(grid.locator("button")).to_have_count(9)
    wait(lambda: grid.get_attribute("data-done") == "9", 4 * PATIENCE, "nine runs")
    expect(page.get_by_text("Finished · 9 of 9 runs")).to_be_visible()
    values = [float(text.replace("−", "-")) for text in grid.locator("button").all_inner_texts()]
    assert all(-250 < value < -100 for value in values)  # nats per image of MNIST
    assert max(values[6:]) > max(values[:3])  # 12 hidden units learn more than 4
    best = grid.locator("button[data-state=best]")
    expect(best).to_have_count(1)
    assert float(best.inner_text().replace("−", "-")) == max(values)
    assert picture(page, "wall_sweep_best")
    for view, key in (
        ("All settings at once", "sweep_parallel"),
        ("Slices", "sweep_slice_n_hidden"),
        ("Slices", "sweep_slice_k"),
        ("Importance", "sweep_importance"),
    ):
        open_view(page, view)
        page.locator(f".st-key-{key}").first.scroll_into_view_if_needed()  # charts are drawn where they are in view
        expect(page.locator(f".st-key-{key} .js-plotly-plot").first).to_be_visible()  # the one before may still go
    open_view(page, "Heat map")
    best.click()
    expect(page.get_by_role("heading", name="Compare runs")).to_be_visible()
    expect(page.locator(".st-key-wall_dreams_A .wall")).to_be_visible()
    open_view(page, "Curves")
    expect(page.locator(".st-key-card_runs_free_energy_gap")).to_be_visible()
