"""In a real browser, page after page: control and picture share the first screen, every picture says what it shows now, every
chart can be had as a picture and as numbers, and axe-core has nothing serious to say."""

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from pages.ui import shell
from rbm.experiment import DatasetSpec, ModelSpec, RunSpec
from rbm.store import Progress, open_store
from tests.helpers.axe import is_for_everyone
from tests.helpers.browser import Server
from tests.helpers.hands import complaints, drawn, fits, press, sized
from tests.helpers.pictures import MOVES, changed, keys, look, png_of, rows_of, silent, without_files
from tests.helpers.stage import HEIGHT, LATEST, PICTURES, VIEWS, WIDTH, begins, beyond, cut_guide, open_view
from tests.helpers.waiting import PATIENCE, wait

pytestmark = pytest.mark.browser
ENTRIES = [entry for section in shell.PAGES.values() for entry in section]


@pytest.fixture(scope="module")
def walker(server: Server, browser: Browser) -> Iterator[Page]:
    """A visitor who walks through all pages, from one to the next, where a class has been before."""
    for seed in range(20):
        spec = RunSpec(DatasetSpec("bars_and_stripes"), ModelSpec(7), seed=seed)
        open_store().create(spec, "a class", Progress("finished", 20, 20, 4.0, 1.5))
    with closing(browser.new_context(viewport={"width": WIDTH, "height": HEIGHT})) as context:
        page = context.new_page()
        page.set_default_timeout(1000 * PATIENCE)
        errors = complaints(page)
        page.goto(server.url)
        yield page
        assert errors == []


class Opened(NamedTuple):
    """A page of the app, which the walker has come to by Next."""

    page: Page
    script: str


@pytest.fixture(scope="module", params=ENTRIES, ids=lambda entry: entry.address)
def opened(request: pytest.FixtureRequest, server: Server, walker: Page) -> Opened:
    """Each page in turn; all tests of one page come before the next is opened."""
    entry: shell.Entry = request.param
    before = ENTRIES[ENTRIES.index(entry) - 1]
    if entry is not ENTRIES[0]:
        if urlsplit(walker.url).path != f"/{before.address}":  # this test alone
            walker.goto(f"{server.url}/{before.address}")
        walker.get_by_role("link", name="Next →").click()
        expect(walker.get_by_role("heading", name=entry.title, exact=True)).to_be_visible()
    walker.emulate_media(color_scheme="light")
    return Opened(walker, entry.script)


def _states(page: Page) -> None:
    """Bars over states: a row for each, with the values of both machines."""
    head, *rows = rows_of(page, page.locator(".st-key-pixels_bars .statebars"))
    assert len(head) == 4
    assert [row[0] for row in rows] == ["00", "01", "10", "11"]
    assert all(sum(float(row[i]) for row in rows) == pytest.approx(1, abs=1e-4) for i in (1, 2, 3))


def _matrix(page: Page) -> None:
    """Each row of the transition matrix is a distribution."""
    head, *rows = rows_of(page, page.locator(".st-key-markov_matrix .matted"))
    assert [row[0] for row in rows] == head[1:]
    assert all(sum(map(float, row[1:])) == pytest.approx(1) for row in rows)


def _graph(page: Page) -> None:
    """The probabilities of all states sum to one, and the likeliest is that of the words below."""
    place = page.locator(".st-key-energy_graph .drawn").last
    __, *rows = rows_of(page, place)
    assert sum(float(p) for _, p in rows) == pytest.approx(1)
    most = page.locator(".st-key-energy_graph .terms").get_attribute("data-p")
    assert max(float(p) for _, p in rows) == float(most or 0)


def _recall(page: Page) -> None:
    """The energies up to the update that is shown."""
    press_in = page.locator(".st-key-hopfield_pad [name=one]")
    expect(press_in).to_be_enabled()
    press_in.click()
    __, *rows = rows_of(page, page.locator(".st-key-hopfield_pad .drawn"))
    pad = page.locator(".st-key-hopfield_pad .pad")
    assert [at for at, __ in rows] == ["0", "1"]
    assert rows[-1][1] == pad.get_attribute("data-energy")


def _histogram(page: Page) -> None:
    """Six thousand digits in fifty bins, and where the drawing is."""
    __, *rows = rows_of(page, page.locator(".st-key-home_pad .drawn"))
    assert len(rows) == 50
    assert sum(int(count) for _, _, count, _ in rows) == 6000
    assert [own for *_, own in rows if own] == [page.locator(".st-key-home_pad .pad").get_attribute("data-free")]


def _scatter(page: Page) -> None:
    """A row for each point."""
    place = page.locator(".st-key-features_scatter .scatter")
    __, *rows = rows_of(page, place)
    assert len(rows) == int(place.get_attribute("data-points") or 0) == 1000
    assert {name for _, _, name in rows} == set(map(str, range(10)))


