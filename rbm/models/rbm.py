"""The restricted Boltzmann machine: one class, whatever its units are.

Letters: N batch, V visible and H hidden columns: one a unit, but M a unit for categorical units of M states (one-hot).
"""

import math

import torch
from torch import Tensor, nn

from rbm.core.language import _
from rbm.core.limits import both_unbounded
from rbm.errors import ConfigError, ShapeError
from rbm.models.given import matrix
from rbm.units import MANY_STATES, MOST_ASYMMETRY, VARIANCE_FLOOR, DReLU, Quadratic, Unit, unit

INITIAL_WEIGHT_DEVIATION = 0.01  # Hinton, A Practical Guide, 2010, section 8


class RBM(nn.Module):
    """E(v, h) = Σ base_energy(v) + Σ base_energy(h) − v·W·h − b·v − c·h, and p(v, h) = exp(−βE) / Z at inverse temperature β.

    Only Gaussian and ReLU units have a base energy, ½λs², and dReLU ones, see :class:`DReLU`. Given one layer the units
    of the other are independent, so each conditional is one matrix product; summing h out gives the free energy
    F(v) = Σ base_energy(v) − b·v − Σ_j log_partition(x_j) with x = vW + c, and p(v) = exp(−F(v)) / Z.

    Attributes: ``weight`` W (V, H); ``visible_bias`` b (V,); ``hidden_bias`` c (H,); ``visible_log_precision`` log λ
    (V,) of Gaussian and ReLU visible units, else None. Those of the hidden layer keep λ = 1: W and c hold their scale.
    ``hidden_shape`` (2, H): η and Δ of dReLU hidden units, 0 at the start, where they are Gaussian; else None.
    ``n_visible`` and ``n_hidden`` count units, ``visible_columns`` V and ``hidden_columns`` H what they take.
    Source: Smolensky 1986 (harmonium); Hinton, Training Products of Experts by Minimizing CD, 2002, section 5.
    """

    def __init__(
        self,
        n_visible: int,
        n_hidden: int,
        *,
        visible: str = "bernoulli",
        hidden: str = "bernoulli",
        n_states: int | None = None,
        generator: torch.Generator | None = None,
        device: torch.device | str | None = None,
    ) -> None:
        """Weights N(0, 0.01²) drawn on the CPU from ``generator`` (a fixed seed without one), biases 0.

        ``n_states``: the M of categorical and multinary units, on either side. ConfigError for a size below 1, an
        unknown unit type, ``n_states`` missing or given to units whose states are fixed, or two layers of unbounded units.
        """
        super().__init__()
        for layer, size in (("visible", n_visible), ("hidden", n_hidden)):
            if size < 1:
                wrong = _("An RBM needs at least one {layer} unit, got n_{layer}={size}.")
                raise ConfigError(wrong.format(layer=layer, size=size))
        self.n_visible, self.n_hidden = n_visible, n_hidden
        self._visible_type, self._hidden_type = _layers(visible, hidden, n_states)
        self.visible_columns = n_visible * self._visible_type.width
        self.hidden_columns = n_hidden * self._hidden_type.width
        generator = torch.Generator().manual_seed(0) if generator is None else generator
        weight = torch.randn(self.visible_columns, self.hidden_columns, generator=generator, device=generator.device)
        self.weight = nn.Parameter((weight * INITIAL_WEIGHT_DEVIATION).to(device))
        self.visible_bias = nn.Parameter(torch.zeros(self.visible_columns, device=device))
        self.hidden_bias = nn.Parameter(torch.zeros(self.hidden_columns, device=device))
        scaled = isinstance(self._visible_type, Quadratic)
        self.visible_log_precision = nn.Parameter(torch.zeros(n_visible, device=device)) if scaled else None
        shaped = isinstance(self._hidden_type, DReLU)
        self.hidden_shape = nn.Parameter(torch.zeros(2, n_hidden, device=device)) if shaped else None

    @property
    def visible_unit(self) -> Unit:
        """What a visible unit is, its precision as it stands included."""
        if isinstance(self._visible_type, Quadratic) and self.visible_log_precision is not None:
            return self._visible_type.at(self.visible_log_precision)
        return self._visible_type

    @property
    def hidden_unit(self) -> Unit:
        """What a hidden unit is, its shape as it stands included."""
        if isinstance(self._hidden_type, DReLU) and self.hidden_shape is not None:
            return self._hidden_type.shaped(self.hidden_shape)
        return self._hidden_type

    @torch.no_grad()
    def fit_visible_bias(self, data: Tensor, mean: Tensor | None = None) -> None:
        """Set b so that without weights each visible unit has its mean over ``data`` (N, V): Hinton's section 8.1.

        ``mean`` (V,) is that mean where it is known already, of data that were looked at; else ShapeError for rows that are
        neither states of the units nor grey levels. The precision of Gaussian and ReLU units is fitted first.
        """
        data = self.check(data, "data", self.visible_columns)
        if mean is None:
            self._visible_type.check_states(data, "data", grey=True)
            mean = data.mean(0, dtype=torch.float64)
        if isinstance(self._visible_type, Quadratic) and self.visible_log_precision is not None:
            square = data.double().square().mean(0)
            self.visible_log_precision.copy_(self._visible_type.log_precision_for(mean, square))
        self.visible_bias.copy_(self.visible_unit.bias_for(mean, len(data)))

    @torch.no_grad()
    def constrain(self) -> None:
        """Pull parameters back into their range after a step: learned variances stay at VARIANCE_FLOOR or above, |η| at
        MOST_ASYMMETRY or below."""
        if self.visible_log_precision is not None:
            self.visible_log_precision.clamp_(max=-math.log(VARIANCE_FLOOR))
        if self.hidden_shape is not None:
            self.hidden_shape[0].clamp_(-MOST_ASYMMETRY, MOST_ASYMMETRY)

    @torch.no_grad()
    def zero_sum_gauge(self) -> None:
        """Make the weights and biases of each categorical unit sum to zero over its states; p(v, h) does not change.

        A unit is in exactly one of its states, so what is taken from all of them is a constant, given to the biases
        of the other layer; log Z and every energy shift together. Does nothing to units of other types.
        """
        if (m := self.visible_unit.width) > 1:
            common = self.weight.unflatten(0, (-1, m)).mean(1)  # (units, H)
            self.weight.sub_(common.repeat_interleave(m, 0))
            self.hidden_bias.add_(common.sum(0))
        if (m := self.hidden_unit.width) > 1:
            common = self.weight.unflatten(1, (-1, m)).mean(2)  # (V, units)
            self.weight.sub_(common.repeat_interleave(m, 1))
            self.visible_bias.add_(common.sum(1))
        for bias, m in ((self.visible_bias, self.visible_unit.width), (self.hidden_bias, self.hidden_unit.width)):
            if m > 1:
                bias.sub_(bias.unflatten(0, (-1, m)).mean(1).repeat_interleave(m))

    def check(self, x: Tensor, name: str, n_columns: int) -> Tensor:
        """x (N, n_columns) as the model computes: any real torch or NumPy type is taken; ShapeError for what it is not."""
        return matrix(x, name, n_columns, self.weight)

    def hidden_field(self, v: Tensor) -> Tensor:
        """x = vW + c, (N, H)."""
        v = self.check(v, "v", self.visible_columns)
        return torch.addmm(self.hidden_bias, v, self.weight)

    def visible_field(self, h: Tensor) -> Tensor:
        """y = hWᵀ + b, (N, V)."""
        h = self.check(h, "h", self.hidden_columns)
        return torch.addmm(self.visible_bias, h, self.weight.T)

    def energy(self, v: Tensor, h: Tensor) -> Tensor:
        """E(v, h) of each pair of rows, (N,), nats at β = 1."""
        v = self.check(v, "v", self.visible_columns)
        h = self.check(h, "h", self.hidden_columns)
        if len(v) != len(h):
            raise ShapeError(_("energy needs as many v as h, got {n_v} and {n_h} rows.").format(n_v=len(v), n_h=len(h)))
        own = self.visible_unit.base_energy(v).sum(1) + self.hidden_unit.base_energy(h).sum(1)
        return own + self.field_energy(v, h)

    def field_energy(self, v: Tensor, h: Tensor) -> Tensor:
        """−v·W·h − b·v − c·h of each pair of rows, (N,): the energy without the units' own, all that fields contribute."""
        return -(self.hidden_field(v) * h).sum(1) - v @ self.visible_bias

    def free_energy(self, v: Tensor) -> Tensor:
        """F(v) = −log Σ_h exp(−E(v, h)), (N,), nats at β = 1: low where the model finds v likely."""
        v = self.check(v, "v", self.visible_columns)
        inside = self.hidden_unit.log_partition(self.hidden_field(v)).sum(1)
        return self.visible_unit.base_energy(v).sum(1) - v @ self.visible_bias - inside

    def hidden_mean(self, v: Tensor, beta: float = 1.0) -> Tensor:
        """⟨h⟩ given v at inverse temperature β, (N, H); for Bernoulli units p(h = 1 | v) = σ(β(vW + c))."""
        return self.hidden_unit.anneal(beta).mean(_scaled(self.hidden_field(v), beta))

    def visible_mean(self, h: Tensor, beta: float = 1.0) -> Tensor:
        """⟨v⟩ given h at inverse temperature β, (N, V); for Bernoulli units p(v = 1 | h) = σ(β(hWᵀ + b))."""
        return self.visible_unit.anneal(beta).mean(_scaled(self.visible_field(h), beta))

    def sample_hidden(self, v: Tensor, generator: torch.Generator, beta: float = 1.0) -> Tensor:
        """h drawn from p(h | v) at inverse temperature β, (N, H)."""
        return self.hidden_unit.anneal(beta).sample(_scaled(self.hidden_field(v), beta), generator)

    def sample_visible(self, h: Tensor, generator: torch.Generator, beta: float = 1.0) -> Tensor:
        """v drawn from p(v | h) at inverse temperature β, (N, V)."""
        return self.visible_unit.anneal(beta).sample(_scaled(self.visible_field(h), beta), generator)

    def extra_repr(self) -> str:
        return f"{self.n_visible} {self.visible_unit.name} visible, {self.n_hidden} {self.hidden_unit.name} hidden"


def _scaled(field: Tensor, beta: float) -> Tensor:
    """β times the field; the field itself at β = 1, which is nearly always: a pass over memory less."""
    return field if beta == 1.0 else beta * field


def _layers(visible: str, hidden: str, n_states: int | None) -> tuple[Unit, Unit]:
    """The two unit types; ConfigError for what they cannot be."""
    takes = [name for name in (visible, hidden) if name in MANY_STATES]
    first, second = (unit(name, n_states if name in takes or not takes else None) for name in (visible, hidden))
    if isinstance(first, DReLU):
        raise ConfigError(_("Drelu units are for the hidden layer: take gaussian or relu visible units."))
    if first.unbounded and second.unbounded:
        raise both_unbounded(visible, hidden)
    return first, second
