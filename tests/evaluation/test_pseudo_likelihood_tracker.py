"""The pseudo-likelihood beside training: exact on images that all runs share, with its error."""

import math

import pytest
import torch

from rbm.evaluation import pseudo_likelihood_tracker
from rbm.evaluation.likelihood import mean_pseudo_log_likelihood, pseudo_log_likelihood
from rbm.evaluation.pseudo_likelihood_tracker import PseudoLikelihoodTracker
from rbm.experiment import DatasetSpec, ModelSpec, RunSpec, make_dataset, make_trainer
from rbm.models.rbm import RBM
from rbm.randomness import generator
from rbm.training.config import TrainConfig
from rbm.training.events import MEASURES


@pytest.fixture
def digits():
    return make_dataset(DatasetSpec("tiny_digits"))


def test_every_event_has_it_with_its_error_and_looking_again_gives_the_same_number(digits):
    trainer = make_trainer(RunSpec(DatasetSpec("tiny_digits"), ModelSpec(7), TrainConfig(epochs=2)), digits)
    tracker = PseudoLikelihoodTracker(trainer.model, digits, "stochastic")
    while not trainer.finished:
        event = trainer.step(report=True)
        found = mean_pseudo_log_likelihood(trainer.model, tracker.rows)
        assert event.metrics["pseudo_log_likelihood"] == found.value
        assert event.metrics["pseudo_log_likelihood_error"] == pytest.approx(found.standard_error, nan_ok=True)
        assert trainer.report().metrics["pseudo_log_likelihood"] == found.value


def test_runs_of_any_seed_are_measured_on_the_same_images(digits):
    rows = []
    for seed in (1, 2):
        spec = RunSpec(DatasetSpec("tiny_digits"), ModelSpec(7), seed=seed)
        trainer = make_trainer(spec, digits)
        (metric,) = [one for one in trainer.metrics if isinstance(one, PseudoLikelihoodTracker)]
        rows.append(metric.rows)
    assert torch.equal(*rows)
    assert bool(((rows[0] == 0) | (rows[0] == 1)).all())


def test_it_takes_as_many_images_as_are_quick_and_few_without_the_compiled_loop(digits, monkeypatch):
    whole = len(digits.validation)
    assert len(PseudoLikelihoodTracker(RBM(15, 7), digits, "threshold").rows) == whole
    monkeypatch.setattr(pseudo_likelihood_tracker, "FEWEST_IMAGES", 1)
    monkeypatch.setattr(pseudo_likelihood_tracker, "TERMS", 5 * 15 * 7)
    monkeypatch.setattr(pseudo_likelihood_tracker, "TERMS_UNCOMPILED", 2 * 15 * 7)
    assert len(PseudoLikelihoodTracker(RBM(15, 7), digits, "threshold").rows) == min(whole, 5)
    slow = PseudoLikelihoodTracker(RBM(15, 7, hidden="relu"), digits, "threshold")
    assert len(slow.rows) == min(whole, 2)


def test_the_help_says_of_how_many_images():
    most, fewest = pseudo_likelihood_tracker.MOST_IMAGES, pseudo_likelihood_tracker.FEWEST_IMAGES
    explained = MEASURES["pseudo_log_likelihood"].tells
    assert f"at most {most} images, of a large machine fewer, down to {fewest}." in explained
    assert fewest < pseudo_likelihood_tracker.TERMS // (784 * 1024) < most  # which a large machine gets


def test_its_error_is_that_of_the_images(rng):
    """Means over images drawn again and again scatter as widely as the error says."""
    model = RBM(17, 5, generator=generator(1))
    with torch.no_grad():
        model.weight.mul_(100)
    images = (torch.rand(200 * 50, 17, generator=rng) < 0.4).float()
    found = [mean_pseudo_log_likelihood(model, part) for part in images.split(50)]
    means = torch.tensor([one.value for one in found])
    typical = sum(one.standard_error for one in found) / len(found)
    assert float(means.std()) == pytest.approx(typical, rel=4 / (2 * 200) ** 0.5)
    assert sum(one.value for one in found) / 200 == pytest.approx(float(pseudo_log_likelihood(model, images).mean()))