def _walked_points(page: Page) -> None:
    """Arrows lead from point to point: its picture is shown, its class read out."""
    points = page.locator(".st-key-features_scatter canvas.points")
    points.focus()
    page.keyboard.press("ArrowRight")
    tip, voice = page.locator(".st-key-features_scatter .tip"), page.locator("#boltzmann-voice")
    first = voice.text_content() or ""
    assert first.startswith(f"{tip.text_content()}, x = ")
    page.keyboard.press("ArrowRight")
    expect(voice).not_to_have_text(first)
    expect(voice).to_have_text(re.compile(f"{tip.text_content()}, x = .*"))
    expect(points).to_have_css("outline-style", "solid")
    page.keyboard.press("Escape")
    expect(tip).to_be_hidden()


def _walked_wall(page: Page) -> None:
    """Arrows lead from picture to picture of a wall that nothing is chosen from, and the ring says where one is."""
    wall = page.locator(".st-key-wall_film .wall")
    wall.focus()
    page.keyboard.press("End")
    ring = wall.get_by_role("gridcell")
    expect(ring).to_be_visible()
    expect(ring).to_have_attribute("aria-label", "step 1")
    page.keyboard.press("ArrowLeft")
    expect(ring).to_have_attribute("aria-label", "step 0.5")
    page.keyboard.press("Escape")


def _marked(page: Page) -> None:
    """The chosen one of what to try is pressed for those who hear it, and ticked for those who see no colour."""
    buttons = page.locator(".st-key-try_pixels button")
    expect(buttons.nth(1)).to_have_attribute("aria-pressed", "false")
    press(page, "try_pixels_1")
    expect(buttons.nth(1)).to_have_attribute("aria-pressed", "true")
    expect(buttons.nth(0)).to_have_attribute("aria-pressed", "false")
    assert "✓" in buttons.nth(1).evaluate("one => getComputedStyle(one, '::after').content")


def _said(page: Page) -> None:
    """What a press has changed is read out once it rests."""
    expect(page.locator("#boltzmann-voice")).to_contain_text("The chains' visible units: step 1, ")


CHECKS: dict[str, tuple[Callable[[Page], None], ...]] = {
    shell.HOME: (_histogram,),
    shell.ENERGY: (_graph,),
    shell.PIXELS: (_states, _marked),
    shell.HOPFIELD: (_recall,),
    shell.MARKOV: (_matrix,),
    shell.GIBBS: (_said, _walked_wall),
    shell.FEATURES: (_scatter, _walked_points),
}
CHARTS = {
    shell.PIXELS: "pixels_bars .statebars",
    shell.ENERGY: "energy_graph .drawn >> nth=0",
    shell.FEATURES: "features_scatter .scatter",
}


def test_next_leads_to_a_page_whose_control_and_picture_share_the_first_screen(opened: Opened):
    page, script = opened
    for name, shown in {"": PICTURES[script], **VIEWS.get(script, {})}.items():
        if name:
            open_view(page, name)
        if shown.pictures:
            assert beyond(page, shown) == {}
            assert without_files(page) == []
            assert script == shell.RUNS or name or begins(page, shown) <= LATEST  # there the list comes first
        assert cut_guide(page) == {}
    if script in VIEWS:
        page.get_by_role("tab").first.click()


def test_what_changes_says_so_and_every_chart_can_be_had_as_png_and_csv(opened: Opened):
    page, script = opened
    drawn(page)
    move, least = MOVES.get(script, (None, set()))
    wait(lambda: keys(page) >= least, what=f"the pictures {least}")
    assert without_files(page) == []
    shown = look(page)
    assert [name for name, one in shown.items() if not one.text] == []
    if move is not None:
        move(page)
        wait(lambda: changed(page, shown) >= least, what=f"a change of {least}")
        wait(lambda: silent(page, shown) == {}, what="a text of what has changed")
    for check in CHECKS.get(script, ()):
        check(page)
    if script in CHARTS:
        assert len(png_of(page, page.locator(f".st-key-{CHARTS[script]}")).getcolors(1 << 20) or ()) > 2


def test_the_page_fits_a_phone_that_is_turned(opened: Opened):
    page, script = opened
    sized(page, 390, HEIGHT)
    try:
        fits(page)
        for name in VIEWS.get(script, ()):
            open_view(page, name)
            fits(page)
    finally:
        sized(page, WIDTH, HEIGHT)
    if script in VIEWS:
        page.get_by_role("tab").first.click()


@pytest.mark.parametrize("dark", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["light", "light and dark"])
def test_the_page_is_for_everyone_with_its_machine_at_work(opened: Opened, dark: bool):
    is_for_everyone(opened.page, dark=dark)
    for name in VIEWS.get(opened.script, ()):
        opened.page.emulate_media(color_scheme="light")
        open_view(opened.page, name)
        is_for_everyone(opened.page, within="[role=tabpanel]", dark=dark)  # the rest was judged already
    if opened.script == shell.TRAIN and not dark:
        expect(opened.page.locator(".st-key-pause button").first).to_be_enabled()  # it was still learning
        press(opened.page, "pause")
