"""States of small machines on the screen: bars stay inside their plot, and sentences about the likeliest state are computed."""

from itertools import product

import numpy as np
import pytest

from pages.learn.energy import graph
from pages.learn.energy.graph import ALL, RBM, machine
from pages.learn.two_pixels import descent
from pages.ui import shell
from pages.ui.draw import figures
from rbm.lessons import two_pixels as pixels
from tests.helpers.screen import open_page


@pytest.mark.parametrize("counts", [(3, 1, 2, 4), (20, 1, 1, 20), (1, 0, 0, 0)])
@pytest.mark.parametrize("rate", [0.2, 3.2, 4.0])
def test_the_two_pixels_probabilities_stand_on_an_axis_from_0_to_1(counts, rate):
    """The descent of "Learning rate too high" reaches 1.0 on one pattern; the bar once left the plot and covered a button."""
    p0 = pixels.observed(counts)
    for step in (0, 1, 2, 20, 299, 300):
        option = descent.elements(p0, rate, step)["pixels_bars"]
        assert option["top"] == 1.0
        assert max(max(one["y"]) for one in option["series"]) <= 1.0


def test_too_large_a_step_overshoots_above_where_the_axis_once_ended():
    descent = pixels.descend(pixels.observed((3, 1, 2, 4)), 3.2, 300)
    assert descent.p.max() > max(0.5, 0.4 * 1.08)


def test_no_bar_leaves_its_plot_whatever_the_axis_was_to_be():
    bars = [figures.Bars("a", [0.2, 0.7]), figures.Bars("b", np.array([np.nan, np.inf]))]
    assert figures.state_option(bars, ["0", "1"], x_title="x", y_title="y", top=0.5)["top"] == 0.7
    assert figures.state_option(bars, ["0", "1"], x_title="x", y_title="y", top=1.0)["top"] == 1.0
    assert figures.state_option(bars, ["0", "1"], x_title="x", y_title="y")["top"] is None  # follows the bars


@pytest.mark.parametrize(("shape", "v", "h"), [(ALL, 2, 0), (ALL, 3, 0), (ALL, 5, 0), (RBM, 3, 2)])
def test_the_lowest_states_are_the_engine_s(shape, v, h):
    rng = np.random.default_rng(v)
    for drawn in (
        machine(shape, v, h),
        machine(shape, v, h, rng.normal(size=len(machine(shape, v, h).values)).round(1)),
    ):
        energies = drawn.energies().numpy()
        states = list(product((0, 1), repeat=drawn.n_units))
        expected = [state for state, e in zip(states, energies, strict=True) if e <= energies.min() + 1e-9]
        assert graph.lowest(drawn) == expected


def test_ties_to_rounding_are_told():
    """E(1, 1) = −(−1 − 1 + 2) = 0 = E(0, 0): both tie. And 0.1 + 0.2 − 0.3 is 5.6e-17, which is no difference."""
    assert graph.likeliest(machine(ALL, 2, 0, [-1, -1, 2])) == "both off and both on tie as the likeliest states"
    assert graph.likeliest(machine(ALL, 2, 0, [-1, -1, 2.1])) == "both on is the likeliest state"
    assert graph.likeliest(machine(ALL, 2, 0, [0.1, 0.2, -0.3])) == "only v2 on is the likeliest state"
    assert len(graph.lowest(machine(ALL, 2, 0, [-0.1, -0.2, 0.1 + 0.2]))) == 2
    assert graph.likeliest(machine(ALL, 3, 0, [0] * 6)).endswith(
        "only v1, v2 on and all on tie as the likeliest states"
    )


@pytest.mark.usefixtures("clean")
def test_an_experiment_says_its_sentence_beside_the_picture_and_keeps_it_and_is_marked():
    app = open_page(shell.ENERGY)

    def texts() -> str:
        return " ".join(one.value for one in app.markdown)

    assert "Press one" in texts()
    app.button(key="try_energy_0").click().run()
    one_weight = "One weight: both off and both on tie as the likeliest states, and heat makes all four alike."
    assert one_weight in texts()
    app.slider(key="energy_visible").set_value(3).run()
    assert one_weight in texts()
    app.button(key="try_energy_3").click().run()
    assert "no state pleases every edge, so 3 share the lowest energy." in texts()
    assert one_weight not in texts()
    marked = [one.proto.body for one in app.get("html") if ".st-key-try_energy" in one.proto.body]
    assert len(marked) == 1
    assert ".st-key-try_energy_3 button" in marked[0]
