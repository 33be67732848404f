"""What is known of a run's log-likelihood: the newest, its images, its mark, and where on the curves it stands."""

import pytest

from rbm.experiment import RunSpec
from rbm.store import Evaluation, Progress, Run, likelihoods
from rbm.training.config import TrainConfig
from rbm.training.events import TrainEvent
from rbm.training.history import History

LIVE = {
    "log_likelihood_epoch": 2.0,
    "log_likelihood_low": -101.0,
    "log_likelihood_high": -100.0,
    "log_likelihood_ess": 31.0,
}
AIS = {
    "method": "ais",
    "trustworthy": True,
    "reason": "They agree.",
    "log_z": 50.0,
    "log_z_reverse": 50.4,
    "ess": 20.0,
    "validation": -90.0,
    "test": -91.0,
}


def run(**metrics: float) -> Run:
    at = Progress("finished", 40, 40, 4.0)
    return Run("abc", RunSpec(training=TrainConfig(epochs=4)), at, metrics, {}, (), "", 0.0, 0.0, None)


def computed(step: int, **more: object) -> Evaluation:
    return Evaluation(step, "log_likelihood", {**AIS, **more}, 0.0)


def test_what_was_estimated_while_it_trained_is_known():
    assert likelihoods.of_run(run(), None) is None
    known = likelihoods.of_run(run(**LIVE), None)
    assert (known.epoch, known.validation, known.reverse, known.test) == (2.0, -100.0, -101.0, None)
    assert known.source == "AIS while training · epoch 2"
    assert likelihoods.of_run(run(**{**LIVE, "log_likelihood_low": -100.0}), None).source == (
        "exact while training · epoch 2"
    )


def test_the_newest_is_quoted_and_of_one_machine_what_was_computed_afterwards():
    older = likelihoods.of_run(run(**LIVE), computed(10))  # after epoch 1
    assert (older.validation, older.test, older.live) == (-100.0, None, True)
    for step, epoch in ((20, "2"), (40, "4")):
        known = likelihoods.of_run(run(**LIVE), computed(step))
        assert (known.validation, known.reverse, known.test) == (-90.0, pytest.approx(-90.4), -91.0)
        assert known.source == f"AIS · epoch {epoch}"


@pytest.mark.parametrize(
    ("more", "source", "words"),
    [
        ({"log_likelihood_ess": 4.9}, "unreliable · AIS while training · epoch 2", "effective sample size 4.9"),
        ({"log_likelihood_low": -99.4}, "crossed · AIS while training · epoch 2", "crossed by 0.60 nats"),
        ({"log_likelihood_low": -99.4, "log_likelihood_ess": 1.0}, "unreliable · AIS while training · epoch 2", "crossed"),
    ],
)  # fmt: skip
def test_what_is_doubtful_is_marked(more, source, words):
    known = likelihoods.of_run(run(**{**LIVE, **more}), None)
    assert known.source == source
    assert words in " ".join(known.verdict.sentences)


def test_an_estimate_of_an_older_program_says_that_its_sample_size_was_not_kept():
    known = likelihoods.of_numbers({name: value for name, value in LIVE.items() if not name.endswith("ess")})
    assert "did not keep its effective sample size" in known.verdict.sentences[0]
    assert known.source == "unreliable · AIS while training · epoch 2 · sample size not kept"


def test_what_was_computed_afterwards_is_marked_too():
    assert likelihoods.of_run(run(), computed(40, ess=2.0)).source == "unreliable · AIS · epoch 4"
    assert likelihoods.of_run(run(), computed(40, log_z_reverse=49.0)).source == "crossed · AIS · epoch 4"
    exact = Evaluation(40, "log_likelihood", {"method": "exact", "validation": -1.0, "test": -2.0}, 0.0)
    assert likelihoods.of_run(run(), exact).source == "exact · epoch 4"


def test_an_estimate_stands_at_the_machine_that_it_speaks_of():
    """Ready at epoch 2.5, it is of the machine after epoch 1: update 10 and second 0.6: a third of the way between two events."""
    ready = TrainEvent(25, 2.5, {**LIVE, "log_likelihood_epoch": 1.0, "log_likelihood_ess": 2.0}, 9.0)
    history = History([TrainEvent(0, 0.0, {}, 0.0), TrainEvent(5, 0.5, {}, 0.4), TrainEvent(20, 2.0, {}, 1.0), ready])
    assert likelihoods.along(history) == ([1.0], [-100.0], [-101.0], [True])
    assert likelihoods.along(history, "step").x == pytest.approx([10.0])
    assert likelihoods.along(history, "seconds").x == pytest.approx([0.4 + 0.6 / 3])
    assert likelihoods.along(History()).x == []
