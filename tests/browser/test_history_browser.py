"""Back and reload: the run in a page's address is no step of its own, and is there again."""

import re

import pytest
from playwright.sync_api import expect

from tests.helpers.browser import Server
from tests.helpers.hands import OpenPage, at_rest_now, drawn, epoch, go, longest, picture, press, rest, sized
from tests.helpers.waiting import wait


@pytest.mark.parametrize(
    "again", [pytest.param(False, id="at once"), pytest.param(True, id="after a reload", marks=pytest.mark.slow)]
)
def test_back_from_train_goes_to_the_page_before_in_one_step(server: Server, open_page: OpenPage, again: bool):
    page = open_page(f"{server.url}/map")
    drawn(page)
    go(page, "Train", "Train a machine")
    drawn(page)
    press(page, "one_batch")
    expect(page).to_have_url(re.compile(r"/train\?run=[0-9a-f]{12}$"))
    at_rest_now(page)
    if again:
        page.reload()
        drawn(page)
        at_rest_now(page)  # the run is there again
    page.go_back()
    expect(page).to_have_url(re.compile("/map"))
    expect(page.get_by_role("heading", name="The map of generative models")).to_be_visible()


@pytest.mark.slow  # back and the clicks that are left are tested in every run
def test_train_your_own_begins_a_run_and_forward_finds_it_again_behind_back(server: Server, open_page: OpenPage):
    page = open_page(server.url)
    drawn(page)
    press(page, "train_own")
    expect(page.get_by_role("heading", name="Train a machine")).to_be_visible()
    longest(page, "draft_epochs")
    press(page, "train")
    wait(lambda: epoch(page) > 0, what="a machine that learns")
    rest(page)
    address, said, filters = (
        page.url,
        page.locator(".st-key-status .status").inner_text(),
        picture(page, "wall_filters"),
    )
    assert re.search(r"/train\?run=[0-9a-f]{12}$", address)
    page.go_back()
    expect(page.locator(".st-key-home_pad .pad")).to_be_visible()
    expect(page).to_have_url(re.compile(rf"^{re.escape(server.url)}/?$"))
    drawn(page)
    page.go_forward()
    expect(page.get_by_role("heading", name="Train a machine")).to_be_visible()
    expect(page).to_have_url(address)
    drawn(page)
    expect(page.locator(".st-key-status .status")).to_have_text(said)
    wait(lambda: picture(page, "wall_filters") == filters, what="the same machine's filters")


@pytest.mark.slow  # a neighbour of the one below
def test_a_script_that_was_under_way_does_not_undo_a_step_back(server: Server, open_page: OpenPage):
    """Streamlit shows the page of a script that begins; here that is forced, as of one that began just before the step."""
    page = open_page(f"{server.url}/map")
    drawn(page)
    go(page, "Train", "Train a machine")
    drawn(page)
    page.go_back()
    expect(page.get_by_role("heading", name="The map of generative models")).to_be_visible()
    page.evaluate("history.pushState({}, '', '/train?run=0123456789ab')")
    expect(page).to_have_url(re.compile("/map"))
    expect(page.get_by_role("heading", name="The map of generative models")).to_be_visible()
    drawn(page)
    expect(page).to_have_url(re.compile("/map"))
    page.get_by_role("link", name="Next →").click()  # whoever goes on is let go on
    expect(page).not_to_have_url(re.compile("/map"))


# A link, and in the same moment the news that this page's script has something to draw.
LEAVE = """() => {
  document.querySelector(".st-key-ways a[href$=filters]").click();
  boltzmannBoard.takers.get("turn_board")({ turn: 1e9, at: 1e12 });
}"""


