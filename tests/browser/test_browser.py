"""What a teacher does, in a real browser on real MNIST."""

import itertools
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from PIL import Image
from playwright.sync_api import expect

from pages.ui import shell
from pages.ui.components.component import PLOTLY, WORDS
from rbm.experiment import ModelSpec
from rbm.link import to_url
from rbm.store import open_store
from tests.helpers.hands import (
    LONG,
    OpenPage,
    at_rest,
    at_rest_now,
    choose,
    drawn,
    endless,
    epoch,
    fits,
    go,
    longest,
    picture,
    pixels,
    points,
    press,
    rest,
    train_until,
)
from tests.helpers.places import ROOT
from tests.helpers.processes import workers
from tests.helpers.stage import open_view
from tests.helpers.waiting import wait

pytestmark = pytest.mark.browser


def test_train_watch_pause_step_inspect_and_sample(server, open_page: OpenPage):
    page = open_page(endless(server))
    press(page, "train")
    wait(lambda: points(page, "chart_reconstruction_error") > 0, what="the first point")
    # The loss grows point by point, and the filters change with it.
    counts, filters = [points(page, "chart_reconstruction_error")], {picture(page, "wall_filters")}
    for _ in range(4):
        before = counts[-1]
        wait(lambda before=before: points(page, "chart_reconstruction_error") > before, what="another point")
        counts.append(points(page, "chart_reconstruction_error"))
        wait(lambda: picture(page, "wall_filters") not in filters, what="another picture of the filters")
        filters.add(picture(page, "wall_filters"))
    assert counts == sorted(set(counts))
    for key in ("chart_free_energy", "chart_reconstruction_error"):
        wait(lambda key=key: points(page, key) > 0, what=f"points of {key}")

    rest(page)
    stood = epoch(page)
    press(page, "one_epoch")
    wait(lambda: epoch(page) > stood + 0.9, what="one more epoch")
    at_rest_now(page)
    assert epoch(page) == pytest.approx(stood + 1, abs=0.011)  # of two digits: it stood still while it was paused
    shown = picture(page, "wall_filters")
    press(page, "one_batch")
    wait(lambda: picture(page, "wall_filters") != shown, what="another picture")

    go(page, "Train", "Filters")
    wall = page.locator(".st-key-wall_all_filters .wall canvas")
    expect(wall).to_be_visible()
    box = at_rest(wall)
    wall.click(position={"x": box["width"] * 0.35, "y": box["height"] * 0.15})  # the fourth of the second row
    expect(page.get_by_text("Unit 13", exact=True)).to_be_visible()
    expect(page.locator(".st-key-histogram_unit")).to_be_visible()
    with page.expect_download() as download:
        page.locator(".st-key-filters_png button").click()
    with Image.open(download.value.path()) as image:
        assert image.size == (4 * (10 * 28 + 9 * 2),) * 2

    go(page, "Generate", "Gibbs sampling")
    expect(page.locator(".st-key-wall_v .wall")).to_be_visible()
    seen = [picture(page, "wall_v")]
    for click in range(5):
        press(page, "step")
        wait(lambda: picture(page, "wall_v") != seen[-1], what="a new picture")
        seen.append(picture(page, "wall_v"))
        expect(page.get_by_text(f"Step {click + 1}.")).to_be_visible()
    assert len(set(seen)) == 6


@pytest.mark.slow  # tests/jobs and tests/evaluation have its numbers
def test_the_bracket_of_the_likelihood_comes_while_it_trains(server, open_page: OpenPage):
    page = open_page(f"{server.url}/train?v=2&h=8")  # so few hidden units are enumerated at once
    press(page, "train")
    wait(lambda: points(page, "chart_likelihood") >= 2, what="both ends of the first bracket")


