"""A bracket in slices is the bracket in one piece; training meanwhile changes nothing, and waits for little."""

import copy

import pytest
import torch

from rbm.errors import ConfigError, ShapeError
from rbm.evaluation import ais, exact
from rbm.evaluation.live_bracket import LiveBracket
from rbm.evaluation.population import population
from rbm.models.rbm import RBM
from rbm.randomness import generator
from rbm.samplers import from_visible, gibbs
from tests.helpers.oracles import CHAINS, VISIBLE

SIZE = {"n_chains": 11, "n_temperatures": 17}


@pytest.fixture
def start(tiny_rbm) -> torch.Tensor:
    return exact.sample(tiny_rbm, CHAINS, generator(5, "start")).v


@pytest.mark.parametrize("slice_", [1, 3, 1000])
@pytest.mark.parametrize("with_base", [False, True])
def test_in_slices_it_is_the_one_shot_bracket_bit_for_bit(slice_, with_base, tiny_rbm, start, images):
    base = ais.base_biases(images) if with_base else None
    whole = ais.bracket(tiny_rbm, start, **SIZE, generator=generator(1, "ais"), base=base)
    live = LiveBracket(tiny_rbm, start, **SIZE, generator=generator(1, "ais"), base=base)
    assert live.total == 34
    slices = 0
    while live.advance(slice_) is None:
        slices += 1
        assert live.left == live.total - slices * slice_
    assert live.left == 0
    assert live.result == whole
    assert live.advance(5) == whole


def test_chains_that_catch_up_are_gibbs_chains_of_the_model(tiny_rbm, start):
    rng = generator(1, "ais")
    chains = from_visible(tiny_rbm, start, rng)
    for _ in range(5):
        chains, _ = gibbs.sweep(tiny_rbm, chains, rng)
    whole = ais.bracket(tiny_rbm, chains.v, **SIZE, generator=rng)
    live = LiveBracket(tiny_rbm, start, **SIZE, n_sweeps=5, generator=generator(1, "ais"))
    assert live.total == 39
    assert live.advance(4) is None
    assert live.advance(35) == whole


def test_without_a_start_the_reverse_chains_come_from_a_population(tiny_rbm):
    rng = generator(1, "ais")
    found = population(tiny_rbm, n_chains=11, n_temperatures=17, generator=rng)
    chains = from_visible(tiny_rbm, found.v, rng)
    for _ in range(5):
        chains, _ = gibbs.sweep(tiny_rbm, chains, rng)
    whole = ais.bracket(tiny_rbm, chains.v, **SIZE, generator=rng)
    live = LiveBracket(tiny_rbm, **SIZE, n_sweeps=5, generator=generator(1, "ais"))
    assert live.total == 17 + 5 + 34
    assert live.families is None
    assert live.advance(20) is None
    assert live.families == found.families
    assert live.advance(36) == whole


def test_the_reverse_knows_modes_far_from_the_images():
    """All on, with about a third of the probability, or mostly off: chains from images that are all on miss the rest of Z."""
    model = RBM(20, 2)
    with torch.no_grad():
        model.weight.fill_(2.0)
        model.visible_bias.fill_(-2.0)
        model.hidden_bias.fill_(-21.5)
    truth = exact.log_partition(model)
    size = {"n_chains": 200, "n_temperatures": 300, "n_sweeps": 20}
    images = torch.ones(200, 20)
    stuck, free = (LiveBracket(model, start, **size, generator=generator(4, "ais")) for start in (images, None))
    assert free.advance(free.total).reverse.value == pytest.approx(truth, abs=0.3)
    assert stuck.advance(stuck.total).reverse.value < truth - 0.8


@torch.no_grad()
def test_training_meanwhile_changes_nothing(tiny_rbm, start, images):
    as_it_was, start_then, base = copy.deepcopy(tiny_rbm), start.clone(), ais.base_biases(images)
    whole = ais.bracket(as_it_was, start_then, **SIZE, generator=generator(1, "ais"), base=base)
    live = LiveBracket(tiny_rbm, start, **SIZE, generator=generator(1, "ais"), base=base)
    while live.left:
        live.advance(3)
        for p in tiny_rbm.parameters():
            p.add_(1.0)
        start.zero_()
        base.zero_()
    assert live.result == whole


def test_the_bracket_holds_the_exact_value(tiny_rbm):
    start = exact.sample(tiny_rbm, 503, generator(5, "many")).v
    live = LiveBracket(tiny_rbm, start, n_chains=503, n_temperatures=50, generator=generator(1, "ais"))
    found = live.advance(live.total)
    truth = exact.log_partition(tiny_rbm)
    assert found.trustworthy
    for estimate in found:
        assert estimate.value == pytest.approx(truth, abs=4 * estimate.standard_error)
        assert estimate.low < truth < estimate.high


class Clock:
    """A time that passes by ``tick`` seconds each time it is looked at."""

    def __init__(self, tick: float) -> None:
        self.tick, self.now = tick, 0.0

    def __call__(self) -> float:
        self.now += self.tick
        return self.now


@pytest.mark.parametrize("tick", [0.0007, 0.003, 0.04])  # a small part of a slice's 12.5 ms, a large one, several
def test_it_takes_its_share_of_the_time_and_no_more_than_a_step_beyond(tick, tiny_rbm, start):
    live = LiveBracket(tiny_rbm, start, n_chains=11, n_temperatures=200, generator=generator(1, "ais"))
    clock, trained = Clock(tick), 0.0
    while live.left:
        live.keep_pace(0.25, share=0.05, clock=clock)
        trained += 0.25
        spent = (live.total - live.left) * tick
        assert spent <= 0.05 * trained + tick + 1e-9
        assert spent >= 0.05 * trained - 1e-9 or not live.left
    assert live.result is not None


def test_in_no_time_nothing_happens(tiny_rbm, start):
    live = LiveBracket(tiny_rbm, start, **SIZE, generator=generator(1, "ais"))
    assert live.keep_pace(0.0) is None
    assert live.left == live.total


def test_what_ais_refuses_is_refused_at_once(tiny_rbm, start):
    rng = generator(1, "ais")
    with pytest.raises(ShapeError, match=rf"start has shape \(13, 3\), expected \(N, {VISIBLE}\)"):
        LiveBracket(tiny_rbm, start[:, :3], generator=rng)
    with pytest.raises(ConfigError, match="at least 2 chains"):
        LiveBracket(tiny_rbm, start[:1], generator=rng)
    with pytest.raises(ConfigError, match="at least 1 temperature"):
        LiveBracket(tiny_rbm, start, n_temperatures=0, generator=rng)
    with pytest.raises(ConfigError, match="n_sweeps=-1"):
        LiveBracket(tiny_rbm, start, n_sweeps=-1, generator=rng)
    with pytest.raises(ShapeError, match="base has shape"):
        LiveBracket(tiny_rbm, start, generator=rng, base=torch.zeros(3))


def test_gradients_are_left_alone(start):
    model = RBM(VISIBLE, 3)
    live = LiveBracket(model, start, **SIZE, n_sweeps=1, generator=generator(1, "ais"))
    live.advance(3)
    assert torch.is_grad_enabled()
    assert all(p.requires_grad and p.grad is None for p in model.parameters())
