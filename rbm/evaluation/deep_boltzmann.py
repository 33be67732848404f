"""How likely a deep Boltzmann machine finds images: the variational bound, with log Z from AIS. N images.

log Z is that of the machine's joint RBM, whose h¹ is the visible side: AIS on it draws alternate layers and sums (v, h²)
out in its weights, which is the estimator of Salakhutdinov & Hinton, Deep Boltzmann Machines, 2009, section 3.2,
"Evaluating DBM's".
"""

import torch
from torch import Tensor

from rbm.evaluation import ais
from rbm.evaluation.ais import Estimate
from rbm.models.dbm import DeepBoltzmannMachine
from rbm.randomness import generator
from rbm.units import UNITS

ROWS = 2000
MEAN_FIELD_STEPS = 30  # far beyond where the bound stops rising


@torch.no_grad()
def lower_bound(
    model: DeepBoltzmannMachine, v: Tensor, log_z: float, *, mean_field_steps: int = MEAN_FIELD_STEPS
) -> Tensor:
    """log p(v) ≥ E_q[−E(v, h)] + entropy of q − log Z with q from mean field: (N,), float64, nats.

    Where AIS gives too little of log Z, the "bound" is too high.
    """
    v = v.to(model.joint.weight)
    UNITS["bernoulli"].check_states(v, "v")
    parts = [model.bound(rows, *model.mean_field(rows, mean_field_steps)) for rows in v.split(ROWS)]
    return torch.cat(parts) - log_z


@torch.no_grad()
def bases(model: DeepBoltzmannMachine, v: Tensor) -> dict[str, Tensor | None]:
    """Where AIS may start: zero biases, and h¹ at its mean over q given v (N, V). The larger log Z is the safer."""
    q1, _ = model.mean_field(v.to(model.joint.weight))
    return {"zero": None, "rates": ais.base_biases(q1).to(model.joint.weight)}


def log_partition(
    model: DeepBoltzmannMachine, v: Tensor, *, n_chains: int = 100, n_temperatures: int = 10_000, seed: int = 0
) -> tuple[Estimate, Tensor | None]:
    """The larger of the forward estimates from ``bases(model, v)``, and the base that gave it."""
    found = {
        name: (
            ais.log_partition(
                model.joint,
                n_chains=n_chains,
                n_temperatures=n_temperatures,
                generator=generator(seed, "ais", name),
                base=base,
            ),
            base,
        )
        for name, base in bases(model, v).items()
    }
    return max(found.values(), key=lambda one: one[0].value)
