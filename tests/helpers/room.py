"""A lesson with a class in real browsers: a teacher's room, three students, one killed worker, one reload."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

import psutil
from playwright.sync_api import Locator, Page, expect

from tests.helpers.browser import Server
from tests.helpers.hands import OpenPage, drawn, epoch, press
from tests.helpers.processes import workers
from tests.helpers.waiting import wait

WORD = "open sesame"
STUDENTS = ("Ada", "Bob", "Cleo")
Look = Callable[[str, dict[str, Page]], None]  # at a scene of that title, with everybody's page


def named(page: Page, name: str) -> None:
    page.locator(".st-key-visitor button").first.click()
    place = page.locator(".st-key-visitor_name input")
    place.fill(name)
    place.press("Enter")
    expect(page.locator(".st-key-visitor button").first).to_contain_text(name)
    page.keyboard.press("Escape")


def card(page: Page, name: str) -> Locator:
    return page.locator(".st-key-class_board [role=listitem]", has_text=name).first


def opened_room(server: Server, open_page: OpenPage) -> tuple[Page, str]:
    """The teacher's page with a room open, and the query of its address."""
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
    expect(teacher.locator(".st-key-room img")).to_be_visible()
    return teacher, urlsplit(shown.input_value()).query


def came(server: Server, open_page: OpenPage, query: str, name: str) -> Page:
    """A student's page, who came by the room's link."""
    page = open_page(f"{server.url}/board?{query}")
    drawn(page)
    expect(page.get_by_text("You are in the teacher's room")).to_be_visible()
    named(page, name)
    return page


def kill_workers(server_pid: int) -> None:
    """kill -9 of every process that trains for that server."""
    for worker in workers(psutil.Process(server_pid)):
        worker.kill()


def lesson(server: Server, server_pid: int, open_page: OpenPage, look: Look) -> None:
    """Four browsers in one room; ``look`` is called at every scene."""
    teacher, query = opened_room(server, open_page)
    pages = {"Teacher": teacher}
    for name in STUDENTS:
        pages[name] = came(server, open_page, query, name)
    look("A room: the teacher's link, three students in it", pages)

    press(teacher, "room_start")
    for name in STUDENTS:
        expect(card(teacher, name)).to_contain_text("running")
        expect(card(teacher, name).locator("canvas")).to_be_visible()
    for name, address in zip(STUDENTS, ("train", "filters", "train"), strict=True):
        run = urlsplit(pages[name].url).query
        pages[name].goto(f"{server.url}/{address}?{run}")
        drawn(pages[name])
        expect(pages[name].locator(".wall").first).to_be_visible()
    look("Start for all: everybody trains the same preset", pages)

    trains = pages["Ada"]
    kill_workers(server_pid)
    expect(trains.get_by_text("The training process was lost;")).to_be_visible()
    look("Every worker is killed: it is told, and the runs go on", pages)

    reached = epoch(trains)
    wait(lambda: epoch(trains) > reached, what="Ada's run to go on")
    reached = epoch(trains)
    trains.reload()
    drawn(trains)
    wait(lambda: epoch(trains) > reached, what="Ada's run to be there again and to go on")
    expect(trains.locator(".st-key-dice button").first).to_be_visible()  # the last of the settings
    look("Ada reloads her page: her run is there and has gone on", pages)

    card(teacher, "Ada").get_by_role("button", name="Show").click()
    expect(teacher.locator(".st-key-wall_board .wall")).to_be_visible()
    press(teacher, "room_pause")
    for name in STUDENTS:
        expect(card(teacher, name)).to_contain_text("paused")
    expect(trains.locator(".st-key-status .status")).to_contain_text("Paused")
    teacher.locator("[data-testid=stMain]").evaluate("(main) => main.scrollTo(0, 0)")
    look("Pause all, and Ada's filters for the projector", pages)
