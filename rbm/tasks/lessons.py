"""What lessons ask for that takes longer than a look may, as tasks of ``rbm.jobs.task``: each made once for all who look."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from rbm.experiment import DatasetSpec, cached_dataset
from rbm.models.parameters import Array, Parameters


@dataclass(frozen=True, eq=False)
class WarmedUp(Parameters):
    """A machine after some updates: beside its parameters momentum's memory by their names, and PCD's first chain (1, H)."""

    velocity: dict[str, Array] | None = None
    chains: Array | None = None


class Ending(NamedTuple):
    """A state in which recalls ended: its units of 0 and 1, of what kind it is, how many ended there, and its energy."""

    state: tuple[int, ...]
    kind: str
    visits: int
    energy: float


def warm_up(dataset: str, n_hidden: int, batch: int, algorithm: str, updates: int) -> Iterator[WarmedUp]:
    """A machine so many updates into training, by an algorithm that slow motion shows."""
    from rbm import randomness
    from rbm.models.rbm import RBM
    from rbm.training.config import TrainConfig
    from rbm.training.loop import Trainer

    data = cached_dataset(DatasetSpec(dataset))
    model = RBM(data.n_visible, n_hidden, generator=randomness.generator(1, "slow motion"))
    model.fit_visible_bias(data.train, data.pixel_mean)
    config = TrainConfig(
        algorithm=algorithm,
        batch_size=batch,
        centred="off",
        epochs=updates,
        binarise="threshold",
        schedule="constant",
    )
    trainer = Trainer(model, data, config, randomness.generator(1, "slow motion", "training"))
    for _ in range(updates):
        trainer.step()
    state = trainer.state()
    velocity = {name: state[f"velocity.{name}"].numpy() for name, _ in model.named_parameters()}
    chains = state["chains"][:1].numpy().copy() if "chains" in state else None
    yield WarmedUp.of(model, velocity=velocity, chains=chains)


def basins(
    stored: tuple[tuple[int, ...], ...], rule: str, beta: float, seed: int, starts: int
) -> Iterator[list[Ending]]:
    """Where recalls from random states end in a network that keeps pictures of 0 and 1; ``beta`` is the dense one's."""
    import torch

    from rbm.evaluation import associative_memory
    from rbm.models.hopfield import remember
    from rbm.randomness import generator

    patterns = 2 * torch.tensor(stored, dtype=torch.float64) - 1
    found = associative_memory.basins(remember(patterns, rule, beta), patterns, starts, generator(seed, "basins"))
    yield [Ending(tuple(int(x > 0) for x in b.state.tolist()), b.kind, b.visits, b.energy) for b in found]
