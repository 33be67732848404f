"""The Phase transition page under AppTest: what it shows is what the engine measures, and a machine learns in front of it."""

import json

import pytest
from streamlit.testing.v1 import AppTest

from pages.learn.ising import machine, spins
from pages.ui import shell
from pages.ui.components import wall
from pages.ui.draw import frames
from rbm.datasets.entry import LINE
from rbm.datasets.ising import IsingLattice
from rbm.jobs.task import Task
from rbm.lessons import finite_lattice
from rbm.tasks.ising import learn, through
from tests.helpers.screen import open_page

pytestmark = pytest.mark.usefixtures("clean")


def sent(app: AppTest, channel: str) -> dict:
    every = [json.loads(element.proto.json) for element in app.get("bidi_component")]
    (found,) = [data for data in every if data.get("channel") == channel]
    return found


@pytest.fixture(scope="module")
def points() -> tuple:
    """Machines that have learnt a little, at two temperatures."""
    return tuple(through(4, (1.5, 4.0), epochs=1))


def shown(**more) -> machine.IsingShown:
    lattice = IsingLattice(4, 3.5, 1)
    return machine.IsingShown(
        **{"side": 4, "lattice": lattice, "method": spins.WOLFF, "learning": None, "walk": None, "quantity": "|m|",
           "mode": "light", **more}
    )  # fmt: skip


def test_data_stand_beside_what_is_exact_at_the_temperature_that_is_set():
    app = open_page(shell.ISING)
    assert not app.exception
    table = sent(app, "ising_table")
    assert table["head"] == ["per spin", "data, 2.269", "exactly", "machine"]
    assert table["rows"][0][2] == f"−{-finite_lattice.kaufman(8, spins.CRITICAL).energy:.3f}"
    assert table["rows"][1][2] == "unknown"  # |m| of 8×8
    app.select_slider(key="ising_temperature").set_value(3.5).run()
    app.button_group(key="ising_side").set_value(4).run()
    assert not app.exception
    table, known = sent(app, "ising_table"), finite_lattice.enumerated(3.5)
    assert [row[2] for row in table["rows"]] == [
        f"−{-known.energy:.3f}", f"{known.magnetisation:.3f}", f"{known.heat_capacity:.3f}", f"{known.susceptibility:.3f}"
    ]  # fmt: skip
    assert sent(app, "ising_lattice")["cell"] == [4, 4]
    assert [line["name"] for line in sent(app, "ising_c")["series"]] == ["data", "exactly"]
    assert "Press Learn" in sent(app, "ising_words")["rows"][0][0]


@pytest.mark.parametrize(("number", "temperature"), [(0, 1.75), (1, spins.CRITICAL), (2, 3.5), (3, 1.0)])
def test_an_experiment_sets_the_temperature_and_a_machine_begins(number, temperature, monkeypatch):
    begun = []
    monkeypatch.setattr(Task, "start", lambda task: begun.append(task.arguments))
    app = open_page(shell.ISING)
    app.button(key=f"try_ising_{number}").click().run()
    assert not app.exception
    assert app.select_slider(key="ising_temperature").value == temperature
    assert begun == [{"side": LINE if number == 3 else 8, "temperature": temperature}]
    assert app.session_state[spins.PLAYING]


def test_a_lattice_goes_on_at_another_temperature_and_changes_with_its_size():
    now = shown()
    before = now.lattice.spins.copy()
    drawn = machine.elements(now, 1.0)
    assert now.lattice.temperature == 1.0
    assert (now.lattice.spins != before).any()
    pixels = (now.lattice.spins[None] + 1.0) / 2
    expected = wall.pictures(frames.colour_probabilities(pixels, shape=(4, 4)), 1)
    assert drawn["ising_lattice"]["version"] == expected["version"]
    for method in (spins.WOLFF, spins.METROPOLIS):
        spins.advance(now.lattice, method)


