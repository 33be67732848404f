"""How far the second moments of samples lie from those of data: a quality of samples that needs no network and no log Z.

    E = 1/V² Σ_ij (⟨v_i v_j⟩_samples − ⟨v_i v_j⟩_data)²

By Gram matrices, Σ_ij ⟨v_i v_j⟩²  = ⟨(v·v′)²⟩ over all pairs of rows, so that the cost grows with V and not with V²; E is the
maximum mean discrepancy of the kernel (v·v′)². Even samples of the data's own distribution lie at E > 0, being few: compare
with the same number of held-out images. N samples, M rows of data, V columns.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from rbm.core.language import _
from rbm.errors import ShapeError


class MomentGap(NamedTuple):
    """E and its standard error over the samples, by the jackknife; the data are taken as they are."""

    value: float
    standard_error: float


class SecondMoments:
    """What samples are held to: rows of data (M, V)."""

    def __init__(self, data: Tensor) -> None:
        self._data = _rows(data)
        self._own = float((self._data @ self._data.T).double().square().mean())

    @torch.no_grad()
    def gap(self, samples: Tensor) -> MomentGap:
        """E of samples (N, V); ShapeError for other columns or fewer than two rows."""
        samples = _rows(samples).to(self._data)
        n, columns = samples.shape
        if columns != self._data.shape[1]:
            wrong = _("The samples have {columns} columns, the data {shape}.")
            raise ShapeError(wrong.format(columns=columns, shape=self._data.shape[1]))
        across = (samples @ self._data.T).double().square().mean(1)  # (N,)
        pairs = (samples @ samples.T).double().square()  # (N, N)
        total, rows, own = pairs.sum(), pairs.sum(1), pairs.diagonal()
        value = self._own - 2 * across.mean() + total / n**2
        without = self._own - 2 * (across.sum() - across) / (n - 1) + (total - 2 * rows + own) / (n - 1) ** 2  # (N,)
        error = math.sqrt((n - 1) / n * float((without - without.mean()).square().sum()))
        return MomentGap(float(value) / columns**2, error / columns**2)


def _rows(x: Tensor) -> Tensor:
    if x.ndim != 2 or len(x) < 2:
        wrong = _("Second moments are of rows (N, V), N ≥ 2, got the shape {shape}.")
        raise ShapeError(wrong.format(shape=tuple(x.shape)))
    return x if x.dtype == torch.float64 else x.float()
