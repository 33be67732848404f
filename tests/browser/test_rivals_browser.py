"""The rivals' page and the map in a real browser: a competition shows its pictures, both pages fit a phone."""

import pytest

from tests.helpers.hands import OpenPage, fits, picture, points, ready
from tests.helpers.stage import open_view
from tests.helpers.waiting import wait

pytestmark = pytest.mark.browser


@pytest.mark.slow
def test_a_competition_fills_its_walls_on_a_phone_and_the_map_leads_there(server, open_page: OpenPage):
    page = open_page(f"{server.url}/map", width=390, height=800)
    ready(page)
    fits(page)
    page.get_by_role("link", name="DCGAN").click()
    page.locator(".st-key-rivals_start").wait_for()
    ready(page)
    before = picture(page, "rivals_wall_vae")
    page.get_by_role("button", name="Start", exact=True).click()
    wait(lambda: picture(page, "rivals_wall_vae") != before, what="the first look at the last contender")
    open_view(page, "How good they are")
    wait(lambda: points(page, "rivals_frechet") > 0, what="a point of a curve")
    page.get_by_role("button", name="Pause", exact=True).click()
    fits(page)
