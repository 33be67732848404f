"""What a trained machine is worth, as a job: in slices on a worker, like training.

All machines are measured on the same images, binarised once (``rbm.tasks.likelihood.fixed_data``), with the same random
numbers, so that the differences between them are their own. Every result holds its standard error, from the spread
between images: std(xᵢ) / √N of a mean over N of them.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from rbm.evaluation import verdict
from rbm.tasks.likelihood import Effort, LikelihoodJob, Step, fixed_data

if TYPE_CHECKING:
    from torch import Tensor

PSEUDO_IMAGES, AT_ONCE = 2000, 10  # validation images whose pixels are flipped, all of them, and how many in one step
DENSITY_IMAGES, DENSITIES_AT_ONCE = 500, 2  # of pixels that take any value: an integral is a hundred times the work


class PseudoLikelihoodJob:
    """Mean over the first validation images, PSEUDO_IMAGES or DENSITY_IMAGES, of Σ_i log p(v_i | all other pixels), exactly,
    nats per image."""

    def __init__(self, checkpoint: bytes) -> None:
        """CheckpointError for what is none."""
        from rbm.checkpoint import from_bytes

        saved = from_bytes(checkpoint)
        self._model = saved.model
        density = self._model.visible_unit.unbounded
        most, at_once = (DENSITY_IMAGES, DENSITIES_AT_ONCE) if density else (PSEUDO_IMAGES, AT_ONCE)
        self._rows = fixed_data(saved.spec)["validation"][:most].split(at_once)
        self._found: list[Tensor] = []

    def advance(self, seconds: float = 0.25) -> Step:
        """Work for about ``seconds``."""
        import torch

        from rbm.evaluation.likelihood import pseudo_log_likelihood

        deadline = time.perf_counter() + seconds
        while len(self._found) < len(self._rows):
            self._found.append(pseudo_log_likelihood(self._model, self._rows[len(self._found)]))
            if time.perf_counter() >= deadline:
                break
        done, total = len(self._found), len(self._rows)
        if done < total:
            return Step(done, total, None)
        values = torch.cat(self._found)
        found = {"value": values.mean().item(), "error": _error(values), "images": len(values)}
        return Step(done, total, found)


class GapJob:
    """Mean F(v) of all validation images − that of all training images, nats per image."""

    def __init__(self, checkpoint: bytes) -> None:
        """CheckpointError for what is none."""
        from rbm.checkpoint import from_bytes

        saved = from_bytes(checkpoint)
        self._model, data = saved.model, fixed_data(saved.spec)
        self._parts = {part: data[part] for part in ("validation", "train")}

    def advance(self, seconds: float = 0.25) -> Step:
        """All of it: it takes as long as an epoch's tenth."""
        import torch

        with torch.no_grad():
            energy = {part: self._model.free_energy(v).double() for part, v in self._parts.items()}
        mean = {part: values.mean().item() for part, values in energy.items()}
        error = math.hypot(*map(_error, energy.values()))  # the two parts share no image
        found = {"value": mean["validation"] - mean["train"], "error": error, "images": len(energy["validation"])}
        return Step(1, 1, found)


def _error(values: Tensor) -> float:
    """The standard error of the mean of values (N,); 0 of a single one."""
    return (values.std() / len(values) ** 0.5).item() if len(values) > 1 else 0.0


def job(objective: str, temperatures: int) -> tuple[type, tuple[Any, ...]]:
    """The class of the job that measures ``objective``, and what it is made with after the checkpoint."""
    if objective == "log_likelihood":
        return LikelihoodJob, (Effort(n_temperatures=temperatures),)
    return (PseudoLikelihoodJob, ()) if objective == "pseudo_log_likelihood" else (GapJob, ())


class Judged(NamedTuple):
    """What a job's result comes down to: the value, its standard error (None: not known) and why it is doubtful, if it is."""

    value: float
    error: float | None
    mark: str = ""
    doubt: str = ""


def judged(objective: str, result: Mapping[str, Any]) -> Judged:
    """The number, error and mark of a result, of an older version of the program too."""
    if objective != "log_likelihood":
        return Judged(float(result["value"]), result.get("error"))
    found = verdict.of_result(result)
    error = math.hypot(result["validation_error"], result.get("log_z_error", 0.0))
    return Judged(float(result["validation"]), error, found.mark, " ".join(found.sentences))
