"""A machine that dreams for all who look: one walk of a few Gibbs chains, which starts from noise again and again.

It lives with the server, not with a visitor: however many look, a step and its pictures are made once. Nobody looks, nobody
steps.
"""

from __future__ import annotations

import time
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pages.ui.components import wall
from pages.ui.components.moving import table
from pages.ui.draw import frames, theme
from pages.ui.server import feed
from rbm import bundled
from rbm.core.language import _

if TYPE_CHECKING:
    from rbm.models.rbm import RBM
    from rbm.samplers.chains import Chains

MACHINE = "digits-500"
SHAPE = (28, 28)
CHAINS = 9  # the first is drawn large
SECONDS = 0.3  # between two looks
COLD, HOT = (
    30,
    0.4,
)  # from noise the chains are cooled: β rises from HOT to 1 in so many steps, or they would stick in blots
STRIDE, LAST = 4, 240  # steps a look once they are cold, and the step after which another walk begins
CELL = 4  # pixels of a hidden unit's cell


@lru_cache(maxsize=1)
def machine() -> RBM:
    """The machine of this page, one for all."""
    return bundled.load(MACHINE).model()


class SharedDream:
    """The walk. ``step`` and ``elements`` come from the threads of all who look."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._due = 0.0  # on the monotonic clock
        self._walk = 0  # how often it has begun
        self._chains: Chains | None = None
        self._elements: feed.Elements = {}

    def step(self) -> None:
        """Go on, unless another who looks has just made it."""
        now = time.monotonic()
        with self._lock:
            if now >= self._due:
                self._due = now + 0.8 * SECONDS  # whoever looks alone must not come a moment too early
                self._advance()

    def elements(self) -> feed.Elements:
        """What it looks like now."""
        with self._lock:
            if not self._elements:
                self._advance()
            return self._elements

    def _advance(self) -> None:
        from rbm import randomness
        from rbm.samplers import from_noise, gibbs

        model = machine()
        if self._chains is None or self._chains.step >= LAST:
            self._walk += 1
            self._generator = randomness.generator(self._walk, "start here")
            self._chains = from_noise(model, CHAINS, self._generator, beta=HOT)
            v, h = self._chains.v, model.hidden_mean(self._chains.v, beta=HOT)
        else:
            for _ in range(1 if self._chains.step < COLD else STRIDE):
                beta = temperature(self._chains.step)
                self._chains, info = gibbs.sweep(model, self._chains, self._generator, beta=beta)
            v, h = info.visible_mean, info.hidden_mean
        self._elements = _drawn(v.detach().numpy(), h[0].detach().numpy(), self._chains.step)


def temperature(step: int) -> float:
    """β of that step of a walk."""
    return min(1.0, HOT + (1.0 - HOT) * step / COLD)


def _drawn(v: NDArray[np.float32], h: NDArray[np.float32], step: int) -> feed.Elements:
    """v (CHAINS, V) and the first chain's h (H,), both probabilities, as pictures."""
    shown = frames.colour_probabilities(v, shape=SHAPE)
    large, small = (frames.Tiles(rows, shown.lut) for rows in (shown.rows[:1], shown.rows[1:]))
    cooling = f", β = {temperature(step):.2f}" if step < COLD else ""
    now = _("step {step} of {last}").format(step=step, last=LAST)
    return {
        "dream_v": wall.pictures(large, 1, now=now),
        "dream_h": lit(h, now),
        "dream_others": wall.pictures(small, CHAINS - 1, now=now),
        "dream_words": table(
            (), [(_("Step **{step}** of {last} from noise{cooling}").format(step=step, last=LAST, cooling=cooling),)]
        ),
    }


def lit(h: NDArray[np.float32], now: str | None = None) -> dict[str, object]:
    """Hidden units (H,) as cells that light up with their probability."""
    cells = np.asarray(h, np.float64)[:, None, None].repeat(CELL, 1).repeat(CELL, 2)
    return wall.pictures(frames.colour_probabilities(cells, lut=_glow()), frames.near_square(len(h))[1], gap=1, now=now)


@lru_cache(maxsize=1)
def _glow() -> theme.Lut:
    """From the dark of a pixel that is off to a bright teal, the same on both themes. (256, 3)"""
    ends = np.array([(29, 34, 40), (11, 118, 112), (94, 240, 222)], np.float64)
    return np.stack([np.interp(np.linspace(0, 2, 256), (0, 1, 2), ends[:, c]) for c in range(3)], 1).astype(np.uint8)


DREAM = SharedDream()
