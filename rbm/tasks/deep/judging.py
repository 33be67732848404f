"""How likely a deep machine finds images it has not seen: a lower bound, told once it has learned."""

import math

import torch

from rbm import randomness
from rbm.datasets.base import Dataset, binarise
from rbm.evaluation import ais, belief_net, deep_boltzmann, exact
from rbm.models.dbm import DeepBoltzmannMachine
from rbm.models.dbn import DeepBeliefNet
from rbm.tasks.deep.plan import Bounded

IMAGES, SAMPLES = 500, 20
CHAINS, TEMPERATURES = 100, 500
EXACT_BITS = 16  # of the smaller layer at the top


@torch.no_grad()
def judge(
    machine: DeepBeliefNet | DeepBoltzmannMachine, data: Dataset, seed: int, temperatures: int = TEMPERATURES
) -> Bounded:
    """The bound's mean over the first IMAGES test images, binarised once and for all."""
    v = binarise(data.test[:IMAGES], "stochastic", randomness.generator(0, "deep", "test images"))
    values, estimate = (
        _boltzmann(machine, v, seed, temperatures)
        if isinstance(machine, DeepBoltzmannMachine)
        else _belief(machine, v, seed, temperatures)
    )
    error = float(values.std()) / math.sqrt(len(values)) if len(values) > 1 else math.nan
    ess = None if estimate is None else estimate.ess
    return Bounded(float(values.mean()), error, len(v), ess, CHAINS)


def _belief(
    net: DeepBeliefNet, v: torch.Tensor, seed: int, temperatures: int
) -> tuple[torch.Tensor, ais.Estimate | None]:
    """log⟨w⟩ of SAMPLES ways up for each image, and log Z of the top RBM from the better of two bases."""
    draw = randomness.generator(seed, "deep", "bound")
    estimate = None
    if exact.smaller_layer(net.top).bits <= EXACT_BITS:
        log_z = exact.log_partition(net.top)
    else:
        inside = net.ascend(v, draw).states
        rates = ais.base_biases(inside[-1] if inside else v).to(net.top.weight)
        size = {"n_chains": CHAINS, "n_temperatures": temperatures}
        both = [ais.log_partition(net.top, **size, generator=draw, base=base) for base in (rates, None)]
        estimate = max(both, key=lambda one: one.value)
        log_z = estimate.value
    return belief_net.lower_bound(net, v, log_z, draw, n_samples=SAMPLES).weighted, estimate


def _boltzmann(
    model: DeepBoltzmannMachine, v: torch.Tensor, seed: int, temperatures: int
) -> tuple[torch.Tensor, ais.Estimate]:
    estimate, _ = deep_boltzmann.log_partition(model, v, n_chains=CHAINS, n_temperatures=temperatures, seed=seed)
    return deep_boltzmann.lower_bound(model, v, estimate.value), estimate
