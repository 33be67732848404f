"""What the machine makes of a drawing: its hidden units, its free energy, its reconstruction, and ways to go on with it."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pages.learn.home import dream
from pages.ui.components import wall
from pages.ui.draw import frames
from pages.ui.draw.figures import number
from pages.ui.server import feed
from pages.ui.server.instant import Bits, Drawing
from rbm.core.language import _
from rbm.experiment import DatasetSpec, cached_dataset

if TYPE_CHECKING:
    import torch

    from rbm.samplers.chains import Chains, Clamp

PAD = "home_pad"
CHAINS = 6
SWEEPS = 4  # of the completing chains at each move of the pen ...
SECONDS, MORE = 0.6, 12  # ... and how often, and how many times more, they go on when it rests
BINS = 50
EXAMPLE = 1  # of the test images, whose upper half stands on the pad at first: a 2


class ValidationEnergies(NamedTuple):
    """Free energies of the validation images, sorted, and how many of them are in each of BINS bins from low to high."""

    sorted: NDArray[np.float64]
    counts: list[int]
    low: float
    high: float


@lru_cache(maxsize=1)
def energies() -> ValidationEnergies:
    import torch

    from rbm.datasets.base import binarise

    model = dream.machine()
    with torch.no_grad():
        found = (
            model.free_energy(binarise(cached_dataset(DatasetSpec()).validation, "threshold"))
            .double()
            .sort()[0]
            .numpy()
        )
        blank = float(model.free_energy(torch.zeros(1, model.n_visible))[0])
    low, high = float(found[0]), max(float(found[-1]), blank)
    margin = 0.04 * (high - low)
    low, high = low - margin, high + margin
    return ValidationEnergies(found, np.histogram(found, BINS, (low, high))[0].tolist(), low, high)


def example() -> Bits:
    """A digit of which the lower half is yet to be drawn."""
    upper = cached_dataset(DatasetSpec()).test[EXAMPLE].numpy().reshape(dream.SHAPE) > 0.5
    upper[dream.SHAPE[0] // 2 :] = False
    return upper.flatten()


class CompletingChains:
    """One visitor's chains, which hold what is drawn and make up the rest."""

    def __init__(self) -> None:
        from rbm import randomness

        self._generator = randomness.generator(1, "start here, completion")
        self._held: Clamp | None = None
        self._chains: Chains | None = None
        self._left = 0

    def follow(self, ink: torch.Tensor) -> NDArray[np.float32]:
        """The chains' pixel probabilities (CHAINS, V) a few sweeps after the pen has moved. They start again from the drawing
        where something of it was taken away."""
        from rbm.samplers import chains

        taken = self._held is not None and bool((self._held.values > ink).any())
        self._held, self._left = chains.hold_drawing(ink, dream.SHAPE), MORE
        if self._chains is None or taken:
            self._chains = chains.from_visible(dream.machine(), ink.expand(CHAINS, -1), self._generator)
        return self._sweep()

    def step(self) -> None:
        """A little further, for a while after the pen has come to rest."""
        self._moved = self._left > 0
        if self._moved:
            self._left -= 1
            self._shown = self._sweep()

    def news(self) -> feed.Elements:
        """What the last step has changed."""
        return {"pad_completed": _pictures(self._shown)} if self._moved else {}

    _moved = False
    _shown: NDArray[np.float32]

    def _sweep(self) -> NDArray[np.float32]:
        from rbm.samplers import gibbs

        assert self._chains is not None
        for __ in range(SWEEPS):
            self._chains, info = gibbs.sweep(dream.machine(), self._chains, self._generator, clamp=self._held)
        return info.visible_mean.numpy()


def elements(completion: CompletingChains, drawing: Drawing) -> feed.Elements:
    """All that follows the pen, by element."""
    import torch

    model = dream.machine()
    v = torch.tensor(drawing.centred, dtype=torch.float32)[None]  # (1, V)
    with torch.no_grad():
        h, free = model.hidden_mean(v), float(model.free_energy(v)[0])
        back = model.visible_mean(h)
    completed = completion.follow(torch.tensor(drawing.ink, dtype=torch.float32))
    return {
        PAD: told(free, int(drawing.ink.sum())),
        "pad_hidden": dream.lit(h[0].numpy()),
        "pad_back": _pictures(np.stack([v[0].numpy(), back[0].numpy()])),
        "pad_completed": _pictures(completed),
    }


def told(free: float, drawn: int) -> dict[str, Any]:
    """A free energy among those of the validation images, for the pad's histogram and in words."""
    known = energies()
    less = 1 - float(np.searchsorted(known.sorted, free)) / len(known.sorted)
    words = _(
        "F = {free}: the machine finds your drawing likelier than {less:.0%} of {n_sorted:,} digits that are new to it."
    ).format(free=number(free, 0), less=less, n_sorted=len(known.sorted))
    if not drawn:
        words = _("The pad is empty. F = {free}.").format(free=number(free, 0))
    under = _("free energies F of new digits; likelier ←")
    return {"counts": known.counts, "low": known.low, "high": known.high, "free": free, "under": under, "words": words}


def _pictures(rows: NDArray[np.float32]) -> dict[str, Any]:
    return wall.pictures(frames.colour_probabilities(rows, shape=dream.SHAPE), 3)
