"""The restricted Boltzmann machine: one class, whatever its units are.

Letters: N batch, V visible units, H hidden units.
"""

import torch
from torch import Tensor, nn

from rbm.errors import ConfigError, ShapeError
from rbm.units import unit

INITIAL_WEIGHT_DEVIATION = 0.01  # Hinton, A Practical Guide, 2010, section 8


class RBM(nn.Module):
    """E(v, h) = −v·W·h − b·v − c·h, and p(v, h) = exp(−βE) / Z at inverse temperature β.

    Given one layer the units of the other are independent, so each conditional is one matrix product; summing h out
    gives the free energy F(v) = −b·v − Σ_j log_partition(x_j) with x = vW + c, and p(v) = exp(−F(v)) / Z.

    Attributes: ``weight`` W (V, H); ``visible_bias`` b (V,); ``hidden_bias`` c (H,).
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

        ConfigError for a size below 1, an unknown unit type, or ``n_states`` given to units whose states are fixed.
        """
        super().__init__()
        for layer, size in (("visible", n_visible), ("hidden", n_hidden)):
            if size < 1:
                raise ConfigError(f"An RBM needs at least one {layer} unit, got n_{layer}={size}.")
        if n_states not in (None, 2):
            raise ConfigError(f"Bernoulli units have 2 states, got n_states={n_states}: leave n_states out.")
        self.n_visible, self.n_hidden = n_visible, n_hidden
        self.visible_unit, self.hidden_unit = unit(visible), unit(hidden)
        generator = torch.Generator().manual_seed(0) if generator is None else generator
        weight = torch.randn(n_visible, n_hidden, generator=generator, device=generator.device)
        self.weight = nn.Parameter((weight * INITIAL_WEIGHT_DEVIATION).to(device))
        self.visible_bias = nn.Parameter(torch.zeros(n_visible, device=device))
        self.hidden_bias = nn.Parameter(torch.zeros(n_hidden, device=device))

    @torch.no_grad()
    def fit_visible_bias(self, data: Tensor) -> None:
        """Set b so that without weights each visible unit has its mean over ``data`` (N, V): Hinton's section 8.1."""
        self.check(data, "data", self.n_visible)
        self.visible_bias.copy_(self.visible_unit.bias_for(data.double().mean(0), len(data)))

    def check(self, x: Tensor, name: str, n_units: int) -> None:
        """ShapeError unless x is (N, n_units)."""
        if x.ndim != 2 or x.shape[1] != n_units:
            raise ShapeError(
                f"{name} has shape {tuple(x.shape)}, expected (N, {n_units}): one row an example, one column a unit; "
                "flatten pictures with x.flatten(1)."
            )

    def hidden_field(self, v: Tensor) -> Tensor:
        """x = vW + c, (N, H)."""
        self.check(v, "v", self.n_visible)
        return torch.addmm(self.hidden_bias, v, self.weight)

    def visible_field(self, h: Tensor) -> Tensor:
        """y = hWᵀ + b, (N, V)."""
        self.check(h, "h", self.n_hidden)
        return torch.addmm(self.visible_bias, h, self.weight.T)

    def energy(self, v: Tensor, h: Tensor) -> Tensor:
        """E(v, h) of each pair of rows, (N,), nats at β = 1."""
        self.check(v, "v", self.n_visible)
        self.check(h, "h", self.n_hidden)
        if len(v) != len(h):
            raise ShapeError(f"energy needs as many v as h, got {len(v)} and {len(h)} rows.")
        interaction = (self.hidden_field(v) * h).sum(1)
        own = self.visible_unit.base_energy(v).sum(1) + self.hidden_unit.base_energy(h).sum(1)
        return own - interaction - v @ self.visible_bias

    def free_energy(self, v: Tensor) -> Tensor:
        """F(v) = −log Σ_h exp(−E(v, h)), (N,), nats at β = 1: low where the model finds v likely."""
        inside = self.hidden_unit.log_partition(self.hidden_field(v)).sum(1)
        return self.visible_unit.base_energy(v).sum(1) - v @ self.visible_bias - inside

    def hidden_mean(self, v: Tensor, beta: float = 1.0) -> Tensor:
        """⟨h⟩ given v at inverse temperature β, (N, H); for Bernoulli units p(h = 1 | v) = σ(β(vW + c))."""
        return self.hidden_unit.anneal(beta).mean(beta * self.hidden_field(v))

    def visible_mean(self, h: Tensor, beta: float = 1.0) -> Tensor:
        """⟨v⟩ given h at inverse temperature β, (N, V); for Bernoulli units p(v = 1 | h) = σ(β(hWᵀ + b))."""
        return self.visible_unit.anneal(beta).mean(beta * self.visible_field(h))

    def sample_hidden(self, v: Tensor, generator: torch.Generator, beta: float = 1.0) -> Tensor:
        """h drawn from p(h | v) at inverse temperature β, (N, H)."""
        return self.hidden_unit.anneal(beta).sample(beta * self.hidden_field(v), generator)

    def sample_visible(self, h: Tensor, generator: torch.Generator, beta: float = 1.0) -> Tensor:
        """v drawn from p(v | h) at inverse temperature β, (N, V)."""
        return self.visible_unit.anneal(beta).sample(beta * self.visible_field(h), generator)

    def extra_repr(self) -> str:
        return f"{self.n_visible} {self.visible_unit.name} visible, {self.n_hidden} {self.hidden_unit.name} hidden"
