"""The deep Boltzmann machine against its energy, written out and visited state by state: 4 pixels, 3 and 2 hidden units."""

import itertools

import numpy as np
import pytest
import torch

from rbm.datasets.catalog import load_dataset
from rbm.errors import ConfigError, DivergenceError, ShapeError
from rbm.evaluation import ais, deep_boltzmann, exact
from rbm.models.dbm import CopiedRBM, DeepBoltzmannMachine, compose
from rbm.models.rbm import RBM
from rbm.randomness import generator
from rbm.samplers.chains import Chains
from rbm.samplers.gibbs import sweep
from rbm.training.config import TrainConfig
from rbm.training.deep_boltzmann import DeepBoltzmannTrainer, learn_layers
from rbm.training.gradients import contrast
from rbm.training.greedy import LayerEvent
from tests.helpers.oracles import index, log_sum_exp, rows, total_variation, total_variation_limit

V, H, K = 4, 3, 2


@pytest.fixture
def machine() -> DeepBoltzmannMachine:
    model = DeepBoltzmannMachine(V, (H, K)).double().requires_grad_(False)
    source = generator(43, "tiny dbm")
    for p in model.parameters():
        p.copy_(torch.randn(p.shape, generator=source, dtype=torch.float64))
    return model


def energies(model: DeepBoltzmannMachine) -> np.ndarray:
    """E of every (v, h¹, h²), (2^V, 2^H, 2^K), from the definition."""
    w1, w2 = (w.tolist() for w in model.weights)
    b, c1, c2 = (x.tolist() for x in model.biases)
    found = np.zeros((2**V, 2**H, 2**K))
    states = [list(itertools.product((0, 1), repeat=n)) for n in (V, H, K)]
    for (i, v), (j, h), (k, g) in itertools.product(*(enumerate(s) for s in states)):
        e = (
            -sum(b[a] * v[a] for a in range(V))
            - sum(c1[a] * h[a] for a in range(H))
            - sum(c2[a] * g[a] for a in range(K))
        )
        e -= sum(v[x] * w1[x][y] * h[y] for x in range(V) for y in range(H))
        e -= sum(h[x] * w2[x][y] * g[y] for x in range(H) for y in range(K))
        found[i, j, k] = e
    return found


def joint(model: DeepBoltzmannMachine) -> np.ndarray:
    p = np.exp(-energies(model))
    return p / p.sum()


def test_energy_and_log_z_are_those_of_the_definition(machine):
    v, h, g = (rows(n) for n in (V, H, K))
    e = energies(machine)
    truth = log_sum_exp(-e.flatten())
    every = [t.flatten() for t in torch.meshgrid(*(torch.arange(2**n) for n in (V, H, K)), indexing="ij")]
    found = machine.energy(v[every[0]], h[every[1]], g[every[2]])
    torch.testing.assert_close(found, torch.from_numpy(e.flatten()))
    assert exact.log_partition(machine.joint) == pytest.approx(truth, abs=1e-12)
    assert exact.log_partition(machine.swapped()) == pytest.approx(truth, abs=1e-12)


def test_conditionals_are_slices_of_the_joint(machine):
    p = joint(machine)
    v, h, g = (rows(n) for n in (V, H, K))
    for i, k in itertools.product(range(2**V), range(2**K)):
        given = torch.from_numpy(p[i, :, k] / p[i, :, k].sum())
        torch.testing.assert_close(machine.first_mean(v[i : i + 1], g[k : k + 1])[0], given @ h)
    for j in range(2**H):
        given = torch.from_numpy(p[:, j] / p[:, j].sum())
        mean_v, mean_g = machine.outer_means(h[j : j + 1])
        torch.testing.assert_close(mean_v[0], given.sum(1) @ v)
        torch.testing.assert_close(mean_g[0], given.sum(0) @ g)


def test_alternate_layers_leave_the_distribution_as_it_is(machine):
    p, n, source = joint(machine), 20_000, generator(3, "stay")
    cells = torch.multinomial(torch.from_numpy(p).flatten(), n, replacement=True, generator=source)
    i, j, k = np.unravel_index(cells.numpy(), p.shape)
    chains = Chains(rows(H)[j], machine.outer(rows(V)[i], rows(K)[k]), 0)
    for _ in range(4):
        chains, _ = sweep(machine.joint, chains, source)
    v, g = machine.split(chains.h)
    drawn = index(torch.cat([v, chains.v, g], 1))
    assert total_variation(drawn, p) < total_variation_limit(p, n)


