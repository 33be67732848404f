"""Two machines learning side by side: their sizes, that both learn, and what is too large."""

import math

import pytest
import torch

from rbm.datasets.toy import bars_and_stripes
from rbm.errors import TooLargeError
from rbm.evaluation import exact
from rbm.lessons import boltzmann_vs_rbm
from rbm.lessons.boltzmann_vs_rbm import EVERY, BoltzmannVsRbm, sweep_times, twin_size
from rbm.models.boltzmann import BoltzmannMachine
from rbm.models.rbm import RBM
from rbm.samplers import gibbs, sequential


def count(model: torch.nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())


@pytest.mark.parametrize(("n_visible", "n_hidden"), [(4, 2), (4, 6), (9, 3), (16, 6)])
def test_the_twin_has_the_nearest_number_of_parameters(n_visible, n_hidden):
    wanted = count(BoltzmannMachine(n_visible, n_hidden))
    errors = [abs(count(RBM(n_visible, h)) - wanted) for h in range(1, 40)]
    assert errors[twin_size(n_visible, n_hidden) - 1] == min(errors)


@pytest.mark.parametrize("use_exact", [True, False])
def test_both_learn(use_exact):
    pair = BoltzmannVsRbm(bars_and_stripes(2).train, 3, 1, use_exact=use_exact)
    first = pair.history[0]
    last = pair.advance(1000, 0.4)
    assert last.step == 1000
    assert last.boltzmann_kl < 0.6 * first.boltzmann_kl
    assert last.rbm_kl < 0.6 * first.rbm_kl
    assert min(last.boltzmann_seconds, last.rbm_seconds) > 0


@pytest.mark.slow  # a small study
def test_pairs_of_pixels_are_enough_for_bars_and_stripes():
    """What the page says of *No hidden units*: the divergence falls like 1 / updates, 0.005 nats after 20,000."""
    pair = BoltzmannVsRbm(bars_and_stripes(3).train, 0, 1, use_exact=True)
    assert pair.advance(1000, 0.3).boltzmann_kl < 0.2
    assert pair.advance(1000, 0.3).boltzmann_kl < 0.1


def test_short_steps_lead_where_a_long_one_does():
    short, long = (BoltzmannVsRbm(bars_and_stripes(2).train, 3, 1, use_exact=True) for _ in range(2))
    while short.step < 2 * EVERY:
        short.go_on(0.4)
    last = long.advance(2 * EVERY, 0.4)
    assert [one.step for one in short.history] == [0, EVERY, 2 * EVERY]
    assert (short.history[-1].boltzmann_kl, short.history[-1].rbm_kl) == (last.boltzmann_kl, last.rbm_kl)


def test_the_rbms_divergence_is_the_one_of_its_distribution():
    rows = bars_and_stripes(2).train.double()
    pair = BoltzmannVsRbm(rows, 2, 1, use_exact=True)
    found = pair.advance(50, 0.5).rbm_kl
    states, p = exact.visible_distribution(pair.rbm)
    own = [float(p[(states == row).all(1)]) for row in rows]
    assert found == pytest.approx(sum(math.log(1 / len(rows) / q) for q in own) / len(rows), abs=1e-10)


def test_what_is_too_large():
    rows = bars_and_stripes(4).train
    with pytest.raises(TooLargeError, match="12 units at most here, got 22"):
        BoltzmannVsRbm(rows, 6, 1, use_exact=True)
    assert math.isnan(BoltzmannVsRbm(rows, 6, 1, use_exact=False).history[0].boltzmann_kl)


def test_the_times_are_those_of_sweeps_of_machines_of_that_size(monkeypatch):
    """Counted, not timed: unit by unit is a draw for each unit, layer by layer two, however large the machine."""
    draws: list[str] = []

    def counting(module, name: str) -> None:
        real = getattr(module, name)
        monkeypatch.setattr(module, name, lambda *a, **k: draws.append(name) or real(*a, **k))

    for module, name in ((sequential, "bernoulli"), (gibbs, "visible_half"), (gibbs, "hidden_half")):
        counting(module, name)
    monkeypatch.setattr(boltzmann_vs_rbm, "_seconds", lambda act: (draws.clear(), act(), len(draws))[-1])
    assert sweep_times((8, 256), 1) == [(8, 8, 2), (256, 256, 2)]
