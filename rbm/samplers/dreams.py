"""Fantasies of a deep belief net: Gibbs chains in its top RBM, each picture passed down from where they stand."""

import torch
from torch import Tensor

from rbm.models.dbn import DeepBeliefNet
from rbm.samplers.chains import Chains, from_noise, from_visible
from rbm.samplers.gibbs import sweep


def start(dbn: DeepBeliefNet, n_chains: int, generator: torch.Generator, images: Tensor | None = None) -> Chains:
    """Chains of the top RBM from noise, or from where ``images`` (N, V) lead on the way up."""
    if images is None:
        return from_noise(dbn.top, n_chains, generator)
    up = dbn.ascend(images[:n_chains].to(dbn.top.weight), generator)
    return from_visible(dbn.top, up.states[-1] if up.states else images[:n_chains], generator)


@torch.no_grad()
def dream(dbn: DeepBeliefNet, chains: Chains, generator: torch.Generator, sweeps: int = 1) -> tuple[Chains, Tensor]:
    """``sweeps`` more sweeps at the top, then down: the chains and the pixels' probabilities (N, V).

    With two layers or more, chains in the end have left p(h^{L−1}, h^L) as it is and pixels are means of p(v | h¹).
    """
    mean = dbn.top.visible_mean(chains.h)
    for _ in range(sweeps):
        chains, info = sweep(dbn.top, chains, generator)
        mean = info.visible_mean
    return chains, mean if len(dbn.rbms) == 1 else dbn.descend(chains.v, generator)
