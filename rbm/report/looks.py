"""What a machine looks like: its weights, what it makes of images, and what it makes by itself.

Letters: V visible columns, H hidden columns, N images, F chains.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rbm.models.parameters import Array

if TYPE_CHECKING:
    from torch import Tensor

    from rbm.models.rbm import RBM


class Looks(NamedTuple):
    """What a machine looks like: weight (V, H); originals, reconstructions (N, V); fantasies (F, V), means of pixels."""

    weight: Array
    originals: Array
    reconstructions: Array
    fantasies: Array


def looks(model: RBM, originals: Tensor, n_fantasies: int, sweeps: int) -> Looks:
    """⟨v|⟨h⟩⟩ of the originals (N, V), and ⟨v|h⟩ of chains after so many sweeps from noise: the same noise for every machine."""
    import torch

    from rbm import randomness
    from rbm.samplers import from_noise, gibbs

    draw = randomness.generator(1, "fantasies")
    with torch.no_grad():
        originals = originals.to(model.weight)
        back = model.visible_mean(model.hidden_mean(originals))
        chains = from_noise(model, n_fantasies, draw)
        for _ in range(sweeps):
            chains, info = gibbs.sweep(model, chains, draw)
        pictures = (model.weight, originals, back, info.visible_mean)
        return Looks(*(t.detach().float().cpu().numpy().copy() for t in pictures))