def test_what_the_machine_tells_is_drawn():
    task = Task("rbm.tasks.ising:learn", side=4, temperature=3.5)
    task.news = tuple(learn(4, 3.5, epochs=2))
    look = task.news[-1]
    drawn = machine.elements(shown(learning=task), 2.0)
    assert drawn["ising_table"]["head"] == ["per spin", "data, 2", "exactly", "machine, 3.5"]
    assert drawn["ising_table"]["rows"][0][3].startswith(f"−{-look.means.energy.value:.3f}(")
    assert [line["name"] for line in drawn["ising_c"]["series"]] == ["data", "machine", "exactly"]
    assert drawn["ising_j"]["n"] == 2
    assert drawn["ising_j"]["cell"] == [8, 8]
    assert drawn["ising_j"]["legend"]["words"] == ("−0.43", "coupling J", "0.43")
    words = [row[0] for row in drawn["ising_words"]["rows"]]
    assert f"{look.neighbours.value:.3f}" in words[0]
    assert "0.286" in words[1]
    assert "100 % learnt" in words[3]
    assert "sweeps" in words[4]
    assert len(words) == 5


def test_the_ring_is_a_row_with_all_its_pairs_and_has_no_transition():
    app = open_page(shell.ISING)
    app.button_group(key="ising_side").set_value(LINE).run()
    assert not app.exception
    known = finite_lattice.ring_lattice(16, spins.CRITICAL)
    assert [row[2] for row in sent(app, "ising_table")["rows"]] == [
        f"−{-known.energy:.3f}", f"{known.magnetisation:.3f}", f"{known.heat_capacity:.3f}", f"{known.susceptibility:.3f}"
    ]  # fmt: skip
    assert "no phase transition" in sent(app, "ising_words")["rows"][0][0]
    assert app.button(key="ising_through").label == "Through $T$"  # there is no T_c to go through
    told = [one.help for one in app.markdown if one.help]
    assert any("which falls at every temperature" in one for one in told)
    assert not any("near T_c" in one or "Below T_c" in one or "at T_c" in one for one in told)
    task = Task("rbm.tasks.ising:learn", side=LINE, temperature=2.0)
    task.news = tuple(learn(LINE, 2.0, epochs=1))
    drawn = machine.elements(shown(side=LINE, lattice=IsingLattice(LINE, 2.0, 1), learning=task), 2.0)
    assert drawn["ising_j"]["cell"] == [16, 16]
    assert [line["name"] for line in drawn["ising_c"]["series"]] == ["data", "machine", "exactly"]
    assert len(drawn["ising_c"]["series"][1]["x"]) == 9
    assert drawn["ising_chains"]["columns"] == 3
    assert drawn["ising_against"]["series"][0]["name"] == "exactly"


@pytest.mark.parametrize("quantity", machine.QUANTITIES)
def test_a_walk_through_temperatures_is_drawn_against_t(quantity, points):
    task = Task("rbm.tasks.ising:through", side=4, temperatures=(1.5, 4.0))
    empty = machine.elements(shown(quantity=quantity), 2.0)["ising_against"]
    task.news = points
    drawn = machine.elements(shown(walk=task, quantity=quantity), 2.0)["ising_against"]
    names = [line["name"] for line in drawn["series"]]
    if quantity == machine.MEMORY:
        assert names == list(machine.CHAINS)
        assert empty["series"] == []
    else:
        assert names == ["data", "machine", "exactly"]
        assert [line["name"] for line in empty["series"]] == ["exactly"]
        assert drawn["series"][0]["x"] == [1.5, 4.0]
    assert all(len(line["y"]) >= 2 for line in drawn["series"])
    for line in drawn["series"]:
        if line["name"] != "exactly":  # each value has its standard error around it
            assert all(low < y < high for low, y, high in zip(line["low"], line["y"], line["high"], strict=True))
    task.news = points[:2]  # machines alone
    half = machine.elements(shown(walk=task, quantity=machine.MEMORY), 2.0)["ising_against"]
    assert [line["name"] for line in half["series"]] == ["machine"]


def test_correlations_have_their_errors_around_them():
    data, exactly = machine.elements(shown(), 2.0)["ising_c"]["series"]
    assert all(low < c < high for low, c, high in zip(data["low"][1:], data["y"][1:], data["high"][1:], strict=True))
    assert "low" not in exactly
