"""Data against units: rows that are no states of the unit are refused in a sentence, wherever they would give numbers."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from rbm.datasets.base import Dataset
from rbm.errors import ConfigError, ShapeError
from rbm.evaluation import ais, exact, exact_boltzmann, features, samples
from rbm.evaluation.likelihood import log_likelihood
from rbm.evaluation.live_bracket import LiveBracket
from rbm.models.boltzmann import BoltzmannMachine
from rbm.models.dbm import DeepBoltzmannMachine
from rbm.models.dbn import DeepBeliefNet
from rbm.models.hopfield import DenseHopfield, Hopfield
from rbm.models.labelled import LabelledRBM
from rbm.models.rbm import RBM
from rbm.randomness import generator
from rbm.samplers.labelled import hold_labels, hold_pixels
from rbm.samplers.recall import settle
from rbm.training.config import TrainConfig
from rbm.training.finetune import Classifier, FinetuneConfig, error_rate, finetune
from rbm.training.labelled import LabelTrainer, discriminative_gradient
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
    uses = [
        lambda: log_likelihood(model, rows, 0.0),
        lambda: exact.gradient(model, rows),
        lambda: ais.reverse_log_partition(model, rows, n_temperatures=2, generator=generator(1)),
        lambda: LiveBracket(model, rows, n_chains=3, n_temperatures=2, generator=generator(1)),
        lambda: samples.free_energies(model, {"rows": rows}),
    ]
    if name == "bernoulli":
        machine, p = BoltzmannMachine(UNITS_IN_A_ROW, 2), torch.full((len(rows),), 1 / len(rows))
        uses += [
            lambda: exact_boltzmann.divergence(machine, rows, p),
            lambda: exact_boltzmann.gradient(machine, rows, p),
        ]
    if (name, value) != ("bernoulli", 0.5):  # of grey levels a mean can be taken
        uses += [
            lambda: model.fit_visible_bias(rows),
            lambda: ais.base_biases(rows, model.visible_unit),
            lambda: features.response(model, rows, 0),
        ]
        if name == "bernoulli":
            labelled, classes = LabelledRBM(UNITS_IN_A_ROW, 3, 2), torch.zeros(len(rows), dtype=torch.int64)
            classifier = Classifier((UNITS_IN_A_ROW, 3), 2, generator(1))
            uses += [lambda: labelled.error(rows, classes), lambda: error_rate(classifier, rows, classes)]
    for use in uses:
        with pytest.raises(ShapeError, match="row 7"):
            use()


def test_grey_levels_may_be_averaged_and_told_apart_but_labels_are_states():
    grey, classes = torch.rand(23, UNITS_IN_A_ROW, generator=generator(5)), torch.arange(23) % 3
    model, labelled = model_of("bernoulli"), LabelledRBM(UNITS_IN_A_ROW, 3, 2)
    model.fit_visible_bias(grey)
    torch.testing.assert_close(ais.base_biases(grey).float(), model.visible_bias.detach())
    assert len(features.response(model, grey, 0).best) == 10
    assert 0 <= labelled.error(grey, classes) <= 1
    with pytest.raises(ShapeError, match="y, row 0: 0, 0, 0 is no state of categorical unit 0"):
        labelled.error(grey, torch.zeros(23, 3))
    with pytest.raises(ShapeError, match="a label for each picture, got 23 pictures and 22 labels"):
        labelled.error(grey, classes[1:])


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


def everything_that_takes_numbers() -> dict[str, tuple[Callable[..., object], tuple[Tensor, ...]]]:
    """Every public method and function that is given rows or labels, with such: as float32, and labels as int64."""
    v, h, p = torch.eye(4)[:, :3], torch.eye(4)[:, 1:3], torch.full((4,), 0.25)
    classes = torch.tensor([0, 1, 1, 0])
    rbm, machine, deep = RBM(3, 2), BoltzmannMachine(3, 2), DeepBoltzmannMachine(3, (2, 2))
    labelled, tagged = LabelledRBM(3, 2, 2), LabelledRBM(3, 2, 2, labels="tags")
    net, spins = DeepBeliefNet([RBM(3, 2), RBM(2, 2)]), 2 * v - 1
    classifier, hopfield, dense = Classifier((3, 2), 2, generator(1)), Hopfield.store(spins), DenseHopfield(spins)
    trained = TrainConfig(epochs=1, batch_size=4, binarise="none")

    def learnt(x: object, y: object) -> Tensor:
        trainer = LabelTrainer(LabelledRBM(3, 2, 2), x, y, trained, generator(1))
        trainer.step()
        return trainer.model.weight

    def fine_tuned(x: object, y: object) -> Tensor:
        network = Classifier((3, 2), 2, generator(1))
        list(finetune(network, x, y, FinetuneConfig(epochs=1), generator(1)))
        return network.layers[0].weight

    def fitted(x: object) -> Tensor:
        model = RBM(3, 2)
        model.fit_visible_bias(x)
        return model.visible_bias

    return {
        "fit_visible_bias": (fitted, (v,)),
        "response": (lambda x: features.response(rbm, x, 1), (v,)),
        "base_biases": (ais.base_biases, (v,)),
        "boltzmann join": (machine.join, (v, h)),
        "boltzmann energy": (machine.energy, (v, h)),
        "boltzmann free energy": (machine.free_energy, (v,)),
        "boltzmann moments": (machine.moments, (torch.cat([v, h], 1),)),
        "boltzmann moments, weighed": (machine.moments, (torch.cat([v, h], 1), p)),
        "divergence": (lambda x, q: exact_boltzmann.divergence(machine, x, q), (v, p)),
        "gradient": (lambda x, q: exact_boltzmann.gradient(machine, x, q), (v, p)),
        "deep energy": (deep.energy, (v, h, h)),
        "deep first mean": (deep.first_mean, (v, h)),
        "deep outer means": (deep.outer_means, (h,)),
        "deep split": (deep.split, (torch.cat([v, h], 1),)),
        "deep mean field": (deep.mean_field, (v,)),
        "deep bound": (deep.bound, (v, h, h)),
        "net means": (net.means, (v,)),
        "net ascend": (lambda x: net.ascend(x, generator(1)), (v,)),
        "net descend": (lambda x: net.descend(x, generator(1)), (h,)),
        "net log down": (lambda x, s: net.log_down(x, [s]), (v, h)),
        "classifier": (classifier, (v,)),
        "classifier's errors": (lambda x, y: error_rate(classifier, x, y), (v, classes)),
        "fine-tuning": (fine_tuned, (v, classes)),
        "labelled join": (labelled.join, (v, classes)),
        "tagged join": (tagged.join, (v, h)),
        "labelled split": (labelled.split, (torch.cat([v, h], 1),)),
        "label log probability": (labelled.label_log_probability, (v,)),
        "label score": (labelled.label_score, (v,)),
        "labelled error": (labelled.error, (v, classes)),
        "label training": (learnt, (v, classes)),
        "label gradient": (lambda x, y: discriminative_gradient(labelled, x, y), (v, classes)),
        "held labels": (lambda y: hold_labels(labelled, y), (classes,)),
        "held pixels": (lambda x: hold_pixels(labelled, x), (v,)),
        "store": (lambda x: Hopfield.store(x, "storkey").weight, (spins,)),
        "hopfield": (lambda w: Hopfield(w).weight, (torch.ones(3, 3) - torch.eye(3),)),
        "hopfield energy": (hopfield.energy, (spins,)),
        "dense hopfield": (lambda x: DenseHopfield(x).patterns, (spins,)),
        "dense energy": (dense.energy, (spins,)),
        "settle": (lambda s: settle(hopfield, s, generator(1)), (spins,)),
    }


def flat(found: object) -> list[Tensor]:
    return (
        [torch.as_tensor(found)] if not isinstance(found, tuple | list) else [x for part in found for x in flat(part)]
    )


@pytest.mark.parametrize("what", everything_that_takes_numbers())
def test_whatever_is_given_rows_or_labels_takes_any_real_numbers_or_refuses_in_a_sentence(what):
    use, given = everything_that_takes_numbers()[what]
    whole = [bool((x == x.round()).all()) for x in given]  # probabilities stay fractions
    expected = flat(use(*given))

    def each(change: Callable[[Tensor], object]) -> list[object]:
        return [change(x) if fits else x.double() for x, fits in zip(given, whole, strict=True)]

    counts = [x.dtype == torch.int64 for x in given]
    for change in (Tensor.double, Tensor.int, Tensor.numpy, lambda x: x.double().numpy(), lambda x: x.int().numpy()):
        numbers = each(change)
        if any(counts) and getattr(numbers[-1], "dtype", None) in (torch.float64, np.float64):
            numbers[-1] = given[-1]  # a class is counted
        for one, other in zip(flat(use(*numbers)), expected, strict=True):
            torch.testing.assert_close(one.to(other), other)
    for change in (Tensor.tolist, lambda x: x.to(torch.complex64), lambda x: x[None, None], lambda x: "abc"):
        for place in range(len(given)):
            with pytest.raises(ShapeError):
                use(*given[:place], change(given[place]), *given[place + 1 :])


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
