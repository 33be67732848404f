"""Tempering with every pair of unit types: exact chains stay exact in every replica, down to β = 0."""

import copy
import math

import pytest
import torch

from rbm import randomness
from rbm.errors import ConfigError
from rbm.evaluation import ais, exact
from rbm.models.rbm import RBM
from rbm.samplers import tempering
from rbm.training.config import TrainConfig
from rbm.training.negative import make_negative
from tests.helpers.unit_pairs import expected_statistics, make, statistics

CHAINS = 20_011
BETAS = torch.tensor([1.0, 0.6, 0.2, 0.0], dtype=torch.float64)


def heated(model: RBM, beta: float) -> RBM:
    """The model on the ladder at β: weights and biases scaled, base energies whole."""
    hot = copy.deepcopy(model)
    with torch.no_grad():
        for p in (hot.weight, hot.visible_bias, hot.hidden_bias):
            p.mul_(beta)
    return hot


@torch.no_grad()
def test_exact_chains_stay_exact_in_every_replica_whatever_the_units(model):
    coins = randomness.Coins(randomness.generator(4, "tempering"))
    rungs = [heated(model, beta) for beta in BETAS.tolist()]
    drawn = [exact.sample(m, CHAINS, randomness.generator(3, "rung", i)) for i, m in enumerate(rungs)]
    replicas = tempering.Replicas(torch.stack([c.v for c in drawn]), torch.stack([c.h for c in drawn]), BETAS, 0)
    traded = torch.zeros(len(BETAS) - 1, dtype=torch.float64)
    expected = [expected_statistics(m) for m in rungs]
    for rounds in (0, 1, 3):
        for _ in range(rounds):
            replicas = tempering.sweep(model, replicas, coins)
            replicas, info = tempering.swap(model, replicas, coins)
            traded += info.acceptance.nan_to_num()
        for i, right in enumerate(expected):
            s = statistics(replicas.v[i], replicas.h[i])
            off = (s.mean(0) - right) / (s.std(0) / math.sqrt(CHAINS) + 1e-12)
            assert float(off.abs().max()) < 5, (rounds, i)
    assert float(traded.min()) > 0.2  # else nothing was tested


@torch.no_grad()
def test_the_ladder_is_the_path_of_annealed_importance_sampling(model):
    """With zero base biases: the fields in which both draw at β are the same."""
    path, beta = ais.Path(model), 0.3
    c = exact.sample(model, 7, randomness.generator(1))
    hot = heated(model, beta)
    torch.testing.assert_close(hot.hidden_field(c.v), path.hidden_field(path.inner(c.v), beta))
    torch.testing.assert_close(hot.visible_field(c.h), path.visible_field(c.h, beta))


@torch.no_grad()
def test_training_chains_go_on_when_the_ladder_has_reached_nought(model):
    """The ladder of an easy machine ends at β = 0, where a continuum of states is held by its base energy alone."""
    phase = make_negative(model, TrainConfig(algorithm="pt", n_replicas=4), randomness.Coins(randomness.generator(2)))
    v = exact.sample(model, 53, randomness.generator(1)).v
    phase.phases(v, 1)
    phase.replicas = phase.replicas._replace(betas=BETAS)
    for _ in range(20):
        phases = phase.phases(v, 1)
    assert bool(torch.isfinite(phase.replicas.v).all())
    assert phases.vk.shape == v.shape


@torch.no_grad()
def test_replicas_can_be_swapped_before_they_have_moved(model):
    h = exact.sample(model, 11, randomness.generator(1)).h
    replicas = tempering.from_hidden(model, h, BETAS)
    assert replicas.v.shape == (4, 11, model.visible_columns)
    tempering.swap(model, replicas, randomness.Coins(randomness.generator(2)))


@pytest.mark.parametrize(("visible", "hidden"), [("gaussian", "spin"), ("spin", "relu")])
def test_a_continuum_has_no_distribution_where_beta_scales_its_base_energy_to_nought(visible, hidden):
    model = make(visible, hidden)
    v, h = torch.zeros(1, model.visible_columns).double(), torch.zeros(1, model.hidden_columns).double()
    with pytest.raises(ConfigError, match="no distribution at inverse temperature β = 0: take β above 0"):
        model.visible_mean(h, 0.0) if visible == "gaussian" else model.hidden_mean(v, 0.0)
