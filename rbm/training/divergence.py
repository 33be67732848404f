"""When training has gone wrong: parameters that are not finite, or weights beyond any use."""

import math
from collections.abc import Iterable

import torch
from torch import Tensor

from rbm.errors import ConfigError, DivergenceError
from rbm.models.rbm import RBM

LARGEST_WEIGHT = 50.0  # trained RBMs stay below about 20; beyond this every conditional is a step function


class Sanity:
    """Judges a model's weights in units of the field that they make: |W_ij|, or |W_ij|/√λ_i for Gaussian and ReLU pixels.

    There W_ij = λ_i Δμ_i, where hidden unit j moves the mean of pixel i by Δμ_i, so |W|/√λ is that move in deviations
    1/√λ. It may be as long as the data's own span is: clusters far apart and narrow call for it.
    """

    def __init__(self, model: RBM, data: Tensor) -> None:
        """``data`` (N, V), which the model learns. ConfigError for a model that nothing can be learnt from."""
        self.model = model
        scaled = model.visible_log_precision is not None
        self._span = _span(data).to(model.weight) if scaled else torch.zeros_like(model.visible_bias)
        if name := _broken(model):
            raise ConfigError(
                f"The model's {name} holds values that are not finite (NaN or infinity), from which nothing can be "
                "learnt: make a new model, or go on from an earlier checkpoint."
            )
        if fault := self.fault():
            raise ConfigError(
                f"The model is beyond training already: {fault}. Make a new one, or scale its weights down."
            )
        self.keep()

    def keep(self) -> None:
        """Remember the parameters as they stand, for ``check`` to restore."""
        self._good = [p.detach().clone() for p in self.model.parameters()]

    @torch.no_grad()
    def check(self, step: int, learning_rate: float) -> None:
        """Keep the parameters if they are sane; otherwise restore those that were kept and raise DivergenceError."""
        fault = self.fault()
        if not fault:
            self.keep()
            return
        for p, good in zip(self.model.parameters(), self._good, strict=True):
            p.copy_(good)
        raise DivergenceError(
            f"Training diverged after {step} updates: {fault}. "
            f"Lower the learning rate from {learning_rate:g} to {learning_rate / 10:g} or less, "
            "or raise the weight decay; the last good parameters are kept."
        )

    @torch.no_grad()
    def fault(self) -> str:
        """What is wrong with the parameters as they stand, in a few words; empty where nothing is."""
        if _broken(self.model):
            return "a parameter is no longer finite"
        size = torch.linalg.vector_norm(self.model.weight, torch.inf, dim=1)  # (V,)
        log_precision = self.model.visible_log_precision
        root = torch.ones_like(size) if log_precision is None else (0.5 * log_precision).exp()
        size, allowed = size / root, (self._span * root).clamp(min=LARGEST_WEIGHT)
        worst = int((size / allowed).argmax())
        if size[worst] <= allowed[worst]:
            return ""
        unit = "" if log_precision is None else " deviations of its pixel"
        return f"a weight reached {size[worst]:.3g}{unit} (up to {allowed[worst]:.3g} is sane)"


def check_losses(losses: Iterable[float], what: str, step: int, cure: str) -> None:
    """DivergenceError, with ``cure`` as its last sentence, unless all are finite."""
    if not all(map(math.isfinite, losses)):
        raise DivergenceError(f"{what} diverged after {step} updates: its loss is no longer finite. {cure}")


def _span(data: Tensor) -> Tensor:
    """Largest less smallest value of each pixel: (N, V) -> (V,)."""
    low, high = data.aminmax(dim=0)
    return high - low


@torch.no_grad()
def _broken(model: RBM) -> str:
    """The first parameter that is not finite; empty where all are."""
    return next((name for name, p in model.named_parameters() if not bool(torch.isfinite(p).all())), "")
