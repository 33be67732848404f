"""Every algorithm with every pair of unit types: it learns, or it is refused when the Trainer is made."""

import copy
import math
from typing import Any

import pytest
import torch

from rbm import randomness
from rbm.datasets.base import Dataset
from rbm.errors import ConfigError
from rbm.evaluation import exact
from rbm.evaluation.likelihood import log_likelihood
from rbm.models.rbm import RBM
from rbm.training.config import TrainConfig, knobs
from rbm.training.loop import Trainer
from tests.helpers.unit_pairs import PAIRS_IN_TURN, UNBOUNDED, M

ALGORITHMS = knobs(TrainConfig)["algorithm"].choices
ROWS, PIXELS, HIDDEN = 400, 4, 2


def slow(param: Any) -> Any:
    return pytest.param(*param.values, id=param.id, marks=[*param.marks, pytest.mark.slow])


def dataset(x: torch.Tensor) -> Dataset:
    labels, empty = torch.zeros(len(x), dtype=torch.int64), x[:0]
    return Dataset("sides", "Sides", x, x[:50], empty, labels, labels[:50], labels[:0], (x.shape[1],), "real", ("all",))


def of_kind(name: str) -> torch.Tensor:
    """Rows of two sides, of which nine pixels in ten take theirs, in the states of that unit: (ROWS, columns)."""
    draw = randomness.generator(1, "data", name)
    side = torch.randint(0, 2, (ROWS, 1), generator=draw)
    bit = torch.where(torch.rand(ROWS, PIXELS, generator=draw) < 0.9, side, 1 - side)
    noise = torch.randn(ROWS, PIXELS, generator=draw)
    return {
        "bernoulli": bit.float(),
        "spin": 2.0 * bit - 1,
        "gaussian": 2.0 * side - 1 + 0.5 * noise,
        "categorical": torch.eye(M)[(M - 1) * bit].flatten(1),
        "multinary": (M - 1.0) * bit,
        "relu": noise.abs() * (0.2 + side),
    }[name]


def start(visible: str, hidden: str, x: torch.Tensor) -> RBM:
    many = {"categorical", "multinary"} & {visible, hidden}
    model = RBM(PIXELS, HIDDEN, visible=visible, hidden=hidden, n_states=M if many else None)
    torch.nn.init.normal_(model.weight, std=0.3, generator=randomness.generator(2, "push"))  # off the saddle at 0
    model.fit_visible_bias(x)
    return model


def mean_log_likelihood(model: RBM, x: torch.Tensor) -> float:
    whole = copy.deepcopy(model).double()
    return log_likelihood(whole, x.double(), exact.log_partition(whole)).mean().item()


# One pair with dReLU units takes as long as the six others.
@pytest.mark.parametrize(("visible", "hidden"), [slow(p) if "drelu" in p.values else p for p in PAIRS_IN_TURN])
def test_every_algorithm_learns_data_of_its_units_own_kind(visible, hidden):
    """Exact log-likelihoods; the exact gradient's gain is the yardstick of the others'."""
    x, gains = of_kind(visible), {}
    rate, epochs = (0.06, 10) if hidden == "drelu" else (0.04, 12)
    for algorithm in ("exact", *ALGORITHMS):
        model = start(visible, hidden, x)
        before = mean_log_likelihood(model, x)
        config = TrainConfig(
            algorithm=algorithm, learning_rate=rate, momentum=0.5, epochs=epochs, batch_size=50, n_replicas=3,
            n_chains=200, binarise="none", k=30 if algorithm == "rdm" else 1,  # which is after its own end, not the likelihood
        )  # fmt: skip
        trainer = Trainer(model, dataset(x), config, randomness.generator(3, "training"))
        while not trainer.finished:
            trainer.step()
        assert trainer.step_number == 8 * epochs
        assert all(bool(torch.isfinite(p).all()) for p in model.parameters()), algorithm
        gains[algorithm] = mean_log_likelihood(model, x) - before
    assert gains["exact"] > 0.05
    assert min(gains.values()) > gains["exact"] / 2, gains


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("visible", UNBOUNDED[:2])
@pytest.mark.parametrize("hidden", UNBOUNDED)
def test_two_unbounded_layers_are_refused_before_any_algorithm_sees_them(visible, hidden, algorithm):
    x = of_kind(visible)
    with pytest.raises(ConfigError, match="give one layer bernoulli or other bounded units"):
        Trainer(start(visible, hidden, x), dataset(x), TrainConfig(algorithm=algorithm, binarise="none"), None)


@pytest.mark.parametrize(
    ("visible", "hidden", "n_hidden", "refused"),
    [
        ("gaussian", "bernoulli", 12, ""),
        ("gaussian", "bernoulli", 13, r"2\^13 states"),
        ("categorical", "bernoulli", 13, ""),  # 3^4 visible states, more columns than hidden ones have
        ("bernoulli", "categorical", 7, ""),  # 2^4
        ("relu", "multinary", 8, r"3\^8 states"),
        ("spin", "gaussian", 99, ""),
    ],
)
def test_the_exact_gradient_visits_the_layer_with_fewer_states_or_is_refused_at_once(
    visible, hidden, n_hidden, refused
):
    many = {"categorical", "multinary"} & {visible, hidden}
    model = RBM(PIXELS, n_hidden, visible=visible, hidden=hidden, n_states=M if many else None)
    x = of_kind(visible)

    def make() -> Trainer:
        config = TrainConfig(algorithm="exact", binarise="none")
        return Trainer(model, dataset(x), config, randomness.generator(1))

    if refused:
        with pytest.raises(ConfigError, match=f"{refused}.*limit is 2\\^12.*or pcd"):
            make()
    else:
        assert make().step() is not None


