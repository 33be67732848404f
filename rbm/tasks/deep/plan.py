"""What deep nets are asked for and what they tell, as values. Reading this needs no torch: pages do it all the time."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from rbm.core.language import N_, _
from rbm.errors import ConfigError
from rbm.models.parameters import Parameters

KINDS = (N_("belief net"), N_("Boltzmann machine"))
SHOWN = 64  # filters of a layer that are told while it learns
LABELS = (100, 1000, 10_000, 60_000)
SEEDS = (1, 2, 3)
# Published of another net, yell's RBM of 1,024 units: MNIST's test error in % with an RBM's start and from a random one.
PUBLISHED = {100: (18.30, 23.98), 1000: (6.35, 11.29), 10_000: (2.73, 5.27), 60_000: (1.27, 1.80)}
METHOD = 2  # raised whenever ``few_labels`` comes to train otherwise, so that no kept result is taken for a new one


@dataclass(frozen=True)
class DeepSpec:
    """A deep machine: its ``kind`` (of KINDS), hidden ``sizes`` from the lowest layer up, ``epochs`` of each layer alone,
    ``together`` epochs of all layers of a Boltzmann machine, and how many training ``images`` are used (None for all)."""

    kind: str = KINDS[0]
    sizes: tuple[int, ...] = (200, 200)
    epochs: int = 5
    together: int = 5
    learning_rate: float = 0.1
    dataset: str = "mnist"
    images: int | None = 10_000
    seed: int = 1

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            wrong = _("kind is {kind!r}; choose one of: {kinds}.")
            raise ConfigError(wrong.format(kind=self.kind, kinds=", ".join(KINDS)))
        if not self.sizes or min(self.sizes) < 1:
            wrong = _("sizes is {sizes}; expected at least one layer of 1 unit or more.")
            raise ConfigError(wrong.format(sizes=self.sizes))
        if self.kind == KINDS[1] and len(self.sizes) != 2:
            wrong = _("A deep Boltzmann machine has two hidden layers here, got {n_sizes} sizes.")
            raise ConfigError(wrong.format(n_sizes=len(self.sizes)))

    @property
    def stages(self) -> tuple[str, ...]:
        """What is learned one after the other."""
        layers = tuple(_("layer {n}").format(n=n) for n in range(1, len(self.sizes) + 1))
        return layers if self.kind == KINDS[0] else (*layers, N_("together"))


class Curve(NamedTuple):
    """A point of a stage's curves (stages count from 0): ``values`` by the names of ``events.MEASURES``."""

    stage: int
    epoch: float
    values: dict[str, float]


class FilterLook(NamedTuple):
    """The first SHOWN filters of a layer (counted from 1) as pixels: ``filters`` (V, n), in half precision to be short."""

    layer: int
    filters: npt.NDArray[np.float16]


@dataclass(frozen=True, eq=False, kw_only=True)
class Learned(Parameters):
    """The parameters of a layer (counted from 1) once a stage is over, between the units below and above."""

    layer: int


class Bounded(NamedTuple):
    """A lower bound on the mean log-likelihood of ``n_images`` test images: ``nats`` per image with the standard error over
    images, and of AIS, which gave log Z, the effective chains of ``n_chains``; None where log Z is exact."""

    nats: float
    error: float
    n_images: int
    effective: float | None
    n_chains: int


@dataclass(frozen=True)
class LabelsPlan:
    """The comparison: hidden ``sizes``, ``pretraining`` epochs a layer, ``epochs`` of fine-tuning on many labels and
    ``least_updates`` on few; ``labels`` and ``seeds`` to go through. Labels beyond what the data has mean all of them."""

    sizes: tuple[int, ...] = (1000, 1000)
    pretraining: int = 6
    epochs: int = 10
    least_updates: int = 2000
    labels: tuple[int, ...] = LABELS
    seeds: tuple[int, ...] = SEEDS

    def __post_init__(self) -> None:
        for name in ("sizes", "labels", "seeds"):
            if not getattr(self, name):
                raise ConfigError(_("{name} is empty; give at least one number.").format(name=name))
        if min(self.labels) < 10:
            wrong = _("labels goes down to {labels}; expected 10 or more, one a class.")
            raise ConfigError(wrong.format(labels=min(self.labels)))

    def recipe(self) -> dict[str, Any]:
        """What a result depends on beside its seed and number of labels: results of one recipe belong together."""
        sizes = {name: value for name, value in asdict(self).items() if name not in ("labels", "seeds")}
        return {"method": METHOD, **sizes}


class Working(NamedTuple):
    """What is being done, how far it is, both in a few words, and the share of the seeds that is behind."""

    what: str
    how_far: str
    done: float


class Result(NamedTuple):
    """The test error (a share) of one classifier and the seconds that its fine-tuning took."""

    seed: int
    labels: int
    pretrained: bool
    error: float
    seconds: float

    @property
    def key(self) -> tuple[int, int, bool]:
        return self.seed, self.labels, self.pretrained
