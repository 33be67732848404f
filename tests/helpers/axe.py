"""axe-core on a page: nothing serious, nothing critical, light and dark."""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.helpers.hands import drawn

T = TypeVar("T")
THEMED: dict[str, Any] = {"runOnly": ["color-contrast"]}  # the only rule that sees the theme


def is_for_everyone(page: Page, within: str | None = None, dark: bool = True) -> None:
    """The page as it stands, or what is ``within`` those of its elements, light, and then dark."""
    found = {"light": _violations(page, within)}
    if dark:
        _darken(page)
        found["dark"] = _violations(page, within, **THEMED)
    assert not any(found.values()), found


def light_and_dark(page: Page, look: Callable[[Page], T]) -> Iterator[tuple[str, T]]:
    """A light page as it stands, and then dark."""
    _at_rest(page)
    yield "light", look(page)
    _darken(page)
    yield "dark", look(page)


def judged(page: Page, within: str | None = None, **options: Any) -> dict[str, Any]:
    """What axe says of the page: ``violations`` and ``passes``."""
    found: dict[str, Any] = Axe().run(page, context=within, options=options).response
    return found


def _violations(page: Page, within: str | None, **options: Any) -> list[str]:
    """What axe calls serious or critical at three looks, a line an element.

    At one alone it may be of words that are faint because their fragment was just then drawn anew.
    """
    for _look in range(3):
        _at_rest(page)
        found = _serious(page, within, **options)
        if not found:
            break
    return found


def _serious(page: Page, within: str | None, **options: Any) -> list[str]:
    found = judged(page, within, resultTypes=["violations"], **options)["violations"]
    return [
        f"{one['id']}: {node['html'][:200]} {node['failureSummary']}"
        for one in found
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]


def _darken(page: Page) -> None:
    ground = page.locator("[data-testid=stApp]")
    light = ground.evaluate("element => getComputedStyle(element).backgroundColor")
    page.emulate_media(color_scheme="dark")
    expect(ground).not_to_have_css("background-color", light)
    _at_rest(page)


def _at_rest(page: Page) -> None:
    """The page stands, with its style, and no colour is on its way to another."""
    expect(page.locator(".st-key-question")).to_be_visible()
    drawn(page)
    expect(page.locator("[data-stale=true]")).to_have_count(0)  # Streamlit fades what a fragment is about to draw anew
    expect(page.locator("[data-testid=stCaptionContainer]").first).not_to_have_css("opacity", "0.6")
    page.wait_for_function(
        "document.getAnimations().every((one) => one.playState !== 'running' || one.effect.getTiming().iterations === Infinity)"
    )
