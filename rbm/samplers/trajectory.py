"""Chains over time: run a sampler and keep what a person wants to look at. T frames, N chains."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from rbm.core.language import _
from rbm.errors import ConfigError
from rbm.models.rbm import RBM
from rbm.samplers import gibbs
from rbm.samplers.chains import Chains, Clamp

Sweep = Callable[..., tuple[Chains, gibbs.SweepInfo]]


class Frames(NamedTuple):
    """A trajectory: kept ``step`` (T,), v and ⟨v|h⟩ (T, N, V), h (T, N, H); energy and free energy of EVERY sweep (S, N)."""

    step: Tensor
    v: Tensor
    visible_mean: Tensor
    h: Tensor
    energy: Tensor
    free_energy: Tensor


def spaced(n_steps: int, n_frames: int) -> list[int]:
    """At most ``n_frames`` sweeps of 1..n_steps to keep, evenly spaced, the last always among them."""
    n_frames = min(n_frames, n_steps)
    return sorted({round((i + 1) * n_steps / n_frames) for i in range(n_frames)})


@torch.no_grad()
def run(
    model: RBM,
    chains: Chains,
    generator: torch.Generator,
    n_steps: int,
    *,
    beta: float = 1.0,
    clamp: Clamp | None = None,
    keep: Sequence[int] | None = None,
    sweep: Sweep = gibbs.sweep,
) -> tuple[Chains, Frames]:
    """``n_steps`` sweeps from ``chains``. ``keep`` names the sweeps (1 is the first) whose pictures are kept: all by default."""
    if n_steps < 1:
        raise ConfigError(_("A trajectory needs at least one step, got n_steps={n_steps}.").format(n_steps=n_steps))
    wanted = set(range(1, n_steps + 1) if keep is None else keep)
    kept: list[tuple[int, Tensor, Tensor, Tensor]] = []
    energy, free_energy = [], []
    for i in range(1, n_steps + 1):
        chains, info = sweep(model, chains, generator, beta=beta, clamp=clamp)
        energy.append(info.energy)
        free_energy.append(model.free_energy(chains.v))
        if i in wanted:
            kept.append((chains.step, chains.v, info.visible_mean, chains.h))
    steps, v, mean, h = zip(*kept, strict=True) if kept else ((), (), (), ())
    empty = chains.v.new_empty(0, *chains.v.shape)
    return chains, Frames(
        torch.tensor(steps, dtype=torch.long),
        torch.stack(v) if v else empty,
        torch.stack(mean) if mean else empty,
        torch.stack(h) if h else chains.h.new_empty(0, *chains.h.shape),
        torch.stack(energy),
        torch.stack(free_energy),
    )
