"""The bench: fair turns, ratios of medians, and a command whose JSON says what its tables say."""

import json
import xml.etree.ElementTree as ET
from statistics import median

import pytest
import torch

from rbm.__main__ import main
from rbm.benchmarks import drawing, engines, growth, report, tasks
from rbm.benchmarks.beside import checkout
from rbm.benchmarks.race import EngineSpeed, Setting, SpeedRace, Unavailable, race
from rbm.commands import bench
from rbm.errors import ConfigError
from tests.helpers.places import ROOT


class Clock:
    """A clock that engines turn themselves, so that their speeds are known."""

    def __init__(self) -> None:
        self.now, self.order = 0.0, []

    def __call__(self) -> float:
        return self.now

    def engine(self, name: str, seconds_a_batch):
        def advance(batches: int) -> None:
            self.order.append(name)
            self.now += batches * seconds_a_batch()

        return lambda setting: advance


def fixed_race(runs: int = 5) -> tuple[SpeedRace, Clock]:
    clock, jitter = Clock(), iter([*[0.01] * 100])
    field = {
        "quick": clock.engine("quick", lambda: 0.001),
        "slow": clock.engine("slow", lambda: next(jitter)),
    }
    return race(Setting(3, 7, 1), field, "quick", runs=runs, seconds=0.1, clock=clock), clock


def test_speeds_are_images_a_second_and_runs_take_about_the_time_asked_for():
    result, clock = fixed_race()
    speeds = {r.name: r.runs for r in result.results}
    assert speeds["quick"] == pytest.approx([7 / 0.001] * 5)
    assert speeds["slow"] == pytest.approx([7 / 0.01] * 5)
    assert result.ratio("slow") == pytest.approx(10)
    assert result.ratio("quick") == 1
    assert clock.now == pytest.approx(5 * 2 * 0.1, rel=0.4)  # and the warming up


def test_runs_are_as_long_where_the_first_batch_compiles():
    clock, asked = Clock(), []

    def advance(batches: int) -> None:
        clock.now += 0.001 * batches if asked else 8.0
        asked.append(batches)

    race(Setting(3, 7, 1), {"new": lambda setting: advance}, "new", runs=1, seconds=0.1, clock=clock)
    assert asked[-1] == pytest.approx(100, rel=0.4)


def test_engines_take_turns_and_another_one_begins_each_round():
    _, clock = fixed_race(runs=4)
    assert clock.order[-8:] == ["quick", "slow", "slow", "quick"] * 2


def test_one_outlier_moves_no_ratio_because_ratios_are_of_medians():
    result = SpeedRace(Setting(), (EngineSpeed("a", (10.0, 10.0, 1.0)), EngineSpeed("b", (5.0, 900.0, 5.0))), {}, "a")
    assert result.ratio("b") == 2


def test_who_cannot_take_part_is_left_out_with_the_reason():
    def absent(setting):
        raise Unavailable("not installed")

    result = race(Setting(3, 7, 1), {"gone": absent}, "gone", runs=1, seconds=0.01)
    assert result.results == ()
    assert result.skipped == {"gone": "not installed"}


@pytest.mark.parametrize("name", list(engines.ENGINES))
def test_every_engine_trains_or_says_why_not(name):
    try:
        engines.ENGINES[name](Setting(3, 7, 2))(2)
    except Unavailable as reason:
        assert "pip install" in str(reason) or "Gibbs step" in str(reason)  # noqa: PT017 - either outcome is right


def test_the_engine_in_the_race_is_the_engine_and_learns():
    job = engines.trainer(Setting(3, 64, 1), "float32")
    before = job.model.weight.detach().clone()
    job.step()
    assert job.precision.dtype == torch.float32
    assert not torch.equal(before, job.model.weight)


def test_the_command_prints_json_whose_ratios_are_of_medians(capsys):
    shape = ["--hidden", "5", "--batch", "8", "--k", "2"]
    assert main(["bench", "--json", *shape, "--runs", "3", "--seconds", "0.01", "--no-tasks"]) == 0
    values = json.loads(capsys.readouterr().out)
    (only,) = values["races"]
    assert (only["n_hidden"], only["batch_size"], only["k"]) == (5, 8, 2)
    speeds = {r["name"]: median(r["runs"]) for r in only["results"]}
    assert {engines.FLOAT32, engines.BFLOAT16, "plain recipe (autograd, Adam)"} <= set(speeds)
    assert set(speeds) | set(only["skipped"]) == set(engines.ENGINES)
    for result in only["results"]:
        assert len(result["runs"]) == 3
        assert result["samples_per_second"] == speeds[result["name"]] > 0
        assert result["reference_is_faster_by"] == pytest.approx(speeds[only["reference"]] / speeds[result["name"]])
    assert values["machine"]["threads"] == torch.get_num_threads()
    assert values["versions"]["torch"] == torch.__version__
    text = report.as_text(values)
    for name in engines.ENGINES:
        assert name in text


