"""The page of runs draws and tells the mean over seeds."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from pages.compare.runs import seeds
from pages.ui import shell
from pages.ui.draw.figures import Series, curve_option
from rbm.checkpoint import to_bytes
from rbm.store import Progress, open_store
from rbm.store.seeds import over_seeds
from rbm.training.history import History
from tests.helpers.screen import open_page
from tests.helpers.short_run import SPEC, trained

PSEUDO = "pseudo_log_likelihood"


@pytest.fixture
def three(monkeypatch, tmp_path, clean):
    """Three seeds of one run, and one that is wider."""
    monkeypatch.setenv("RBM_RUNS", str(tmp_path / "runs"))
    store, ids = open_store(), []
    specs = [replace(SPEC, seed=seed) for seed in (1, 2, 3)] + [replace(SPEC, model=replace(SPEC.model, n_hidden=5))]
    for spec in specs:
        trainer, history = trained(spec)
        at = Progress("finished", trainer.step_number, 36, history.events[-1].epoch)
        run_id = store.create(spec, "test", at)
        newest = (at.step, at.epoch, to_bytes(trainer.model, spec, history, state=trainer.state()))
        store.write(run_id, "test", at, history.events, newest)
        ids.append(run_id)
    yield ids
    store.close()


def test_curves_become_one_mean_with_a_band_and_a_table_tells_the_newest(three):
    app = open_page(shell.RUNS)
    app.session_state["runs_chosen"] = [three[0], three[3]]
    app.run()
    app.toggle(key="runs_seeds").set_value(True).run()
    assert not app.exception
    (table,) = (m.value for m in app.markdown if m.value.startswith("| newest value, over seeds | B |"))
    values = [open_store().run(one).metrics[PSEUDO] for one in three[:3]]
    assert f"| Pseudo-log-likelihood | {seeds.cell([open_store().run(one) for one in three[:3]], PSEUDO)} |" in table
    digits = seeds.decimals(over_seeds(values).error)
    assert f"{sum(values) / 3:.{digits}f}".replace("-", "−") in table
    assert any("kept runs that differ only in their seed count even" in one.value for one in app.caption)
    assert "3 seeds" in table


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ([-11.07, -11.0702, -11.0704], "−11.07020 ± 0.00020 (0.00012), 3 seeds"),
        ([1e-6, 2e-6, 3e-6], "0.00000200 ± 0.00000100 (0.00000058), 3 seeds"),
        ([0.0, 0.0], "0, the same of 2 seeds"),
        ([100.0, 1300.0], "700 ± 849 (600), 2 seeds"),
        ([0.0, 1.9998], "1.0 ± 1.4 (1.0), 2 seeds"),
    ],
)
def test_digits_follow_the_standard_error(values, told):
    assert seeds.cell([SimpleNamespace(metrics={PSEUDO: value}) for value in values], PSEUDO) == told


def test_without_another_seed_there_is_nothing_to_average(three):
    app = open_page(shell.RUNS)
    app.session_state["runs_chosen"] = [three[3]]
    app.run()
    assert app.toggle(key="runs_seeds").disabled
    assert not [m for m in app.markdown if "over seeds" in m.value]


def test_chosen_runs_of_one_kind_make_one_group_and_its_curve_names_them(three):
    runs = [open_store().run(one) for one in (three[1], three[3], three[0])]
    one, other = seeds.groups(runs)
    assert (one.letters, [run.spec.seed for run in one.runs]) == ("AC", [1, 2, 3])
    assert (other.letters, len(other.runs)) == ("B", 1)
    histories = seeds.histories_of(one)
    drawn = seeds.mean_series(one, histories, PSEUDO, "step", 0.0)
    assert (drawn.name, drawn.colour) == ("A, C: mean of 3 seeds", 0)
    last = [history.last(PSEUDO) for history in histories]
    assert drawn.y[-1] == pytest.approx(sum(last) / 3)
    assert seeds.mean_series(other, seeds.histories_of(other), PSEUDO, "step", 0.5).spread is None


def test_doubtful_estimates_make_a_doubtful_mean(three):
    group = seeds.groups([open_store().run(three[0])])[0]
    estimate = {
        f"log_likelihood_{part}": n for part, n in (("epoch", 1.0), ("low", -9.5), ("high", -9.0), ("ess", 2.5))
    }
    histories = [
        History([event._replace(metrics={**estimate, "log_likelihood_ess": ess})])
        for ess, event in zip((2.5, 50.0, 50.0), (h.events[-1] for h in seeds.histories_of(group)), strict=True)
    ]
    drawn = seeds.mean_series(group, histories, "log_likelihood", "epoch", 0.0)
    assert (list(drawn.x), list(drawn.y), drawn.doubtful) == ([1.0], [-9.0], [1.0])
    runs = [run._replace(metrics=history.events[0].metrics) for run, history in zip(group.runs, histories, strict=True)]
    assert seeds.cell(runs, "log_likelihood") == "−9, the same of 3 seeds :orange-badge[1 of them unreliable]"


def test_a_chart_carries_the_band_of_a_series():
    option = curve_option([Series("a", [2, 1], [5.0, 1.0], spread=[1.0, 0.5])], x_title="x", y_title="y")
    (drawn,) = option["series"]
    assert (drawn["x"], drawn["low"], drawn["high"]) == ([1, 2], [0.5, 4], [1.5, 6])
