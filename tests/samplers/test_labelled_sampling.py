"""Gibbs chains with labels or pixels held, against tables of every state."""

import math

import numpy as np
import pytest
import torch

from rbm.errors import ConfigError, ShapeError
from rbm.evaluation import exact
from rbm.evaluation.completion import complete
from rbm.randomness import generator
from rbm.samplers import gibbs
from rbm.samplers.chains import Chains, from_noise
from rbm.samplers.labelled import hold_labels, hold_pixels
from tests.helpers.labelled import HIDDEN, LABELS, PIXELS, label_states, labelled, table
from tests.helpers.oracles import total_variation, total_variation_limit

N = 20_000


def drawn(score: torch.Tensor, rows: torch.Tensor, rng: torch.Generator) -> torch.Tensor:
    """N exact draws among ``rows`` of the table."""
    return rows[torch.multinomial(score[rows].softmax(0), N, replacement=True, generator=rng)]


def index(states: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Which row of ``states`` each row of ``wanted`` is."""
    code = 2.0 ** torch.arange(states.shape[1], dtype=torch.float64)
    order = (states @ code).argsort()
    return order[torch.searchsorted((states @ code)[order], wanted @ code)]


@pytest.mark.parametrize("labels", ["softmax", "tags"])
@pytest.mark.parametrize("held", ["nothing", "labels", "pixels", "part"])
def test_a_sweep_leaves_the_distribution_as_it_is(labels, held, rng):
    """Chains drawn exactly from p(x, y, h | held part) are still so distributed after a sweep: no mixing is needed."""
    model = labelled(labels)
    x, y, h, score = table(model)
    picture, label = torch.tensor([1, 0, 1, 1, 0]).double(), torch.tensor(label_states(labels)[1]).double()
    part = torch.tensor([True, True, False, False, False])
    fits = {
        "nothing": torch.ones(len(x), dtype=torch.bool),
        "labels": (y == label).all(1),
        "pixels": (x == picture).all(1),
        "part": (x[:, part] == picture[part]).all(1),
    }[held]
    rows = fits.nonzero().flatten()
    chosen = drawn(score, rows, rng)
    clamp = {
        "nothing": None,
        "labels": hold_labels(model, label.expand(N, -1)),
        "pixels": hold_pixels(model, picture.expand(N, -1)),
        "part": hold_pixels(model, picture.expand(N, -1), part),
    }[held]
    chains = Chains(model.join(x[chosen], y[chosen]), h[chosen], 0)
    for _ in range(3):
        chains, info = gibbs.sweep(model, chains, rng, clamp=clamp)
    states = torch.cat([x, y, h], 1)
    found = index(states, torch.cat([chains.v, chains.h], 1))
    p = torch.zeros(len(x), dtype=torch.float64)
    p[rows] = score[rows].softmax(0)
    assert total_variation(found, p.numpy()) < total_variation_limit(p.numpy(), N)
    if clamp is not None:
        assert torch.equal(torch.where(clamp.mask, chains.v, 0), torch.where(clamp.mask, clamp.values, 0))
    assert info.visible_mean.shape == (N, PIXELS + LABELS)


def test_exact_draws_with_labels(rng):
    model = labelled()
    x, y, h, score = table(model)
    found = exact.sample(model, N, rng)
    cells = index(torch.cat([x, y, h], 1), torch.cat([found.v, found.h], 1))
    p = score.softmax(0).numpy()
    assert total_variation(cells, p) < total_variation_limit(p, N)


def test_noise_has_one_label_each(rng):
    model = labelled()
    v = from_noise(model, 600, rng).v
    assert v.shape == (600, PIXELS + LABELS)
    counts = v[:, PIXELS:].sum(0)
    assert bool((v[:, PIXELS:].sum(1) == 1).all())
    assert float((counts - 200).abs().max()) < 5 * math.sqrt(600 * 2 / 9)
    means = v[:, :PIXELS].mean(0)
    assert float((means - 0.5).abs().max()) < 5 * 0.5 / math.sqrt(600)


@pytest.mark.parametrize("labels", ["softmax", "tags"])
def test_a_completion_finds_the_exact_label_of_half_a_picture(labels):
    model = labelled(labels)
    with torch.no_grad():
        model.weight.mul_(0.5)  # quick to mix
    x, y, _, score = table(model)
    picture, part = torch.tensor([1, 0, 1, 1, 0]).double(), torch.tensor([True, True, True, False, False])
    rows = (x[:, part] == picture[part]).all(1).nonzero().flatten()
    p = score[rows].softmax(0)
    chains, sweeps = 200, 100
    found = complete(model, picture, part, generator(3, "complete"), n_chains=chains, burn_in=20, sweeps=sweeps)
    limit = 5 * found.standard_error.clamp(min=1e-4)
    assert bool(((found.label - p @ y[rows]).abs() < limit).all())
    assert float(limit.max()) < 0.03  # so that the test can fail
    # A pixel's mean over chains and sweeps: at most a quarter of variance, correlated over a few sweeps at most.
    np.testing.assert_allclose(found.picture, p @ x[rows], atol=5 * math.sqrt(0.25 * 5 / (chains * sweeps)))
    torch.testing.assert_close(found.picture[part], picture[part])
    assert found.chains.shape == (chains, PIXELS)


def test_what_it_refuses():
    model = labelled()
    with pytest.raises(ShapeError, match=r"mask has shape \(3,\), expected \(5,\)"):
        hold_pixels(model, torch.zeros(2, PIXELS).double(), torch.ones(3))
    with pytest.raises(ConfigError, match="needs 2 chains"):
        complete(model, torch.zeros(PIXELS).double(), torch.ones(PIXELS), generator(1, "x"), n_chains=1)
    assert HIDDEN < PIXELS
