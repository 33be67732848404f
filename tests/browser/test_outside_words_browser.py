"""Hostile words in a real browser: shown as they were typed, nothing asked for elsewhere, and the page is no wider for them."""

from urllib.parse import urlencode, urlsplit

import pytest
from playwright.sync_api import Page, expect

from rbm.core.text import JOINER, plain
from rbm.experiment import DatasetSpec, ModelSpec, RunSpec
from rbm.store import Progress, open_store
from tests.helpers.browser import Server
from tests.helpers.hands import OpenPage, at_rest, drawn
from tests.helpers.hostile import HOST, HOSTILE
from tests.helpers.stage import open_view

pytestmark = pytest.mark.browser
LINES = (".stMarkdown p", "[data-testid=stCaptionContainer] p", "[data-testid=stAlertContentWarning] p")


def lines(page: Page) -> str:
    """All words of the page's Markdown, as they are read, every run of blanks as one."""
    found = [one for where in LINES for one in page.locator(where).all_inner_texts()]
    return " ".join(" ".join(found).replace(JOINER, "").split())


def harmless(page: Page, asked: list[str], address: str) -> None:
    """Nothing was asked of another host, nothing of the words became an element, and the page is as wide as the screen."""
    assert {urlsplit(url).netloc for url in asked if url.startswith("http")} == {urlsplit(address).netloc}
    main = page.locator("[data-testid=stMain]")
    live = f"img[src*='{HOST}'], a[href*='pwn'], .katex, script:has-text('pwn'), a[href*='{HOST}'], h1:has-text('pwn')"
    expect(main.locator(live)).to_have_count(0)
    wide = "() => [document.documentElement, document.querySelector('[data-testid=stMain]')].map((e) => e.scrollWidth)"
    assert max(page.evaluate(wide)) <= 1280


def test_a_run_s_note_and_tags_and_a_link_are_words_and_no_more(server: Server, open_page: OpenPage):
    note = " ".join(words for words in HOSTILE if "\ud800" not in words)
    at = Progress("finished", 20, 20, 4.0, 1.5, device=note)
    spec = RunSpec(DatasetSpec("bars_and_stripes"), ModelSpec(7), seed=77)
    run_id = open_store().create(spec, "me", at, tags=HOSTILE, note=note, versions={"pwn": note})
    page = open_page(f"{server.url}/runs")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    field = page.locator(".st-key-runs_search input")
    field.fill(run_id)
    field.press("Enter")
    drawn(page)
    table = page.locator(".st-key-runs_table canvas").first
    expect(table.locator("[role=row]")).to_have_count(2)
    drawn(page)  # the rest of the page: a table that is drawn anew under the hand takes no tick
    box = at_rest(table)
    page.mouse.click(box["x"] + 18, box["y"] + 35 + 35 / 2)
    open_view(page, "Likelihood, settings")
    expect(page.get_by_text(f"Run {run_id} · 20 of 20")).to_be_visible()
    expect(page.get_by_text("smile")).not_to_have_count(0)
    drawn(page)
    shown = lines(page)
    for words in HOSTILE:
        assert " ".join(plain(words).split())[:64] in shown
    harmless(page, asked, server.url)

    page.goto(f"{server.url}/train?" + urlencode({"v": "3", "k": HOSTILE[0], "d": HOSTILE[1], "a": HOSTILE[2]}))
    expect(page.get_by_text("which is no such value")).to_have_count(3)
    shown = lines(page)
    assert all(repr(words[:40])[1:-1] in shown for words in HOSTILE[:3])
    harmless(page, asked, server.url)
