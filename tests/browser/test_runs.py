"""What is trained is kept: found again after the tab is closed, gone on with, compared, handed on, deleted and undone."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_browser import OpenPage, epoch, go, picture, points, press, train_until, wait

pytestmark = pytest.mark.browser
ROW, HEAD = 35, 35  # pixels of the table


def tick(page: Page, row: int) -> None:
    """Tick a row of the table, which is drawn on a canvas."""
    table = page.locator(".st-key-runs_table canvas").first
    expect(table).to_be_visible()
    table.click(position={"x": 18, "y": HEAD + ROW * row + ROW / 2})


def cells(page: Page, column: str) -> list[str]:
    """What a column shows, from the table that screen readers get."""
    heads = page.locator(".st-key-runs_table canvas [role=columnheader]").all_inner_texts()
    place = next(i for i, head in enumerate(heads) if head.strip() == column)
    rows = page.locator(".st-key-runs_table canvas [role=row]").all()[1:]
    return [row.locator("[role=gridcell]").nth(place).inner_text() for row in rows]


def open_popover(page: Page, key: str) -> None:
    page.locator(f".st-key-{key} button").first.click()


def test_train_close_reopen_resume_compare_and_share(fresh_server, open_page: OpenPage):
    first = open_page(f"{fresh_server.url}/train")
    train_until(first, 0.3)
    first.context.close()

    page = open_page(f"{fresh_server.url}/runs")
    wait(lambda: status_after_refresh(page) == ["paused"], 30, "the closed tab's run to be paused in the table")
    tick(page, 0)
    expect(page.locator(".st-key-wall_dreams_A .wall")).to_be_visible()
    press(page, "runs_resume")
    expect(page.get_by_role("heading", name="Train a machine")).to_be_visible()
    expect(page.locator("[data-testid=stProgress]")).to_contain_text("Paused")
    expect(page.locator(".st-key-wall_filters .wall")).to_be_visible()
    stood, curve = epoch(page), points(page, "chart_cd_loss")
    assert stood > 0.3
    assert curve > 5  # the numbers from before are there
    press(page, "train")
    wait(lambda: epoch(page) > stood + 0.2, 40, "the run to go on")
    press(page, "pause")

    press(page, "dice")
    press(page, "train")
    wait(lambda: 0.1 < epoch(page) < stood, 40, "another run")
    press(page, "pause")
    go(page, "Compare", "Compare runs")
    expect(page.locator(".st-key-runs_table canvas").first).to_be_visible()
    wait(lambda: len(cells(page, "Run")) == 2, 20, "two runs in the table")
    page.wait_for_timeout(1000)
    tick(page, 0)
    expect(page.locator(".st-key-wall_dreams_A .wall")).to_be_visible()
    if page.locator(".st-key-wall_dreams_B .wall").count() == 0:  # the resumed one may still be ticked
        tick(page, 1)
    expect(page.locator(".st-key-wall_dreams_B .wall")).to_be_visible()
    expect(page.get_by_role("cell", name="Seed")).to_be_visible()
    assert picture(page, "wall_filters_A") != picture(page, "wall_filters_B")
    assert picture(page, "wall_dreams_A") != picture(page, "wall_dreams_B")
    assert points(page, "chart_runs_pseudo_log_likelihood") > 5

    press(page, "runs_delete")
    expect(page.get_by_text("No run is kept yet")).to_be_visible()
    press(page, "runs_undo_button")
    wait(lambda: len(cells(page, "Run")) == 2, 20, "both runs to come back")

    tick(page, 1)
    expect(page.locator(".st-key-wall_dreams_A .wall")).to_be_visible()
    open_popover(page, "run_link")
    link = page.locator("[data-testid=stPopoverBody] code").inner_text().strip()
    assert re.fullmatch(rf"{re.escape(fresh_server.url)}/train\?v=1(&\w+=[\w.]+)*", link)
    second = open_page(link)
    expect(second.get_by_text("These are the settings of the link")).to_be_visible()
    press(second, "train")
    expect(second.locator(".st-key-wall_filters .wall")).to_be_visible()


def status_after_refresh(page: Page) -> list[str]:
    button = page.locator(".st-key-runs_refresh button")
    expect(button).to_be_enabled()
    button.click()
    page.wait_for_timeout(700)
    return cells(page, "Status") if page.locator(".st-key-runs_table canvas").count() else []


def test_a_likelihood_is_computed_in_the_background_with_a_bar(server, open_page: OpenPage):
    page = open_page(f"{server.url}/train")
    train_until(page, 0.2)
    press(page, "pause")
    go(page, "Compare", "Compare runs")
    tick(page, 0)
    press(page, "measure")
    expect(page.locator("[data-testid=stProgress]")).to_be_visible()
    expect(page.locator(".st-key-chart_log_likelihood")).to_be_visible(timeout=120_000)
    expect(page.get_by_text(re.compile(r"A: −?-?\d+\.\d\d, between"))).to_be_visible()
