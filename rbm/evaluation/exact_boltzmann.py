"""Everything exact about small machines, by visiting each state: Boltzmann machines, and any list of energies.

Letters: S states, n units, D different data rows. All in float64, nats.
"""

import copy
from typing import NamedTuple

import torch
from torch import Tensor

from rbm.core.language import _
from rbm.errors import ConfigError
from rbm.models.boltzmann import BoltzmannMachine, PairMoments, binary_states
from rbm.models.given import matrix, vector
from rbm.samplers.chains import Chains
from rbm.units import UNITS


class Thermodynamics(NamedTuple):
    """What the energies of all states say at one β: log Z; p (S,); ⟨E⟩; the entropy S = −Σ p log p (nats) and the
    free energy F = −log Z / β = ⟨E⟩ − S / β."""

    log_z: float
    p: Tensor
    mean_energy: float
    entropy: float
    free_energy: float


def thermodynamics(energies: Tensor, beta: float = 1.0) -> Thermodynamics:
    """p = exp(−βE) / Z over all states, from their energies (S,). ConfigError unless β > 0: at 0, F has no limit."""
    if not beta > 0:
        raise ConfigError(_("The free energy −log Z / β needs β above 0, got {beta}.").format(beta=beta))
    e = energies.detach().double()
    log_z = (-beta * e).logsumexp(0)
    p = (-beta * e - log_z).exp()
    return Thermodynamics(float(log_z), p, float(p @ e), float(torch.special.entr(p).sum()), float(-log_z / beta))


@torch.no_grad()
def log_partition(model: BoltzmannMachine) -> float:
    """log Z = log Σ_s exp(−E(s)), nats; TooLargeError beyond 16 units."""
    return float(_log_weights(_float64(model)).logsumexp(0))


@torch.no_grad()
def distribution(model: BoltzmannMachine, beta: float = 1.0) -> tuple[Tensor, Tensor]:
    """Every joint state (S, n), first unit slowest, and p(s) = exp(−βE(s)) / Z (S,). TooLargeError beyond 16 units."""
    return binary_states(model.n_units).to(model.bias.device), (beta * _log_weights(_float64(model))).softmax(0)


@torch.no_grad()
def visible_distribution(model: BoltzmannMachine) -> Tensor:
    """p(v) of every visible state in the order of binary_states, (2^V,). TooLargeError beyond 16 units."""
    return distribution(model)[1].view(2**model.n_visible, -1).sum(1)


def divergence(model: BoltzmannMachine, v: Tensor, p: Tensor) -> Tensor:
    """KL(P₀‖P) = Σ_d p_d [log p_d + F(v_d)] + log Z for data rows v (D, V), each once, with probabilities p (D,).

    A float64 scalar when the model is in float64; autodiff goes through it. TooLargeError beyond 16 units.
    """
    v, p = _data(model, v, p)
    return (p * model.free_energy(v) - torch.special.entr(p)).sum() + _log_weights(model).logsumexp(0)


@torch.no_grad()
def gradient(model: BoltzmannMachine, v: Tensor, p: Tensor) -> PairMoments:
    """−∂KL(P₀‖P)/∂(W_ij, a_i) = ⟨s_i s_j⟩_data − ⟨s_i s_j⟩_model, and the same of s_i; float64.

    In the data's mean v is held and h follows p(h | v) exactly. Ackley, Hinton & Sejnowski 1985, eq. 7.
    """
    double = _float64(model)
    v, p = _data(double, v, p)
    h = binary_states(model.n_hidden).to(v)  # (T, H)
    s = double.join(v.repeat_interleave(len(h), 0), h.repeat(len(v), 1))  # (D·T, n)
    given = (-double.energy(*_split(double, s))).view(len(v), -1).softmax(1)  # p(h | v), (D, T)
    positive = double.moments(s, (p[:, None] * given).flatten())
    negative = double.moments(*distribution(double))
    return PairMoments(*(up - down for up, down in zip(positive, negative, strict=True)))


@torch.no_grad()
def sample(model: BoltzmannMachine, n: int, generator: torch.Generator) -> Chains:
    """n independent, exact draws of (v, h), as chains at step 0. TooLargeError beyond 16 units."""
    s, p = distribution(model)
    drawn = s[torch.multinomial(p, n, replacement=True, generator=generator)].to(model.bias)
    return Chains(*_split(model, drawn), 0)


def _data(model: BoltzmannMachine, v: Tensor, p: Tensor) -> tuple[Tensor, Tensor]:
    """Data rows and their probabilities as the model computes; ShapeError for rows that are no states."""
    v = matrix(v, "v", model.n_visible, model.bias)
    UNITS["bernoulli"].check_states(v, "v")
    return v, vector(p, "p", len(v), model.bias)


def _log_weights(model: BoltzmannMachine) -> Tensor:
    """−E of every joint state, (S,)."""
    return -model.energy(*_split(model, binary_states(model.n_units).to(model.bias)))


def _split(model: BoltzmannMachine, s: Tensor) -> tuple[Tensor, Tensor]:
    v, h = s.split([model.n_visible, model.n_hidden], 1)
    return v, h


def _float64(model: BoltzmannMachine) -> BoltzmannMachine:
    return copy.deepcopy(model).double()
