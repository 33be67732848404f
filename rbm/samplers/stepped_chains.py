"""A walk that a person takes: chains moved half a sweep at a time, with their past, and a way back."""

import threading
from collections import deque
from typing import NamedTuple

import torch
from torch import Tensor

from rbm.models.rbm import RBM
from rbm.samplers import gibbs
from rbm.samplers.chains import Chains, Clamp

FILM = 12  # frames that one long jump leaves in the past, its end included
MEMORY_BYTES = 16 * 2**20  # of one walk's past


class Moment(NamedTuple):
    """Where N chains stood after ``half`` half steps, kept small: states in their unit's ``stored`` dtype
    (booleans for Bernoulli units), means in half precision.

    v, v_mean (N, V) with ⟨v|h⟩ of the h it was drawn from; h, h_mean (N, H); ``random`` brings the generator back here.
    An even ``half`` is a full sweep (v, then h, are new); after an odd one v is newer than h.
    """

    half: int
    v: Tensor
    v_mean: Tensor
    h: Tensor
    h_mean: Tensor
    random: Tensor


class EnergyReading(NamedTuple):
    """What was measured after ``half`` half steps: means of E and F over the chains, nats at β = 1."""

    half: int
    energy: float
    free_energy: float


class SteppedChains:
    """Chains of ``model`` under a person's hand; nothing moves but by ``half_step``, ``sweep`` and ``back``.

    Attributes: ``now`` and ``past`` (oldest first, ``now`` last) as Moments; ``track``, an EnergyReading for every half step
    since the start; ``of``: at which update the machine stood, for whoever gives it newer parameters. The walk may go on
    while a page draws it: take ``list(track)`` once, and draw that.
    """

    def __init__(self, model: RBM, chains: Chains, generator: torch.Generator) -> None:
        self.model, self._generator = model, generator
        self._chains = chains
        self._half = self.of = 0
        self._v_mean, self._h_mean = chains.v, model.hidden_mean(chains.v).detach()
        self.track: list[EnergyReading] = []
        frame = 3 * (chains.v.numel() + chains.h.numel())
        self.past: deque[Moment] = deque(maxlen=max(MEMORY_BYTES // frame, 2 * FILM))
        self._lock = threading.RLock()  # a page may ask for two steps at once
        self._note()
        self._remember()

    @property
    def now(self) -> Moment:
        return self.past[-1]

    @property
    def step(self) -> float:
        """Sweeps since the start; a half one after an odd half step."""
        return self._half / 2

    def half_step(self, *, beta: float = 1.0, clamp: Clamp | None = None) -> None:
        """v from p(v|h), or, when v is the newer layer, h from p(h|v)."""
        with self._lock:
            self._move(beta, clamp)
            self._remember()

    def sweep(self, count: int = 1, *, beta: float = 1.0, clamp: Clamp | None = None) -> None:
        """``count`` times two half steps, of which at most FILM places are remembered."""
        halves = 2 * count
        stride = 1 if count <= FILM // 2 else -(-halves // FILM)
        with self._lock:
            for left in range(halves - 1, -1, -1):
                self._move(beta, clamp)
                if left % stride == 0:
                    self._remember()

    def back(self) -> None:
        """To the remembered place before this one; the generator goes back too, so the same way leads on again."""
        with self._lock:
            if len(self.past) > 1:
                self.past.pop()
                self._go_to(self.now)

    def _go_to(self, place: Moment) -> None:
        dtype = self.model.weight.dtype
        self._half = place.half
        self._chains = Chains(place.v.to(dtype), place.h.to(dtype), place.half // 2)
        self._v_mean, self._h_mean = place.v_mean.to(dtype), place.h_mean.to(dtype)
        self._generator.set_state(place.random)
        while self.track[-1].half > place.half:
            self.track.pop()

    def _move(self, beta: float, clamp: Clamp | None) -> None:
        if self._half % 2 == 0:
            self._chains, self._v_mean = gibbs.visible_half(
                self.model, self._chains, self._generator, beta=beta, clamp=clamp
            )
        else:
            self._chains, self._h_mean = gibbs.hidden_half(self.model, self._chains, self._generator, beta=beta)
        self._half += 1
        self._note()

    @torch.no_grad()
    def _note(self) -> None:
        v, h = self._chains.v, self._chains.h
        energy, free_energy = self.model.energy(v, h).mean(), self.model.free_energy(v).mean()
        self.track.append(EnergyReading(self._half, float(energy), float(free_energy)))

    def _remember(self) -> None:
        v, h = self._chains.v.to(self.model.visible_unit.stored), self._chains.h.to(self.model.hidden_unit.stored)
        self.past.append(
            Moment(self._half, v, self._v_mean.half(), h, self._h_mean.half(), self._generator.get_state())
        )
