"""What is trained is kept: found again after the tab is closed, gone on with, compared, handed on, deleted and undone."""

import json
import re
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect
from safetensors import safe_open

from rbm.experiment import ModelSpec
from rbm.link import to_url
from tests.helpers.browser import Server
from tests.helpers.hands import (
    LONG,
    OpenPage,
    at_rest,
    drawn,
    endless,
    epoch,
    go,
    picture,
    points,
    press,
    rest,
    train_until,
)
from tests.helpers.stage import open_view
from tests.helpers.waiting import PATIENCE, wait

pytestmark = pytest.mark.browser
ROW, HEAD = 35, 35  # pixels of the table


def tick(page: Page, row: int) -> None:
    """Tick a row of the table, which is drawn on a canvas."""
    table = page.locator(".st-key-runs_table canvas").first
    expect(table).to_be_visible()
    box = at_rest(table)
    page.mouse.click(box["x"] + 18, box["y"] + HEAD + ROW * row + ROW / 2)


def cells(page: Page, column: str) -> list[str]:
    """What a column shows, from the table that screen readers get; read at one blow, since the table may change."""
    read = """(all) => all.map((row) => [...row.querySelectorAll("[role=columnheader], [role=gridcell]")]
      .map((cell) => cell.textContent.trim()))"""
    heads, *rows = page.locator(".st-key-runs_table canvas [role=row]").evaluate_all(read) or [[]]
    if column not in heads:  # not drawn yet
        return []
    return [row[heads.index(column)] for row in rows if len(row) == len(heads)]


def set_seed(page: Page, seed: int) -> None:
    field = page.locator(".st-key-draft_seed input")
    field.fill(str(seed))
    field.press("Enter")


def search(page: Page, words: str, count: int) -> None:
    """Only runs of this test, whatever other tests have trained."""
    expect(page.locator(".st-key-runs_table canvas").first).to_be_visible()
    drawn(page)  # a field that is filled meanwhile forgets it
    field = page.locator(".st-key-runs_search input")
    field.fill(words)
    field.press("Enter")
    wait(lambda: len(cells(page, "Data set")) == count, what=f"{count} runs in the table")
    drawn(page)


def trained_and_left(server: Server, open_page: OpenPage, seed: int) -> Page:
    """The page of runs, with a ticked one that was paused because its tab was closed."""
    first = open_page(endless(server))
    set_seed(first, seed)
    train_until(first, 0.3)
    browser = first.context
    first.close()

    other = open_page(f"{server.url}/runs")  # who trained it would have it go on by coming back
    search(other, f"seed {seed}", 1)
    wait(lambda: status_after_refresh(other) == ["paused"], what="the closed tab's run to be paused in the table")

    page = browser.new_page()  # the same visitor: another's run could only be copied
    page.set_default_timeout(1000 * PATIENCE)
    page.goto(f"{server.url}/runs")
    search(page, f"seed {seed}", 1)
    tick(page, 0)
    expect(page.locator(".st-key-wall_dreams_A .wall")).to_be_visible()
    return page


def resumed(page: Page) -> None:
    """Have the ticked run go on."""
    press(page, "runs_resume")
    expect(page.get_by_role("heading", name="Train a machine")).to_be_visible()
    expect(page.locator(".st-key-status .status")).to_contain_text("Paused")
    expect(page.locator(".st-key-wall_filters .wall")).to_be_visible()
    stood = epoch(page)
    assert stood > 0.3
    wait(lambda: points(page, "chart_reconstruction_error") > 5, what="the numbers from before")
    press(page, "train")
    wait(lambda: epoch(page) > stood + 0.2, what="the run to go on")


def test_a_closed_tab_s_run_is_in_the_table_is_deleted_and_back_and_goes_on(server, open_page: OpenPage):
    page = trained_and_left(server, open_page, seed=515151)
    press(page, "runs_delete")
    expect(page.get_by_text("1 run deleted")).to_be_visible()
    press(page, "runs_undo_button")
    wait(lambda: len(cells(page, "Data set")) == 1, what="the run to come back")
    tick(page, 0)
    resumed(page)


