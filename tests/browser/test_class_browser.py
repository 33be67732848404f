"""A class in real browsers: the teacher's room, a preset started for all, the board that moves, a copy by one click, a reload."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from rbm.link import to_url
from tests.helpers.browser import Server, start_server
from tests.helpers.hands import LONG, OpenPage, drawn, epoch, press, rest, train_until
from tests.helpers.waiting import PATIENCE, wait

WORD = "open sesame"


@pytest.fixture
def teachers_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server that was told the teacher's word."""
    monkeypatch.setenv("RBM_TEACHER", WORD)
    process, url = start_server()
    yield Server(url)
    process.terminate()
    process.wait(PATIENCE)


def named(page: Page, name: str) -> None:
    page.locator(".st-key-visitor button").first.click()
    place = page.locator(".st-key-visitor_name input")
    place.fill(name)
    place.press("Enter")
    expect(page.locator(".st-key-visitor button").first).to_contain_text(name)
    page.keyboard.press("Escape")


def card(page: Page, name: str):
    return page.locator(".st-key-class_board article", has_text=name).first


def test_a_run_goes_on_through_a_reload_with_its_curve_and_its_pause(server: Server, open_page: OpenPage):
    page = open_page(to_url(f"{server.url}/train", LONG))
    train_until(page, 0.3)
    assert re.search(r"[?&]run=[0-9a-f]{12}", page.url)
    page.reload()
    drawn(page)
    wait(lambda: epoch(page) > 0.3, what="the run to be there again")
    before = epoch(page)
    wait(lambda: epoch(page) > before, what="the run to go on")
    rest(page)
    stood = epoch(page)
    page.reload()
    drawn(page)
    expect(page.locator(".st-key-status .status")).to_contain_text("Paused")
    assert epoch(page) == stood
    page.goto(f"{server.url}/filters{urlsplit(page.url).query and '?' + urlsplit(page.url).query}")
    expect(page.locator(".st-key-status .status")).to_contain_text("Paused")


def test_two_students_and_a_teacher_in_one_room(teachers_server: Server, open_page: OpenPage):
    server = teachers_server
    teacher = open_page(f"{server.url}/board")
    drawn(teacher)
    named(teacher, "Teacher")
    teacher.locator(".st-key-visitor button").first.click()
    place = teacher.locator(".st-key-visitor_word input")
    place.fill(WORD)
    place.press("Enter")
    press(teacher, "room_open")
    shown = teacher.locator("[class*=st-key-room_address] input")
    expect(shown).to_have_value(re.compile("room="))  # the field is there before what stands in it
    address = shown.input_value()
    expect(teacher.locator(".st-key-room img")).to_be_visible()
    query = urlsplit(address).query
    students = {}
    for name in ("Ada", "Bob"):
        students[name] = open_page(f"{server.url}/board?{query}")
        drawn(students[name])
        expect(students[name].get_by_text("You are in the teacher's room")).to_be_visible()
        named(students[name], name)
    press(teacher, "room_start")
    for name in students:
        expect(card(teacher, name)).to_contain_text("running")
        expect(card(teacher, name).locator("img")).to_be_visible()
    words = card(teacher, "Ada").locator(".status").inner_text()
    wait(lambda: card(teacher, "Ada").locator(".status").inner_text() != words, what="the board to move")
    press(teacher, "room_pause")
    for name in students:
        expect(card(teacher, name)).to_contain_text("paused")
    card(students["Bob"], "Ada").get_by_role("button", name="Open a copy").click()
    expect(students["Bob"].locator(".st-key-status .status")).to_contain_text("Paused")
    wait(lambda: teacher.locator(".st-key-class_board article", has_text="Bob").count() == 2, what="Bob's copy")
    card(teacher, "Ada").get_by_role("button", name="Show").click()
    expect(teacher.locator(".st-key-wall_board .wall")).to_be_visible()
    expect(teacher.locator(".st-key-chart_board")).to_be_visible()
