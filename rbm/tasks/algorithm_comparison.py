"""The same machine learning the same tiny data by five algorithms at once, each judged by its exact likelihood.

A race is cut into legs, each a task on the cluster that goes on from the one before: the screen's process only collects
what is finished. Equal races are the same tasks to Dask, so a class that races alike computes it once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rbm.errors import ClusterError
from rbm.experiment import DatasetSpec, ModelSpec, RunSpec, make_dataset, make_model
from rbm.jobs import cluster
from rbm.models.parameters import Parameters
from rbm.training.config import TrainConfig

if TYPE_CHECKING:
    from rbm.models.rbm import RBM

Floats = npt.NDArray[np.float64]
DATASETS = ("bars_and_stripes_3x3", "shifter_shown")  # nine pixels both, every picture once
LEG = 250  # updates of one task: half a second of the slowest algorithm
SEEN_EVERY = 25  # updates between two measurements

METHODS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "exact": {"algorithm": "exact"},
        "CD-1": {"algorithm": "cd", "k": 1},
        "CD-10": {"algorithm": "cd", "k": 10},
        "PCD": {"algorithm": "pcd", "n_chains": 100},
        "PT": {"algorithm": "pt", "n_chains": 100, "n_replicas": 4},
    }
)


@dataclass(frozen=True, eq=False, kw_only=True)
class Leg(Parameters):
    """One method's machine at some update.

    ``steps``, ``log_likelihood`` (nats per image, exact) and ``reconstruction_error`` (mean squared, per pixel) of this
    leg alone, (T,); ``state`` to go on from.
    """

    steps: Floats
    log_likelihood: Floats
    reconstruction_error: Floats
    state: dict[str, Any]


def race_spec(
    method: str, *, dataset: str = DATASETS[0], n_hidden: int, learning_rate: float, updates: int, seed: int = 1
) -> RunSpec:
    """One of DATASETS, all its pictures in every batch; no momentum, no decay, the plain gradient."""
    training = TrainConfig(
        learning_rate=learning_rate,
        schedule="constant",
        batch_size=32,  # more than there are pictures
        epochs=updates,
        centred="off",
        momentum=0.0,
        weight_decay=0.0,
        binarise="none",
    )
    return RunSpec(
        DatasetSpec(dataset),
        ModelSpec(n_hidden=n_hidden, visible_bias="zero"),
        replace(training, **METHODS[method]),
        seed,
    )


def run_leg(spec: str, before: Leg | None, updates: int) -> Leg:
    """``updates`` more of the run (RunSpec.to_json) than ``before`` made, measured every SEEN_EVERY updates."""
    from rbm import randomness
    from rbm.training.loop import Trainer

    run = RunSpec.from_json(spec)
    dataset = make_dataset(run.dataset)
    model = make_model(run, dataset)
    trainer = Trainer(model, dataset, run.training, randomness.generator(run.seed, "training"))
    rows: list[tuple[float, float, float]] = []
    if before is None:
        rows.append((0.0, *_measure(model, dataset.train)))
    else:
        model.load_state_dict(before.to_model().state_dict())
        trainer.load_state(before.state)
    for _ in range(updates):
        trainer.step()
        if trainer.step_number % SEEN_EVERY == 0:
            rows.append((float(trainer.step_number), *_measure(model, dataset.train)))
    steps, log_likelihood, error = np.array(rows, dtype=np.float64).reshape(-1, 3).T
    return Leg.of(model, steps=steps, log_likelihood=log_likelihood, reconstruction_error=error, state=trainer.state())


def _measure(model: RBM, images: Any) -> tuple[float, float]:
    """Mean log-likelihood and reconstruction error of ``images``, exact both."""
    import torch

    from rbm.evaluation import exact

    with torch.no_grad():
        free = float(model.free_energy(images).double().mean())
        error = float((model.visible_mean(model.hidden_mean(images)) - images).square().mean())
    return -free - exact.log_partition(model), error


class Race:
    """Five runs on the cluster, as the screen holds them. ``collect`` returns at once.

    ``finished`` when all legs are there; ``legs`` by method, in order. What nobody holds any more, Dask drops.
    """

    def __init__(
        self,
        *,
        dataset: str = DATASETS[0],
        n_hidden: int,
        learning_rate: float,
        updates: int,
        seed: int = 1,
        leg: int = LEG,
    ) -> None:
        """``leg`` updates make one task. ClusterError when the training processes cannot be started."""
        self.dataset, self.updates = dataset, updates
        asked: dict[str, Any] = {"n_hidden": n_hidden, "learning_rate": learning_rate, "updates": updates, "seed": seed}
        self.legs: dict[str, list[Leg]] = {method: [] for method in METHODS}
        client = cluster.connect().client
        self._futures: dict[str, list[Any]] = {}
        for method in METHODS:
            spec = race_spec(method, dataset=dataset, **asked)
            chain: list[Any] = []
            for start in range(0, updates, leg):
                last, count = chain[-1] if chain else None, min(leg, updates - start)
                # Earlier legs first, whatever the method: the five curves grow side by side.
                chain.append(client.submit(run_leg, spec.to_json(), last, count, priority=-start, pure=True))
            self._futures[method] = chain

    @property
    def finished(self) -> bool:
        return all(len(self.legs[method]) == len(chain) for method, chain in self._futures.items())

    def collect(self) -> None:
        """Take in the legs that are done; ClusterError when one failed."""
        for method, chain in self._futures.items():
            done = self.legs[method]
            while len(done) < len(chain) and chain[len(done)].done():
                future = chain[len(done)]
                if future.status != "finished":
                    raise ClusterError(f"{method} stopped on the way ({future.status}): press Race again.")
                done.append(future.result())

    def release(self) -> None:
        """Nobody watches any more: legs that have not begun never will."""
        for chain in self._futures.values():
            for future in chain:
                future.release()

    def curve(self, method: str, name: str) -> tuple[Floats, Floats]:
        """Updates, and ``log_likelihood`` or ``reconstruction_error`` of a method so far: both of the same legs."""
        legs = tuple(self.legs[method])
        steps, values = ([np.empty(0), *(getattr(leg, one) for leg in legs)] for one in ("steps", name))
        return np.concatenate(steps), np.concatenate(values)
