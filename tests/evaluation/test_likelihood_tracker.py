"""The likelihood beside training: the same numbers as in one piece, exact where it can be, and no run is changed by it."""

import itertools
import math
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch

from rbm.evaluation import ais, exact
from rbm.evaluation import likelihood_tracker as tracker
from rbm.evaluation.likelihood import log_likelihood
from rbm.evaluation.likelihood_tracker import EPOCHS, LikelihoodTracker
from rbm.evaluation.live_bracket import SHARE, LiveBracket
from rbm.evaluation.population import population
from rbm.experiment import DatasetSpec, ModelSpec, RunSpec, make_dataset, make_trainer
from rbm.models.rbm import RBM
from rbm.randomness import generator
from rbm.samplers import from_visible, gibbs
from rbm.training.config import TrainConfig, knobs


@pytest.fixture
def middling() -> RBM:
    """Too large for the tracker to enumerate, small enough for a test."""
    model = RBM(17, 13, generator=generator(3, "model"))
    with torch.no_grad():
        model.weight.mul_(30)
    return model


@pytest.fixture
def validation() -> torch.Tensor:
    return (torch.rand(61, 17, generator=generator(4, "data")) < 0.3).float()


def test_the_help_says_what_share_of_the_time_it_takes():
    words = {5: "fifth", 10: "tenth", 20: "twentieth"}
    first, later = (words[round(1 / share)] for share in (tracker.FIRST_SHARE, SHARE))
    explained = knobs(TrainConfig)["likelihood"].help
    assert f"The first takes a {first} of the time until it is there, later ones a {later};" in explained


def chance(epoch: float) -> torch.Generator:
    return generator(5, "watch", f"{epoch:g}")


def watched(model: RBM, validation: torch.Tensor, epochs: tuple[int, ...], seconds: float) -> list[dict[str, float]]:
    """What 200 looks, ``seconds`` of training apart and a hundredth of an epoch, bring."""
    one = LikelihoodTracker(epochs, chance)
    looks = (one.look(model, validation, i / 100, i * seconds) for i in range(200))
    return [numbers for numbers in looks if numbers]


def test_a_bracket_is_the_one_of_ais_and_holds_the_exact_number(middling, validation):
    (found,) = watched(middling, validation, (1,), 1e6)
    rng = chance(1)
    start = population(
        middling,
        n_chains=tracker.CHAINS,
        n_temperatures=tracker.FIRST_TEMPERATURES,
        generator=rng,
        base=ais.base_biases(validation),
    )
    chains = from_visible(middling, start.v, rng)
    for _ in range(tracker.SWEEPS):
        chains, _ = gibbs.sweep(middling, chains, rng)
    size = {"n_chains": tracker.CHAINS, "n_temperatures": tracker.FIRST_TEMPERATURES}
    whole = ais.bracket(middling, chains.v, **size, generator=rng, base=ais.base_biases(validation))
    energy = middling.free_energy(validation).double().mean().item()
    low, high = found["log_likelihood_low"], found["log_likelihood_high"]
    assert (low, high) == (-energy - whole.reverse.value, -energy - whole.forward.value)
    truth = log_likelihood(middling, validation, exact.log_partition(middling)).double().mean().item()
    assert low - 4 * whole.reverse.standard_error < truth < high + 4 * whole.forward.standard_error
    assert found["log_likelihood_epoch"] == 1
    assert found["log_likelihood_ess"] == min(whole.forward.ess, whole.reverse.ess)


def test_a_small_machine_gets_the_exact_number(tiny_rbm, images):
    one = LikelihoodTracker((2,), chance)
    assert one.look(tiny_rbm, images, 1.99, 1.0) == {}
    found = one.look(tiny_rbm, images, 2.01, 2.0)
    truth = log_likelihood(tiny_rbm, images, exact.log_partition(tiny_rbm)).double().mean().item()
    assert found["log_likelihood_low"] == found["log_likelihood_high"] == pytest.approx(truth, abs=1e-5)
    assert "log_likelihood_ess" not in found


