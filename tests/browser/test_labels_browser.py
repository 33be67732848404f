"""The pages on labels and on features in a real browser: they learn, answer, point and fit a phone."""

import pytest
from playwright.sync_api import expect

from tests.helpers.hands import OpenPage, drawn, fits, longest, picture, points, press, sized
from tests.helpers.waiting import wait

pytestmark = pytest.mark.browser


@pytest.mark.slow
def test_a_machine_with_labels_learns_and_makes_digits(server, open_page: OpenPage):
    page = open_page(f"{server.url}/labels")
    expect(page.get_by_role("heading", name="Labels")).to_be_visible()
    longest(page, "labels_epochs")
    press(page, "try_labels_0")
    wait(lambda: points(page, "labels_errors") > 2, what="an error that falls")
    before = picture(page, "labels_dream")
    press(page, "labels_step_10")
    wait(lambda: picture(page, "labels_dream") != before, what="other pictures")
    page.get_by_role("radio", name="Guess from a half").click()
    expect(page.locator(".st-key-labels_half_bars .statebars")).to_be_visible()
    press(page, "labels_stop")
    sized(page, 390, 800)
    fits(page)


@pytest.mark.slow
def test_a_point_of_the_map_shows_its_picture(server, open_page: OpenPage):
    page = open_page(f"{server.url}/features")
    expect(page.get_by_role("heading", name="Features")).to_be_visible()
    judge = page.locator(".st-key-features_map button").first
    expect(judge).to_be_visible()
    judge.click()
    page.get_by_role("radio", name="PCA").click()
    chart = page.locator(".st-key-features_scatter .scatter[data-points='1000']")
    expect(chart).to_be_visible()
    drawn(page)  # the choice of PCA draws it once more
    chart.scroll_into_view_if_needed()
    box = chart.locator(".points").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(chart.locator(".tip")).to_be_visible()
    assert chart.locator(".tip span").inner_text() in set("0123456789")
    sized(page, 390, 800)
    fits(page)
