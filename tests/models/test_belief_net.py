"""The deep belief net against its own definition, every state of a tiny one visited: 5 pixels, 3 and 2 hidden units."""

import itertools
import math

import pytest
import torch

from rbm.datasets.catalog import load_dataset
from rbm.errors import ConfigError, ShapeError
from rbm.evaluation import exact
from rbm.evaluation.belief_net import lower_bound
from rbm.models.dbn import DeepBeliefNet
from rbm.models.rbm import RBM
from rbm.randomness import generator
from rbm.samplers import dreams
from rbm.training.config import TrainConfig
from rbm.training.greedy import activities, make_dbn, train_greedily
from tests.helpers.oracles import index, rows, total_variation, total_variation_limit

SIZES = (5, 3, 2)


@pytest.fixture
def net() -> DeepBeliefNet:
    dbn = make_dbn(SIZES[0], SIZES[1:], 1).double()
    source = generator(41, "tiny net")
    with torch.no_grad():
        for p in dbn.parameters():
            p.copy_(torch.randn(p.shape, generator=source, dtype=torch.float64))
    return dbn


def probability_of(x: tuple[int, ...], given: tuple[int, ...], weight: torch.Tensor, bias: torch.Tensor) -> float:
    """∏ p(x_i | given) from the definition; weight (len(x), len(given))."""
    p = 1.0
    for i, x_i in enumerate(x):
        on = 1 / (1 + math.exp(-(float(bias[i]) + sum(float(weight[i, j]) * g for j, g in enumerate(given)))))
        p *= on if x_i else 1 - on
    return p


def table(net: DeepBeliefNet) -> torch.Tensor:
    """p(v) of every v: p(v | h¹) p(h¹) with p(h¹) from the top's energies."""
    low, top = net.rbms
    net.requires_grad_(False)
    weights = {}
    for h1, h2 in itertools.product(*(itertools.product((0, 1), repeat=n) for n in SIZES[1:])):
        energy = -sum(float(top.visible_bias[i]) * h1[i] for i in range(SIZES[1]))
        energy -= sum(float(top.hidden_bias[j]) * h2[j] for j in range(SIZES[2]))
        energy -= sum(h1[i] * float(top.weight[i, j]) * h2[j] for i in range(SIZES[1]) for j in range(SIZES[2]))
        weights[h1] = weights.get(h1, 0.0) + math.exp(-energy)
    z = sum(weights.values())
    return torch.tensor(
        [
            sum(w / z * probability_of(v, h1, low.weight, low.visible_bias) for h1, w in weights.items())
            for v in itertools.product((0, 1), repeat=SIZES[0])
        ],
        dtype=torch.float64,
    )


def test_the_bound_is_below_the_exact_likelihood_and_meets_it_with_many_samples(net):
    v, log_z = rows(SIZES[0]), exact.log_partition(net.top)
    truth = table(net).log()
    assert table(net).sum() == pytest.approx(1, abs=1e-12)
    found = lower_bound(net, v, log_z, generator(1, "bound"), n_samples=4000)
    # Every h¹ of the posterior q, exactly: the variational bound without chance.
    low, top = net.rbms
    h = rows(SIZES[1])
    q = torch.tensor(
        [[probability_of(tuple(map(int, b)), tuple(map(int, a)), low.weight.T, low.hidden_bias) for b in h] for a in v]
    ).double()
    down = torch.tensor(
        [[probability_of(tuple(map(int, a)), tuple(map(int, b)), low.weight, low.visible_bias) for b in h] for a in v]
    ).double()
    log_w = down.log() - top.free_energy(h)[None] - log_z - q.log()
    expected = (q * log_w).sum(1)
    error = ((q * (log_w - expected[:, None]).square()).sum(1) / 4000).sqrt()
    assert bool(((found.variational - expected).abs() < 4.5 * error + 1e-9).all())
    assert bool((expected <= truth + 1e-12).all())
    spread = ((q * ((log_w - truth[:, None]).exp() - 1).square()).sum(1) / 4000).sqrt()  # of w / p(v), whose mean is 1
    assert bool((((found.weighted - truth).exp() - 1).abs() < 4.5 * spread + 1e-9).all())


def test_a_net_of_one_layer_is_its_rbm(tiny_rbm):
    dbn, log_z = DeepBeliefNet([tiny_rbm]), exact.log_partition(tiny_rbm)
    v = rows(tiny_rbm.n_visible)
    found = lower_bound(dbn, v, log_z, generator(1, "one"), n_samples=2)
    truth = -tiny_rbm.free_energy(v) - log_z
    torch.testing.assert_close(found.variational, truth)
    torch.testing.assert_close(found.weighted, truth)


def test_fantasies_from_exact_draws_of_the_top_have_the_nets_distribution(net):
    source, n = generator(5, "dreams"), 20_000
    chains = exact.sample(net.top, n, source)
    _, mean = dreams.dream(net, chains, source, sweeps=2)
    drawn = index(torch.bernoulli(mean, generator=source))
    p = table(net).numpy()
    assert total_variation(drawn, p) < total_variation_limit(p, n)


def test_the_filters_of_a_deeper_layer_are_sums_of_those_below(net):
    low, top = net.rbms
    torch.testing.assert_close(net.filters(1), low.weight.detach())
    torch.testing.assert_close(net.filters(2)[:, 1], (low.weight * top.weight[:, 1]).sum(1).detach())
    with pytest.raises(ConfigError, match="expected 1 to 2"):
        net.filters(3)


def test_layers_that_do_not_fit_are_refused():
    with pytest.raises(ShapeError, match="the same units"):
        DeepBeliefNet([RBM(5, 3), RBM(4, 2)])
    with pytest.raises(ConfigError, match="at least one layer"):
        DeepBeliefNet([])
    with pytest.raises(ConfigError, match="bernoulli units"):
        DeepBeliefNet([RBM(5, 3, visible="gaussian")])


def test_each_layer_learns_from_the_activities_of_the_one_below_and_raises_the_bound():
    data = load_dataset("bars_and_stripes_3x3")
    dbn = make_dbn(data.n_visible, (7, 5), 3)
    config = TrainConfig(
        algorithm="exact", epochs=200, batch_size=14, learning_rate=0.2, schedule="constant", momentum=0.5
    )
    configs = [config] * 2
    before, bounds = [p.detach().clone() for p in dbn.parameters()], []
    layers = []
    for layer, event, trainer in train_greedily(dbn, data, configs, seed=3):
        layers.append(layer)
        if trainer.finished:
            assert "free_energy_train" in event.metrics
            part = DeepBeliefNet(dbn.rbms[:layer]).double()
            log_z = exact.log_partition(part.top)
            bounds.append(
                lower_bound(part, data.train.double(), log_z, generator(1, "b"), n_samples=500).weighted.mean().item()
            )
            part.float()
    assert layers == sorted(layers)
    assert set(layers) == {1, 2}
    assert all(not torch.equal(a, b) for a, b in zip(before, dbn.parameters(), strict=True))
    assert bounds[0] > -6.0  # nothing learned: 9 log 2 = 6.24 nats
    assert bounds[1] > bounds[0] - 1.0  # the second layer's prior replaces a learned one without loss to speak of
    up = activities(data, dbn.rbms[0])
    torch.testing.assert_close(up.train, dbn.rbms[0].hidden_mean(data.train).detach())
    assert up.n_visible == 7
    with pytest.raises(ConfigError, match="one a layer"):
        list(train_greedily(dbn, data, configs[:1], seed=1))
