"""Data against units: rows that are no states of the unit are refused in a sentence, wherever they would give numbers."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from rbm.datasets.base import Dataset
from rbm.errors import ConfigError, ShapeError
from rbm.evaluation import ais, exact, samples
from rbm.evaluation.likelihood import log_likelihood
from rbm.evaluation.live_bracket import LiveBracket
from rbm.models.boltzmann import BoltzmannMachine
from rbm.models.dbm import DeepBoltzmannMachine
from rbm.models.labelled import LabelledRBM
from rbm.models.rbm import RBM
from rbm.randomness import generator
from rbm.training.config import TrainConfig
from rbm.training.loop import Trainer
from rbm.units import MANY_STATES, UNITS, Unit
from tests.helpers.unit_pairs import M, make

UNITS_IN_A_ROW = 5
# What a unit is given of which it has no state, and how the sentence names it.
ODD = {
    "bernoulli": [0.5, -1.0, 2.0, math.nan],
    "spin": [0.0, 0.5, 2.0, math.nan],
    "gaussian": [math.nan, math.inf],
    "categorical": [0.5, -1.0, math.nan, 1.0],  # the 1 beside another 1
    "multinary": [0.5, -1.0, 3.0, math.nan],
    "relu": [-0.1, math.nan, math.inf],
}


def good(kind: Unit, n: int = 23) -> Tensor:
    rows = kind.uniform((n, UNITS_IN_A_ROW), generator(3, "good"))
    if kind.name == "categorical":
        rows[7] = torch.eye(M)[0].repeat(UNITS_IN_A_ROW)
    return rows


def spoilt(kind: Unit, value: float) -> Tensor:
    """The same rows with a wrong value in row 7, in the last column of unit 2."""
    rows = good(kind)
    rows[7, 3 * kind.width - 1] = value
    return rows


def dataset(rows: Tensor, validation: Tensor | None = None, kind: str = "real") -> Dataset:
    held = rows[:0] if validation is None else validation
    labels = [torch.zeros(len(part), dtype=torch.int64) for part in (rows, held, held)]
    return Dataset("mine", "Mine", rows, held, held, *labels, (rows.shape[1],), kind, ("all",))


def model_of(visible: str, hidden: str = "bernoulli") -> RBM:
    return RBM(UNITS_IN_A_ROW, 3, visible=visible, hidden=hidden, n_states=M if visible in MANY_STATES else None)


CASES = [(name, value) for name, values in ODD.items() for value in values]


@pytest.mark.parametrize("name", UNITS)
def test_states_pass_in_any_type_and_so_do_a_units_own_samples(name):
    kind = UNITS[name]
    for rows in (good(kind), good(kind).double(), good(kind)[:0], good(kind).to(kind.stored)):
        kind.check_states(rows, "rows")
    kind.check_states(kind.sample(torch.randn(11, 5 * kind.width, generator=generator(1)), generator(2)), "samples")


@pytest.mark.parametrize(("name", "value"), CASES)
def test_the_sentence_says_where_what_and_what_to_do(name, value):
    kind = UNITS[name]
    with pytest.raises(ShapeError) as raised:
        kind.check_states(spoilt(kind, value), "rows")
    sentence = str(raised.value)
    assert sentence.startswith("rows, row 7: ")
    assert f"{value:g} is no state of {name} unit 2, which takes {kind.takes}; {kind.remedy}." in sentence


def test_a_fault_far_down_is_found(monkeypatch):
    monkeypatch.setattr("rbm.units.base.BLOCK", 30)  # six rows at a time
    with pytest.raises(ShapeError, match="row 7: 2 is no state of bernoulli unit 2"):
        UNITS["bernoulli"].check_states(spoilt(UNITS["bernoulli"], 2.0), "rows")


@pytest.mark.parametrize(("name", "value"), CASES)
def test_every_evaluation_refuses_what_is_no_state(name, value):
    model, rows = model_of(name), spoilt(UNITS[name], value)
    for use in (
        lambda: log_likelihood(model, rows, 0.0),
        lambda: exact.gradient(model, rows),
        lambda: ais.reverse_log_partition(model, rows, n_temperatures=2, generator=generator(1)),
        lambda: LiveBracket(model, rows, n_chains=3, n_temperatures=2, generator=generator(1)),
        lambda: samples.free_energies(model, {"rows": rows}),
    ):
        with pytest.raises(ShapeError, match="row 7"):
            use()


@pytest.mark.parametrize("part", ["training", "validation"])
@pytest.mark.parametrize(("name", "value"), CASES)
def test_a_trainer_refuses_them_when_it_is_made(name, value, part):
    kind = UNITS[name]
    rows, fine = spoilt(kind, value), good(kind)
    config = TrainConfig(binarise="none")
    if not math.isfinite(
        value
    ):  # no data set holds them: it is its Dataset that refuses, so they are put in afterwards
        both = dataset(fine.clone(), fine.clone())
        (both.train if part == "training" else both.validation).copy_(rows)
    else:
        both = dataset(rows, fine) if part == "training" else dataset(fine, rows)
    with pytest.raises(ShapeError, match=rf"the {part} part of 'mine', row 7: .*{kind.name} unit 2"):
        Trainer(model_of(name), both, config, generator(1))
    Trainer(model_of(name), dataset(fine, fine), config, generator(1)).step()


def test_grey_levels_are_for_training_that_binarises_them():
    grey = torch.rand(23, UNITS_IN_A_ROW, generator=generator(5))
    for kind in ("grey", "real"):
        for how in ("stochastic", "threshold"):
            Trainer(model_of("bernoulli"), dataset(grey, kind=kind), TrainConfig(binarise=how), generator(1)).step()
        with pytest.raises(ShapeError, match="binarise grey levels from 0 to 1"):
            Trainer(model_of("bernoulli"), dataset(grey, kind=kind), TrainConfig(binarise="none"), generator(1))


@pytest.mark.parametrize("how", ["stochastic", "threshold"])
def test_a_bernoulli_machine_does_not_learn_normal_numbers(how):
    rows = torch.randn(23, UNITS_IN_A_ROW, generator=generator(5))
    with pytest.raises(ShapeError, match=rf"values from -.* to .*, but binarise='{how}' .* from 0 to 1: rescale"):
        Trainer(model_of("bernoulli"), dataset(rows), TrainConfig(binarise=how), generator(1))


def test_spins_are_not_likely_under_a_model_of_zeros_and_ones(tiny_rbm, images):
    """It used to say +1.20 nats of such rows, where no state of a discrete model has more than 0."""
    with pytest.raises(ShapeError, match="-1 is no state of bernoulli unit"):
        log_likelihood(tiny_rbm, 2 * images - 1, exact.log_partition(tiny_rbm))


def test_a_model_of_nan_does_not_begin_to_learn():
    model = model_of("bernoulli")
    with torch.no_grad():
        model.hidden_bias[1] = math.nan
    with pytest.raises(ConfigError, match="hidden_bias holds values that are not finite"):
        Trainer(model, dataset(good(UNITS["bernoulli"])), TrainConfig(), generator(1))


@torch.no_grad()
def test_methods_take_any_real_numbers_from_torch_or_numpy():
    model = make("bernoulli", "multinary").float()
    v, h = torch.tensor([[0.0, 1.0, 1.0], [1.0, 0.0, 1.0]]), torch.tensor([[2.0, 0.0], [1.0, 2.0]])
    frozen = v.numpy().copy()
    frozen.flags.writeable = False
    kinds = [v.double(), v.int(), v.long(), v.bool(), v.half(), v.numpy(), frozen, v.numpy().astype(np.int8)]
    kinds += [v.numpy().astype(bool), v.numpy().astype(">f8"), np.asfortranarray(v.numpy()), v.numpy()[::-1][::-1]]
    for other in kinds:
        assert torch.equal(model.free_energy(other), model.free_energy(v))
        assert torch.equal(model.hidden_mean(other), model.hidden_mean(v))
        assert torch.equal(model.energy(other, h.long()), model.energy(v, h))
        assert torch.equal(model.sample_hidden(other, generator(1)), model.sample_hidden(v, generator(1)))
        assert torch.equal(log_likelihood(model, other, 0.0), log_likelihood(model, v, 0.0))
    assert torch.equal(model.visible_mean(h.numpy()), model.visible_mean(h))
    assert model.free_energy(v.double()).dtype == torch.float32


def test_the_other_models_take_them_too(images):
    machine, deep = BoltzmannMachine(7, 2), DeepBoltzmannMachine(7, (3, 2))
    labelled = LabelledRBM(7, 3, 2)
    numbers = images.numpy().astype(np.int64)
    assert torch.equal(machine.free_energy(numbers), machine.free_energy(images.float()))
    assert torch.equal(deep.mean_field(numbers)[0], deep.mean_field(images.float())[0])
    assert torch.equal(labelled.label_probability(numbers), labelled.label_probability(images.float()))


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ([[0.0, 1.0, 1.0]], "v is of type list, expected real numbers"),
        (np.array([["a", "b", "c"]]), "v is an array of <U1"),
        (torch.zeros(1, 3, dtype=torch.complex64), "v is an array of torch.complex64"),
        (np.zeros(3), r"v has shape \(3,\), expected \(N, 3\)"),
    ],
)
def test_and_refuse_the_rest_in_a_sentence(given, says):
    model = make("bernoulli", "bernoulli")
    for use in (model.free_energy, model.hidden_mean, lambda v: log_likelihood(model, v, 0.0)):
        with pytest.raises(ShapeError, match=says):
            use(given)