@pytest.mark.parametrize(
    ("n_hidden", "hidden", "n_states", "is_exact"),
    [
        (12, "multinary", 8, False),
        (12, "bernoulli", None, True),
        (3, "categorical", 16, True),
        (13, "relu", None, False),
    ],
)
def test_whether_it_is_exact_is_decided_by_states_not_by_columns(n_hidden, hidden, n_states, is_exact, rng):
    """12 units of 8 levels are 2^36 states in 12 columns, 3 one-hot units of 16 are 2^12 in 48."""
    model = RBM(17, n_hidden, hidden=hidden, n_states=n_states, generator=generator(3, "model"))
    data = (torch.rand(61, 17, generator=rng) < 0.3).float()
    one = LikelihoodTracker((1,), chance)
    looks = [one.look(model, data, 1.0, 1e6 * i) for i in range(1, 3)]
    (found,) = [numbers for numbers in looks if numbers]
    assert (found["log_likelihood_low"] == found["log_likelihood_high"]) is is_exact
    layer = exact.smaller_layer(model)
    if is_exact:
        assert (layer.name, layer.n_units, layer.bits) == ("hidden", n_hidden, 12.0)
    else:
        assert (layer.name, layer.bits) == ("visible", 17.0)


def test_epochs_that_pass_meanwhile_are_left_out_and_never_is_never(middling, validation, monkeypatch):
    assert watched(middling, validation, (), 1e6) == []
    # On a clock that ticks a millisecond a step: 5 ms of work in each 0.1 s (20 ms for the first bracket), and a look is
    # a fifth of an epoch.
    ticks = itertools.count()
    pace = partial(LiveBracket.keep_pace, clock=lambda: next(ticks) / 1000)
    monkeypatch.setattr(LiveBracket, "keep_pace", lambda *a, **k: pace(*a, **k))
    first, steps = (tracker.SWEEPS + 3 * n for n in (tracker.FIRST_TEMPERATURES, tracker.TEMPERATURES))
    one = LikelihoodTracker(EPOCHS["each"], chance)
    found = [one.look(middling, validation, i / 5, i / 10) for i in range(1000)]
    done = [i / 5 for i, numbers in enumerate(found) if numbers]
    assert len(done) == 1 + (1000 - first // 20) * 5 // steps == 4
    epochs = [numbers["log_likelihood_epoch"] for numbers in found if numbers]
    assert (epochs[0], math.floor(epochs[1])) == (1, math.ceil(done[0]))
    assert done[0] < 1 + (first // 20 + 2) / 5  # the first comes soon
    assert min(np.diff(epochs[1:])) > 40  # another takes 60 epochs, and begins at the next one after the last


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


def test_equal_machines_get_equal_numbers_however_many_were_measured_before(middling, validation):
    """A quick machine has measured each of ten epochs, a slow one had no time for any."""
    last = []
    for pause in (1e6, 0.0):
        one = LikelihoodTracker(EPOCHS["each"], chance)
        before = [one.look(middling, validation, epoch, epoch * pause) for epoch in range(1, 11)]
        assert sum(map(bool, before)) == (10 if pause else 0)
        last.append(one.look(middling, validation, 11.0, 11 * pause, over=True))
    assert last[0]["log_likelihood_epoch"] == 11
    assert last[0] == last[1]


@pytest.mark.parametrize("epochs", [2, 3])  # in the list of epochs that are measured, and not
def test_a_run_that_is_over_tells_the_likelihood_of_its_last_machine(epochs):
    """However short: its own share of the time would never have done."""
    spec = RunSpec(DatasetSpec(size=320), ModelSpec(13), TrainConfig(epochs=epochs))
    trainer = make_trainer(spec, make_dataset(spec.dataset))
    while not trainer.finished:
        event = trainer.step()
    assert event.metrics["log_likelihood_epoch"] == epochs
    assert "log_likelihood_estimating" not in event.metrics
    assert -784 < event.metrics["log_likelihood_low"] < 0


def test_the_epoch_that_is_being_measured_is_known_while_it_is():
    spec = RunSpec(DatasetSpec(size=320), ModelSpec(13), TrainConfig(epochs=2, likelihood="each"))
    trainer = make_trainer(spec, make_dataset(spec.dataset))
    told = [trainer.step(report=True).metrics for _ in range(trainer.batches_per_epoch)]
    assert not any("log_likelihood_estimating" in numbers for numbers in told[:-1])
    assert told[-1]["log_likelihood_estimating"] == 1.0
    small = make_trainer(replace(spec, model=ModelSpec(5)), make_dataset(spec.dataset))  # enumerated at once
    last = [small.step(report=True).metrics for _ in range(small.batches_per_epoch)][-1]
    assert "log_likelihood_estimating" not in last
    assert last["log_likelihood_low"] == last["log_likelihood_high"]
