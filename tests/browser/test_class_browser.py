"""A class in real browsers: the teacher's room, a preset started for all, the board that moves, a copy by one click, a reload."""

import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import psutil
import pytest
from playwright.sync_api import Browser, expect

from rbm.experiment import DatasetSpec, ModelSpec, RunSpec
from rbm.link import to_url
from rbm.store import Progress, open_store
from tests.helpers.browser import Server, start_server
from tests.helpers.hands import LONG, OpenPage, drawn, epoch, press, rest, train_until
from tests.helpers.room import WORD, came, card, lesson, opened_room
from tests.helpers.waiting import PATIENCE, wait


@pytest.fixture
def teachers_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Server, int]]:
    """A server that was told the teacher's word, and its process."""
    monkeypatch.setenv("RBM_TEACHER", WORD)
    monkeypatch.setenv("RBM_WORKERS", "2")  # as a laptop has them
    process, url = start_server()
    yield Server(url), process.pid
    process.terminate()
    process.wait(PATIENCE)


@pytest.mark.slow
def test_a_page_whose_server_was_killed_and_started_again_finds_it_without_a_click(browser: Browser):
    process, url = start_server()
    page = browser.new_context().new_page()  # whose console may complain of lost sockets
    page.set_default_timeout(1000 * PATIENCE)
    page.goto(f"{url}/markov")
    press(page, "markov_1")
    process.kill()
    process.wait(PATIENCE)
    expect(page.get_by_text("The connection that moves this page is lost")).to_be_visible()
    process, _url = start_server(urlsplit(url).port or 0)
    try:
        expect(page.get_by_text("The connection that moves this page is lost")).to_have_count(0)
        press(page, "markov_play")
        shown = page.locator(".st-key-markov_visits")
        expect(shown).to_be_visible()
        expect(page.get_by_role("button", name="Pause")).to_be_visible()
    finally:
        page.context.close()
        process.terminate()
        process.wait(PATIENCE)


@pytest.mark.slow  # the half minute after which a silent server counts as gone
def test_a_run_whose_server_was_killed_is_offered_again_without_a_click_and_goes_on(browser: Browser):
    process, url = start_server()
    page = browser.new_context().new_page()
    page.set_default_timeout(1000 * PATIENCE)
    page.goto(to_url(f"{url}/train", LONG))
    train_until(page, 0.3)
    run_id = parse_qs(urlsplit(page.url).query)["run"][0]
    wait(lambda: any(one.epoch > 0.3 for one in open_store().checkpoints(run_id)), what="a checkpoint of what is seen")
    workers = psutil.Process(process.pid).children(recursive=True)
    assert workers
    process.kill()
    process.wait(PATIENCE)
    assert not psutil.wait_procs(workers, PATIENCE)[1]
    process, _url = start_server(urlsplit(url).port or 0)
    try:
        looks = page.get_by_text("This page looks again by itself.")
        stopped = page.get_by_text("Your run stopped at epoch")  # at once, where a server takes long to come back
        expect(looks.or_(stopped)).to_be_visible()
        expect(stopped).to_be_visible()
        expect(page.get_by_text("This page looks again by itself.")).to_have_count(0)
        wait(lambda: epoch(page) >= 0.3, what="the run where it stopped")
        stood = epoch(page)
        press(page, "return_resume")
        wait(lambda: epoch(page) > stood, what="the run to go on")
    finally:
        page.context.close()
        process.terminate()
        process.wait(PATIENCE)


@pytest.mark.slow
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


@pytest.mark.slow  # four browsers; tests/pages/compare/board takes each step of a lesson in every run
def test_two_students_and_a_teacher_in_one_room(teachers_server: tuple[Server, int], open_page: OpenPage):
    server, _ = teachers_server
    teacher, query = opened_room(server, open_page)
    students = {}
    for name in ("Ada", "Bob"):
        students[name] = came(server, open_page, query, name)
    press(teacher, "room_start")
    for name in students:
        expect(card(teacher, name)).to_contain_text("running")
        expect(card(teacher, name).locator("canvas")).to_be_visible()
    words = card(teacher, "Ada").locator(".status").inner_text()
    wait(lambda: card(teacher, "Ada").locator(".status").inner_text() != words, what="the board to move")
    press(teacher, "room_pause")
    for name in students:
        expect(card(teacher, name)).to_contain_text("paused")
    card(students["Bob"], "Ada").get_by_role("button", name="Open a copy").click()
    expect(students["Bob"].locator(".st-key-status .status")).to_contain_text("Paused")
    wait(lambda: teacher.locator(".st-key-class_board [role=listitem]", has_text="Bob").count() == 2, what="Bob's copy")
    card(teacher, "Ada").get_by_role("button", name="Show").click()
    expect(teacher.locator(".st-key-wall_board .wall")).to_be_visible()
    expect(teacher.locator(".st-key-chart_board")).to_be_visible()


