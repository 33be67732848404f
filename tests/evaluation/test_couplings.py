"""Effective couplings against their definition: the Walsh transform of log p*(v) over every state."""

import itertools

import numpy as np
import pytest
import torch

from rbm.errors import ConfigError, ShapeError, TooLargeError
from rbm.evaluation import couplings, exact
from rbm.evaluation.waves import waves
from rbm.experiment import HIDDEN_NAMES
from rbm.models.rbm import RBM
from rbm.randomness import generator
from rbm.tasks.examine import _coupling

V, H = 7, 3


def machine(visible: str, hidden: str, scale: float = 1.0, n_visible: int = V, n_hidden: int = H) -> RBM:
    m = 3 if hidden in ("multinary", "categorical") else None
    model = RBM(n_visible, n_hidden, visible=visible, hidden=hidden, n_states=m).double()
    source = generator(3, "couplings", visible, hidden)
    with torch.no_grad():
        for p in (model.weight, model.visible_bias, model.hidden_bias):
            p.copy_(scale * torch.randn(p.shape, generator=source, dtype=torch.float64))
        if model.hidden_shape is not None:  # η and Δ: lopsided, one with two peaks, one with a flat bottom
            model.hidden_shape.copy_(torch.tensor([[0.9, -0.5, 0.0], [-2.0, 0.3, 1.5]]))
    return model


def walsh(model: RBM) -> np.ndarray:
    """2^−V Σ_s s_i s_k log p*(s), state by state."""
    n = model.n_visible
    total = np.zeros((n, n))
    for s in itertools.product((-1.0, 1.0), repeat=n):
        row = torch.tensor([s], dtype=torch.float64)
        v = row if model.visible_unit.name == "spin" else (row + 1) / 2
        total += np.outer(s, s) * -float(model.free_energy(v).detach())
    total /= 2**n
    np.fill_diagonal(total, 0)
    return total


@pytest.mark.parametrize("scale", [0.1, 1.0, 4.0])
@pytest.mark.parametrize("hidden", HIDDEN_NAMES)
@pytest.mark.parametrize("visible", ["spin", "bernoulli"])
def test_they_are_the_walsh_transform(visible, hidden, scale):
    model = machine(visible, hidden, scale)
    np.testing.assert_allclose(couplings.effective(model).numpy(), walsh(model), atol=1e-12 * max(1, scale**2 * 40))


@pytest.mark.parametrize("scale", [0.1, 1.0, 4.0])
@pytest.mark.parametrize("hidden", HIDDEN_NAMES)
@pytest.mark.parametrize("visible", ["spin", "bernoulli"])
def test_single_pairs_and_triples_are_the_walsh_transform_too(visible, hidden, scale):
    """J of a group is 2^−V Σ_s Π s_i log p*(s) over the group, of two and of three alike."""
    model = machine(visible, hidden, scale)
    s = torch.tensor(list(itertools.product((-1.0, 1.0), repeat=V)), dtype=torch.float64)
    log_p = -model.free_energy(s if visible == "spin" else (s + 1) / 2).detach()
    for size in (2, 3):
        of = torch.tensor(list(itertools.combinations(range(V), size)))
        truth = (s[:, of].prod(2) * log_p[:, None]).mean(0)
        torch.testing.assert_close(couplings.among(model, of), truth, rtol=0, atol=1e-12 * max(1, scale**2 * 40))
        if size == 3:
            assert bool((truth.abs() > 1e-9).any()) is (hidden != "gaussian")


def test_two_visible_units_by_moebius_inversion():
    """With two units J is a quarter of log p*(00) + log p*(11) − log p*(01) − log p*(10)."""
    model = machine("bernoulli", "bernoulli", 2.0, n_visible=2)
    v = torch.tensor([[0, 0], [1, 1], [0, 1], [1, 0]], dtype=torch.float64)
    log_p = -model.free_energy(v).detach()
    expected = float(log_p @ torch.tensor([1, 1, -1, -1], dtype=torch.float64)) / 4
    assert float(couplings.effective(model)[0, 1]) == pytest.approx(expected, abs=1e-14)


def test_one_unit_across_a_pair_is_what_decimation_says():
    """A spin h coupled to two spins by K couples them by ½ log cosh 2K; 256 others stay apart."""
    k, n = 0.7, 256
    model = RBM(n, n - 1, visible="spin", hidden="spin").double()
    with torch.no_grad():
        model.weight.zero_()
        for j in range(n - 1):
            model.weight[j, j] = model.weight[j + 1, j] = k
    found = couplings.effective(model).numpy()
    expected = 0.5 * np.log(np.cosh(2 * k)) * (np.eye(n, k=1) + np.eye(n, k=-1))
    np.testing.assert_allclose(found, expected, atol=1e-13)


