"""The row that chooses one of a page's views, while what the server says comes in late."""

import pytest
from playwright.sync_api import Page, expect

from tests.helpers.browser import Server
from tests.helpers.hands import OpenPage, drawn, press, ready
from tests.helpers.stage import open_view
from tests.helpers.waiting import wait

pytestmark = pytest.mark.browser
CURVES, LABELS = "Layer by layer", "Does pre-training save labels?"
# From now on each of the server's messages comes so many milliseconds after the one before it; what opens is noted.
LATE = """
window.gap = 0; window.opened = []; window.onDisabled = () => {};
const late = (take) => {
  let last = Promise.resolve();
  const rest = () => window.gap && new Promise((go) => setTimeout(go, window.gap));
  return (event) => (last = last.then(rest).then(() => take(event)));
};
const { addEventListener } = WebSocket.prototype;
WebSocket.prototype.addEventListener = function (name, take, ...more) {
  addEventListener.call(this, name, name === "message" ? late((event) => take.call(this, event)) : take, ...more);
};
document.addEventListener("DOMContentLoaded", () => new MutationObserver((changes) => {
  for (const { target, attributeName } of changes) {
    if (attributeName === "aria-disabled" && target.ariaDisabled === "true") window.onDisabled(target);
    else if (attributeName === "aria-selected" && target.ariaSelected === "true") window.opened.push(target.textContent);
  }
}).observe(document, { subtree: true, attributeFilter: ["aria-selected", "aria-disabled"] }));
"""


@pytest.fixture
def deep(server: Server, open_page: OpenPage) -> Page:
    page = open_page(server.url)
    page.add_init_script(LATE)
    page.goto(f"{server.url}/deep")
    ready(page)
    return page


def chosen(page: Page) -> str:
    return page.get_by_role("tab", selected=True).first.inner_text()  # the page's own row, before its guide's


@pytest.mark.slow  # some twenty seconds until a row is seen half drawn
def test_a_click_on_a_view_counts_while_its_row_is_being_drawn(deep: Page):
    deep.evaluate(
        """name => { window.gap = 30; window.onDisabled = (tab) => {
          if (tab.textContent !== name) return;
          window.onDisabled = () => {}; window.clicked = true;
          tab.click();
        }; }""",
        CURVES,
    )

    def clicked() -> bool:  # a run of the whole script draws the row anew; in one of three it is seen half drawn
        press(deep, "try_deep_0")
        deep.wait_for_timeout(1000)
        drawn(deep)
        return bool(deep.evaluate("window.clicked"))

    deep.evaluate("window.clicked = false")
    wait(clicked, what="a click while the row is drawn")
    expect(deep.get_by_role("tab", name=CURVES)).to_have_attribute("aria-selected", "true")
    expect(deep.locator(".st-key-deep_free_energy_gap")).to_be_visible()


def test_the_second_of_two_quick_choices_is_not_undone_by_the_answer_to_the_first(deep: Page):
    deep.evaluate("window.gap = 60")
    deep.evaluate("window.opened = []")
    open_view(deep, CURVES)
    open_view(deep, LABELS)
    deep.wait_for_timeout(4000)  # all that the server answers comes meanwhile
    assert deep.evaluate("window.opened") == [CURVES, LABELS]


@pytest.mark.slow  # the quicker of two choices is tested in every run
def test_the_view_that_was_open_is_open_after_a_reload_and_on_another_pages_way_back(deep: Page):
    open_view(deep, LABELS)
    drawn(deep)
    expect(deep.get_by_role("tab", name=LABELS)).to_have_attribute("aria-selected", "true")
    knows = "() => [...(globalThis.boltzmannRooms?.values() ?? [])].some((room) => room.known === 2)"
    wait(lambda: deep.evaluate(knows), what="the server's word that it knows")
    deep.reload()
    expect(deep.get_by_role("tab", name=LABELS)).to_have_attribute("aria-selected", "true")
    assert chosen(deep) == LABELS
    deep.get_by_role("link", name="Next →").click()
    expect(deep.get_by_role("heading", name="Bring your own data", exact=True)).to_be_visible()
    deep.get_by_role("link", name="← Before").click()
    expect(deep.get_by_role("tab", name=LABELS)).to_have_attribute("aria-selected", "true")