def test_gibbs_half_steps_back_play_and_film(server, open_page: OpenPage):
    page = open_page(f"{server.url}/train")
    press(page, "train")
    go(page, "Generate", "Gibbs sampling")
    expect(page.locator(".st-key-machine")).to_contain_text(
        "yours"
    )  # another machine stands here until the run has one
    expect(page.locator(".st-key-wall_v .wall")).to_be_visible()
    start, hidden = picture(page, "wall_v"), picture(page, "wall_h")
    press(page, "half")
    wait(lambda: picture(page, "wall_v") != start, what="a new v")
    first = picture(page, "wall_v")
    assert picture(page, "wall_h") == hidden  # the first half step draws v alone
    press(page, "half")
    wait(lambda: picture(page, "wall_h") != hidden, what="a new h")
    assert picture(page, "wall_v") == first
    press(page, "back")
    wait(lambda: picture(page, "wall_h") == hidden, what="the old h")
    press(page, "step_100")
    expect(page.get_by_text("Step 100.5.")).to_be_visible()
    wait(lambda: points(page, "chart_energy") > 100, what="the curve of a hundred steps")
    press(page, "play")
    playing = picture(page, "wall_v")
    wait(lambda: picture(page, "wall_v") != playing, what="a step by itself")
    for _ in range(3):  # while the timer draws the page anew around it
        with page.expect_download() as download:
            page.locator(".st-key-gif button").click()
    press(page, "play")
    with page.expect_download() as download:
        page.locator(".st-key-gif button").click()
    with Image.open(download.value.path()) as film:
        assert film.format == "GIF"
        assert film.n_frames > 3
    press(page, "reset")
    expect(page.get_by_text("Step 0: where the chains start")).to_be_visible()
    wait(lambda: picture(page, "wall_v") == start, what="the same start from the same seed")


@pytest.mark.slow  # what is drawn is held in every run
def test_a_held_half_stays_while_the_rest_moves(server, open_page: OpenPage):
    page = open_page(server.url)
    press(page, "demo_default")
    expect(page.locator(".st-key-wall_filters .wall")).to_be_visible()
    go(page, "Generate", "Gibbs sampling")
    expect(page.locator(".st-key-wall_v .wall")).to_be_visible()
    drawn(page)
    free = picture(page, "wall_v")
    choose(page, "gibbs_held", "left half")
    wait(lambda: picture(page, "wall_v") != free, what="chains that begin with the held half")
    drawn(page)
    shown = picture(page, "wall_v")
    before = pixels(page.locator(".st-key-wall_v canvas"))
    press(page, "step_10")
    wait(lambda: picture(page, "wall_v") != shown, what="a new picture")
    after = pixels(page.locator(".st-key-wall_v canvas"))
    cell = before.width / 4
    left = [before.crop((int(c * cell) + 3, 3, int(c * cell + cell / 2) - 3, before.height - 3)) for c in range(4)]
    held = [after.crop((int(c * cell) + 3, 3, int(c * cell + cell / 2) - 3, after.height - 3)) for c in range(4)]
    assert [image.tobytes() for image in left] == [image.tobytes() for image in held]
    assert before.tobytes() != after.tobytes()


@pytest.mark.slow  # tests/jobs/test_live.py turns knobs in every run
def test_a_turned_knob_acts_while_it_trains_and_another_size_says_it_starts_anew(server, open_page: OpenPage):
    page = open_page(endless(server))
    train_until(page, 0.2)
    choose(page, "other_curve", "Learning rate")
    expect(page.locator(".st-key-chart_learning_rate .chart")).to_be_visible()
    page.get_by_role("slider", name="Learning rate").focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".st-key-draft_learning_rate").get_by_text("0.03", exact=True)).to_be_visible()
    reached = epoch(page)
    wait(lambda: epoch(page) > reached + 0.1, what="training to go on without a restart")
    units = page.get_by_role("slider", name="Hidden units")
    units.focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_text("You changed Hidden units.")).to_be_visible()
    assert epoch(page) > reached  # nothing was lost yet
    press(page, "train")
    wait(lambda: epoch(page) < reached, what="a new run")


@pytest.mark.slow
def test_reset_keeps_the_seed_and_the_dice_draws_another(server, open_page: OpenPage):
    page = open_page(f"{server.url}/train")
    seed = page.locator(".st-key-draft_seed input")
    press(page, "one_batch")
    expect(page.locator(".st-key-wall_filters .wall")).to_be_visible()
    at_rest_now(page)
    first = picture(page, "wall_filters")
    press(page, "reset")
    expect(page.get_by_text("Ready. Press Train")).to_be_visible()
    press(page, "one_batch")
    wait(lambda: picture(page, "wall_filters") == first, what="the same picture from the same seed")
    before = seed.input_value()
    press(page, "dice")
    expect(seed).not_to_have_value(before)


