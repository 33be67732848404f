"""Numbers about a model in training that need no chain: functions handed to the loop, which calls them at each event."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from rbm.core.numerics import double
from rbm.models.rbm import RBM
from rbm.units import Discrete


class Probe(NamedTuple):
    """The fixed, binarised images that every measurement of a run uses, and a generator for measuring only.

    train (N, V) and validation (M, V). Measuring never touches the generator of training, so it changes no run.
    """

    train: Tensor
    validation: Tensor
    generator: torch.Generator


Metric = Callable[[RBM, Probe], Mapping[str, float]]


@torch.no_grad()
def free_energies(model: RBM, probe: Probe) -> dict[str, float]:
    """Mean free energy of training and validation images, and the gap that opens when the model overfits (nats)."""
    train = double(model.free_energy(probe.train)).mean().item()
    validation = double(model.free_energy(probe.validation)).mean().item()
    return {
        "free_energy_train": train,
        "free_energy_validation": validation,
        "free_energy_gap": validation - train,
    }


@torch.no_grad()
def hidden_health(model: RBM, probe: Probe) -> dict[str, float]:
    """Shares of hidden units that are on in fewer than 1 % (dead) or more than 99 % (always on) of validation images.

    Of spin and multinary units: whose mean is so near to their lowest or highest state. Gaussian and ReLU ones have neither.
    """
    if not isinstance(model.hidden_unit, Discrete):
        return {}
    low, high = (float(end) for end in model.hidden_unit.states().aminmax())
    activity = (model.hidden_mean(probe.validation).mean(0) - low) / (high - low)
    return {
        "dead_units": double(activity < 0.01).mean().item(),
        "saturated_units": double(activity > 0.99).mean().item(),
    }


@torch.no_grad()
def weight_norm(model: RBM, probe: Probe) -> dict[str, float]:
    """The Frobenius norm of W."""
    return {"weight_norm": model.weight.norm().item()}


STANDARD: tuple[Metric, ...] = (free_energies, hidden_health, weight_norm)
