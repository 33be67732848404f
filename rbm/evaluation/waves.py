"""A hidden unit's log-partition as a sum of waves: means over independent visible units are products then.

Hidden unit j adds φ_j(x_j) to log p(v), with x_j = c_j + Σ_i w_ij(v_i). On an interval that holds every x_j,

    φ_j(c_j + x) = const + Σ_m Re[α_mj exp(i k_m x)],    |x| ≤ R,    k_m = 2πm / P

and over visible units that are independent of each other ⟨exp(i k x)⟩ is a product of one factor a unit, however many there
are. φ_j is analytic, so that multiplied by a smooth window, 1 on the interval and 0 at ±P/2, its Fourier coefficients fall
exponentially with m (a Fourier extension: Boyd, A comparison of numerical algorithms for Fourier extension of the first, second
and third kinds, 2002). So many are taken as float64 can tell from 0. Letters: M waves, H hidden units.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from rbm.core.language import _
from rbm.errors import TooLargeError
from rbm.models.rbm import RBM
from rbm.units import Unit

FLAT = 6.0  # widths of the window's edge within which it goes from 1 to 0 in float64, on either side: erfc(6) = 2e-17
SHARP = 0.5  # the edge's width where states scatter by 1: then its own waves end where those of φ do
FIRST = 8  # samples of φ in an edge's width: twice the edge's own waves can be told from them
MOST = 2**24  # samples of all φ together, 128 MB
NOISE = 8  # times a digit of the largest term: what rounding of a log-partition leaves in a wave
DIGIT = torch.finfo(torch.float64).eps


class Waves(NamedTuple):
    """Wave numbers ``k`` (M,), above 0 and upwards, and amplitudes α (M, H), complex; float64."""

    k: Tensor
    amplitude: Tensor


def has_waves(model: RBM) -> bool:
    """Whether one number is each hidden unit's field: of all types but the categorical one, which has M."""
    return model.hidden_unit.width == 1


def waves(unit: Unit, c: Tensor, reach: float) -> Waves:
    """Those of float64 hidden units of one column in the fields ``c`` (H,), for |x| ≤ R = ``reach``, exact but for rounding.

    The part linear in x couples nothing and is left out. TooLargeError where the reach asks for more waves than are kept.
    """
    edge = SHARP / float(unit.covariance(c[None] * 0).max()) ** 0.5
    period = 2 * (reach + 2 * FLAT * edge)
    least = FIRST * period / edge
    n = 2 ** math.ceil(math.log2(least)) if least * len(c) <= MOST else math.inf  # NaN too is not within
    at, slope = unit.log_partition(c), unit.mean(c)
    while n * len(c) <= MOST:
        x = (torch.arange(n, dtype=c.dtype, device=c.device)[:, None] / n - 0.5) * period
        window = torch.special.erfc((x.abs() - reach - FLAT * edge) / edge) / 2
        curve, line = unit.log_partition(c + x), at + slope * x  # (n, H)
        rounding = DIGIT * (1 + curve.abs().amax(0) + line.abs().amax(0))  # (H,)
        spectrum = torch.fft.rfft((curve - line) * window, dim=0) / n
        size = (spectrum.abs() / rounding).amax(1)
        if float(size[n // 4 :].max()) <= NOISE:  # nothing but rounding in the upper half: no wave was missed
            last = max(
                (size > 1).nonzero().flatten().tolist(), default=0
            )  # none where all are too far from their curve
            m = torch.arange(1, last + 1, dtype=c.dtype, device=c.device)
            k = 2 * math.pi * m / period
            return Waves(k, 2 * spectrum[1 : len(k) + 1] * torch.exp(0.5j * period * k)[:, None])  # x begins at −P/2
        n *= 2
    raise TooLargeError(
        _(
            "The weights and biases reach fields of {reach:.3g}, whose log-partition would be more than {most:,} numbers; such "
            "weights are far beyond any use: train with a smaller rate or with weight decay."
        ).format(reach=reach, most=MOST)
    )