def test_an_ising_lattice_written_as_a_machine_is_read_back():
    """One hidden spin a bond, with cosh 2K = e^(2β): neighbours get β, all others nothing, and p(v) is Ising's."""
    side, beta = 4, 1 / 2.5
    at = np.arange(side * side).reshape(side, side)
    bonds = [(i, j) for o in (np.roll(at, -1, 1), np.roll(at, -1, 0)) for i, j in zip(at.flat, o.flat, strict=True)]
    model = RBM(16, len(bonds), visible="spin", hidden="spin").double()
    with torch.no_grad():
        model.weight.zero_()
        for h, (i, j) in enumerate(bonds):
            model.weight[i, h] = model.weight[j, h] = np.arccosh(np.exp(2 * beta)) / 2
    j = couplings.effective(model)
    read = couplings.on_lattice(j, side)
    assert len(read.neighbours) == 32
    assert len(read.others) == 120 - 32
    np.testing.assert_allclose(read.neighbours, beta, atol=1e-13)
    np.testing.assert_allclose(read.others, 0, atol=1e-13)
    picture, away = couplings.bond_picture(j, side), couplings.by_distance(j, side)
    np.testing.assert_allclose(picture[::2, 1::2], beta, atol=1e-13)
    np.testing.assert_allclose(picture[1::2, ::2], beta, atol=1e-13)
    np.testing.assert_allclose(picture[1::2, 1::2], 0, atol=1e-13)
    expected = np.zeros((4, 4))
    expected[1, 2] = expected[3, 2] = expected[2, 1] = expected[2, 3] = beta
    np.testing.assert_allclose(away, expected, atol=1e-13)
    v, p = exact.visible_distribution(model)
    e = -(np.take(v.numpy(), [i for i, _ in bonds], 1) * np.take(v.numpy(), [j for _, j in bonds], 1)).sum(1)
    q = np.exp(-beta * e)
    np.testing.assert_allclose(p.numpy(), q / q.sum(), atol=1e-15)


def test_a_ring_written_as_a_machine_is_read_back():
    n, beta = 7, 0.8
    model = RBM(n, n, visible="spin", hidden="spin").double()
    with torch.no_grad():
        model.weight.copy_((torch.eye(n) + torch.eye(n).roll(1, 0)) * np.arccosh(np.exp(2 * beta)) / 2)
    j = couplings.effective(model)
    read = couplings.on_lattice(j, 1)
    np.testing.assert_allclose(read.neighbours, [beta] * n, atol=1e-13)
    np.testing.assert_allclose(read.others, [0] * (n * (n - 3) // 2), atol=1e-13)
    np.testing.assert_allclose(couplings.by_distance(j, 1), [[0, 0, beta, 0, beta, 0, 0]], atol=1e-13)


@pytest.mark.parametrize("hidden", ["relu", "multinary", "drelu"])
def test_among_many_spins_a_pair_s_own_unit_couples_it_by_its_four_states(hidden):
    """2^256 states: of a unit tied to two spins alone, J = ¼ Σ s t φ(c + w s + u t); all other pairs are apart."""
    few, many = machine("spin", hidden, n_visible=2), machine("spin", hidden, n_visible=256)
    with torch.no_grad():
        many.load_state_dict(
            {name: p for name, p in few.state_dict().items() if name.startswith("hidden")}, strict=False
        )
        many.weight.zero_()
        many.weight[[3, 200]] = few.weight
    expected = torch.zeros(256, 256, dtype=torch.float64)
    expected[3, 200] = expected[200, 3] = float(walsh(few)[0, 1])
    torch.testing.assert_close(couplings.effective(many), expected, rtol=0, atol=1e-13)


def test_categorical_hidden_units_are_listed_and_so_of_few_spins():
    assert couplings.is_known(RBM(16, 2, hidden="categorical", n_states=3))
    with pytest.raises(
        ConfigError, match=r"of at most 16 where .* this machine has 17 bernoulli and categorical units"
    ):
        couplings.effective(RBM(17, 2, hidden="categorical", n_states=3))


@pytest.mark.parametrize("weight", [1e9, float("inf"), float("nan")])
def test_weights_beyond_any_use_are_a_sentence(weight):
    model = RBM(5, 3)
    torch.nn.init.constant_(model.weight, weight)
    with pytest.raises(TooLargeError, match="far beyond any use: train with a smaller rate"):
        couplings.effective(model)
    assert np.isnan(_coupling(model, torch.tensor([[0, 1]])))


@pytest.mark.parametrize("reach", [0.0, 0.5, 7.0, 60.0])
@pytest.mark.parametrize("hidden", ["bernoulli", "spin", "gaussian", "relu", "drelu", "multinary"])
def test_waves_are_the_log_partition_but_for_a_line(hidden, reach):
    """Second differences of the sum of waves are those of the log-partition wherever a field may be."""
    model = machine("spin" if hidden != "gaussian" else "bernoulli", hidden, 2.0)
    unit, c, step = model.hidden_unit, model.hidden_bias.detach(), 0.25
    with torch.no_grad():
        found = waves(unit, c, reach + step)
        x = torch.linspace(-reach, reach, 101, dtype=torch.float64)[:, None]
        at = [unit.log_partition(c + x + d) for d in (-step, 0, step)]
    made = [(torch.exp(1j * (x + d) * found.k) @ found.amplitude).real for d in (-step, 0, step)]
    size = max(float(one.abs().max()) for one in at)
    rounding = 4 * len(found.k) ** 0.5 * torch.finfo(torch.float64).eps * max(size, 1) * 4  # of a second difference
    truth, sums = (a - 2 * b + c for a, b, c in (at, made))
    torch.testing.assert_close(sums, truth, rtol=0, atol=rounding)


def test_what_has_none_is_told_in_a_sentence():
    with pytest.raises(ConfigError, match="this machine has 5 gaussian and bernoulli units"):
        couplings.effective(RBM(5, 3, visible="gaussian"))
    with pytest.raises(ConfigError, match="this machine has 5 multinary and spin units"):
        couplings.among(RBM(5, 3, visible="multinary", hidden="spin", n_states=3), torch.tensor([[0, 1]]))
    with pytest.raises(ShapeError, match="for a lattice of 3×3"):
        couplings.on_lattice(np.zeros((4, 4)), 3)
