"""What a machine of pictures and labels makes of a picture of which it sees a part. M chains, P pixels, K label columns."""

from typing import NamedTuple

import torch
from torch import Tensor

from rbm.core.language import _
from rbm.errors import ConfigError
from rbm.models.labelled import LabelledRBM
from rbm.samplers import chains, gibbs
from rbm.samplers.labelled import hold_pixels


class Completion(NamedTuple):
    """``label`` p(y_k = 1 | seen part) (K,) with its ``standard_error`` (K,); ``picture`` ⟨x | seen part⟩ (P,);
    ``chains`` (M, P), where each chain's pixel probabilities stand at the end."""

    label: Tensor
    standard_error: Tensor
    picture: Tensor
    chains: Tensor


@torch.no_grad()
def complete(
    model: LabelledRBM,
    x: Tensor,
    mask: Tensor,
    generator: torch.Generator,
    *,
    n_chains: int = 40,
    burn_in: int = 100,
    sweeps: int = 100,
) -> Completion:
    """Gibbs chains of everything that is not seen, given the pixels of ``x`` (P,) where ``mask`` (P,) is true.

    p(y | part) is the mean over chains and over ``sweeps`` after ``burn_in`` of the exact p(y | x) at each chain's
    picture, which is less noisy than counting drawn labels (Rao-Blackwell). Its error is that of the chains' means:
    right when chains have mixed, too small when they are stuck.
    """
    if n_chains < 2 or sweeps < 1 or burn_in < 0:
        wrong = _("A completion needs 2 chains, 1 sweep and no negative burn-in, got {n_chains}, {sweeps}, {burn_in}.")
        raise ConfigError(wrong.format(n_chains=n_chains, sweeps=sweeps, burn_in=burn_in))
    held = hold_pixels(model, x.expand(n_chains, -1), mask)
    now = chains.from_noise(model, n_chains, generator, clamp=held)
    for __ in range(burn_in):
        now = gibbs.sweep(model, now, generator, clamp=held)[0]
    label = torch.zeros(n_chains, model.n_labels, dtype=torch.float64)
    picture = torch.zeros(model.n_pixels, dtype=torch.float64)
    seen = x.new_zeros(n_chains, model.n_pixels)
    for __ in range(sweeps):
        now, info = gibbs.sweep(model, now, generator, clamp=held)
        pixels = model.split(now.v)[0]
        seen = model.split(info.visible_mean)[0]
        label += model.label_probability(pixels).double() / sweeps
        picture += seen.double().mean(0) / sweeps
    error = label.std(0) / n_chains**0.5
    return Completion(label.mean(0), error, picture, seen)
