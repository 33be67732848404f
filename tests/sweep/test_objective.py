"""What trials are judged by: the value, its standard error and its mark, and which trials can be told apart by them."""

import math

import pytest

from rbm.checkpoint import to_bytes
from rbm.commands.sweep import _table
from rbm.evaluation.likelihood import pseudo_log_likelihood
from rbm.experiment import DatasetSpec, ModelSpec, RunSpec, make_dataset, make_model
from rbm.store import Store
from rbm.sweep import Axis, Ledger, SweepSpec, Trial, objective
from rbm.sweep.ledger import as_good, ranked
from rbm.sweep.objective import GapJob, Judged, PseudoLikelihoodJob, judged
from rbm.tasks.likelihood import LikelihoodJob, fixed_data

SPEC = RunSpec(DatasetSpec("tiny_digits"), ModelSpec(7))


@pytest.fixture(scope="module")
def model():
    return make_model(SPEC, make_dataset(SPEC.dataset))


def result(job: object) -> dict:
    while (step := job.advance()).result is None:
        pass
    return step.result


def test_every_objective_records_its_images_and_their_standard_error(model):
    data, saved = fixed_data(SPEC), to_bytes(model, SPEC)
    each = pseudo_log_likelihood(model, data["validation"])
    found = result(PseudoLikelihoodJob(saved))
    assert found == {
        "value": pytest.approx(each.mean().item()),
        "error": pytest.approx(each.std().item() / math.sqrt(len(each))),
        "images": len(each),
    }
    assert judged("pseudo_log_likelihood", found) == (found["value"], found["error"], "", "")
    energy = {part: model.free_energy(data[part]).double() for part in ("validation", "train")}
    error = math.sqrt(sum(e.var().item() / len(e) for e in energy.values()))
    assert judged("free_energy_gap", result(GapJob(saved))).error == pytest.approx(error)
    exact = result(LikelihoodJob(saved))
    assert exact["validation_images"] == len(data["validation"])
    assert judged("log_likelihood", exact) == (exact["validation"], exact["validation_error"], "", "")


@pytest.mark.parametrize("visible", ["gaussian", "relu"])
def test_densities_of_pixels_are_judged_by_fewer_images(visible, monkeypatch):
    spec = RunSpec(DatasetSpec("tiny_digits"), ModelSpec(7, visible=visible))
    machine = make_model(spec, make_dataset(spec.dataset, spec.model))
    monkeypatch.setattr(objective, "DENSITY_IMAGES", 5)
    each = pseudo_log_likelihood(machine, fixed_data(spec)["validation"][:5])
    found = result(PseudoLikelihoodJob(to_bytes(machine, spec)))
    assert (found["value"], found["images"]) == (pytest.approx(each.mean().item()), 5)


def test_the_error_of_an_estimated_likelihood_is_that_of_its_images_and_that_of_log_z():
    ais = {"method": "ais", "trustworthy": True, "reason": "", "log_z": 9.0, "log_z_reverse": 9.1, "ess": 20.0}
    numbers = {"validation": -90.0, "validation_error": 0.3, "log_z_error": 0.4}
    assert judged("log_likelihood", {**ais, **numbers}) == (-90.0, pytest.approx(0.5), "", "")
    few = judged("log_likelihood", {**ais, **numbers, "ess": 1.5})
    assert (few.mark, few.doubt[:11]) == ("unreliable", "Unreliable:")
    assert judged("pseudo_log_likelihood", {"value": -3.0}) == (-3.0, None, "", "")  # of an older version


def trial(
    number: int, value: float | None, error: float | None = 0.3, mark: str = "", state: str = "finished"
) -> Trial:
    doubt = "It rests on too few chains." if mark else ""
    return Trial(number, state, {"n_hidden": number}, value, f"run{number}", "", 1.0, error, mark, doubt)


TRIALS = [
    trial(4, -92.0),
    trial(5, -60.0, mark="unreliable"),
    trial(6, -91.2),
    trial(7, -90.5, error=0.4),
    trial(8, None, state="running"),
    trial(9, -90.6, error=None),
]


def test_the_unreliable_come_last_whatever_they_say():
    assert [t.number for t in ranked(TRIALS, "log_likelihood")] == [7, 9, 6, 4, 5]
    assert [t.number for t in ranked(TRIALS, "free_energy_gap")] == [4, 6, 9, 7, 5]


def test_trials_within_two_errors_of_the_difference_are_as_good():
    """0.7 apart with 0.3 and 0.4: within 2 · 0.5; 1.5 apart is beyond it. Without an error nothing can be said."""
    assert [t.number for t in as_good(TRIALS, TRIALS[3])] == [6]


def test_the_command_line_names_images_errors_marks_and_ties(tmp_path):
    store = Store(folder=tmp_path)
    ledger = Ledger.create("told", SweepSpec(SPEC, (Axis("n_hidden", (4, 5, 6, 7, 8, 9)),)), store)
    lines = _table(ledger, TRIALS).splitlines()
    store.close()
    assert lines[0] == "Log-likelihood of validation images, nats per image, ± its standard error:"
    assert lines[2].split() == ["-90.500", "0.400", "run7", "n_hidden=7"]
    assert lines[6].split() == ["-60.000", "0.300", "run5", "n_hidden=5", "(unreliable)"]
    assert "1 of the others cannot be told from the best" in lines[7]
    assert lines[-1] == "trial 6: It rests on too few chains."


def test_the_ledger_keeps_error_and_mark(tmp_path):
    store = Store(folder=tmp_path)
    ledger = Ledger.create("kept", SweepSpec(SPEC, (Axis("n_hidden", (4, 5)),)), store)
    ledger.claim()
    for found in (Judged(-60.0, 0.2, "unreliable", "Too few."), Judged(-90.0, 0.3)):
        ledger.finish(ledger.next(), found)
    again = Ledger("kept", store).trials()
    assert [(t.value, t.error, t.mark, t.doubt) for t in again] == [
        (-60.0, 0.2, "unreliable", "Too few."),
        (-90.0, 0.3, "", ""),
    ]
    assert ledger.best().value == -90.0
    store.close()
