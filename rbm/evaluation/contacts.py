"""Which places of a sequence a machine of categorical units couples, and by how much, once its hidden units are summed out.

log p(a) has one expansion in terms of zero sum over each letter, fields, pairs, triples ...; that of a pair is

    J_ij(a, b) = ⟨log p | a_i = a, a_j = b⟩ − ⟨log p | a_i = a⟩ − ⟨log p | a_j = b⟩ + ⟨log p⟩

with means over all letters elsewhere, all alike. How strongly two places are coupled is ‖J_ij‖, as in direct coupling analysis
(Ekeberg et al., Improved contact prediction in proteins, 2013). Of two states it is the Walsh transform of log p.

Letters elsewhere are independent in these means. With the hidden units' log-partitions as sums of waves α_h exp(i k x)
(``waves``), z_ia = exp(i k w_iah) and g_i its mean over the letters, the sum over all q^L sequences is a product for any L,

    J_ij(a, b) = Re Σ_h Σ_k α_h (z_ia − g_i) (z_jb − g_j) Π_{l≠i,j} g_l

(own derivation; held to the list of all sequences in tests/evaluation/test_contacts.py). Categorical hidden units have no such
sum: all sequences are listed. L places, q letters, H hidden units.
"""

import torch
from torch import Tensor

from rbm.core.language import _
from rbm.errors import ConfigError
from rbm.evaluation.exact import in_float64
from rbm.evaluation.waves import has_waves, waves
from rbm.models.rbm import RBM
from rbm.units.listing import bits, joint_states

MOST_BITS = 16  # log2 of the number of sequences that are listed
MOST_COLUMNS = 2048  # L·q: (L·q)² couplings are 64 MB
BLOCK = 2**14


def is_known(model: RBM) -> bool:
    """Whether its visible units are categorical and few enough."""
    unit = model.visible_unit
    if unit.name != "categorical":
        return False
    return model.visible_columns <= MOST_COLUMNS if has_waves(model) else bits(model.n_visible, unit) <= MOST_BITS


@torch.no_grad()
def couplings(model: RBM) -> Tensor:
    """J (L, L, q, q), float64, 0 of a place with itself. ConfigError for other units or too many of them, TooLargeError for
    weights far beyond any use."""
    if not is_known(model):
        wrong = _(
            "Couplings of letters are of categorical visible units with at most {most_columns:,} states, counted over all "
            "units, or 2^{most_bits} joint states beside categorical hidden units; this machine has {n_visible} {visible} and "
            "{hidden} units."
        )
        visible, hidden = model.visible_unit.name, model.hidden_unit.name
        raise ConfigError(
            wrong.format(
                most_columns=MOST_COLUMNS,
                most_bits=MOST_BITS,
                n_visible=model.n_visible,
                visible=visible,
                hidden=hidden,
            )
        )
    exact = in_float64(model)
    return _summed(exact) if has_waves(exact) else _listed(exact)


def _summed(model: RBM) -> Tensor:
    """By the product over the other places."""
    n, q = model.n_visible, model.visible_unit.width
    w = model.weight.view(n, q, -1)
    common = w.mean(1, keepdim=True)  # (L, 1, H): what all letters of a place share is a field
    w, c = w - common, model.hidden_bias + common.sum((0, 1))
    found = torch.zeros(n * q, n * q, dtype=w.dtype, device=w.device)
    k_all, amplitudes = waves(model.hidden_unit, c, float(w.abs().amax(1).sum(0).max()))
    for k, amplitude in zip(k_all.tolist(), amplitudes, strict=True):
        z = torch.exp(1j * k * w)  # (L, q, H)
        g = z.mean(1, keepdim=True)
        apart = ((z - g) / g).flatten(0, 1)  # over g_i, so that the product is over all places
        every = g.prod(0) * amplitude  # (1, H)
        found += ((apart * every) @ apart.T).real
    blocks = found.view(n, q, n, q).permute(0, 2, 1, 3).contiguous()
    blocks.diagonal(dim1=0, dim2=1).zero_()
    return blocks


def _listed(model: RBM) -> Tensor:
    """By the definition, from log p of every sequence."""
    unit, n = model.visible_unit, model.n_visible
    q = unit.width
    numbers = torch.arange(q**n, device=model.weight.device).split(BLOCK)
    log_p = torch.cat([-model.free_energy(joint_states(block, n, unit)) for block in numbers]).view([q] * n)
    log_p = log_p - log_p.mean()
    found = torch.zeros(n, n, q, q, dtype=log_p.dtype, device=log_p.device)
    for i in range(n):
        for j in range(i + 1, n):
            rest = [axis for axis in range(n) if axis not in (i, j)]
            pair = log_p.mean(rest) if rest else log_p  # (q, q), place i before j
            pair = pair - pair.mean(0) - pair.mean(1, keepdim=True)
            found[i, j], found[j, i] = pair, pair.T
    return found


def strengths(j: Tensor) -> Tensor:
    """‖J_ij‖ of every pair of places, (L, L)."""
    return j.square().sum((2, 3)).sqrt()
