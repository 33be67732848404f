"""What the page that searches shows, as plain values."""

import pytest

from pages.compare.sweep.view import (
    about_importance,
    heat_map,
    importance,
    parallel,
    quoted,
    ranking,
    read_axis,
    slices,
)
from pages.ui.draw.figures import number
from rbm.errors import ConfigError
from rbm.sweep import Axis, SweepSpec, Trial
from rbm.sweep.importance import INTERACTION

SPEC = SweepSpec(axes=(Axis("n_hidden", (16, 64)), Axis("k", (1, 5, 25)), Axis("learning_rate", (0.1, 0.2))))


def trial(number: int, state: str, n_hidden: int, k: int, rate: float, value: float | None = None) -> Trial:
    values = {"n_hidden": n_hidden, "k": k, "learning_rate": rate}
    return Trial(number, state, values, value, f"run{number}" if state != "waiting" else "", "", 1.0)


TRIALS = [
    trial(0, "finished", 16, 1, 0.1, -150.0),
    trial(1, "finished", 16, 1, 0.2, -140.0),
    trial(2, "finished", 64, 5, 0.1, -100.0),
    trial(3, "running", 64, 25, 0.1),
    trial(4, "pruned", 16, 25, 0.1),
    trial(5, "waiting", 64, 1, 0.1),
]


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("n_hidden", "16, 64,256", Axis("n_hidden", (16, 64, 256))),
        ("k", "1 to 5", Axis("k", low=1, high=5)),
        ("learning_rate", "0.001 to 0.3", Axis("learning_rate", low=0.001, high=0.3, log=True)),
        ("learning_rate", "1e-3, .5", Axis("learning_rate", (0.001, 0.5))),
        ("algorithm", "cd, pcd", Axis("algorithm", ("cd", "pcd"))),
    ],
)
def test_what_a_person_writes_is_read(name, text, expected):
    assert read_axis(name, text) == expected


@pytest.mark.parametrize("text", ["", "one", "1.5", "1 to", "5 to 1", "16,,64", "16,"])
def test_what_cannot_be_read_is_told(text):
    with pytest.raises(ConfigError):
        read_axis("k", text)


def test_a_cell_shows_the_best_of_its_trials_and_where_the_others_stand():
    data = heat_map(SPEC, TRIALS, {3: 0.4}, TRIALS[2], "light")
    assert (data["y"]["labels"], data["x"]["labels"]) == (["16", "64"], ["1", "5", "25"])
    cells = data["cells"]
    assert [c["text"] for c in cells] == ["−140.00", "", "stopped", "", "−100.00", ""]
    assert [c["state"] for c in cells] == ["finished", "waiting", "pruned", "waiting", "best", "running"]
    assert [c["run"] for c in cells] == ["run1", "", "run4", "", "run2", "run3"]
    assert cells[5]["share"] == 0.4
    assert (
        cells[0]["words"]
        == "Hidden units 16, Gibbs steps k 1: Log-likelihood of validation images −140.00. Click to open the run"
    )
    assert cells[4]["colour"] == "rgb(11, 118, 112)"  # the accent itself


def test_what_is_unreliable_is_marked_in_its_cell_and_never_speaks_for_a_cell_that_has_better():
    doubt = {"mark": "unreliable", "doubt": "It rests on 1.2 chains."}
    bold, sound = trial(0, "finished", 16, 1, 0.1, -60.0)._replace(error=2.0, **doubt), TRIALS[1]._replace(error=0.25)
    alone = heat_map(SPEC, [bold], {}, None, "light")["cells"][0]
    assert alone["text"] == "−60.00 ?"
    assert "of validation images −60.00 ± 2.00 (unreliable). It rests on 1.2 chains. Click" in alone["words"]
    assert heat_map(SPEC, [bold, sound], {}, None, "light")["cells"][0]["text"] == "−140.00"
    assert quoted(sound) == "−140.00 ± 0.25"
    assert slices(SPEC, [bold], SPEC.axes[0]).data[0].text[0].endswith("−60.00 ± 2.00 (unreliable)")


def test_the_ranking_says_which_others_are_as_good():
    best, near = TRIALS[2]._replace(error=0.3), TRIALS[2]._replace(number=7, value=-100.5, error=0.3)
    told = "best −100.00 ± 0.30 on validation images with Hidden units 64, Gibbs steps k 5, Learning rate 0.1"
    assert ranking(SPEC, [best, TRIALS[1]._replace(error=0.3)], best) == told
    assert ranking(SPEC, [best, near], best) == f"{told}; 1 other lies within the error of the difference"


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_every_cell_can_be_read(mode):
    """WCAG 2 asks 4.5:1 of text; bold as it is, 4:1 where white and ink meet."""
    row = SweepSpec(axes=(Axis("n_hidden", tuple(range(4, 54))), Axis("k", (1, 2))))
    trials = [trial(n, "finished", n, 1, 0.1, float(n)) for n in range(4, 54)]
    for cell in heat_map(row, trials, {}, None, mode)["cells"][::2]:
        colour = tuple(int(part) for part in cell["colour"][4:-1].split(","))
        assert contrast(colour, tuple(bytes.fromhex(cell["ink"][1:]))) >= 4.0


def contrast(*colours: tuple[int, ...]) -> float:
    linear = [[((c / 255 + 0.055) / 1.055) ** 2.4 if c > 10 else c / 255 / 12.92 for c in one] for one in colours]
    dark, light = sorted(0.2126 * r + 0.7152 * g + 0.0722 * b for r, g, b in linear)
    return (light + 0.05) / (dark + 0.05)


def test_of_gaps_the_smallest_is_the_darkest():
    gap = SweepSpec(axes=SPEC.axes[:2], objective="free_energy_gap")
    trials = [t._replace(value=-t.value if t.value else None) for t in TRIALS]
    cells = heat_map(gap, trials, {}, trials[2], "dark")["cells"]
    assert cells[4]["colour"] == "rgb(18, 132, 122)"
    assert cells[0]["text"] == "140.00"


def test_slices_and_parallel_coordinates_hold_every_finished_trial():
    figure = slices(SPEC, TRIALS, SPEC.axes[0])
    assert list(figure.data[0].x) == ["16", "16", "64"]
    assert list(figure.data[0].y) == [-150, -140, -100]
    assert figure.layout.yaxis.title.text == "Log-likelihood, nats per image"
    ranged = SweepSpec(axes=(Axis("learning_rate", low=0.01, high=1.0, log=True),), method="tpe")
    assert slices(ranged, TRIALS, ranged.axes[0]).layout.xaxis.type == "log"
    lines = parallel(SPEC, TRIALS, "light").data[0].dimensions
    assert [d.label for d in lines] == ["Hidden units", "Gibbs steps k", "Learning rate", "Log-likelihood"]
    assert list(lines[1].values) == [0, 0, 1]  # evenly spread, whatever the numbers
    assert list(lines[1].ticktext) == ["1", "5", "25"]
    assert list(lines[3].values) == [-150, -140, -100]


def test_importance_names_settings_as_people_do():
    found = {"n_hidden": 0.7, "k": 0.2, INTERACTION: 0.1}
    figure = importance(found)
    assert list(figure.data[0].x) == ["Hidden units", "Gibbs steps k", "interaction"]
    assert list(figure.data[0].y) == [0.7, 0.2, 0.1]
    assert "cells of this grid" in about_importance(found, 4)[0]
    assert "random forest over 24 runs" in about_importance({"n_hidden": 0.7, "k": 0.3}, 24)[0]
    assert number(-1.005) == "−1.00"