@pytest.mark.slow  # tests/jobs/test_live.py keeps sessions apart and closes tabs in every run
def test_two_tabs_are_two_sessions_and_a_closed_tab_stops_its_work(server, open_page: OpenPage):
    seed = 31_337  # of the second's run
    first = open_page(endless(server))
    second = open_page(to_url(f"{server.url}/train", replace(LONG, seed=seed)))
    train_until(first, 0.3)
    expect(second.get_by_text("Ready. Press Train")).to_be_visible()
    train_until(second, 0.1)
    rest(first)
    stood = epoch(first)
    moving = epoch(second)
    wait(lambda: epoch(second) > moving + 0.2, what="the second tab to train on")
    assert epoch(first) == stood
    second.context.close()
    runs = open_store().runs
    wait(lambda: [run.status for run in runs() if run.spec.seed == seed] == ["paused"], what="the closed tab's pause")


def test_on_a_phone_the_menu_goes_once_a_page_was_chosen(server, open_page: OpenPage):
    page = open_page(f"{server.url}/train", 390, 844)
    expect(page.get_by_role("heading", name="Train a machine")).to_be_visible()
    page.locator("[data-testid=stExpandSidebarButton]").click()
    menu = page.locator("[data-testid=stSidebar]")
    expect(menu).to_have_attribute("data-collapsed", "false")
    menu.get_by_text("Hopfield network", exact=True).click()
    expect(page.get_by_role("heading", name="Hopfield network")).to_be_visible()
    expect(menu).to_have_attribute("data-collapsed", "true")


def test_on_a_phone_the_menu_stays_that_was_opened_before_the_first_page_was_drawn(server, open_page: OpenPage):
    page = open_page(f"{server.url}/train", 390, 844)
    expect(page.get_by_role("heading", name="Train a machine")).to_be_visible()
    drawn(page)
    page.locator("[data-testid=stExpandSidebarButton]").click()
    menu = page.locator("[data-testid=stSidebar]")
    expect(menu).to_have_attribute("data-collapsed", "false")
    told = """([script, page]) => import(`data:text/javascript,${encodeURIComponent(script)}`).then((menu) => {
      delete globalThis.boltzmannPage;
      const sections = [["Learn", [["Hopfield network", "hopfield"], ["Train a machine", "train"]]]];
      const parentElement = document.createElement("div");
      parentElement.innerHTML = '<nav class="menu"></nav>';
      menu.default({ data: { page, sections }, parentElement, setTriggerValue: () => {} });
    })"""  # what the first page does that is drawn
    script = WORDS + (ROOT / "assets/menu.js").read_text("utf-8")
    page.evaluate(told, [script, "Train a machine"])
    menu.get_by_text("Hopfield network", exact=True).click(trial=True)  # there, and at rest
    expect(menu).to_have_attribute("data-collapsed", "false")

    def closes() -> bool:
        # Again, both of it, where Train's script, which still runs, has drawn its menu and put its own address back in between.
        page.evaluate("history.pushState(null, '', '/hopfield')")  # chosen before any page was drawn
        page.evaluate(told, [script, "Hopfield network"])
        page.wait_for_timeout(1000)
        return menu.get_attribute("data-collapsed") == "true"

    wait(closes, what="the menu to close")


def test_a_socket_without_a_page_is_refused(server, browser):
    page = browser.new_page()
    page.goto(f"{server.url}/_stcore/health")
    outcome = """(address) => new Promise((done) => {
      const socket = new WebSocket(address);
      socket.onopen = () => done("open");
      socket.onclose = () => done("refused");
    })"""
    assert page.evaluate(outcome, server.url.replace("http", "ws") + "/live/guessed") == "refused"
    page.close()


def test_a_page_has_one_socket_and_moves_on_after_it_was_cut_off(server, open_page: OpenPage):
    page = open_page(endless(server))
    train_until(page, 0.2)
    page.evaluate("() => { boltzmannBoard.first = boltzmannBoard.socket; boltzmannBoard.socket.close() }")
    reached = epoch(page)
    wait(lambda: page.evaluate("boltzmannBoard.socket && boltzmannBoard.socket !== boltzmannBoard.first"))
    wait(lambda: epoch(page) > reached, what="news over the next socket")


