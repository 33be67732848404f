"""Who takes part: this engine, the plain recipe that tutorials teach, and the floor that no engine can go under."""

from collections.abc import Callable, Iterator
from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor

from rbm import randomness
from rbm.benchmarks import packages
from rbm.benchmarks.race import Advance, Setting
from rbm.datasets.base import Dataset
from rbm.datasets.catalog import load_dataset
from rbm.models.rbm import RBM
from rbm.training.config import TrainConfig
from rbm.training.loop import Trainer

FLOAT32, BFLOAT16 = "this engine, float32", "this engine, bfloat16"
EPOCHS = 5000  # more than any run trains


@cache
def digits() -> Dataset:
    """Bundled MNIST, read once."""
    return load_dataset("mnist")


def trainer(setting: Setting, precision: str = "auto") -> Trainer:
    """The engine as it comes: CD-k, centred, momentum and decay, pixels binarised for each batch, events for its curves."""
    model = RBM(digits().n_visible, setting.n_hidden, generator=randomness.generator(1, "model"))
    model.fit_visible_bias(digits().train, digits().pixel_mean)
    config = TrainConfig(
        k=setting.k,
        batch_size=setting.batch_size,
        epochs=EPOCHS,
        learning_rate=0.01,
        schedule="constant",
        precision=precision,
    )
    return Trainer(model, digits(), config, randomness.generator(1, "training"))


def engine(precision: str) -> Callable[[Setting], Advance]:
    def make(setting: Setting) -> Advance:
        job = trainer(setting, precision)

        def advance(batches: int) -> None:
            for _ in range(batches):
                job.step()

        return advance

    return make


def plain_recipe(setting: Setting) -> Advance:
    """Autograd through F(v₀) − F(vₖ), Adam, torch.bernoulli: how an RBM is usually written in torch."""
    layer = torch.nn.Linear(digits().n_visible, setting.n_hidden)
    visible_bias = torch.nn.Parameter(torch.zeros(digits().n_visible))
    optimizer = torch.optim.Adam([*layer.parameters(), visible_bias], lr=1e-3)
    batches = _batches(setting)

    def free_energy(v: Tensor) -> Tensor:
        return -(v @ visible_bias) - F.softplus(layer(v)).sum(1)

    def advance(count: int) -> None:
        for _ in range(count):
            v0 = torch.bernoulli(next(batches))
            v = v0
            for _ in range(setting.k):
                h = torch.bernoulli(torch.sigmoid(layer(v)))
                v = torch.bernoulli(torch.sigmoid(F.linear(h, layer.weight.T, visible_bias)))
            loss = free_energy(v0).mean() - free_energy(v.detach()).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    return advance


def floor(dtype: torch.dtype) -> Callable[[Setting], Advance]:
    """CD-k's matrix products alone, 2k + 3 of them: 2k + 1 fields and two for the gradient, into memory already there."""

    def make(setting: Setting) -> Advance:
        n, hidden, visible = setting.batch_size, setting.n_hidden, digits().n_visible
        draw = randomness.generator(1, "floor")

        def half(*shape: int) -> Tensor:
            return torch.randint(0, 2, shape, generator=draw).to(dtype)

        weight, v, h = half(visible, hidden), half(n, visible), half(n, hidden)
        field_h, field_v, product = torch.empty_like(h), torch.empty_like(v), torch.empty_like(weight)

        def advance(batches: int) -> None:
            for _ in range(batches):
                torch.mm(v, weight, out=field_h)
                for _ in range(setting.k):
                    torch.mm(h, weight.T, out=field_v)
                    torch.mm(v, weight, out=field_h)
                torch.mm(v.T, h, out=product)
                torch.mm(v.T, h, out=product)

        return advance

    return make


def _batches(setting: Setting) -> Iterator[Tensor]:
    """Rows in a new order every epoch, without end."""
    data, draw = digits().train, randomness.generator(1, "batches")
    while True:
        for rows in torch.randperm(len(data), generator=draw).split(setting.batch_size)[:-1]:
            yield data[rows]


ENGINES: dict[str, Callable[[Setting], Advance]] = {
    FLOAT32: engine("float32"),
    BFLOAT16: engine("bfloat16"),
    "scikit-learn BernoulliRBM": lambda setting: packages.scikit_learn(setting, digits().train),
    "plain recipe (autograd, Adam)": plain_recipe,
    "rbms": lambda setting: packages.rbms(setting, digits().train),
    "learnergy": lambda setting: packages.learnergy(setting, digits().train),
    "floor: bare products, float32": floor(torch.float32),
    "floor: bare products, bfloat16": floor(torch.bfloat16),
}
