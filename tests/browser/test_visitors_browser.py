"""Visitors in a real browser: known again after a reload by a cookie that no script reads, and told apart."""

import re

from playwright.sync_api import Cookie, Page, expect

from tests.helpers.browser import Server
from tests.helpers.hands import OpenPage, drawn
from tests.helpers.waiting import wait


def name(page: Page) -> str:
    badge = page.locator(".st-key-visitor button").first
    expect(badge).to_be_visible()
    return badge.inner_text()


def test_a_visitor_is_known_again_and_no_script_can_read_by_what(server: Server, open_page: OpenPage):
    page = open_page(f"{server.url}/map")
    drawn(page)
    assert re.search(r"Visitor \d+", name(page))
    page.locator(".st-key-visitor button").first.click()
    place = page.locator(".st-key-visitor_name input")
    place.fill("Ada")
    place.press("Enter")
    expect(page.locator(".st-key-visitor button").first).to_contain_text("Ada")

    def cookies() -> list[Cookie]:
        return [one for one in page.context.cookies() if one["name"] == "boltzmann_visitor"]

    wait(lambda: bool(cookies()), what="the cookie")
    (cookie,) = cookies()
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Lax"
    assert "boltzmann_visitor" not in page.evaluate("document.cookie")
    assert cookie["value"] not in page.content()
    page.reload()
    expect(page.locator(".st-key-visitor button").first).to_contain_text("Ada")
    other = open_page(f"{server.url}/map")
    drawn(other)
    assert "Ada" not in name(other)


def test_two_tabs_that_a_new_browser_opens_at_once_are_one_visitor(server: Server, open_page: OpenPage):
    context = open_page("about:blank").context
    tabs = [context.new_page() for _ in range(2)]
    for tab in tabs:
        tab.goto(f"{server.url}/map", wait_until="commit")  # none is there yet
    for tab in tabs:
        drawn(tab)
    assert name(tabs[0]) == name(tabs[1])


def test_the_address_of_a_file_ends_with_its_visit(server: Server, open_page: OpenPage):
    other, page = open_page(f"{server.url}/map"), open_page(f"{server.url}/energy")
    drawn(page)
    with page.expect_request("**/file/**") as asked, page.expect_download():
        page.locator(".st-key-energy_csv button").first.click()
    address = asked.value.url

    def status() -> int:
        return other.request.get(address).status

    assert status() == 200  # whoever has it copied, as long as the page is open ...
    page.close()
    wait(lambda: status() == 404, what="its end")  # ... and nobody when it is not
