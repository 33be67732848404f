"""A chain that is watched: which states it has visited, and how far that is from the exact distribution."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from rbm.evaluation import transition
from rbm.models.rbm import RBM
from rbm.randomness import Coins, generator
from rbm.samplers import gibbs, tempering
from rbm.samplers.chains import from_visible

Floats = npt.NDArray[np.float64]


class Ladder(NamedTuple):
    """Tempering for one chain: replicas from β down to ``lowest``·β in equal steps."""

    n_replicas: int = 4
    lowest: float = 0.1


class Occupancy:
    """One chain of ``model`` at inverse temperature β, from visible state ``start``; with a ladder, tempered.

    Attributes: ``state``, where it stands; ``counts`` (S,), its visits since the start; ``distance`` (T,), the total
    variation between the shares of its visits and p(v) after every sweep.
    """

    def __init__(self, model: RBM, *, beta: float = 1.0, start: int = 0, seed: int = 1, ladder: Ladder | None = None):
        half = transition.halves(model, beta)
        self._p = half.visible.numpy()
        self._places = 2 ** torch.arange(model.n_visible - 1, -1, -1)
        self._beta = beta
        self.state = start
        self.counts = np.zeros(len(self._p), dtype=np.int64)
        self.distance: list[float] = []
        rng = generator(seed, "visits", "gibbs" if ladder is None else "tempered")
        self._rng, self._coins = rng, Coins(rng)
        # β times the energy is an energy: the ladder's own β = 1 is then the temperature that is asked for.
        self._model = _scaled(model, beta if ladder is not None else 1.0)
        self._chains = from_visible(self._model, half.v[start : start + 1], rng, beta=1.0 if ladder else beta)
        self._replicas = None
        if ladder is not None:
            betas = tempering.ladder(ladder.n_replicas, ladder.lowest)
            self._replicas = tempering.from_hidden(self._model, self._chains.h, betas)

    def advance(self, sweeps: int) -> None:
        """So many sweeps more, swaps included where there are replicas."""
        for _ in range(sweeps):
            self.state = int((self._step().long() * self._places).sum())
            self.counts[self.state] += 1
            share = self.counts / self.counts.sum()
            self.distance.append(0.5 * float(np.abs(share - self._p).sum()))

    @property
    def share(self) -> Floats:
        """The share of visits that each state got; zeros before the first sweep."""
        return np.asarray(self.counts / max(int(self.counts.sum()), 1))

    def _step(self) -> Tensor:
        if self._replicas is None:
            self._chains, _ = gibbs.sweep(self._model, self._chains, self._rng, beta=self._beta)
            return self._chains.v[0]
        moved = tempering.sweep(self._model, self._replicas, self._coins)
        self._replicas, _ = tempering.swap(self._model, moved, self._coins)
        return self._replicas.v[0, 0]


def _scaled(model: RBM, beta: float) -> RBM:
    other = RBM(model.n_visible, model.n_hidden).double()
    with torch.no_grad():
        for name, p in model.named_parameters():
            other.get_parameter(name).copy_(beta * p)
    return other