def test_the_bound_rises_with_mean_field_and_stays_below_the_exact_likelihood(machine):
    v, log_z = rows(V), exact.log_partition(machine.joint)
    truth = torch.from_numpy(np.log(joint(machine).sum((1, 2))))
    bounds = [deep_boltzmann.lower_bound(machine, v, log_z, mean_field_steps=n) for n in (0, 1, 2, 5, 50)]
    assert all(bool((b <= truth + 1e-12).all()) for b in bounds)
    assert all(bool((b >= a - 1e-12).all()) for a, b in itertools.pairwise(bounds))
    assert float((truth - bounds[-1]).max()) < 0.5
    assert float((truth - bounds[-1]).max()) > 1e-3  # h is not independent given v here
    # The bound is the definition's: log p − KL(q‖p(h|v)), for whatever q.
    q1, q2 = machine.mean_field(v, 1)
    q = (
        (torch.where(rows(H).bool(), q1[:, None], 1 - q1[:, None]).prod(2)[:, :, None])
        * (torch.where(rows(K).bool(), q2[:, None], 1 - q2[:, None]).prod(2)[:, None, :])
    )
    given = torch.from_numpy(joint(machine) / joint(machine).sum((1, 2), keepdims=True))
    divergence = (q * (q.log() - given.log())).sum((1, 2))
    torch.testing.assert_close(bounds[1], truth - divergence)


def test_ais_finds_log_z_within_three_standard_errors(machine):
    truth = exact.log_partition(machine.joint)
    for model, base in ((machine.joint, None), (machine.swapped(), torch.zeros(V + K)), (machine.joint, torch.ones(H))):
        found = ais.log_partition(model, n_chains=400, n_temperatures=100, generator=generator(1, "ais"), base=base)
        assert abs(found.value - truth) < 3 * found.standard_error
    found, _ = deep_boltzmann.log_partition(machine, rows(V), n_chains=400, n_temperatures=100)
    assert abs(found.value - truth) < 3 * found.standard_error


def test_the_phases_give_the_exact_gradient_when_q_and_the_chains_are_exact(machine):
    data = rows(V)[[1, 6, 6, 11, 13]]
    machine.requires_grad_(True)
    states = [t.flatten() for t in torch.meshgrid(*(torch.arange(2**n) for n in (V, H, K)), indexing="ij")]
    e = machine.energy(rows(V)[states[0]], rows(H)[states[1]], rows(K)[states[2]]).view(2**V, -1)
    likelihood = (-e).logsumexp(1)[index(data)].mean() - (-e).flatten().logsumexp(0)
    truth = torch.autograd.grad(likelihood, list(machine.joint.parameters()))
    p = joint(machine.requires_grad_(False))
    every = rows(H)[states[1]], machine.outer(rows(V)[states[0]], rows(K)[states[2]])

    def moments(weights: np.ndarray) -> list[torch.Tensor]:
        w = torch.from_numpy(weights).flatten()[:, None]
        return [(every[0] * w).T @ every[1], (every[0] * w).sum(0), (every[1] * w).sum(0)]

    share = np.bincount(index(data).numpy(), minlength=2**V) / len(data)
    held = p / p.sum((1, 2), keepdims=True) * share[:, None, None]
    for g, up, down in zip(truth, moments(held), moments(p), strict=True):
        torch.testing.assert_close(g, up - down)


def test_the_trainers_phases_are_mean_field_and_chains_of_the_model(machine):
    data = load_dataset("bars_and_stripes_3x3")
    model = DeepBoltzmannMachine(9, (5, 3))
    config = TrainConfig(algorithm="pcd", n_chains=7, batch_size=14, epochs=1)
    trainer = DeepBoltzmannTrainer(model, data, config, generator(1, "t"))
    phases = trainer.phases(data.train)
    q1, q2 = model.mean_field(data.train, 5)
    torch.testing.assert_close(phases.v0, q1)
    torch.testing.assert_close(phases.h0_mean, torch.cat([data.train, q2], 1))
    torch.testing.assert_close(phases.hk_mean, model.joint.hidden_mean(phases.vk))
    assert phases.vk.shape == (7, 5)
    assert set(phases.vk.unique().tolist()) <= {0.0, 1.0}
    assert torch.isfinite(contrast(phases).weight).all()