@pytest.mark.parametrize("visible", ["spin", "categorical", "multinary", "gaussian", "relu"])
def test_every_run_tells_it_whatever_its_visible_units_are(visible):
    model = ModelSpec(7, visible=visible, n_states=3)
    spec = RunSpec(DatasetSpec("tiny_digits"), model, TrainConfig(epochs=1, learning_rate=0.01))
    trainer = make_trainer(spec, make_dataset(spec.dataset, model))
    (tracker,) = [one for one in trainer.metrics if isinstance(one, PseudoLikelihoodTracker)]
    found = mean_pseudo_log_likelihood(trainer.model, tracker.rows)
    metrics = trainer.report().metrics
    assert metrics["pseudo_log_likelihood"] == found.value
    assert metrics["pseudo_log_likelihood_error"] == found.standard_error
    assert math.isfinite(found.value)


@pytest.fixture
def pixels():
    """Images for Gaussian and ReLU pixels."""
    return make_dataset(DatasetSpec("tiny_digits"), ModelSpec(7, visible="gaussian"))


@pytest.mark.parametrize("visible", ["gaussian", "relu"])
def test_densities_take_few_images_and_of_a_large_machine_now_and_then(visible, pixels, monkeypatch):
    """All events together take no longer: every n-th event has n times the work that is allowed for one."""
    model, whole = RBM(15, 7, visible=visible), len(pixels.validation)
    image = 15 * 7 * pseudo_likelihood_tracker.PLACES[visible] * pseudo_likelihood_tracker.OF_A_PLACE
    image /= pseudo_likelihood_tracker.LONGER
    made = PseudoLikelihoodTracker(model, pixels, "none")
    assert (len(made.rows), made.every) == (whole, 1)
    monkeypatch.setattr(pseudo_likelihood_tracker, "FEWEST_IMAGES", 6)
    for images_an_event, rows, every in ((6, 6, 1), (2, 6, 3), (0.5, 6, 12), (0.25, 5, 20), (0.02, 2, 100)):
        monkeypatch.setattr(pseudo_likelihood_tracker, "TERMS", math.ceil(images_an_event * image))
        made = PseudoLikelihoodTracker(model, pixels, "none")
        assert len(made.rows) == rows
        assert made.every == pytest.approx(every, rel=0.05)
    slow = RBM(15, 7, visible=visible, hidden="multinary", n_states=3)
    assert PseudoLikelihoodTracker(slow.double(), pixels, "none").every == 1  # of which torch's own operations decide
    most = []
    for hidden, states in (("bernoulli", None), ("multinary", 3), ("multinary", 64)):
        made = RBM(15, 7, visible=visible, hidden=hidden, n_states=states)
        most.append(PseudoLikelihoodTracker(made, pixels, "none").every)
    assert most[0] < most[1] < most[2]  # more states are more work


def test_a_run_tells_it_at_its_start_every_so_many_events_and_at_its_end(pixels, monkeypatch):
    monkeypatch.setattr(pseudo_likelihood_tracker, "FEWEST_IMAGES", 6)
    cost = 15 * 7 * pseudo_likelihood_tracker.PLACES["gaussian"] * pseudo_likelihood_tracker.OF_A_PLACE
    monkeypatch.setattr(pseudo_likelihood_tracker, "TERMS", 2 * cost // pseudo_likelihood_tracker.LONGER)
    spec = RunSpec(
        DatasetSpec("tiny_digits"), ModelSpec(7, visible="gaussian"), TrainConfig(epochs=10, learning_rate=0.01)
    )
    trainer = make_trainer(spec, pixels)
    assert trainer.metrics[-2].every == 3
    told = {0: "pseudo_log_likelihood" in trainer.report().metrics}
    while not trainer.finished:
        told[trainer.step_number] = "pseudo_log_likelihood" in trainer.step(report=True).metrics
    steps = [step for step, there in told.items() if there]
    assert trainer.step_number == 10
    assert steps == [0, 2, 3, 6, 8, 9, 10]


def test_weights_beyond_use_have_none_and_do_not_end_the_run(pixels):
    model = RBM(15, 7, visible="gaussian")
    with torch.no_grad():
        model.weight.fill_(1e9)
    found = PseudoLikelihoodTracker(model, pixels, "none")(model, None)
    assert all(math.isnan(value) for value in found.values())
    assert len(found) == 2
