"""Sequences with known couplings: drawn exactly, expanded exactly, and their couplings found by a machine."""

import itertools

import numpy as np
import pytest
import torch

from rbm.datasets import load_dataset, potts
from rbm.datasets.entry import AMINO_ACIDS, KUNITZ, LETTERS, PLACES, POTTS
from rbm.errors import ConfigError
from rbm.evaluation import contacts, couplings
from rbm.experiment import HIDDEN_NAMES, DatasetSpec, ModelSpec, RunSpec, check_units, make_dataset, make_trainer
from rbm.models.rbm import RBM
from rbm.randomness import generator
from rbm.tasks.examine import _contacts
from rbm.training.config import TrainConfig
from rbm.units.listing import joint_states
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


def machine(hidden: str, n: int = 3, q: int = 3, n_hidden: int = 2) -> RBM:
    model = RBM(n, n_hidden, visible="categorical", hidden=hidden, n_states=q).double()
    draw = generator(1, "letters")
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(torch.randn(p.shape, generator=draw, dtype=torch.float64))
        if model.hidden_shape is not None:
            model.hidden_shape[0].mul_(0.3)  # |η| < 1
    return model


@pytest.mark.parametrize("hidden", HIDDEN_NAMES)
def test_couplings_are_the_expansion_of_log_p_state_by_state(hidden):
    model = machine(hidden)
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


@pytest.mark.parametrize("hidden", [name for name in HIDDEN_NAMES if name != "categorical"])
def test_of_a_long_sequence_two_places_are_coupled_as_alone(hidden):
    """4^97 sequences, and hidden units tied to two places: what the units of 4² sequences couple, and no other places."""
    few, many = machine(hidden, 2, 4), machine(hidden, 97, 4)
    with torch.no_grad():
        many.hidden_bias.copy_(few.hidden_bias)
        if few.hidden_shape is not None:
            many.hidden_shape.copy_(few.hidden_shape)
        many.weight.zero_()
        places = many.weight.view(97, 4, -1)
        places[5], places[90] = few.weight.view(2, 4, -1)
    found = contacts.couplings(many)
    truth = -few.free_energy(joint_states(torch.arange(16), 2, few.visible_unit)).detach().view(4, 4)
    truth = truth - truth.mean(0) - truth.mean(1, keepdim=True) + truth.mean()
    np.testing.assert_allclose(found[5, 90], truth, rtol=0, atol=1e-12)
    np.testing.assert_allclose(found[90, 5], truth.T, rtol=0, atol=1e-12)
    found[5, 90] = found[90, 5] = 0
    np.testing.assert_allclose(found, 0, atol=1e-12)


def test_the_couplings_of_the_data_written_as_a_machine_are_read_back():
    """Gaussian hidden units: J_ij = Σ_h w_ih w_jhᵀ, by the singular vectors of each contact."""
    _, j = potts.couplings()
    parts = [(i, k, *torch.linalg.svd(j[i, k])) for i, k in potts.CONTACTS]
    model = RBM(PLACES, LETTERS * len(parts), visible="categorical", hidden="gaussian", n_states=LETTERS).double()
    with torch.no_grad():
        model.weight.zero_()
        blocks = model.weight.view(PLACES, LETTERS, len(parts), LETTERS)
        for at, (i, k, left, strength, right) in enumerate(parts):
            blocks[i, :, at], blocks[k, :, at] = left * strength.sqrt(), right.T * strength.sqrt()
    np.testing.assert_allclose(contacts.couplings(model), j, rtol=0, atol=1e-12)


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
    assert _contacts(RBM(65, 2, visible="categorical", n_states=4), POTTS) == (None, None)  # too many for the map
    beyond = RBM(8, 2, visible="categorical", n_states=4)
    torch.nn.init.constant_(beyond.weight[0], 1e9)
    assert _contacts(beyond, POTTS) == (None, None)


@pytest.mark.slow  # a small study; the contacts of a machine that is known are found in every run
def test_a_protein_family_tells_which_of_its_places_touch():
    """Of the Kunitz domain's three bridges between two cysteines, 5–55, 14–38 and 30–51 (bovine pancreatic trypsin inhibitor's
    numbers, which are four more than our places from 0), the second is missing in a fifth of the family, always with both ends:
    no two places are coupled more."""
    model = ModelSpec(100, visible="categorical", n_states=AMINO_ACIDS)
    spec = RunSpec(DatasetSpec(KUNITZ), model, TrainConfig(epochs=10, binarise="none", likelihood="never"))
    trainer = make_trainer(spec, make_dataset(spec.dataset, spec.model))
    while not trainer.finished:
        trainer.step()
    size = contacts.strengths(contacts.couplings(trainer.model))
    assert divmod(int(size.triu(5).argmax()), len(size)) == (14 - 4, 38 - 4)


def test_what_does_not_fit_is_one_sentence():
    with pytest.raises(
        ConfigError, match=r"2\^16 joint states .* this machine has 9 categorical and categorical units"
    ):
        contacts.couplings(RBM(9, 2, visible="categorical", hidden="categorical", n_states=4))
    with pytest.raises(ConfigError, match=r"at most 2,048 states, .* this machine has 513 categorical and spin units"):
        contacts.couplings(RBM(513, 2, visible="categorical", hidden="spin", n_states=4))
    with pytest.raises(ConfigError, match="this machine has 9 bernoulli and spin units"):
        contacts.couplings(RBM(9, 2, hidden="spin"))
    with pytest.raises(ConfigError, match="have 4 states a place: set the states M to 4"):
        check_units(RunSpec(DatasetSpec(POTTS), ModelSpec(5, visible="categorical", n_states=3)))
    with pytest.raises(ConfigError, match="Bernoulli visible units do not fit Sequences of four letters"):
        check_units(RunSpec(DatasetSpec(POTTS)))
