"""How a gradient becomes a step. Gradients point uphill: the likelihood is to be raised."""

from collections.abc import Mapping

import torch
from torch import Tensor

from rbm.core.language import _
from rbm.errors import ConfigError
from rbm.models.rbm import RBM
from rbm.training.gradients import AnyGradient
from rbm.training.schedules import scheduled_rate

__all__ = ["Adam", "Momentum", "Nesterov", "make_optimizer", "scheduled_rate"]


class Momentum:
    """Stochastic gradient ascent: velocity ← μ·velocity + η·gradient, parameter ← parameter + velocity.

    η stands inside the velocity (Hinton, A Practical Guide, 2010, section 9), so a lowered rate does not shrink the
    steps already under way.
    """

    def __init__(self, model: RBM) -> None:
        self.parameters = dict(model.named_parameters())
        self.velocity = {name: torch.zeros_like(p) for name, p in self.parameters.items()}

    @torch.no_grad()
    def step(self, gradient: AnyGradient, rate: float, momentum: float) -> None:
        for name, g in gradient._asdict().items():
            velocity = self.velocity[name].mul_(momentum).add_(g, alpha=rate)
            self.parameters[name].add_(velocity)

    def state(self) -> dict[str, Tensor]:
        return {f"velocity.{name}": v for name, v in self.velocity.items()}

    def load_state(self, state: Mapping[str, Tensor]) -> None:
        for name, v in self.velocity.items():
            v.copy_(state[f"velocity.{name}"])


class Nesterov(Momentum):
    """Momentum that looks ahead: parameter ← parameter + μ·velocity + η·gradient, with the velocity already renewed.

    The parameters kept are those where the gradient is taken, one look ahead (Sutskever, Martens, Dahl & Hinton, On the
    Importance of Initialization and Momentum, 2013, in the form of Bengio, Boulanger-Lewandowski & Pascanu, 2013).
    """

    @torch.no_grad()
    def step(self, gradient: AnyGradient, rate: float, momentum: float) -> None:
        for name, g in gradient._asdict().items():
            velocity = self.velocity[name].mul_(momentum).add_(g, alpha=rate)
            self.parameters[name].add_(velocity, alpha=momentum).add_(g, alpha=rate)


class Adam:
    """torch's own fused Adam (Kingma & Ba 2015), handed gradients instead of computing them."""

    def __init__(self, model: RBM) -> None:
        self.parameters = dict(model.named_parameters())
        self.inner = torch.optim.Adam(self.parameters.values(), lr=1.0, maximize=True, fused=True)
        for p in self.parameters.values():  # what torch would make at the first step, so that it can be saved before it
            self.inner.state[p] = {
                "step": torch.zeros((), dtype=torch.float32, device=p.device),
                "exp_avg": torch.zeros_like(p),
                "exp_avg_sq": torch.zeros_like(p),
            }

    @torch.no_grad()
    def step(self, gradient: AnyGradient, rate: float, momentum: float) -> None:
        """One step of Adam, whose own averages replace ``momentum``."""
        self.inner.param_groups[0]["lr"] = rate
        for name, g in gradient._asdict().items():
            self.parameters[name].grad = g
        self.inner.step()

    def state(self) -> dict[str, Tensor]:
        return {
            f"adam.{name}.{key}": t for name, p in self.parameters.items() for key, t in self.inner.state[p].items()
        }

    def load_state(self, state: Mapping[str, Tensor]) -> None:
        for name, p in self.parameters.items():
            for key, tensor in self.inner.state[p].items():
                tensor.copy_(state[f"adam.{name}.{key}"])


def make_optimizer(model: RBM, name: str) -> Momentum | Adam:
    """The optimiser that ``TrainConfig.optimizer`` names."""
    if name == "sgd":
        return Momentum(model)
    if name == "nesterov":
        return Nesterov(model)
    if name == "adam":
        return Adam(model)
    raise ConfigError(_("There is no optimiser {name!r}; choose sgd, nesterov or adam.").format(name=name))
