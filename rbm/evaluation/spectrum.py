"""What W has learnt, mode by mode: its singular values against those of noise. V visible, H hidden, K = min(V, H).

W = Σ_α s_α u_α w_αᵀ. Learning lifts modes out of the noise that W started as, one after the other, the principal
components of the data first, the first of all (not the mean, which the biases hold): Decelle, Fissore & Furtlehner,
Spectral Dynamics of Learning in Restricted Boltzmann Machines, EPL 119, 2017, and Thermodynamics of Restricted Boltzmann
Machines, J. Stat. Phys. 172, 2018.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from rbm.core.language import _
from rbm.errors import ConfigError, ShapeError
from rbm.models.rbm import INITIAL_WEIGHT_DEVIATION

WIDTHS = 3.27  # of the edge's fluctuation; noise alone goes beyond once in a thousand matrices (Tracy-Widom, β = 1)


class Spectrum(NamedTuple):
    """The modes of W, strongest first.

    ``values`` s (K,) ≥ 0; ``visible`` u (K, V), each row a picture of unit length; ``hidden`` w (K, H), which hidden
    units show it; ``noise_edge``: where the values of N(0, σ²) weights end; ``n_modes``: how many lie clearly beyond;
    ``participation``: see :func:`participation_ratio`. The sign of a mode is free; here Σ_i u_i³ ≥ 0, so that the few
    strong pixels of a stroke are positive and pictures of one run do not flicker.
    """

    values: Tensor
    visible: Tensor
    hidden: Tensor
    noise_edge: float
    n_modes: int
    participation: float


@torch.no_grad()
def spectrum(weight: Tensor, deviation: float = INITIAL_WEIGHT_DEVIATION) -> Spectrum:
    """The modes of ``weight`` (V, H) and how many stand out of noise of standard deviation σ = ``deviation``.

    σ is that of the weights before training; steps of a large rate or long training shake the bulk beyond that edge,
    and then more values count than modes were learnt. Takes half precision; computed in float32 at least.
    ShapeError unless (V, H) and finite, ConfigError for σ ≤ 0.
    """
    _check(weight, deviation)
    exact = weight if weight.dtype == torch.float64 else weight.float()
    u, s, w = torch.linalg.svd(exact, full_matrices=False)
    sign = torch.where(u.pow(3).sum(0) < 0, -1.0, 1.0).to(u)
    n_visible, n_hidden = weight.shape
    return Spectrum(
        values=s,
        visible=(u * sign).T.contiguous(),
        hidden=w * sign[:, None],
        noise_edge=noise_edge(n_visible, n_hidden, deviation),
        n_modes=int((s > clearly_beyond(n_visible, n_hidden, deviation)).sum()),
        participation=participation_ratio(s),
    )


def noise_edge(n_visible: int, n_hidden: int, deviation: float = INITIAL_WEIGHT_DEVIATION) -> float:
    """σ(√V + √H), the largest singular value of V × H weights N(0, σ²) when both are large (Marčenko & Pastur 1967)."""
    return deviation * (math.sqrt(n_visible) + math.sqrt(n_hidden))


def noise_band(n_visible: int, n_hidden: int, deviation: float = INITIAL_WEIGHT_DEVIATION) -> tuple[float, float]:
    """σ|√V ± √H|, between which all singular values of large V × H weights N(0, σ²) lie."""
    low = deviation * abs(math.sqrt(n_visible) - math.sqrt(n_hidden))
    return low, noise_edge(n_visible, n_hidden, deviation)


def noise_density(s: Tensor, n_visible: int, n_hidden: int, deviation: float = INITIAL_WEIGHT_DEVIATION) -> Tensor:
    """The density of singular values s (n,) of V × H weights N(0, σ²), whose integral is 1: what W started as.

        ρ(s) = √((s₊² − s²)(s² − s₋²)) / (πσ²Ks)    between s± = σ|√V ± √H|, else 0

    Marčenko & Pastur 1967, for s instead of the eigenvalue s² of WᵀW.
    """
    low, high = (end**2 for end in noise_band(n_visible, n_hidden, deviation))
    square = s.square()
    inside = ((high - square) * (square - low)).clamp(min=0).sqrt()
    return inside / (math.pi * deviation**2 * min(n_visible, n_hidden) * s).clamp(min=torch.finfo(s.dtype).tiny)


def participation_ratio(values: Tensor) -> float:
    """(Σs²)² / Σs⁴ of singular values (K,): how many modes share ‖W‖², 1 if one has it all, K if all alike.

    NaN if all are 0.
    """
    share = values.double().square() / values.double().square().sum()
    return 1.0 / float(share.square().sum())


def clearly_beyond(n_visible: int, n_hidden: int, deviation: float = INITIAL_WEIGHT_DEVIATION) -> float:
    """The value that the strongest of all-noise modes exceeds once in a thousand matrices.

    s² has mean about (√(V−1) + √H)²σ² and scale (√(V−1) + √H)(1/√(V−1) + 1/√H)^(1/3)σ²: Johnstone, On the
    Distribution of the Largest Eigenvalue in Principal Components Analysis, Annals of Statistics 29, 2001.
    """
    rows, columns = math.sqrt(max(n_visible - 1, 1)), math.sqrt(n_hidden)
    centre = (rows + columns) ** 2
    scale = (rows + columns) * (1 / rows + 1 / columns) ** (1 / 3)
    return deviation * math.sqrt(centre + WIDTHS * scale)


def _check(weight: Tensor, deviation: float) -> None:
    if weight.ndim != 2 or 0 in weight.shape:
        wrong = _("weight has shape {shape}, expected (V, H): give model.weight.")
        raise ShapeError(wrong.format(shape=tuple(weight.shape)))
    if not bool(weight.isfinite().all()):
        raise ShapeError(_("weight holds values that are not finite: the model has diverged and has no modes."))
    if not deviation > 0:
        wrong = _("The noise needs a standard deviation above 0, got {deviation}.")
        raise ConfigError(wrong.format(deviation=deviation))