@pytest.mark.slow  # tests/pages/test_pages.py compares, hands on, deletes and brings back runs in every run
def test_train_close_reopen_resume_compare_and_share(server, open_page: OpenPage, tmp_path: Path):
    page = trained_and_left(server, open_page, seed=424242)
    resumed(page)
    rest(page)

    set_seed(page, 424243)
    expect(page.get_by_text("You changed Seed.")).to_be_visible()
    press(page, "train")
    expect(page.get_by_text("You changed Seed.")).to_have_count(0)
    expect(page.locator(".st-key-status .status")).to_contain_text("Epoch")
    rest(page)
    go(page, "Compare", "Compare runs")
    search(page, "seed 42424", 2)
    if (
        page.locator(".st-key-wall_dreams_A").count() == 0
    ):  # the resumed one may still be ticked; its wall may not be drawn
        tick(page, 1)
        expect(page.locator(".st-key-wall_dreams_A .wall")).to_be_visible()
    tick(page, 0)
    for view, wall in ("Filters", "wall_filters"), ("Reconstructions", "wall_back"), ("Fantasies", "wall_dreams"):
        open_view(page, view)
        expect(page.locator(f".st-key-{wall}_B .wall")).to_be_visible()
        assert picture(page, f"{wall}_A") != picture(page, f"{wall}_B")
        box = page.locator(f".st-key-{wall}_B").bounding_box()
        assert box["y"] + box["height"] <= page.viewport_size["height"]
    open_view(page, "Likelihood, settings")
    expect(page.get_by_role("cell", name="Seed", exact=True)).to_be_visible()
    open_view(page, "Curves")
    wait(lambda: points(page, "chart_runs_pseudo_log_likelihood") > 5, what="both runs' curves")
    tick(page, 0)  # no more: of the run that is left the curves are still what is open
    curves = page.get_by_role("tab", name="Curves", selected=True)
    expect(page.get_by_role("tab")).to_have_text(
        ["Pictures", "Curves", "Likelihood, settings"]
    )  # once the old row is gone
    expect(curves).to_have_count(1)
    tick(page, 0)
    expect(page.get_by_role("tab")).to_have_count(5)
    expect(curves).to_have_count(1)

    press(page, "runs_delete")
    expect(page.get_by_text("2 runs deleted")).to_be_visible()
    press(page, "runs_undo_button")
    wait(lambda: len(cells(page, "Data set")) == 2, what="both runs to come back")

    page.goto(f"{server.url}/runs")
    search(page, "seed 424242", 1)
    tick(page, 0)
    open_view(page, "Pictures")  # the one that was open comes back after a reload
    expect(page.locator(".st-key-wall_dreams_A .wall")).to_be_visible()
    page.locator(".st-key-run_download button").first.click()
    assert zipfile.is_zipfile(saved(page, "get_zip"))
    assert json.loads(saved(page, "get_json").read_text("utf-8"))["seed"] == 424242
    with safe_open(saved(page, "get_checkpoint"), framework="np") as tensors:
        assert "weight" in str(tensors.keys())
    assert saved(page, "get_csv").read_text("utf-8").startswith("step,epoch,seconds,")
    with Image.open(saved(page, "get_png")) as filters:
        assert filters.width > 28
    report = Path(shutil.move(saved(page, "get_report"), tmp_path / "run.html"))  # as it is called when it is saved
    alone = page.context.browser.new_context(offline=True)
    read = alone.new_page()
    read.goto(report.as_uri())
    expect(read.get_by_role("heading", name="Settings")).to_be_visible()
    assert read.locator("img").evaluate_all("(all) => all.every((one) => one.naturalWidth > 28)")
    alone.close()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    button = page.locator(".st-key-run_link button")
    for newer in (True, False):  # a page of http in a class's network has the older way alone
        page.evaluate(CLIPBOARD, newer)
        button.click()
        expect(button).to_contain_text("Link copied")
        link = page.evaluate("window.clip.readText()")
        assert link == to_url(f"{server.url}/train", replace(LONG, seed=424242))
        page.evaluate("window.clip.writeText('')")
        expect(button).to_contain_text("Copy link")
    second = open_page(link)
    expect(second.get_by_text("These are the settings of the link")).to_be_visible()
    expect(second.locator(".st-key-draft_seed input")).to_have_value("424242")
    press(second, "train")
    expect(second.locator(".st-key-wall_filters .wall")).to_be_visible()


CLIPBOARD = """(newer) => {
  window.clip ??= navigator.clipboard;
  Object.defineProperty(navigator, "clipboard", { value: newer ? window.clip : undefined, configurable: true });
}"""


def saved(page: Page, key: str) -> Path:
    """The file that a button brings."""
    with page.expect_download() as download:
        page.locator(f".st-key-{key} button").click()
    return Path(download.value.path())


def status_after_refresh(page: Page) -> list[str]:
    button = page.locator(".st-key-runs_refresh button").first
    expect(button).to_be_enabled()
    button.click()
    drawn(page)
    return cells(page, "Status")


@pytest.mark.slow  # tests/tasks/test_measuring.py computes one on a worker in every run
def test_a_likelihood_is_computed_in_the_background_with_a_bar(server, open_page: OpenPage):
    page = open_page(to_url(f"{server.url}/train", replace(LONG, model=ModelSpec(24))))  # too many to enumerate
    train_until(page, 0.2)
    rest(page)
    go(page, "Compare", "Compare runs")
    tick(page, 0)
    open_view(page, "Likelihood, settings")
    press(page, "measure")
    bar, chart = page.locator("[class*='st-key-measuring_']"), page.locator(".st-key-chart_log_likelihood")
    expect(bar.or_(chart).first).to_be_visible()  # a quick machine is past the bar at once
    expect(chart).to_be_visible()
    expect(page.get_by_text(re.compile(r"A: test images −\d+\.\d\d, between"))).to_be_visible()
