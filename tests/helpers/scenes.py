"""What is pressed on a page before its picture is taken, so that its machine is seen at work."""

import io
from collections.abc import Callable

import numpy as np
from playwright.sync_api import Page, expect

from tests.helpers.hands import drawn, epoch, points, press
from tests.helpers.waiting import PATIENCE, wait

Scene = Callable[[Page], None]
LONG = 4000 * PATIENCE  # milliseconds that work may take on a busy machine
SHOWN = 2.0  # epochs after which Train is looked at: with its first estimate of the likelihood, and still learning


def _sample(page: Page) -> None:
    press(page, "step_1000")
    expect(page.locator(".st-key-gibbs_words")).to_contain_text("Step 1000", timeout=LONG)


def _works(key: str) -> Scene:
    """A button that begins some work, until that is over and it may be pressed again."""

    def scene(page: Page) -> None:
        press(page, key)
        button = page.locator(f".st-key-{key} button").first
        expect(button).to_be_disabled()
        expect(button).to_be_enabled(timeout=LONG)

    return scene


def _students(page: Page) -> None:
    press(page, "teacher_learn")
    pause = page.locator(".st-key-teacher_pause button").first
    expect(pause).to_be_enabled()
    expect(pause).to_be_disabled(timeout=LONG)


def _spins(page: Page) -> None:
    press(page, "ising_learn")
    expect(page.locator(".st-key-ising_words")).to_contain_text("100 % learnt", timeout=LONG)


def _plays(key: str, chart: str, most: int) -> Scene:
    """Play, until the chart has so many points, and Pause."""

    def scene(page: Page) -> None:
        press(page, key)
        wait(lambda: points(page, chart) > most, what=f"{most} points")
        press(page, key)

    return scene


def _last_step(page: Page) -> None:
    page.locator(".st-key-slow_stage input").focus()
    page.keyboard.press("End")


def _step_the_chain(page: Page) -> None:
    for _ in range(2):
        press(page, "markov_50")
        drawn(page)
    wait(lambda: points(page, "markov_distance") > 0, what="steps")


def _train(page: Page) -> None:
    press(page, "train")
    wait(lambda: epoch(page) > SHOWN and points(page, "chart_likelihood") > 0, 4 * PATIENCE, "a machine that learns")


def _close_up(page: Page) -> None:
    wall = page.locator(".st-key-wall_all_filters .wall")
    wall.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".st-key-wall_unit .wall")).to_be_visible()
    page.keyboard.press("Escape")  # its label would lie over the next row


def _upload(page: Page) -> None:
    from rbm import load_dataset

    digits = load_dataset("mnist").test[:200].reshape(-1, 28, 28)
    file = io.BytesIO()
    np.save(file, (255 * np.asarray(digits)).astype(np.uint8))
    given = {"name": "digits.npy", "mimeType": "application/octet-stream", "buffer": file.getvalue()}
    page.locator(".st-key-own_files input[type=file]").set_input_files(given)
    expect(page.locator("[data-testid=stMain] .wall").first).to_be_visible()


def _search(page: Page) -> None:
    page.get_by_role("slider", name="Epochs of every run").focus()
    page.keyboard.press("Home")
    drawn(page)
    press(page, "sweep_start")
    heat = page.locator(".st-key-sweep_heat [data-done]")
    wait(lambda: heat.count() > 0 and int(heat.first.get_attribute("data-done") or 0) >= 3, LONG / 1000, "three runs")


# By address; of the others nothing is pressed.
SCENES: dict[str, Scene] = {
    "pixels": lambda page: press(page, "pixels_100"),
    "boltzmann": _plays("boltzmann_play", "boltzmann_kl", 40),
    "slow": _last_step,
    "markov": _step_the_chain,
    "ising": _spins,
    "teacher": _students,
    "train": _train,
    "filters": _close_up,
    "examine": _works("examine"),
    "data": _upload,
    "gibbs": _sample,
    "sweep": _search,
    "rivals": _works("rivals_start"),
}