@pytest.mark.slow
def test_a_lost_worker_is_told_and_the_run_goes_on(fresh_server, open_page: OpenPage):
    page = open_page(endless(fresh_server))  # a deep link as the first request to the server
    expect(page.get_by_role("heading", name="Train a machine")).to_be_visible()
    assert page.get_by_role("dialog").count() == 0  # "page not found", which Streamlit opens before the script ends
    train_until(page, 0.2)
    port = fresh_server.url.rpartition(":")[2]
    (app,) = (child for child in psutil.Process().children() if port in child.cmdline())
    for worker in workers(app):
        worker.kill()
    expect(page.get_by_text("The training process was lost;")).to_be_visible()
    reached = epoch(page)
    wait(lambda: epoch(page) > reached, what="training on another worker")
    press(page, "pause")
    expect(page.get_by_text("The training process was lost;")).to_have_count(0)


def test_a_hand_on_a_slider_loses_nothing_while_a_run_trains_and_comes_to_rest(server, open_page: OpenPage):
    page = open_page(endless(server))
    train_until(page, 0.2)
    slider = page.locator(".st-key-draft_n_hidden input")
    slider.focus()
    before, step = int(slider.input_value()), int(slider.get_attribute("step") or 1)
    for move in range(8):
        page.keyboard.press("ArrowRight")
        if move == 3:
            press(page, "pause")
            slider.focus()
    expect(page.locator(".st-key-status .status")).to_contain_text("Paused")
    drawn(page)
    assert int(slider.input_value()) == before + 8 * step


@pytest.mark.parametrize(
    ("path", "heading"),
    [("train", "Train a machine"), ("", "Boltzmann Explorer"), ("filters", "Filters"), ("gibbs", "Gibbs sampling")],
)
@pytest.mark.slow  # a lost worker's test below begins so in every run
def test_a_deep_link_as_the_first_request_to_a_fresh_server_shows_the_page(fresh_server, open_page, path, heading):
    page = open_page(f"{fresh_server.url}/{path}")
    expect(page.get_by_role("heading", name=heading)).to_be_visible()
    expect(page.get_by_test_id("stHeader")).to_be_visible()
    drawn(page)
    assert page.get_by_role("dialog").count() == 0  # "page not found", which Streamlit opens before the script ends


@pytest.mark.slow  # test_every_page.py turns each to a phone in every run
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_fits_a_phone(server, open_page, scheme):
    page = open_page(server.url, width=390, height=800, scheme=scheme)
    press(page, "demo_default")
    expect(page.locator(".st-key-wall_filters .wall")).to_be_visible()
    fits(page)
    every = [entry.address for entries in shell.PAGES.values() for entry in entries]
    for address in every if scheme == "light" else ("filters", "gibbs", "train", ""):  # no colour makes a page wider
        page.goto(f"{server.url}/{address}")
        expect(page.get_by_test_id("stHeading").first).to_be_visible()
        if address in ("filters", "gibbs"):  # once there are moments to choose from, their line is the widest
            expect(page.locator(f".st-key-{address}_time")).to_contain_text("epoch")
        if address == "slow":  # its slider comes last
            expect(page.locator(".st-key-slow_stage").get_by_role("slider")).to_be_attached()
        fits(page)


