"""One update of CD-k or PCD-k taken apart: every half step of its chain, both statistics, and what is added to W.

The same draws in the same order, and the same functions, as ``rbm.training.loop.Trainer.step`` with the plain (not
centred) gradient and momentum: the parameters that come out are the ones that training would have, to rounding. (The
trainer makes one product of both phases, which rounds otherwise than the two that are shown.)
Letters: N images, M chains, V visible, H hidden units.
"""

import copy
from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from rbm.core.language import _
from rbm.errors import ConfigError
from rbm.models.rbm import RBM
from rbm.randomness import Coins
from rbm.training.config import TrainConfig
from rbm.training.gradients import Gradient, Phases, contrast
from rbm.training.optimizers import Momentum
from rbm.training.penalties import penalise


class Half(NamedTuple):
    """Half a step of the chain: its ``name`` ("h0", "v1", ...), the ``mean`` p(·|other layer) and the ``sample`` drawn.

    The sample is None where only the mean is used: the last h of CD, the data's h of PCD.
    """

    name: str
    mean: Tensor
    sample: Tensor | None


class Update(NamedTuple):
    """One update, from its data to its end.

    ``phases`` of the engine; ``start`` (M, H), the h that the chain left from; ``halves`` in order;
    ``positive`` ⟨v₀h₀ᵀ⟩ and ``negative`` ⟨v_kh_kᵀ⟩ (V, H); ``learnt`` η(positive − negative), ``carried`` μ·velocity and
    ``decayed`` −ηλW (V, H), which sum to ``change``; ``after``, the model with the change made, and the ``velocity``
    that it leaves, by parameter name.
    """

    phases: Phases
    start: Tensor
    halves: tuple[Half, ...]
    positive: Tensor
    negative: Tensor
    learnt: Tensor
    carried: Tensor
    decayed: Tensor
    change: Tensor
    after: RBM
    velocity: dict[str, Tensor]


@torch.no_grad()
def update(
    model: RBM,
    v0: Tensor,
    config: TrainConfig,
    coins: Coins,
    *,
    velocity: Mapping[str, Tensor] | None = None,
    chains: Tensor | None = None,
) -> Update:
    """The update that training makes next from the batch v0 (N, V); ``model`` stays as it is.

    ``velocity`` is momentum's memory by parameter name, zero without; ``chains`` (M, H) the persistent h that PCD goes
    on from. ConfigError for algorithms other than cd and pcd, for Adam and Nesterov, for the centred gradient, for PCD
    without chains.
    """
    _check(config, chains)
    persistent = config.algorithm == "pcd"
    if persistent:
        assert chains is not None
        halves = [Half("h0", model.hidden_mean(v0), None)]
        h = chains
    else:
        mean, h = model.hidden_unit.draw(model.hidden_field(v0), coins)
        halves = [Half("h0", mean, h)]
    start = h
    for step in range(1, config.k + 1):
        mean, v = model.visible_unit.draw(model.visible_field(h), coins)
        halves.append(Half(f"v{step}", mean, v))
        if step < config.k or persistent:
            mean, h = model.hidden_unit.draw(model.hidden_field(v), coins)
            halves.append(Half(f"h{step}", mean, h))
        else:
            halves.append(Half(f"h{step}", model.hidden_mean(v), None))
    phases = Phases(v0, halves[0].mean, v, halves[-1].mean, halves[-1].sample)
    return _finish(model, config, phases, start, tuple(halves), velocity)


def _finish(
    model: RBM,
    config: TrainConfig,
    phases: Phases,
    start: Tensor,
    halves: tuple[Half, ...],
    velocity: Mapping[str, Tensor] | None,
) -> Update:
    """From the chain to the new parameters, by the functions that training calls."""
    after = copy.deepcopy(model)
    optimizer = Momentum(after)
    for name, memory in (velocity or {}).items():
        optimizer.velocity[name].copy_(memory)
    carried = config.momentum * optimizer.velocity["weight"]
    plain: Gradient = contrast(phases)
    learnt = config.learning_rate * plain.weight
    penalise(plain, model, phases, config)
    decayed = config.learning_rate * plain.weight - learnt
    optimizer.step(plain, config.learning_rate, config.momentum)
    return Update(
        phases,
        start,
        halves,
        phases.v0.T @ phases.h0_mean / len(phases.v0),
        phases.vk.T @ phases.hk_mean / len(phases.vk),
        learnt,
        carried,
        decayed,
        after.weight.detach() - model.weight.detach(),
        after,
        optimizer.velocity,
    )


def _check(config: TrainConfig, chains: Tensor | None) -> None:
    if config.algorithm not in ("cd", "pcd"):
        raise ConfigError(_("Slow motion shows cd and pcd, not {algorithm!r}.").format(algorithm=config.algorithm))
    if config.optimizer != "sgd" or config.centred != "off":
        raise ConfigError(_("Slow motion shows the plain gradient: set optimizer='sgd' and centred='off'."))
    if config.algorithm == "pcd" and chains is None:
        raise ConfigError(_("PCD goes on from chains that it keeps: give their hidden states (M, H) as chains."))
