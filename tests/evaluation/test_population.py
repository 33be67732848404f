"""Population annealing: samples of the model and its log Z, both against exact enumeration."""

import math

import pytest
import torch

from rbm.errors import ConfigError
from rbm.evaluation import exact
from rbm.evaluation.population import population
from rbm.models.rbm import RBM
from rbm.randomness import generator


@pytest.mark.parametrize("n_temperatures", [2, 20])
def test_its_z_is_right_on_average_whatever_the_number_of_temperatures(tiny_rbm, n_temperatures):
    true = exact.log_partition(tiny_rbm)
    runs = [
        population(tiny_rbm, n_chains=50, n_temperatures=n_temperatures, generator=generator(seed, "p")).log_z - true
        for seed in range(200)
    ]
    ratio = torch.tensor(runs, dtype=torch.float64).exp()
    assert abs(float(ratio.mean()) - 1) < 4 * float(ratio.std()) / math.sqrt(len(runs))


def test_its_chains_are_samples_of_the_model(tiny_rbm):
    n, (states, p) = 20_000, exact.visible_distribution(tiny_rbm)
    found = population(tiny_rbm, n_chains=n, n_temperatures=50, generator=generator(1, "p"))
    place = 2 ** torch.arange(states.shape[1] - 1, -1, -1, dtype=states.dtype)
    share = torch.bincount((found.v @ place).long(), minlength=len(p)) / n
    expected = 0.5 * (p * (1 - p) / n).sqrt().sum()
    assert float((share - p).abs().sum() / 2) < 4 * float(expected)
    assert 1 < found.families <= n


def test_it_finds_the_mode_that_chains_from_elsewhere_never_enter():
    """Two modes of all on and all off, 9 to 1, that no Gibbs chain crosses between."""
    model = RBM(12, 1).double()
    with torch.no_grad():
        model.weight.fill_(8.0)
        model.visible_bias.fill_(-4.0)
        model.hidden_bias.fill_(-48.0 + math.log(9))
    v = population(model, n_chains=4000, n_temperatures=200, generator=generator(1, "p")).v
    _, p = exact.visible_distribution(model)
    on = float(p[-1] / (p[0] + p[-1]))
    assert 0.8 < on < 0.95
    assert abs(float((v.mean(1) > 0.5).double().mean()) - on) < 0.03


def test_it_refuses_what_ais_refuses(tiny_rbm):
    with pytest.raises(ConfigError, match="at least 2 chains"):
        population(tiny_rbm, n_chains=1, generator=generator(1))
