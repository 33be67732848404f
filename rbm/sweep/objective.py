"""What a trained machine is worth, as a job: in slices on a worker, like training.

All machines are measured on the same images, binarised once (``rbm.likelihood_job.fixed_data``), with the same random
numbers, so that the differences between them are their own.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

from rbm.likelihood_job import Effort, LikelihoodJob, Step, fixed_data

if TYPE_CHECKING:
    from torch import Tensor

PSEUDO_IMAGES, AT_ONCE = 500, 10  # validation images whose pixels are flipped, and how many in one step


class PseudoLikelihoodJob:
    """Mean over the first PSEUDO_IMAGES validation images of Σ_i log p(v_i | all other pixels), exactly, nats per image."""

    def __init__(self, checkpoint: bytes) -> None:
        """CheckpointError for what is none."""
        from rbm.checkpoint import from_bytes

        saved = from_bytes(checkpoint)
        self._model = saved.model
        self._rows = fixed_data(saved.spec)["validation"][:PSEUDO_IMAGES].split(AT_ONCE)
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
        error = (values.std() / len(values) ** 0.5).item() if len(values) > 1 else math.nan
        return Step(done, total, {"value": values.mean().item(), "standard_error": error})


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
            mean = {part: self._model.free_energy(v).double().mean().item() for part, v in self._parts.items()}
        return Step(1, 1, {"value": mean["validation"] - mean["train"]})


def job(objective: str, temperatures: int) -> tuple[type, tuple[Any, ...]]:
    """The class of the job that measures ``objective``, and what it is made with after the checkpoint."""
    if objective == "log_likelihood":
        return LikelihoodJob, (Effort(n_temperatures=temperatures),)
    return (PseudoLikelihoodJob, ()) if objective == "pseudo_log_likelihood" else (GapJob, ())


def value(objective: str, result: dict[str, Any]) -> float:
    """The number that a job's result comes down to."""
    return float(result["validation" if objective == "log_likelihood" else "value"])
