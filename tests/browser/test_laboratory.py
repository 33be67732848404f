"""The laboratory's own elements in a real browser: what they compute, step and say."""

import itertools

import pytest
from playwright.sync_api import Page, expect

from pages.learn.energy.graph import ALL, RBM, machine
from rbm.evaluation.exact_boltzmann import thermodynamics
from tests.helpers.hands import OpenPage, points, press
from tests.helpers.waiting import wait

pytestmark = pytest.mark.browser


def numbers(page: Page, element: str, *names: str) -> list[float]:
    node = page.locator(f".st-key-energy_graph {element}")
    return [float(node.get_attribute(f"data-{name}") or "nan") for name in names]


# 0 of a colour with an alpha
OPACITY = "(one) => Number(getComputedStyle(one).opacity) * (/^rgba|\\//.test(getComputedStyle(one).fill) ? 0 : 1)"


def dataset(page: Page, name: str) -> str:
    return page.locator(".st-key-hopfield_pad .pad").get_attribute(f"data-{name}") or ""


def test_the_drawn_machine_computes_what_the_engine_does_and_follows_hands_and_keys(server, open_page: OpenPage):
    page = open_page(f"{server.url}/energy", height=1200)
    expect(page.locator(".st-key-energy_graph .machine[data-states='32']")).to_be_visible()
    values = [0.5, 0, -0.5, 0, 0, 2, -1, 1, 1, -2, 1.5]
    shown = ("logz", "mean", "entropy", "free")

    def agree(wanted) -> None:
        t = thermodynamics(wanted.energies(), wanted.beta)
        expected = [t.log_z, t.mean_energy, t.entropy, t.free_energy]
        wait(
            lambda: numbers(page, ".machine", *shown) == pytest.approx(expected, abs=1e-9), what="the engine's numbers"
        )

    agree(machine(RBM, 3, 2, values))
    page.locator(".st-key-energy_graph .node").nth(1).click()
    page.locator(".st-key-energy_graph .graph").focus()
    for _ in range(3):
        page.keyboard.press("ArrowUp")
    agree(machine(RBM, 3, 2, [0.5, 0.3, *values[2:]]))
    page.locator(".st-key-energy_graph .energy").hover(position={"x": 60, "y": 60})  # the first state, all off
    wait(lambda: numbers(page, ".terms", "state", "e") == [0, 0], what="the terms of the state under the pointer")
    off = page.locator(".st-key-energy_graph .node:not(.on) circle")  # no edge is seen through a unit's name
    expect(off).to_have_count(5)
    assert {circle.evaluate(OPACITY) for circle in off.all()} == {1}
    press(page, "try_energy_5")
    expect(page.locator(".st-key-energy_graph .machine[data-states='4096']")).to_be_visible()
    agree(machine(ALL, 12, 0))


def test_a_drawing_is_recalled_step_by_step_and_the_energy_never_rises(server, open_page: OpenPage):
    page = open_page(f"{server.url}/hopfield", height=1200)
    button = page.locator(".st-key-hopfield_pad").get_by_role("button", name="Next flip")
    expect(button).to_be_enabled()
    start, energies = dataset(page, "pixels"), [float(dataset(page, "energy"))]
    while int(dataset(page, "t")) < int(dataset(page, "length")):
        button.click()
        energies.append(float(dataset(page, "energy")))
    assert len(energies) > 10
    assert all(after <= before for before, after in itertools.pairwise(energies))
    end = dataset(page, "pixels")
    assert end != start
    expect(page.locator(".st-key-hopfield_pad .words")).to_contain_text("ended in a stored pattern")
    # One stroke of the eraser changes the drawing, and the server answers with another recall that starts from it.
    page.locator(".st-key-hopfield_pad").get_by_role("button", name="Eraser").click()
    canvas = page.locator(".st-key-hopfield_pad canvas")
    box = canvas.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 5)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] - 5, steps=20)
    page.mouse.up()
    wait(lambda: dataset(page, "pixels") != end, what="the stroke of the eraser")
    expect(button).to_be_enabled()
    wait(lambda: dataset(page, "t") == "0", what="the start of another recall")


