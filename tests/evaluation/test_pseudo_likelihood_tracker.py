"""The pseudo-likelihood beside training: exact on images that all runs share, with its error."""

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


@pytest.mark.parametrize(
    ("visible", "told"), [("spin", True), ("categorical", True), ("multinary", True), ("gaussian", False)]
)
def test_every_run_whose_visible_units_have_a_list_of_states_tells_it(visible, told):
    model = ModelSpec(7, visible=visible, n_states=3)
    spec = RunSpec(DatasetSpec("tiny_digits"), model, TrainConfig(epochs=1, learning_rate=0.01))
    trainer = make_trainer(spec, make_dataset(spec.dataset, model))
    assert ("pseudo_log_likelihood" in trainer.report().metrics) is told
