"""The laboratory's pages under AppTest: experiments set the controls, and what the browser sends is checked."""

import pytest

from pages.learn.energy import graph
from pages.learn.hopfield import pad, recall
from pages.ui import shell
from tests.helpers.screen import open_page

pytestmark = pytest.mark.usefixtures("clean")


@pytest.mark.parametrize(
    ("script", "name", "count"),
    [(shell.ENERGY, "energy", 6), (shell.HOPFIELD, "hopfield", 5), (shell.BOLTZMANN, "boltzmann", 4)],
)
def test_every_experiment_runs(script, name, count):
    app = open_page(script)
    for number in range(count):
        app.button(key=f"try_{name}_{number}").click().run()
        assert not app.exception
        assert not app.error


def test_an_experiment_sets_the_energy_pages_controls():
    app = open_page(shell.ENERGY)
    app.button(key="try_energy_5").click().run()
    assert app.slider(key="energy_visible").value == 12
    assert app.session_state["energy_machine"].shape == graph.ALL
    app.slider(key="energy_visible").set_value(3).run()
    assert app.session_state["energy_machine"].n_units == 3
    app.button(key="try_energy_1").click().run()
    assert app.session_state["energy_machine"].beta == 10


def test_the_boltzmann_page_learns_one_update_and_starts_again():
    app = open_page(shell.BOLTZMANN)
    app.button(key="boltzmann_one").click().run()
    assert app.session_state["boltzmann_pair"].step == 1
    app.button(key="boltzmann_reset").click().run()
    assert app.session_state["boltzmann_pair"].step == 0
    app.slider(key="boltzmann_hidden").set_value(8).run()
    app.selectbox(key="boltzmann_data").set_value("Bars and stripes 3×3").run()
    assert not app.exception  # 17 units: it went over to Gibbs chains
    assert app.session_state["boltzmann_method"] == "Gibbs chains"


def test_a_rule_has_one_name_on_its_button_and_in_the_chart():
    named = [one.name for one in recall.capacity_figure(0.1).data]
    assert named == list(recall.RULES.values()) == ["Hebbian", "Storkey", "Pseudo-inverse", "Modern"]


def test_hopfield_without_anything_stored_says_what_to_do():
    app = open_page(shell.HOPFIELD)
    app.button_group(key="hopfield_digits").set_value([]).run()
    assert not app.exception
    assert "Choose a digit" in app.info[0].value


def test_what_the_browser_sends_is_taken_only_when_it_fits():
    drawn = graph.machine(graph.RBM, 2, 1)
    good = {"version": graph.version(drawn), "values": [1, -1, 0.5, 2, -4], "beta": 2.0}
    assert graph.received(good, drawn).values == (1, -1, 0.5, 2, -4)
    for bad in ({"values": [1]}, {"values": [9, 0, 0, 0, 0]}, {"beta": 0}, {"beta": "x"}, {"version": "old"}):
        assert graph.received({**good, **bad}, drawn) == drawn
    assert graph.received(None, drawn) == drawn
    start = (0, 1, 1)
    version = pad._version(start, 1)
    assert pad.received({"version": version, "pixels": "110"}, start, 1) == (1, 1, 0)
    for bad in ({"pixels": "11"}, {"pixels": "112"}, {"version": "old"}):
        assert pad.received({"version": version, "pixels": "110", **bad}, start, 1) == start


def test_the_machine_on_the_page_is_the_engines():
    drawn = graph.machine(graph.RBM, 2, 1, [0.5, 0, -1, 2, -3])
    # v1 h1: −(0.5 − 1 + 2); v2 h1: −(0 − 1 − 3); states v1 v2 h1 = 101 and 011
    energies = drawn.energies().tolist()
    assert energies[0b101] == pytest.approx(-1.5)
    assert energies[0b011] == pytest.approx(4.0)


@pytest.mark.parametrize("page", [shell.ISING, shell.RETRIEVAL, shell.TEACHER])
def test_a_page_that_takes_no_data_says_what_it_learns_and_where_yours_are(page):
    told = [caption.value for caption in open_page(page).caption if caption.value.startswith("It makes its own data")]
    assert len(told) == 1
    assert told[0].endswith("Your own data are learnt on the page Train a machine.")
