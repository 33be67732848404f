"""Which places of a sequence a machine of categorical units couples, and by how much, once its hidden units are summed out.

log p(a) has one expansion in terms of zero sum over each letter, fields, pairs, triples ...; that of a pair is

    J_ij(a, b) = ⟨log p | a_i = a, a_j = b⟩ − ⟨log p | a_i = a⟩ − ⟨log p | a_j = b⟩ + ⟨log p⟩

with means over all letters elsewhere, all alike: here over all q^L sequences. How strongly two places are coupled is ‖J_ij‖, as
in direct coupling analysis (Ekeberg et al., Improved contact prediction in proteins, 2013). Of two states it is the Walsh
transform of log p.
"""

import torch
from torch import Tensor

from rbm.core.language import _
from rbm.errors import ConfigError
from rbm.models.rbm import RBM
from rbm.units.listing import bits, joint_states

MOST_BITS = 16  # log2 of the number of sequences that are visited
BLOCK = 2**14


def is_listed(model: RBM) -> bool:
    """Whether its visible units are categorical and few enough."""
    unit = model.visible_unit
    return unit.name == "categorical" and bits(model.n_visible, unit) <= MOST_BITS


@torch.no_grad()
def couplings(model: RBM) -> Tensor:
    """J (L, L, q, q), float64, 0 of a place with itself. ConfigError for other units or too many sequences."""
    if not is_listed(model):
        wrong = _(
            "Couplings of letters are of categorical visible units with at most 2^{most_bits} states in all; "
            "this machine has {n_visible} {name} units."
        )
        raise ConfigError(wrong.format(most_bits=MOST_BITS, n_visible=model.n_visible, name=model.visible_unit.name))
    unit, n = model.visible_unit, model.n_visible
    q = unit.width
    double = RBM(n, model.n_hidden, visible=unit.name, hidden=model.hidden_unit.name, n_states=q).double()
    double.load_state_dict(model.state_dict())
    numbers = torch.arange(q**n).split(BLOCK)
    log_p = torch.cat([-double.free_energy(joint_states(block, n, unit)) for block in numbers]).view([q] * n)
    log_p = log_p - log_p.mean()
    found = torch.zeros(n, n, q, q, dtype=torch.float64)
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
