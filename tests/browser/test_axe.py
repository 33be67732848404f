"""axe-core on every page with a machine on it, light and dark: nothing serious, nothing critical."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from pages.ui import shell
from tests.helpers.browser import Server
from tests.helpers.hands import OpenPage, drawn
from tests.helpers.stage import HEIGHT, WIDTH

pytestmark = pytest.mark.browser
ENTRIES = [entry for section in shell.PAGES.values() for entry in section]


def violations(page: Page) -> list[str]:
    """What axe calls serious or critical, a line an element."""
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [
        f"{one['id']}: {node['html'][:200]} {node['failureSummary']}"
        for one in found
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]


def at_rest(page: Page) -> None:
    """The page stands, with its style, and no colour is on its way to another."""
    expect(page.locator(".st-key-question")).to_be_visible()
    drawn(page)
    expect(page.locator("[data-testid=stCaptionContainer]").first).not_to_have_css("opacity", "0.6")
    page.wait_for_function(
        "document.getAnimations().every((one) => one.playState !== 'running' || one.effect.getTiming().iterations === Infinity)"
    )


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.address or "home")
def test_a_page_is_for_everyone(server: Server, open_page: OpenPage, entry: shell.Entry):
    page = open_page(f"{server.url}/{entry.address}", width=WIDTH, height=HEIGHT)
    at_rest(page)
    found = {"light": violations(page)}
    ground = page.locator("[data-testid=stApp]")
    light = ground.evaluate("element => getComputedStyle(element).backgroundColor")
    page.emulate_media(color_scheme="dark")
    expect(ground).not_to_have_css("background-color", light)
    at_rest(page)
    found["dark"] = violations(page)
    assert found == {"light": [], "dark": []}
