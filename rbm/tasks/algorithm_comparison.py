"""The same machine learning the same tiny data by five algorithms at once, each judged by its exact likelihood.

Each method is a task of its own on the cluster, which tells leg after leg: so they share all workers, and the five curves grow
side by side. A worker remembers its last legs, so that a class that races alike has each computed once a worker.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rbm.core.language import _
from rbm.experiment import DatasetSpec, ModelSpec, RunSpec, make_dataset, make_model
from rbm.jobs.task import Task
from rbm.models.parameters import Parameters
from rbm.training.config import TrainConfig

if TYPE_CHECKING:
    from rbm.models.rbm import RBM

Floats = npt.NDArray[np.float64]
DATASETS = ("bars_and_stripes_3x3", "shifter_shown")  # nine pixels both, every picture once
LEG = 250  # updates that are told at once: half a second of the slowest algorithm
LEGS_REMEMBERED = 500  # by each worker, of all races: some 10 kB each
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
    for __ in range(updates):
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


def run(spec: str, updates: int, leg: int) -> Iterator[Leg]:
    """The legs of one method, ``leg`` updates each, as a task of ``rbm.jobs.task``."""
    for end in range(leg, updates + leg, leg):
        yield _leg_up_to(spec, min(end, updates), leg)


@lru_cache(maxsize=LEGS_REMEMBERED)
def _leg_up_to(spec: str, end: int, leg: int) -> Leg:
    start = (end - 1) // leg * leg
    before = (
        deepcopy(_leg_up_to(spec, start, leg)) if start else None
    )  # a trainer goes on in the state that it is given
    return run_leg(spec, before, end - start)


class Race:
    """Five tasks on the cluster, as the screen holds them.

    ``finished`` when all legs are there; ``legs`` by method, in order. ``problem`` says why one of them stopped.
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
        """Tell of every ``leg`` updates."""
        self.dataset, self.updates = dataset, updates
        asked: dict[str, Any] = {"n_hidden": n_hidden, "learning_rate": learning_rate, "updates": updates, "seed": seed}
        self.tasks = {
            method: Task(
                "rbm.tasks.algorithm_comparison:run",
                spec=race_spec(method, dataset=dataset, **asked).to_json(),
                updates=updates,
                leg=leg,
            )
            for method in METHODS
        }
        for task in self.tasks.values():
            task.lease_seconds = math.inf  # it goes on while another page is read

    @property
    def active(self) -> bool:
        return any(task.active for task in self.tasks.values())

    @property
    def finished(self) -> bool:
        return all(task.status == "finished" for task in self.tasks.values())

    @property
    def legs(self) -> dict[str, tuple[Leg, ...]]:
        return {method: task.news for method, task in self.tasks.items()}

    @property
    def problem(self) -> str:
        stopped = ((m, task.message) for m, task in self.tasks.items() if task.status == "failed")
        return next(
            (
                _("{method} stopped on the way: {message}").format(method=method, message=message)
                for method, message in stopped
            ),
            "",
        )

    def curve(self, method: str, name: str) -> tuple[Floats, Floats]:
        """Updates, and ``log_likelihood`` or ``reconstruction_error`` of a method so far: both of the same legs."""
        legs = self.tasks[method].news
        steps, values = ([np.empty(0), *(getattr(leg, one) for leg in legs)] for one in ("steps", name))
        return np.concatenate(steps), np.concatenate(values)
