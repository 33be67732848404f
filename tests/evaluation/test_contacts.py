"""Sequences with known couplings: drawn exactly, expanded exactly, and their couplings found by a machine."""

import itertools

import numpy as np
import pytest
import torch

from rbm.datasets import load_dataset, potts
from rbm.datasets.entry import LETTERS, PLACES, POTTS
from rbm.errors import ConfigError
from rbm.evaluation import contacts, couplings
from rbm.experiment import DatasetSpec, ModelSpec, RunSpec, check_units, make_dataset, make_trainer
from rbm.models.rbm import RBM
from rbm.randomness import generator
from rbm.tasks.examine import _contacts
from rbm.training.config import TrainConfig
from tests.helpers import oracles

MODEL = ModelSpec(32, visible="categorical", n_states=LETTERS)


def test_probabilities_are_those_of_fields_and_couplings_in_the_zero_sum_gauge():
    h, j = potts.couplings()
    for sums in (h.sum(1), j.sum(2), j.sum(3)):
        np.testing.assert_allclose(sums, 0, atol=1e-12)
    p, a = potts.probabilities(), potts.sequences()
    assert float(p.sum()) == pytest.approx(1)
    energy = [
        sum(float(h[i, s[i]]) for i in range(PLACES)) + sum(float(j[i, k, s[i], s[k]]) for i, k in potts.CONTACTS)
        for s in (a[0].tolist(), a[12345].tolist())
    ]
    assert float((p[12345] / p[0]).log()) == pytest.approx(energy[1] - energy[0], abs=1e-10)


def test_rows_are_exact_draws():
    data = load_dataset(POTTS)
    letters = (data.train * (LETTERS - 1)).round().long()
    a, p = potts.sequences(), potts.probabilities()
    for i, k in itertools.combinations(range(PLACES), 2):  # every pair of places: 16 cells each
        cells = letters[:, i] * LETTERS + letters[:, k]
        truth = torch.zeros(16, dtype=torch.float64).index_add_(0, a[:, i] * LETTERS + a[:, k], p)
        assert oracles.total_variation(cells, truth.numpy()) < oracles.total_variation_limit(truth.numpy(), len(cells))


def test_couplings_are_the_expansion_of_log_p_state_by_state():
    model = RBM(3, 2, visible="categorical", n_states=3).double()
    draw = generator(1, "letters")
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(torch.randn(p.shape, generator=draw, dtype=torch.float64))
    states = list(itertools.product(range(3), repeat=3))
    rows = torch.nn.functional.one_hot(torch.tensor(states), 3).double().flatten(1)
    log_p = dict(zip(states, (-model.free_energy(rows)).tolist(), strict=True))

    def mean(**held: int) -> float:
        return float(np.mean([v for s, v in log_p.items() if all(s[int(k[1:])] == x for k, x in held.items())]))

    found = contacts.couplings(model)
    for i, j in itertools.permutations(range(3), 2):
        for a, b in itertools.product(range(3), repeat=2):
            truth = mean(**{f"p{i}": a, f"p{j}": b}) - mean(**{f"p{i}": a}) - mean(**{f"p{j}": b}) + mean()
            assert float(found[i, j, a, b]) == pytest.approx(truth, abs=1e-12)
    assert contacts.strengths(found)[0, 0] == 0


def test_of_two_states_it_is_the_coupling_of_spins():
    pair = RBM(4, 3, visible="categorical", n_states=2).double()
    bits = RBM(4, 3).double()
    with torch.no_grad():
        pair.weight.mul_(100)
        bits.weight.copy_(pair.weight[1::2] - pair.weight[::2])
        bits.hidden_bias.copy_(pair.weight[::2].sum(0))
    found = contacts.couplings(pair)
    np.testing.assert_allclose(found[..., 1, 1], couplings.effective(bits), atol=1e-12)
    np.testing.assert_allclose(found[..., 0, 1], -couplings.effective(bits), atol=1e-12)


def test_a_machine_finds_the_contacts_and_no_others():
    training = TrainConfig(
        algorithm="pcd", learning_rate=0.5, batch_size=200, epochs=40, weight_decay=0.0, likelihood="never"
    )
    spec = RunSpec(DatasetSpec(POTTS), MODEL, training)
    trainer = make_trainer(spec, make_dataset(spec.dataset, spec.model))
    while not trainer.finished:
        trainer.step()
    found, (_, truth) = contacts.couplings(trainer.model), potts.couplings()
    size = contacts.strengths(found)
    joined = torch.zeros(PLACES, PLACES, dtype=torch.bool)
    for i, k in potts.CONTACTS:
        joined[i, k] = True
        assert float(np.corrcoef(found[i, k].flatten(), truth[i, k].flatten())[0, 1]) > 0.95
        assert float(size[i, k]) == pytest.approx(float(truth[i, k].norm()), rel=0.2)
    others = size[torch.ones_like(joined).triu(1) & ~joined]
    assert float(others.max()) < 0.5 * float(size[joined].min())
    on_page, made_with = _contacts(trainer.model, POTTS)
    np.testing.assert_allclose(on_page, size, rtol=1e-6)
    np.testing.assert_allclose(made_with, contacts.strengths(truth), rtol=1e-6)
    assert _contacts(trainer.model, "other")[1] is None
    assert _contacts(RBM(8, 2), POTTS) == (None, None)


def test_what_does_not_fit_is_one_sentence():
    with pytest.raises(ConfigError, match="at most 2\\^16 states in all; this machine has 9 categorical units"):
        contacts.couplings(RBM(9, 2, visible="categorical", n_states=4))
    with pytest.raises(ConfigError, match="have 4 states a place: set the states M to 4"):
        check_units(RunSpec(DatasetSpec(POTTS), ModelSpec(5, visible="categorical", n_states=3)))
    with pytest.raises(ConfigError, match="Bernoulli visible units do not fit Sequences of four letters"):
        check_units(RunSpec(DatasetSpec(POTTS)))