def test_greedy_layers_and_pcd_learn_bars_and_stripes():
    data = load_dataset("bars_and_stripes_3x3")
    first = TrainConfig(learning_rate=0.1, schedule="constant", epochs=200, batch_size=14, centred="off")
    *events, model = learn_layers((8, 5), data, first, seed=2)
    assert {e.layer for e in events if isinstance(e, LayerEvent)} == {1, 2}
    assert isinstance(model, DeepBoltzmannMachine)
    config = TrainConfig(
        algorithm="pcd", k=2, learning_rate=0.1, schedule="linear", epochs=1500, batch_size=14, n_chains=100, momentum=0.5,
        weight_decay=0.0,
    )  # fmt: skip
    trainer = DeepBoltzmannTrainer(model, data, config, generator(2, "dbm"))
    told = [event for _ in range(trainer.total_steps) if (event := trainer.step()) is not None]
    assert trainer.finished
    assert told[-1].step == 1500
    assert {"free_energy_train", "reconstruction_error", "samples_per_second"} <= set(told[-1].metrics)
    model.double()
    found = deep_boltzmann.lower_bound(model, data.train, exact.log_partition(model.joint)).mean().item()
    assert found > -4.0  # the best there is: −log 14 = −2.64; nothing learned: −6.24


def test_copies_double_the_field_of_one_phase_only():
    low, high = CopiedRBM(V, H, visible_copies=2), CopiedRBM(H, K, hidden_copies=2)
    v, h, g = torch.ones(1, V), torch.ones(1, H), torch.ones(1, K)
    plain = RBM(V, H)
    torch.testing.assert_close(low.hidden_field(v), 2 * plain.hidden_field(v))
    torch.testing.assert_close(low.visible_field(h), plain.visible_field(h))
    with torch.no_grad():
        for p in (*low.parameters(), *high.parameters()):
            p.copy_(torch.randn(p.shape, generator=generator(5, "copies")))
    made = compose(low, high)
    mean = (low.hidden_field(v) + high.visible_field(g)) / 2
    torch.testing.assert_close(made.first_mean(v, g), torch.sigmoid(mean))
    torch.testing.assert_close(made.outer_means(h)[0], low.visible_mean(h))
    torch.testing.assert_close(made.outer_means(h)[1], high.hidden_mean(h))
    # Copies' energies, each copy summed out on its own: F of two copies of h in states of their own is twice the log-partition.
    e = (
        -2 * (high.hidden_field(h) * 0 + torch.nn.functional.softplus(high.hidden_field(h))).sum()
        - (h * high.visible_bias).sum()
    )
    torch.testing.assert_close(high.free_energy(h)[0], e)


def test_what_does_not_fit_is_refused(machine):
    with pytest.raises(ConfigError, match="two hidden layers"):
        DeepBoltzmannMachine(4, (3, 0))
    with pytest.raises(ShapeError, match=r"expected \(N, 4\)"):
        machine.mean_field(rows(3))
    with pytest.raises(ShapeError, match="The lower layer has 3"):
        compose(RBM(4, 3), RBM(2, 2))
    data = load_dataset("bars_and_stripes_3x3")
    with pytest.raises(ConfigError, match="n_visible=9"):
        DeepBoltzmannTrainer(machine, data, TrainConfig(algorithm="pcd"), generator(1, "x"))
    model = DeepBoltzmannMachine(9, (3, 2))
    with pytest.raises(ConfigError, match="pcd and sgd"):
        DeepBoltzmannTrainer(model, data, TrainConfig(), generator(1, "x"))
    trainer = DeepBoltzmannTrainer(model, data, TrainConfig(algorithm="pcd"), generator(1, "x"))
    with torch.no_grad():
        model.joint.weight.fill_(float("nan"))
    with pytest.raises(DivergenceError, match="diverged"):
        trainer.report()