@pytest.mark.parametrize(
    ("arguments", "work"),
    [([], "_races"), (["--growth", "growth.svg"], "_growth"), (["--race", "race.svg"], "_race_for_quality")],
)
def test_threads_are_taken_whatever_is_measured(monkeypatch, arguments, work):
    before, taken = torch.get_num_threads(), []
    monkeypatch.setattr(bench, work, lambda arguments: taken.append(torch.get_num_threads()) or 0)
    try:
        for threads in (1, 2):
            assert main(["bench", "--threads", str(threads), *arguments]) == 0
    finally:
        torch.set_num_threads(before)
    assert taken == [1, 2]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--hidden", "0"], "n_hidden is 0; a benchmark needs a whole number from 1 to 65,536."),
        (["--runs", "0", "--hidden", "3"], "--runs is 0; expected 1 or more"),
        (["--seconds", "0"], "a run needs a length above 0"),
        (["--growth", "growth.png"], "name a file that ends in .svg"),
        (["--beside", "assets"], "assets holds no checkout of this project"),
    ],
)
def test_bad_arguments_end_with_one_sentence(capsys, arguments, sentence):
    assert main(["bench", *arguments]) == 2
    assert sentence in capsys.readouterr().err


def test_the_engine_of_another_checkout_takes_part_in_a_process_of_its_own(tmp_path):
    (tmp_path / "rbm" / "benchmarks").mkdir(parents=True)
    (tmp_path / "rbm" / "benchmarks" / "__init__.py").touch()
    with checkout(ROOT) as other, checkout(tmp_path) as broken:
        field = {"this": engines.engine("float32"), other.name: other.advance, broken.name: broken.advance}
        result = race(Setting(3, 7, 1), field, "this", runs=2, seconds=0.01)
        (started,) = other._started
        assert started._process.poll() is None
    assert [speed.name for speed in result.results] == ["this", f"the engine in {ROOT.name}"]
    assert result.ratio(other.name) > 0
    assert "it ended with: " in result.skipped[broken.name]
    assert started._process.returncode == 0


@pytest.mark.slow
def test_growth_is_drawn_beside_that_of_another_checkout():
    with checkout(ROOT) as other:
        curves = growth.curves(hidden=(3,), batches=(2,), ks=(1,), sizes=(200,), other=other)
    assert all(len(curve.beside) == 1 and curve.beside[0] > 0 for curve in curves)
    assert drawing.draw(curves, "").count('class="other"') == 4


def test_other_work_is_timed_too():
    done = tasks.measure(2, n_hidden=5, n_chains=3, n_temperatures=4)
    assert [len(task.runs) for task in done] == [2] * 4
    assert all(task.median > 0 for task in done)


def test_annealing_is_timed_beside_that_of_another_checkout(tmp_path):
    (tmp_path / "rbm" / "benchmarks").mkdir(parents=True)
    (tmp_path / "rbm" / "benchmarks" / "__init__.py").touch()
    small = {"n_hidden": 5, "n_chains": 3, "n_temperatures": 4}
    with checkout(ROOT) as other, checkout(tmp_path) as broken:
        beside, alone = tasks.measure(1, other=other, **small), tasks.measure(1, other=broken, **small)
    (added,) = {task.name for task in beside} - {task.name for task in alone}
    assert added == f"the same by the engine in {ROOT.name}"
    assert next(task.median for task in beside if task.name == added) > 0


def test_the_exponent_of_growth_is_that_of_the_larger_half():
    x = (1, 2, 4, 8, 16, 32)
    square = growth.GrowthCurve("x", "a step", x, tuple(1.0 if i < 3 else 1e-3 * value**2 for i, value in enumerate(x)))
    assert square.exponent == pytest.approx(2)


def test_growth_is_measured_and_drawn_as_an_svg_with_every_point():
    curves = growth.curves(hidden=(3, 5), batches=(2, 3), ks=(1, 2), sizes=(100, 200))
    assert all(second > 0 for curve in curves for second in curve.seconds)
    picture = ET.fromstring(drawing.draw(curves, 'a <machine> & "more"'))
    space = "{http://www.w3.org/2000/svg}"
    assert len(picture.findall(f"{space}circle")) == 8
    words = [text.text for text in picture.findall(f"{space}text")]
    assert 'a <machine> & "more"' in words
    assert {"hidden units", "images a batch", "Gibbs steps k", "training images"} <= set(words)


@pytest.mark.slow
def test_memory_stays_under_a_gigabyte_for_all_of_mnist():
    assert growth.peak_memory() < 10**9


def test_a_race_without_runs_is_refused():
    with pytest.raises(ConfigError, match="5 for a median worth quoting"):
        race(Setting(3, 7, 1), {}, "none", runs=0, seconds=0.01)
