"""The likelihood of a model that still learns, bracketed at chosen epochs in a twentieth of training's time.

The first bracket of a run is a rougher one and takes a fifth of the time: so that a person soon sees a number.

What AIS and reverse AIS give for log Z, from below and from above, brackets the mean log-likelihood of fixed images:

    −⟨F(v)⟩ − reverse ≤ log-likelihood ≤ −⟨F(v)⟩ − forward      (in expectation)

One pair of estimates may be crossed, low above high: then it brackets nothing, and the truth may lie outside as well.
Machines small enough to enumerate get the exact number for both ends.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from rbm.evaluation import ais, exact
from rbm.evaluation.live_bracket import SHARE, LiveBracket
from rbm.models.rbm import RBM

# After which epochs, by the name of the choice: at once where learning is fast, then ever more rarely, or each.
EPOCHS = {
    "never": (),
    "1-2-5": tuple(m * 10**n for n in range(5) for m in (1, 2, 5)),
    "each": tuple(range(1, 100_001)),
}
CHAINS, TEMPERATURES, SWEEPS = 50, 500, 20
# The first: 784–100 after an epoch of CD-1 took 0.26 s for it (0.5 s at 500 temperatures) and 1.1 s for an epoch. At a
# twentieth of the time it came after epoch 8; its ends lay 0.3 to 1.3 nats apart, those of 500 temperatures 0.1 to 0.6.
FIRST_TEMPERATURES, FIRST_SHARE = 200, 0.2
EXACT_BITS = 12  # of the smaller layer: 2^12 states cost less than one event of training


class LikelihoodTracker:
    """Brackets of one run's model, one at a time. An epoch that passes while one is under way is left out.

    A run that is over has all the time there is: its last machine is measured to the end, in place of what is under way.
    How many there were before hangs on the time they had, so each has chance of its own: equal machines get equal numbers.
    """

    def __init__(
        self, epochs: tuple[int, ...], chance: Callable[[float], torch.Generator], share: float = SHARE
    ) -> None:
        """``chance`` for the machine of an epoch, never training's: looking changes no run. ``share``: of training's time."""
        self._epochs, self._chance, self._share = list(epochs), chance, share
        self._wanted, self._first = bool(epochs), True
        self._work: LiveBracket | None = None
        self._at, self._energy, self._seconds = 0.0, 0.0, 0.0

    @property
    def under_way(self) -> float | None:
        """The epoch of the machine that is being measured, None where none is."""
        return None if self._work is None else self._at

    @torch.no_grad()
    def look(
        self, model: RBM, validation: Tensor, epoch: float, seconds: float, *, over: bool = False
    ) -> dict[str, float]:
        """Go on for a share of the training seconds since the last look; the bracket's numbers when it is done.

        ``over``: training has ended, and its last machine is measured now.
        validation (M, V): the images whose mean log-likelihood is bracketed.
        Numbers: ``log_likelihood_low`` and ``log_likelihood_high`` in nats per image; ``log_likelihood_epoch``, at which
        the model was what they speak of: training has gone on since; and, unless they are exact, ``log_likelihood_ess``,
        the smaller effective sample size of both, which :mod:`rbm.evaluation.verdict` judges.
        """
        trained, self._seconds = seconds - self._seconds, seconds
        if over:
            self._work = None
        if self._work is None:
            passed = [one for one in self._epochs if one <= epoch]
            if not passed and not (over and self._wanted):
                return {}
            self._epochs = self._epochs[len(passed) :]
            self._at, self._energy = epoch, model.free_energy(validation).double().mean().item()
            if exact.smaller_layer(model).bits <= EXACT_BITS:
                log_z = exact.log_partition(model)
                return self._numbers(log_z, log_z)
            rough = self._first and not over
            self._work = self._begun(model, validation, FIRST_TEMPERATURES if rough else TEMPERATURES)
        share = max(self._share, FIRST_SHARE) if self._first else self._share
        found = self._work.keep_pace(math.inf if over else max(trained, 0.0), share=share)
        if found is None:
            return {}
        self._work, self._first = None, False
        numbers = self._numbers(found.forward.value, found.reverse.value)
        return {**numbers, "log_likelihood_ess": found.ess}

    def _begun(self, model: RBM, validation: Tensor, n_temperatures: int) -> LiveBracket:
        return LiveBracket(
            model,
            n_chains=CHAINS,
            n_temperatures=n_temperatures,
            n_sweeps=SWEEPS,
            base=ais.base_biases(validation, model.visible_unit),
            generator=self._chance(self._at),
        )

    def _numbers(self, forward: float, reverse: float) -> dict[str, float]:
        return {
            "log_likelihood_low": -self._energy - reverse,
            "log_likelihood_high": -self._energy - forward,
            "log_likelihood_epoch": self._at,
        }
