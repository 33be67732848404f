"""Weights that begin at the data's principal components, as strong as the data vary along them.

Around its means m, each unit with variance d_i of its own, a machine of small weights has the covariance
(D^−1 − v W Wᵀ)^−1, v the variance of a hidden unit without a field. In standardised columns u = (x − m)/√d the data have the
correlations U Λ Uᵀ; the machine has the same λ along a component where its singular value there is

    s_α² = (1 − 1/λ_α) / v,      W = D^(−1/2) Σ_α s_α u_α q_αᵀ

with any orthonormal q_α of the hidden layer, drawn at random. Own derivation, by linear response; the idea of such a start:
Decelle & Furtlehner, Exact Training of RBMs on Intrinsically Low Dimensional Data, PRL 127, 2021.
"""

import torch
from torch import Tensor

from rbm.models.rbm import RBM

MOST_MODES = 10
MOST_ROWS = 10_000  # of the data, whose components are found
WIDTHS = 3.27  # of the edge's fluctuation, as in rbm.evaluation.spectrum
LEAST_VARIANCE = 0.01  # of a column, beside the largest; what hardly ever changes keeps its noise


@torch.no_grad()
def begin_at_components(model: RBM, rows: Tensor, generator: torch.Generator) -> int:
    """Add the components of ``rows`` (N, V) to W and keep the mean of each layer where it was; how many there were.

    Only those count that N rows of independent columns show once in a thousand times. For units of one column each.
    """
    rows, n = rows[:MOST_ROWS].double().cpu(), min(len(rows), MOST_ROWS)
    mean = rows.mean(0)
    visible, hidden = model.visible_unit, model.hidden_unit
    variance = visible.covariance(visible.bias_for(mean, n)[None])[0, :, 0, 0].double()
    used = (variance > LEAST_VARIANCE * variance.max()).nonzero().flatten()
    root = variance[used].sqrt()
    x = (rows[:, used] - mean[used]) / root
    correlation = (x.T @ x / n).fill_diagonal_(1.0)  # a pixel's own variance is its unit's, whatever grey levels have
    values, vectors = torch.linalg.eigh(correlation)
    count = min(int((values > _chance(len(used), n)).sum()), MOST_MODES, model.n_hidden)
    still = torch.zeros(1, model.n_hidden, dtype=torch.float64)
    spread, middle = hidden.covariance(still)[0, 0, 0, 0], hidden.mean(still)[0]
    strength = ((1 - 1 / values.flip(0)[:count]) / spread).sqrt()
    q, _ = torch.linalg.qr(torch.randn(model.n_hidden, count, generator=generator, dtype=torch.float64))
    added = torch.zeros(model.weight.shape, dtype=torch.float64)
    added[used] = (vectors.flip(1)[:, :count] * strength / root[:, None]) @ q.T
    model.weight.add_(added.to(model.weight))
    model.visible_bias.sub_((added @ middle).to(model.weight))
    model.hidden_bias.sub_((mean @ added).to(model.weight))
    return count


def _chance(columns: int, rows: int) -> float:
    """What the largest correlation eigenvalue of independent columns exceeds once in a thousand times (Johnstone 2001)."""
    a, b = max(rows - 1, 1) ** 0.5, columns**0.5
    return ((a + b) ** 2 + WIDTHS * (a + b) * (1 / a + 1 / b) ** (1 / 3)) / rows
