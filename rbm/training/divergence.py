"""When training has gone wrong: parameters that are not finite, or weights beyond any use."""

import math
from collections.abc import Iterable

import torch
from torch import Tensor

from rbm.core.language import _
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
        self._good: list[Tensor] = []
        scaled = model.visible_log_precision is not None
        self._span = _span(data).to(model.weight) if scaled else torch.zeros_like(model.visible_bias)
        if name := _broken(model):
            wrong = _(
                "The model's {name} holds values that are not finite (NaN or infinity), from which nothing can be "
                "learnt: make a new model, or go on from an earlier checkpoint."
            )
            raise ConfigError(wrong.format(name=name))
        if fault := self.fault():
            wrong = _("The model is beyond training already: {fault}. Make a new one, or scale its weights down.")
            raise ConfigError(wrong.format(fault=fault))
        self.keep()

    @torch.no_grad()
    def keep(self) -> None:
        """Remember the parameters as they stand, for ``check`` to restore."""
        parameters = list(self.model.parameters())
        if not self._good:
            self._good = [torch.empty_like(p) for p in parameters]
        for good, p in zip(self._good, parameters, strict=True):
            good.copy_(p)

    @torch.no_grad()
    def check(self, step: int, learning_rate: float) -> None:
        """Keep the parameters if they are sane; otherwise restore those that were kept and raise DivergenceError."""
        fault = self.fault()
        if not fault:
            self.keep()
            return
        for p, good in zip(self.model.parameters(), self._good, strict=True):
            p.copy_(good)
        wrong = _(
            "Training diverged after {step} updates: {fault}. Lower the learning rate from {rate:g} "
            "to {lower:g} or less, or raise the weight decay; the last good parameters are kept."
        )
        raise DivergenceError(wrong.format(step=step, fault=fault, rate=learning_rate, lower=learning_rate / 10))

    @torch.no_grad()
    def fault(self) -> str:
        """What is wrong with the parameters as they stand, in a few words; empty where nothing is."""
        plain = self.model.visible_log_precision is None
        if plain and all(_within(p, LARGEST_WEIGHT) for p in self.model.parameters()):
            return ""  # as nearly always, told by one pass
        if _broken(self.model):
            return _("a parameter is no longer finite")
        size = torch.linalg.vector_norm(self.model.weight, torch.inf, dim=1)  # (V,)
        log_precision = self.model.visible_log_precision
        root = torch.ones_like(size) if log_precision is None else (0.5 * log_precision).exp()
        size, allowed = size / root, (self._span * root).clamp(min=LARGEST_WEIGHT)
        worst = int((size / allowed).argmax())
        if size[worst] <= allowed[worst]:
            return ""
        unit = "" if log_precision is None else _(" deviations of its pixel")
        return _("a weight reached {size:.3g}{unit} (up to {allowed:.3g} is sane)").format(
            size=size[worst], unit=unit, allowed=allowed[worst]
        )


def _within(p: Tensor, limit: float) -> bool:
    low, high = (float(end) for end in p.aminmax())  # NaN where there is one
    return low >= -limit and high <= limit


def check_losses(losses: Iterable[float], what: str, step: int, cure: str) -> None:
    """DivergenceError, with ``cure`` as its last sentence, unless all are finite."""
    if not all(map(math.isfinite, losses)):
        wrong = _("{what} diverged after {step} updates: its loss is no longer finite. {cure}")
        raise DivergenceError(wrong.format(what=what, step=step, cure=cure))


def _span(data: Tensor) -> Tensor:
    """Largest less smallest value of each pixel: (N, V) -> (V,)."""
    low, high = data.aminmax(dim=0)
    return high - low


@torch.no_grad()
def _broken(model: RBM) -> str:
    """The first parameter that is not finite; empty where all are."""
    return next((name for name, p in model.named_parameters() if not bool(torch.isfinite(p).all())), "")
