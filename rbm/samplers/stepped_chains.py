"""A walk that a person takes: chains moved half a sweep at a time, with their past, and a way back."""

import math
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from rbm.models.rbm import RBM
from rbm.samplers import gibbs
from rbm.samplers.chains import Chains, Clamp

FILM = 12  # frames that one long jump leaves in the past, its end included
MEMORY_BYTES = 8 * 2**20  # of one walk's past: a class has sixty
REMEMBERED = 2048  # sweeps whose free energies tell how long the chains remember


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


@dataclass
class _Jump:
    """Half steps that are ``left`` to take; after every ``stride`` of them, counted from the end, the place is remembered."""

    left: int
    stride: int
    beta: float
    clamp: Clamp | None


class SteppedChains:
    """Chains of ``model`` under a person's hand; nothing moves but by ``half_step``, ``sweep``, ``back``
    and, a long way in short turns, by ``order`` and ``go_on``.

    Attributes: ``now`` and ``past`` (oldest first, ``now`` last) as Moments; ``track``, an EnergyReading for every half step
    since the start; ``free_energies``: F of each chain (N,) after the newest sweeps that one machine made at one temperature
    with the same pixels held, with their ``half``; ``of``: at which update the machine stood, for whoever gives it newer
    parameters. The walk may go on while a page draws it: take ``list(track)`` once, and draw that.
    """

    def __init__(self, model: RBM, chains: Chains, generator: torch.Generator) -> None:
        self.model, self._generator = model, generator
        self._chains = chains
        self._half = self.of = 0
        self._v_mean, self._h_mean = chains.v, model.hidden_mean(chains.v).detach()
        self.track: list[EnergyReading] = []
        self.free_energies: deque[tuple[int, Tensor]] = deque(maxlen=REMEMBERED)
        self._under: tuple[RBM, float, Clamp | None] = (model, 1.0, None)
        frame = 3 * (chains.v.numel() + chains.h.numel())
        self.past: deque[Moment] = deque(maxlen=max(MEMORY_BYTES // frame, 2 * FILM))
        self._owed: deque[_Jump] = deque()
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
        self.order(1, beta=beta, clamp=clamp)
        self.go_on()

    def sweep(self, count: int = 1, *, beta: float = 1.0, clamp: Clamp | None = None) -> None:
        """``count`` times two half steps, of which at most FILM places are remembered."""
        self.order(2 * count, beta=beta, clamp=clamp)
        self.go_on()

    def order(self, halves: int, *, beta: float = 1.0, clamp: Clamp | None = None) -> None:
        """So many half steps more, after those that are owed already: ``go_on`` takes them."""
        stride = 1 if halves <= FILM else -(-halves // FILM)
        with self._lock:
            self._owed.append(_Jump(halves, stride, beta, clamp))

    def go_on(self, seconds: float = math.inf) -> bool:
        """Take what is owed, for about so long; whether there is more."""
        deadline = time.perf_counter() + seconds
        with self._lock:
            while self._owed:
                jump = self._owed[0]
                self._move(jump.beta, jump.clamp)
                jump.left -= 1
                if jump.left % jump.stride == 0:
                    self._remember()
                if not jump.left:
                    self._owed.popleft()
                if time.perf_counter() >= deadline:
                    break
            return bool(self._owed)

    @property
    def owed(self) -> bool:
        """Whether half steps were ordered that are still to be taken."""
        return bool(self._owed)

    def stop(self) -> None:
        """Take no more of what is owed: a long jump ends where it is, and that place is remembered."""
        with self._lock:
            self._owed.clear()
            if self._half != self.now.half:
                self._remember()

    def back(self) -> None:
        """To the remembered place before this one; the generator goes back too, so the same way leads on again. What was
        still owed is not taken any more; where a jump has left nothing behind yet, it is back to where that began."""
        with self._lock:
            self._owed.clear()
            if len(self.past) > 1:
                self.past.pop()
            if self._half != self.now.half:
                self._go_to(self.now)

    def _go_to(self, place: Moment) -> None:
        dtype = self.model.weight.dtype
        self._half = place.half
        self._chains = Chains(place.v.to(dtype), place.h.to(dtype), place.half // 2)
        self._v_mean, self._h_mean = place.v_mean.to(dtype), place.h_mean.to(dtype)
        self._generator.set_state(place.random)
        while self.track[-1].half > place.half:
            self.track.pop()
        while self.free_energies and self.free_energies[-1][0] > place.half:
            self.free_energies.pop()

    def _move(self, beta: float, clamp: Clamp | None) -> None:
        machine, temperature, held = self._under
        if machine is not self.model or temperature != beta or not _same(held, clamp):
            self.free_energies.clear()  # other chains from here on
            self._under = self.model, beta, clamp
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
        energy, free_energies = self.model.energy(v, h).mean(), self.model.free_energy(v)
        self.track.append(EnergyReading(self._half, float(energy), float(free_energies.mean())))
        if self._half and self._half % 2 == 0:
            self.free_energies.append((self._half, free_energies))

    def _remember(self) -> None:
        v, h = self._chains.v.to(self.model.visible_unit.stored), self._chains.h.to(self.model.hidden_unit.stored)
        self.past.append(
            Moment(self._half, v, self._v_mean.half(), h, self._h_mean.half(), self._generator.get_state())
        )


def _same(one: Clamp | None, other: Clamp | None) -> bool:
    if one is None or other is None:
        return one is other
    return torch.equal(one.mask, other.mask) and torch.equal(one.values, other.values)