@pytest.mark.slow
def test_what_the_reader_did_to_a_chart_survives_eight_updates(server, open_page):
    page = open_page(endless(server))
    train_until(page, 0.4)
    chart = page.locator(".st-key-chart_free_energy .chart")
    wait(lambda: points(page, "chart_free_energy") > 4, what="a curve")
    chart.evaluate("node => { node.querySelector('.main-svg').mine = true }")
    chart.get_by_role("button", name="training", exact=True).click()
    expect(chart.get_by_role("button", name="training", exact=True)).to_have_attribute("aria-pressed", "false")
    chart.locator(".nsewdrag").scroll_into_view_if_needed()
    plot = at_rest(chart.locator(".nsewdrag"))
    page.mouse.move(plot["x"] + plot["width"] * 0.3, plot["y"] + plot["height"] * 0.5)
    page.mouse.down()
    page.mouse.move(plot["x"] + plot["width"] * 0.7, plot["y"] + plot["height"] * 0.5, steps=5)
    page.mouse.up()
    # The whole begins at epoch 0, and grows while it trains.
    wait(lambda: not (chart.get_attribute("data-domain") or "0,").startswith("0,"), what="a zoom")
    zoomed = chart.get_attribute("data-domain")
    places = itertools.cycle((0.45, 0.5))

    def hovers() -> bool:
        """Plotly looks where the pointer is when it moves: the drawing of the zoom may have come after that."""
        page.mouse.move(plot["x"] + plot["width"] * next(places), plot["y"] + plot["height"] * 0.5)
        return chart.locator(".hoverlayer .legend").count() > 0

    wait(hovers, what="the values under the pointer")
    expect(chart.locator(".hoverlayer .legend")).to_contain_text("validation")
    for _ in range(8):
        last = points(page, "chart_free_energy")
        wait(lambda last=last: points(page, "chart_free_energy") != last, what="an update")
    assert chart.get_attribute("data-domain") == zoomed
    assert chart.evaluate("node => node.querySelector('.main-svg').mine") is True
    expect(chart.locator(".hoverlayer .legend")).to_contain_text("validation")
    expect(chart.locator(".hoverlayer .legend")).not_to_contain_text("training")
    expect(chart.locator(".scatterlayer .trace")).to_have_count(1)  # the other is hidden, and the band with it
    page.mouse.dblclick(plot["x"] + plot["width"] * 0.5, plot["y"] + plot["height"] * 0.5)
    wait(lambda: chart.get_attribute("data-domain").startswith("0,"), what="everything again")


@pytest.mark.slow  # test_every_page.py takes every chart's picture and numbers in every run
def test_a_chart_is_kept_as_a_picture_and_as_numbers_and_its_axes_become_logarithms(server, open_page: OpenPage):
    page = open_page(to_url(f"{server.url}/train", LONG))
    train_until(page, 0.4)
    rest(page)
    card = page.locator(".st-key-chart_reconstruction_error")
    card.hover()

    def saved() -> list[str]:
        with page.expect_download() as download:
            card.get_by_role("button", name="CSV").click()
        return Path(download.value.path()).read_text().splitlines()

    wait(
        lambda: len(saved()) == 1 + points(page, "chart_reconstruction_error"),
        what="all points of the curve in the file",
    )
    rows = saved()
    assert rows[0] == "epochs,Reconstruction error"
    assert all(float(y) > 0 for _, y in (row.split(",") for row in rows[1:]))
    with page.expect_download() as download:
        card.get_by_role("button", name="PNG").click()
    with Image.open(download.value.path()) as image:
        assert image.format == "PNG"
        assert image.width > 400
    domain = card.locator(".chart").get_attribute("data-domain")
    for name in ("log x", "log y"):
        card.get_by_role("button", name=name).click()
        expect(card.get_by_role("button", name=name)).to_have_attribute("aria-pressed", "true")
    expect(card.locator(".chart")).not_to_have_attribute("data-domain", domain or "")
    expect(card.locator(".scatterlayer .trace path.js-line")).to_have_count(1)


def test_the_library_of_the_charts_is_asked_for_once_a_browser(server, open_page: OpenPage):
    page = open_page(f"{server.url}/train")
    asked = page.request.get(f"{server.url}/{PLOTLY}")
    assert asked.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert asked.headers["content-encoding"] == "gzip"
    assert "Plotly" in asked.text()


@pytest.mark.slow
def test_a_machine_is_examined(server, open_page: OpenPage):
    page = open_page(to_url(f"{server.url}/train", replace(LONG, model=ModelSpec(16))))
    train_until(page, 0.3)
    rest(page)
    go(page, "Train", "Diagnostics")
    press(page, "examine")
    wait(lambda: points(page, "examine_walk") > 100, what="the walk that is drawn")
    open_view(page, "Samples")
    expect(page.locator(".st-key-examine_nearest .wall")).to_be_visible()
    expect(page.locator(".st-key-examine_energies")).to_be_visible()


@pytest.mark.slow  # tests/tasks/colour/test_colour.py learns them in every run
def test_colours_are_learnt(server, open_page: OpenPage):
    page = open_page(f"{server.url}/colour")
    before = picture(page, "colour_samples")
    longest(page, "colour_epochs")
    press(page, "colour_learn")
    wait(lambda: points(page, "colour_error") > 2, what="the first looks")
    wait(lambda: picture(page, "colour_samples") != before, what="other samples")
    press(page, "colour_pause")
    expect(page.get_by_text("Paused · epoch")).to_be_visible()
