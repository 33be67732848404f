"""A trained machine's log-likelihood as a job: in slices, so that it can share a worker with training and be watched.

Exact where one layer is small enough; otherwise AIS from below and reverse AIS from above. All parts of the data are
binarised once, always in the same way, so that numbers of different runs on the same data compare.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from rbm.core.language import _
from rbm.core.limits import AIS_CHAINS, COMMAND
from rbm.errors import TooLargeError
from rbm.experiment import cached_dataset

if TYPE_CHECKING:
    from torch import Tensor

    from rbm.experiment import RunSpec
    from rbm.models.rbm import RBM

RESULT = "log_likelihood"  # the name under which the registry keeps it
PILOT = 10  # a tenth of the temperatures is enough to choose where AIS starts
FIXED_SEED = 2026  # of the one binarisation that all runs are measured on


@dataclass(frozen=True)
class Effort:
    """How much work AIS is given. More temperatures narrow the bracket; more chains narrow each end's own error."""

    n_chains: int = 100
    n_temperatures: int = 1000
    n_sweeps: int = 200  # of the reverse chains before they start, from samples by population annealing
    seed: int = 1

    def __post_init__(self) -> None:
        """ConfigError beyond what even a command may ask for."""
        AIS_CHAINS.check(self.n_chains)
        COMMAND.temperatures.check(self.n_temperatures)


class Step(NamedTuple):
    """How far the job is: ``done`` of ``total`` steps, and at the end the ``result``, see :func:`summary`.

    ``at``: how many updates the machine has had that is measured.
    """

    done: int
    total: int
    result: dict[str, Any] | None
    at: int = 0


class LikelihoodJob:
    """The log-likelihood of one checkpoint, on a worker or here: call ``advance`` until there is a result."""

    def __init__(self, checkpoint: bytes, effort: Effort | None = None) -> None:
        """CheckpointError for what is none, ConfigError or ShapeError for what AIS refuses."""
        import torch

        from rbm import randomness
        from rbm.checkpoint import from_bytes
        from rbm.evaluation import exact
        from rbm.evaluation.live_bracket import LiveBracket

        effort = effort or Effort()
        saved = from_bytes(checkpoint)
        self._model, self._effort = saved.model, effort
        self.step_number = (
            int(saved.state["progress"][0]) if "progress" in saved.state else 0
        )  # of the machine measured
        self._data = fixed_data(saved.spec)
        self.result: dict[str, Any] | None = None
        self._bracket = None
        try:
            log_z = exact.log_partition(self._model)
            self.result = summary(
                self._model, self._data, log_z, (log_z, log_z), {"method": "exact", "trustworthy": True}
            )
        except TooLargeError:
            draw = randomness.generator(effort.seed, "likelihood")
            base = _closer_base(self._model, self._data, effort)
            amounts = {
                "n_chains": effort.n_chains,
                "n_temperatures": effort.n_temperatures,
                "n_sweeps": effort.n_sweeps,
            }
            with torch.no_grad():
                self._bracket = LiveBracket(self._model, None, **amounts, generator=draw, base=base)

    def advance(self, seconds: float = 0.25) -> Step:
        """Work for about ``seconds``, one step at least."""
        from rbm.evaluation.verdict import FEWEST_EFFECTIVE

        bracket = self._bracket
        if bracket is None:
            return Step(1, 1, self.result, self.step_number)
        deadline = time.perf_counter() + seconds
        while bracket.left:
            bracket.advance(1)
            if time.perf_counter() >= deadline:
                break
        found = bracket.result
        if found is not None and self.result is None:
            effort = {"n_chains": self._effort.n_chains, "n_temperatures": self._effort.n_temperatures}
            ends = (found.forward.low, found.reverse.high)
            trust = {"trustworthy": found.trustworthy, "reason": found.reason, "families": bracket.families}
            if found.trustworthy and (bracket.families or 0) < FEWEST_EFFECTIVE:
                trust["trustworthy"] = False
                trust["reason"] = _(
                    "The reverse chains come from only {families} of the {n_chains} chains annealed "
                    "({fewest_effective:g} are wanted): take more chains or temperatures."
                ).format(families=bracket.families, n_chains=self._effort.n_chains, fewest_effective=FEWEST_EFFECTIVE)
            words = {**trust, "gap": found.gap, "crossed": found.crossed, **effort}
            errors = {
                "log_z_error": found.forward.standard_error,
                "ess": found.forward.ess,
                "ess_reverse": found.reverse.ess,
            }
            made = {"method": "ais", "log_z_reverse": found.reverse.value, **errors, **words}
            self.result = summary(self._model, self._data, found.forward.value, ends, made)
        return Step(bracket.total - bracket.left, bracket.total, self.result, self.step_number)


def summary(
    model: RBM, data: dict[str, Tensor], log_z: float, ends: tuple[float, float], made: dict[str, Any]
) -> dict[str, Any]:
    """log Z and the mean log-likelihood of each part of the data, nats per image, as JSON values.

    ``test`` is the value from forward AIS (which tends to be too high), ``test_low`` to ``test_high`` what the ends of
    the bracket give, which hold the truth in expectation only, ``test_error`` the standard error of the mean over images
    alone. Of AIS ``reason`` says in a sentence what to think of it, and ``crossed`` whether forward lies above reverse.
    """
    from rbm.evaluation.likelihood import log_likelihood

    result: dict[str, Any] = {**made, "log_z": log_z, "log_z_low": ends[0], "log_z_high": max(ends[1], log_z)}
    for part, images in data.items():
        values = log_likelihood(model, images, log_z)
        mean = values.mean().item()
        result[part] = mean
        result[f"{part}_low"] = mean - (result["log_z_high"] - log_z)
        result[f"{part}_high"] = mean + (log_z - ends[0])
        result[f"{part}_images"] = len(values)
        result[f"{part}_error"] = (values.std() / len(values) ** 0.5).item() if len(values) > 1 else 0.0
    return result


def fixed_data(spec: RunSpec) -> dict[str, Tensor]:
    """The test, validation and training images (N, V) that likelihoods are measured on: as states of the visible units, of
    Bernoulli units by one fixed binarisation."""
    from rbm import randomness
    from rbm.datasets.base import binarise

    dataset = cached_dataset(spec.dataset, spec.model)
    binary = spec.model.visible == "bernoulli"
    how = "stochastic" if binary and spec.training.binarise == "none" else spec.training.binarise
    draw = randomness.generator(FIXED_SEED, "binarisation")
    parts = {"test": dataset.test, "validation": dataset.validation, "train": dataset.train}
    return {name: binarise(rows, how if binary else "none", draw) for name, rows in parts.items()}


def _closer_base(model: RBM, data: dict[str, Tensor], effort: Effort) -> Tensor | None:
    """The data's base rates or zero biases (None), whichever a short AIS finds the higher log Z from.

    Forward AIS is a lower bound in expectation, so the higher one is the nearer. Neither is always it: after three epochs
    of CD-1 (784–100) zero biases came out 5 nats higher at 1,000 temperatures, on machines that know their data lower.
    """
    from rbm import randomness
    from rbm.evaluation import ais

    rates = ais.base_biases(data["train"], model.visible_unit)
    amounts = {"n_chains": effort.n_chains, "n_temperatures": min(max(effort.n_temperatures // PILOT, 1), 100)}

    def found(base: Tensor | None) -> float:
        return ais.log_partition(
            model, **amounts, generator=randomness.generator(effort.seed, "pilot"), base=base
        ).value

    return rates if found(rates) >= found(None) else None
