"""Learning with labels: gradients against autograd of the exact objective, and what training reaches on tiny data."""

import math

import pytest
import torch

from rbm.errors import ConfigError, DivergenceError, ShapeError
from rbm.evaluation import exact
from rbm.models.labelled import LabelledRBM
from rbm.randomness import Coins, generator
from rbm.training import gradients
from rbm.training.config import TrainConfig
from rbm.training.labelled import LabelObjective, LabelTrainer, discriminative_gradient
from tests.helpers.labelled import LABELS, PIXELS, every, labelled

PLAIN = TrainConfig(centred="off", momentum=0.0, weight_decay=0.0, binarise="none", batch_size=11, epochs=1)


def rows(model: LabelledRBM, n: int = 11) -> tuple[torch.Tensor, torch.Tensor]:
    source = generator(4, "rows")
    x = torch.randint(0, 2, (n, PIXELS), generator=source).double()
    y = torch.randint(0, LABELS, (n,), generator=source)
    return x, y if model.labels == "softmax" else torch.randint(0, 2, (n, LABELS), generator=source).double()


def log_probability(model: LabelledRBM, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Mean log p(y|x) by the free energies of the definition, to be differentiated."""
    ours = -model.free_energy(model.join(x, y))
    every = [-model.free_energy(model.join(x, s.expand(len(x), -1))) for s in model.label_states]
    return (ours - torch.stack(every).logsumexp(0)).mean()


@pytest.mark.parametrize("labels", ["softmax", "tags"])
def test_the_discriminative_gradient_is_autograds(labels):
    model = labelled(labels)
    x, y = rows(model)
    expected = torch.autograd.grad(log_probability(model, x, y), list(model.parameters()))
    for found, wanted in zip(discriminative_gradient(model, x, y), expected, strict=True):
        torch.testing.assert_close(found, wanted)


def test_the_exact_joint_gradient_is_autograds():
    model = labelled()
    x, y = rows(model)
    found = exact.gradient(model, model.join(x, y))
    pixels, labels, h = every(model.labels)
    log_z = (-model.energy(model.join(pixels, labels), h)).logsumexp(0)
    objective = -model.free_energy(model.join(x, y)).mean() - log_z
    expected = torch.autograd.grad(objective, list(model.parameters()))
    for ours, wanted in zip(found, expected, strict=True):
        torch.testing.assert_close(ours, wanted)


def test_long_cd_from_the_models_own_draws_estimates_the_exact_gradient():
    model, source = labelled(), generator(5, "cd")
    x, y = rows(model)
    n = 20_000
    v0 = model.join(x, y).repeat(-(-n // len(x)), 1)[:n]
    start = exact.sample(model, n, source)
    phases = gradients.persistent(gradients.Sweeps(model, Coins(source)), v0, start.h, 2)
    found, expected = gradients.contrast(phases), exact.gradient(model, v0)
    limit = 5 * math.sqrt(0.25 / n)  # of a mean of numbers between 0 and 1
    for ours, wanted in zip(found, expected, strict=True):
        assert float((ours - wanted).abs().max()) < limit


@pytest.mark.parametrize("centred", ["on", "off"])
def test_one_step_is_the_sum_of_both_parts(centred):
    """With CD-1 and the same coins, the hybrid's step is the generative step plus the discriminative one."""
    moved = {}
    for name, objective in {"g": (0.7, 0.0), "d": (0.0, 0.3), "both": (0.7, 0.3)}.items():
        model = labelled()
        x, y = rows(model)
        config = TrainConfig(**{**_knobs(PLAIN), "centred": centred})
        trainer = LabelTrainer(model, x, y, config, generator(6, "step"), LabelObjective(*objective))
        before = [p.detach().clone() for p in model.parameters()]
        trainer.step()
        moved[name] = [p.detach() - b for p, b in zip(model.parameters(), before, strict=True)]
    for g, d, both in zip(*moved.values(), strict=True):
        torch.testing.assert_close(g + d, both)
        assert float(both.abs().max()) > 0


def _knobs(config: TrainConfig) -> dict:
    return {name: getattr(config, name) for name in config.__dataclass_fields__}


def toy() -> tuple[torch.Tensor, torch.Tensor]:
    """Each label shows one of three pictures, one pixel in ten turned over."""
    source = generator(8, "toy")
    pictures = torch.tensor([[1, 1, 0, 0, 0], [0, 0, 1, 1, 0], [0, 1, 0, 0, 1]]).float()
    y = torch.arange(300) % 3
    flips = (torch.rand(300, PIXELS, generator=source) < 0.1).float()
    return (pictures[y] - flips).abs(), y


@torch.no_grad()
def joint_log_likelihood(model: LabelledRBM, x: torch.Tensor, y: torch.Tensor) -> float:
    """Mean log p(x, y), exact."""
    return -exact.log_partition(model) - float(model.free_energy(model.join(x, y)).mean())


@pytest.mark.parametrize(("algorithm", "objective"), [("cd", (1, 0)), ("pcd", (1, 1)), ("cd", (0, 1))])
def test_it_learns_the_labels_and_the_joint(algorithm, objective):
    x, y = toy()
    model = LabelledRBM(PIXELS, 3, 6, generator=generator(1, "start"))
    config = TrainConfig(
        algorithm=algorithm,
        learning_rate=0.1,
        schedule="constant",
        batch_size=10,
        epochs=20,
        momentum=0.0,
        weight_decay=0.0,
    )  # PCD with as few chains as rows of a batch bears no momentum at this rate
    trainer = LabelTrainer(model, x, y, config, generator(2, "train"), LabelObjective(*objective))
    independent = joint_log_likelihood(model, x, y)
    *_, last = trainer.events()
    assert trainer.finished
    assert last.step == trainer.total_steps == 600
    assert model.error(x, y) < 0.12  # Bayes: about 5 in 100 pictures say another label
    if objective[0]:
        assert joint_log_likelihood(model, x, y) > independent + 0.8  # nats; log 3 is what knowing the label is worth


def test_the_same_seed_gives_the_same_parameters():
    ends = []
    for _ in range(2):
        model = LabelledRBM(PIXELS, 3, 6, generator=generator(1, "start"))
        trainer = LabelTrainer(model, *toy(), TrainConfig(epochs=1), generator(2, "train"), LabelObjective(1, 1))
        for _ in range(5):
            trainer.step()
        ends.append(model.weight.detach().clone())
    assert torch.equal(*ends)


def test_what_it_refuses():
    with pytest.raises(ConfigError, match="none below 0 and at least one above"):
        LabelObjective(0.0, 0.0)
    with pytest.raises(ConfigError, match="as many labels as pictures"):
        LabelTrainer(labelled(), torch.zeros(3, PIXELS).double(), torch.tensor([1]), PLAIN, generator(1, "x"))
    model = labelled()
    x, y = rows(model)
    with pytest.raises(ShapeError, match=r"x, row 0: 0\.5 is no state of bernoulli unit 0"):
        LabelTrainer(model, x * 0 + 0.5, y, PLAIN, generator(1, "x"))
    with pytest.raises(ShapeError, match=r"x holds values from 0 to 2, but binarise='stochastic'"):
        LabelTrainer(model, x * 2, y, TrainConfig(), generator(1, "x"))
    with pytest.raises(ShapeError, match=r"y, row 0: .* is no state of categorical unit 0"):
        LabelTrainer(model, x, torch.ones(len(x), LABELS).double(), PLAIN, generator(1, "x"))
    trainer = LabelTrainer(model, x, y, PLAIN, generator(1, "x"))
    with torch.no_grad():
        model.weight.fill_(float("nan"))
    with pytest.raises(DivergenceError, match="no longer finite"):
        trainer.step(report=True)