@pytest.mark.slow  # tests/lessons/test_boltzmann_vs_rbm.py has them learn in every run
def test_two_machines_learn_side_by_side(server, open_page: OpenPage):
    page = open_page(f"{server.url}/boltzmann", height=1400)
    press(page, "try_boltzmann_0")
    wait(lambda: points(page, "boltzmann_kl") > 8, what="learning")
    press(page, "boltzmann_play")
    press(page, "boltzmann_measure")
    wait(lambda: points(page, "boltzmann_sizes") == 14, what="seven sizes of two machines")


def test_states_have_names_and_those_that_tie_are_told(server, open_page: OpenPage):
    """Two units with biases −1 and a weight of 2: E(0, 0) = E(1, 1) = 0, so both off and both on are the likeliest."""
    page = open_page(f"{server.url}/energy", height=1200)
    expect(page.locator(".st-key-energy_graph .machine[data-states='32']")).to_be_visible()
    names = page.locator(".st-key-energy_graph .probability .state")
    expect(names).to_have_count(32 + 1)  # and what the digits stand for
    expect(names.last).to_have_text("state: v1 v2 v3 h1 h2")
    press(page, "try_energy_0")
    terms = page.locator(".st-key-energy_graph .terms")
    expect(terms).to_contain_text("2 states tie as the likeliest: v1=0 v2=0 and v1=1 v2=1, p = 0.366 each")
    expect(names).to_have_text(["00", "01", "10", "11", "state: v1 v2"])
    press(page, "try_energy_5")
    expect(page.locator(".st-key-energy_graph .machine[data-states='4096']")).to_be_visible()
    expect(terms).to_contain_text("The likeliest state: v1=")
    boxes = [box for one in names.all()[:-1] if (box := one.bounding_box())]
    assert 8 <= len(boxes) <= 64
    assert all(b["x"] >= a["x"] + a["width"] - 1 for a, b in itertools.pairwise(boxes))  # none is written over another


@pytest.mark.slow
def test_too_large_a_step_leaves_no_plot(server, open_page: OpenPage):
    page = open_page(f"{server.url}/pixels", height=1200)
    press(page, "try_pixels_2")
    step = page.locator(".st-key-pixels_step").get_by_test_id("stSliderThumbValue")
    expect(step).to_have_text("300")  # where chaos has brought it, which each processor rounds in its own way
    press(page, "pixels_reset")
    expect(step).to_have_text("0")
    for taken in (1, 2, 3):
        press(page, "pixels_one")
        expect(step).to_have_text(str(taken))
    bars = page.locator(".st-key-pixels_bars .statebars svg.frame > g:nth-of-type(2) rect")
    expect(bars).to_have_count(12)
    wait(lambda: max(float(bar.get_attribute("height") or 0) for bar in bars.all()) > 100, what="the bar at 0.897")
    assert all(float(bar.get_attribute("y") or 0) >= 8 for bar in bars.all())


BATCHED = """{ // a page that was busy hears two changes at once, the older one first
  const Watch = IntersectionObserver;
  window.IntersectionObserver = class extends Watch {
    constructor(heard, options) {
      const before = ({ target, isIntersecting }) => ({ target, isIntersecting: !isIntersecting });
      super((changes, watch) => heard([...changes.map(before), ...changes], watch), options);
    }
  };
}"""


def test_a_chart_that_came_into_sight_while_the_page_was_busy_is_drawn(server, open_page: OpenPage):
    page = open_page(server.url)
    page.add_init_script(BATCHED)
    page.goto(f"{server.url}/pixels")
    for chart in ("pixels_kl", "pixels_correlation"):
        expect(page.locator(f".st-key-{chart} .main-svg").first).to_be_visible()