def test_news_of_a_page_that_is_being_left_do_not_undo_the_click(server: Server, open_page: OpenPage):
    """Streamlit would run the script of the page whose word came last."""
    page = open_page(f"{server.url}/train")
    drawn(page)
    page.wait_for_function("globalThis.boltzmannBoard?.takers.has('turn_board')")
    page.evaluate(LEAVE)
    expect(page.get_by_role("heading", name="Filters")).to_be_visible()
    drawn(page)
    expect(page).to_have_url(re.compile("/filters"))
    page.go_back()  # whose turns are heard again
    expect(page.get_by_role("heading", name="Train a machine")).to_be_visible()
    press(page, "one_batch")
    at_rest_now(page)


@pytest.mark.slow  # where Streamlit itself scrolls is not settled on a busy machine: see the closing note
def test_a_reload_and_a_step_back_find_the_place_on_a_page(server: Server, open_page: OpenPage):
    page = open_page(f"{server.url}/energy")
    drawn(page)
    main = page.locator("[data-testid=stMain]")
    graph = page.locator(".st-key-energy_graph")
    sized(page, 700, 500)
    graph.locator(".edge").first.locator(".hit").dispatch_event("click")
    said = graph.locator(".what").inner_text()
    graph.locator(".more").click()
    value = graph.locator(".value").inner_text()
    graph.get_by_role("button", name="Visible patterns only").click()
    drawn(page)
    kept = "sessionStorage.getItem('boltzmannAt:Energy and probability') === '300'"

    def scrolled() -> bool:
        """Once the page is at rest: while it is drawn it is Streamlit that scrolls, and nothing is kept."""
        main.evaluate("main => (main.scrollTop = main.scrollTop === 300 ? 299 : 300)")
        return bool(page.evaluate(kept))

    wait(scrolled, what="the place to be kept")

    def is_there() -> None:
        drawn(page)
        expect(graph.locator(".what")).to_have_text(said)
        expect(graph.locator(".value")).to_have_text(value)
        expect(graph.locator("[aria-pressed=true]")).to_have_text("Visible patterns only")
        page.wait_for_function("() => document.querySelector('[data-testid=stMain]').scrollTop === 300")

    page.reload()
    is_there()
    page.get_by_role("link", name="Next →").dispatch_event("click")  # a click with the mouse would scroll to it
    expect(page.get_by_role("heading", name="Two pixels")).to_be_visible()
    drawn(page)
    wait(lambda: main.evaluate("main => main.scrollTop") == 0, what="the top of the next page")
    page.go_back()
    is_there()


@pytest.mark.slow  # tests/pages/ui/session/test_coming_back.py and test_kept_machines_shown.py have its parts in every run
def test_a_reload_finds_what_learns_on_a_page_and_its_settings_and_the_class_can_look_at_it(
    server: Server, open_page: OpenPage
):
    page = open_page(f"{server.url}/train")
    drawn(page)
    press(page, "one_batch")
    expect(page).to_have_url(re.compile(r"/train\?run=[0-9a-f]{12}$"))
    run = page.url.split("=")[1]
    at_rest_now(page)
    go(page, "Train", "Learn colours")
    drawn(page)
    longest(page, "colour_epochs")
    press(page, "colour_learn")
    expect(page.locator(".st-key-machine")).to_contain_text("yours, training")
    page.reload()
    drawn(page)
    expect(page.locator(".st-key-machine")).to_contain_text("yours, training")
    expect(page.locator(".st-key-colour_epochs input")).to_have_value("100")
    other = open_page(f"{server.url}/colour")
    expect(other.locator(".st-key-machine")).to_contain_text("comes with the program")
    other.locator(".st-key-machine_menu input").click()
    other.get_by_role("option", name=re.compile(r"drawn faces.*Visitor \d+, training", re.IGNORECASE)).click()
    expect(other.locator(".st-key-machine")).to_contain_text(re.compile(r"Visitor \d+"))
    expect(other.locator(".st-key-colour_words")).to_contain_text("of 100")
    press(page, "colour_pause")
    go(page, "Train", "Train a machine")
    expect(page).to_have_url(re.compile(rf"/train\?run={run}$"))  # though the page that was loaded anew did not name it
    drawn(page)
    expect(page.locator(".st-key-returned")).to_have_count(0)  # it was done, not stopped
