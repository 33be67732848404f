"""The likelihood beside training: the same numbers as in one piece, exact where it can be, and no run is changed by it."""

from dataclasses import replace

import pytest
import torch

from rbm.evaluation import ais, exact, watch
from rbm.evaluation.likelihood import log_likelihood
from rbm.evaluation.watch import EPOCHS, LikelihoodWatch
from rbm.experiment import DatasetSpec, ModelSpec, RunSpec, make_dataset, make_trainer
from rbm.models.rbm import RBM
from rbm.randomness import generator
from rbm.samplers import from_visible, gibbs
from rbm.training.config import TrainConfig


@pytest.fixture
def middling() -> RBM:
    """Too large for the watch to enumerate, small enough for a test."""
    model = RBM(17, 13, generator=generator(3, "model"))
    with torch.no_grad():
        model.weight.mul_(30)
    return model


@pytest.fixture
def validation() -> torch.Tensor:
    return (torch.rand(61, 17, generator=generator(4, "data")) < 0.3).float()


def watched(model: RBM, validation: torch.Tensor, epochs: tuple[int, ...], seconds: float) -> list[dict[str, float]]:
    """What 200 looks, ``seconds`` of training apart and a hundredth of an epoch, bring."""
    one = LikelihoodWatch(epochs, generator(5, "watch"))
    looks = (one.look(model, validation, i / 100, i * seconds) for i in range(200))
    return [numbers for numbers in looks if numbers]


def test_a_bracket_is_the_one_of_ais_and_holds_the_exact_number(middling, validation):
    (found,) = watched(middling, validation, (1,), 1e6)
    rng = generator(5, "watch")
    chains = from_visible(middling, validation[: watch.CHAINS], rng)
    for _ in range(watch.SWEEPS):
        chains, _ = gibbs.sweep(middling, chains, rng)
    size = {"n_chains": watch.CHAINS, "n_temperatures": watch.TEMPERATURES}
    whole = ais.bracket(middling, chains.v, **size, generator=rng, base=ais.base_biases(validation))
    energy = middling.free_energy(validation).double().mean().item()
    low, high = found["log_likelihood_low"], found["log_likelihood_high"]
    assert (low, high) == (-energy - whole.reverse.value, -energy - whole.forward.value)
    truth = log_likelihood(middling, validation, exact.log_partition(middling)).double().mean().item()
    assert low - 4 * whole.reverse.standard_error < truth < high + 4 * whole.forward.standard_error
    assert found["log_likelihood_epoch"] == 1
    assert found["log_likelihood_ess"] == min(whole.forward.ess, whole.reverse.ess)


def test_a_small_machine_gets_the_exact_number(tiny_rbm, images):
    one = LikelihoodWatch((2,), generator(5, "watch"))
    assert one.look(tiny_rbm, images, 1.99, 1.0) == {}
    found = one.look(tiny_rbm, images, 2.01, 2.0)
    truth = log_likelihood(tiny_rbm, images, exact.log_partition(tiny_rbm)).double().mean().item()
    assert found["log_likelihood_low"] == found["log_likelihood_high"] == pytest.approx(truth, abs=1e-5)
    assert "log_likelihood_ess" not in found


def test_epochs_that_pass_meanwhile_are_left_out_and_never_is_never(middling, validation):
    assert watched(middling, validation, (), 1e6) == []
    brackets = watched(middling, validation, EPOCHS["1-2-5"], 0.3)  # slowly: 0.015 s of work a look
    assert 1 <= len(brackets) < 100
    assert brackets[0]["log_likelihood_epoch"] == 1


def test_looking_changes_no_run():
    spec = RunSpec(DatasetSpec("tiny_digits"), ModelSpec(23), TrainConfig(epochs=6, batch_size=5))
    dataset = make_dataset(spec.dataset)
    trainers = [
        make_trainer(replace(spec, training=replace(spec.training, likelihood=choice)), dataset)
        for choice in ("never", "each")
    ]
    events = [[trainer.step(report=True) for _ in range(trainer.total_steps)] for trainer in trainers]
    assert torch.equal(trainers[0].model.weight, trainers[1].model.weight)
    for quiet, looked in zip(*events, strict=True):
        shared = {name: value for name, value in looked.metrics.items() if not name.startswith("log_likelihood")}
        assert shared.keys() == quiet.metrics.keys()


def test_the_epoch_that_is_being_measured_is_known_while_it_is():
    from dataclasses import replace

    from rbm.experiment import DatasetSpec, ModelSpec, RunSpec, make_dataset, make_trainer
    from rbm.training.config import TrainConfig

    spec = RunSpec(DatasetSpec(size=320), ModelSpec(13), TrainConfig(epochs=2, likelihood="each"))
    trainer = make_trainer(spec, make_dataset(spec.dataset))
    told = [trainer.step(report=True).metrics for _ in range(trainer.batches_per_epoch)]
    assert not any("log_likelihood_estimating" in numbers for numbers in told[:-1])
    assert told[-1]["log_likelihood_estimating"] == 1.0
    small = make_trainer(replace(spec, model=ModelSpec(5)), make_dataset(spec.dataset))  # enumerated at once
    last = [small.step(report=True).metrics for _ in range(small.batches_per_epoch)][-1]
    assert "log_likelihood_estimating" not in last
    assert last["log_likelihood_low"] == last["log_likelihood_high"]