def test_arrows_lead_from_card_to_card_and_the_keyboard_keeps_its_place(server: Server, open_page: OpenPage):
    spec = RunSpec(DatasetSpec("bars_and_stripes"), ModelSpec(7))
    at = Progress("finished", 20, 20, 4.0, 1.5)
    runs = [open_store().create(spec, "a class", at._replace(epoch=float(n)), tags=["walked"]) for n in range(7)]
    page = open_page(f"{server.url}/board")
    drawn(page)
    search = page.locator(".st-key-board_search input")
    search.fill("walked")
    search.press("Enter")
    page.locator(".st-key-board_sort").get_by_text("Epoch", exact=True).click()
    board = page.locator(".st-key-class_board .class")
    expect(board).to_have_attribute("data-cards", "7")
    looks, opens = board.locator(".look"), board.locator(".open")
    expect(looks.nth(0)).to_have_attribute("aria-describedby", re.compile(runs[-1]))  # sorted, the last epoch first
    drawn(page)
    tops = [round(look.bounding_box()["y"]) for look in looks.all()]
    wide = tops.count(tops[0])
    assert 1 < wide < 7

    page.locator(".st-key-board_whose button").last.focus()
    page.keyboard.press("Tab")
    expect(looks.nth(0)).to_be_focused()
    for key, place in (("ArrowRight", 1), ("ArrowDown", 1 + wide), ("ArrowLeft", wide), ("ArrowUp", 0), ("ArrowUp", 0)):
        page.keyboard.press(key)
        expect(looks.nth(place)).to_be_focused()
        expect(looks.nth(place)).to_have_css("outline-style", "solid")
    for key, place in (("ArrowLeft", 0), ("End", 6), ("ArrowRight", 6), ("ArrowDown", 6), ("Home", 0)):
        page.keyboard.press(key)
        expect(looks.nth(place)).to_be_focused()
    # What is read out: its name, and what stands on the card.
    expect(looks.nth(0)).to_have_accessible_name(re.compile("Show the filters of .* run large"))
    expect(looks.nth(0)).to_have_accessible_description(
        re.compile("7 hidden.*finished.*no likelihood yet", re.IGNORECASE)
    )
    # One stop of the key Tab: from a card on to its own button, and then out; back in at the same card.
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Tab")
    expect(opens.nth(1)).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(opens.nth(2)).to_be_focused()
    page.keyboard.press("Tab")
    expect(board.locator(":focus")).to_have_count(0)
    assert board.evaluate("one => [...one.querySelectorAll('button')].filter((b) => b.tabIndex === 0).length") == 1
    page.keyboard.press("Shift+Tab")
    expect(looks.nth(2)).to_be_focused()
    # Its run goes on and its card moves to the front, and the keyboard with it; Enter shows it large.
    open_store().write(runs[4], "a class", at._replace(epoch=99.0))
    expect(looks.nth(0)).to_have_attribute("aria-describedby", re.compile(runs[4]))
    expect(looks.nth(0)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".st-key-board_large")).to_be_visible()
    expect(looks.nth(0)).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(looks.nth(1)).to_be_focused()


@pytest.mark.slow  # the film of the README; what it shows is held by tests of its own
def test_three_students_in_a_room_lose_nothing_by_a_killed_worker_and_a_reload(
    teachers_server: tuple[Server, int], open_page: OpenPage
):
    """The film of pages/README.md (``python -m tests.browser.film``)."""
    scenes = []
    lesson(*teachers_server, open_page, lambda title, pages: scenes.append((title, len(pages))))
    assert [pages for _, pages in scenes] == [4] * 5