def deviations_after(algorithm: str, visible: str, hidden: str, x: torch.Tensor) -> torch.Tensor:
    """1/√λ of every pixel after 400 usual updates of the model that was fitted to x, in units of the fitted one."""
    model = RBM(x.shape[1], 4, visible=visible, hidden=hidden)
    model.fit_visible_bias(x)
    fitted = model.visible_log_precision.detach().clone()
    config = TrainConfig(
        algorithm=algorithm, learning_rate=0.01, epochs=20, batch_size=100, n_replicas=5, binarise="none"
    )
    trainer = Trainer(model, dataset(x), config, randomness.generator(2, "training"))
    while not trainer.finished:
        trainer.step()
    assert trainer.step_number == 400
    return (-0.5 * (model.visible_log_precision.detach() - fitted)).exp()


SIGMA = torch.tensor([0.3, 0.6, 1.0])


def noise() -> torch.Tensor:
    return torch.randn(2000, 3, generator=randomness.generator(1, "noise"))


@pytest.mark.parametrize("hidden", ["bernoulli", pytest.param("spin", marks=pytest.mark.slow)])
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_right_mean_and_deviation_stay_right_in_every_algorithm(algorithm, hidden):
    """Pixels without structure, at 0 and sixty deviations away from it. Measured: within 0.7 %."""
    x = torch.tensor([1.0, -20.0, 60.0]) + SIGMA * noise()
    torch.testing.assert_close(deviations_after(algorithm, "gaussian", hidden, x), torch.ones(3), rtol=0, atol=0.05)


@pytest.fixture(scope="module")
def of_the_exact_gradient() -> torch.Tensor:
    return deviations_after("exact", "relu", "spin", SIGMA * noise().abs())


@pytest.mark.parametrize(
    "algorithm", [a if a in ("pcd", "pt", "mfcd") else pytest.param(a, marks=pytest.mark.slow) for a in ALGORITHMS]
)
def test_rectified_units_get_the_deviation_that_the_exact_gradient_gives(algorithm, of_the_exact_gradient):
    """A fitted ReLU layer is not quite the likeliest one: the exact gradient moves it too, by 5 % at most."""
    found = deviations_after(algorithm, "relu", "spin", SIGMA * noise().abs())
    torch.testing.assert_close(found, of_the_exact_gradient, rtol=0.05, atol=0)


CLUSTERS = [("raw", 0.2), ("raw", 1.0), ("standardised", 1.0)]


@pytest.mark.parametrize(
    ("form", "deviation", "algorithm"),
    [
        pytest.param(
            *one, algorithm, marks=[pytest.mark.slow] if i != j else []
        )  # each form and each algorithm in every run
        for i, one in enumerate(CLUSTERS)
        for j, algorithm in enumerate(("mfcd", "cd", "exact"))
    ],
)
def test_two_clusters_fifteen_deviations_apart_are_learnt_to_the_end(form, deviation, algorithm):
    """W = λΔμ is 75 where the deviation is 0.2, 112 standardised, which is the same for every deviation; |W|/√λ is 15 in all.
    PCD's chains cannot cross."""
    draw = randomness.generator(1, "clusters")
    side = torch.randint(0, 2, (2000, 1), generator=draw)
    x = deviation * (torch.tensor([3.0, -5.0]) + 15 * side + torch.randn(2000, 2, generator=draw))
    if form == "standardised":
        x = (x - x.mean(0)) / x.std(0)
    model = RBM(2, 1, visible="gaussian")
    model.fit_visible_bias(x)
    torch.nn.init.constant_(model.weight, 1.0 if form == "standardised" or deviation < 1 else 0.1)
    config = TrainConfig(
        algorithm=algorithm, learning_rate=0.05, epochs=60, batch_size=100, optimizer="adam", schedule="linear",
        weight_decay=0.0, binarise="none",
    )  # fmt: skip
    trainer = Trainer(model, dataset(x), config, randomness.generator(3, "training"))
    while not trainer.finished:
        trainer.step()
    within = torch.stack([x[side[:, 0] == s].var(0) for s in (0, 1)]).mean(0).sqrt()
    torch.testing.assert_close(
        (-0.5 * model.visible_log_precision.detach()).exp() / within, torch.ones(2), rtol=0, atol=0.05
    )
    apart = (model.weight.detach()[:, 0] * (-0.5 * model.visible_log_precision.detach()).exp()).abs()
    assert apart.tolist() == pytest.approx([15, 15], rel=0.1)
    assert math.isfinite(mean_log_likelihood(model, x))
