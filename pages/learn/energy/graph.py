"""The drawn machine: its graph, a slider for each edge and node, and every state's energy and probability, all at once."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from hashlib import blake2s
from itertools import combinations, product
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pages.ui.components.component import declare
from pages.ui.server import feed
from rbm.core import clock
from rbm.core.language import _

if TYPE_CHECKING:
    import torch
    from streamlit.components.v2.types import ComponentRenderer

RBM, ALL = "RBM", _("All to all")
LIMIT = 4.0  # of a weight or a bias
BETAS = (0.1, 10.0)  # hot, cold
TIE = 1e-9  # energies closer than this are one: sums of the same sliders in another order differ by rounding
_HTML = f"""
<div class="machine">
  <div class="left">
    <svg class="graph" viewBox="0 0 460 320" tabindex="0"></svg>
    <div class="row">
      <span class="what"></span><button class="less" type="button" aria-label="{_("Lower by 0.5")}">−</button>
      <input class="knob" type="range" min="-4" max="4" step="0.1" aria-label="{_("Selected weight or bias")}">
      <button class="more" type="button" aria-label="{_("Raise by 0.5")}">+</button><b class="value"></b>
    </div>
    <div class="row">
      <span class="beta-value"></span><span style="min-width:0">{_("hot")}</span>
      <input class="beta" type="range" min="-1" max="1" step="0.02" aria-label="{_("Inverse temperature beta, hot to cold")}">
      <span style="min-width:0">{_("cold")}</span>
    </div>
    <details><summary>{_("All sliders")}</summary><div class="all"></div></details>
  </div>
  <div class="right">
    <div class="numbers"></div>
    <div class="views row">
      <button type="button">{_("Every state")}</button><button type="button">{_("Visible patterns only")}</button>
    </div>
    <div class="drawn"><svg class="chart energy" tabindex="0"></svg></div>
    <div class="drawn"><svg class="chart probability" tabindex="0"></svg></div>
    <div class="terms"></div>
  </div>
</div>
"""

_mount: ComponentRenderer = declare("graph", _HTML, "board", "files", "graph")


class DrawnMachine(NamedTuple):
    """A machine as its sliders hold it: biases of all units (visible first), then a weight for each pair, and β; and how it is
    looked at."""

    shape: str
    n_visible: int
    n_hidden: int
    values: tuple[float, ...]
    beta: float
    serial: int = 0  # tells a machine put back from the same one as its visitor has changed it
    chosen: int | None = None  # the place in ``values`` of the bias or weight whose slider is shown
    summed: bool = False  # whether visible patterns alone are shown

    @property
    def n_units(self) -> int:
        return self.n_visible + self.n_hidden

    @property
    def pairs(self) -> list[tuple[int, int]]:
        return pairs(self.shape, self.n_visible, self.n_hidden)

    def energies(self) -> torch.Tensor:
        """E of every state as the engine computes it, first unit slowest, (2ⁿ,)."""
        import torch

        from rbm.models.boltzmann import BoltzmannMachine, binary_states

        model = BoltzmannMachine(self.n_units).double()
        with torch.no_grad():
            model.bias.copy_(torch.tensor(self.values[: self.n_units], dtype=torch.float64))
            weights = dict(zip(self.pairs, self.values[self.n_units :], strict=True))
            every = combinations(range(self.n_units), 2)
            model.coupling.copy_(torch.tensor([weights.get(pair, 0.0) for pair in every], dtype=torch.float64))
            s = binary_states(self.n_units)
            return model.energy(s, s[:, :0])


def pairs(shape: str, n_visible: int, n_hidden: int) -> list[tuple[int, int]]:
    """Which units are joined: across the layers, or all."""
    n = n_visible + n_hidden
    if shape == ALL:
        return list(combinations(range(n), 2))
    return list(product(range(n_visible), range(n_visible, n)))


def machine(
    shape: str, n_visible: int, n_hidden: int, values: Sequence[float] | None = None, beta: float = 1.0
) -> DrawnMachine:
    """A machine of that size; without values, with small ones that are easy to read."""
    n_hidden = 0 if shape == ALL else n_hidden
    n, count = n_visible + n_hidden, len(pairs(shape, n_visible, n_hidden))
    if values is None:
        values = [0.0] * n + [round(1.5 * math.cos(2.4 * k), 1) for k in range(count)]
    return DrawnMachine(shape, n_visible, n_hidden, tuple(values), beta)


def received(value: object, drawn: DrawnMachine) -> DrawnMachine:
    """The machine after what the browser sent: unchecked input, so whatever does not fit is ignored."""
    if not isinstance(value, dict) or value.get("version") != version(drawn):
        return drawn
    values, beta = value.get("values"), value.get("beta")
    if not isinstance(values, list) or len(values) != len(drawn.values):
        return drawn
    if not all(isinstance(x, int | float) and abs(x) <= LIMIT for x in values):
        return drawn
    if not isinstance(beta, int | float) or not BETAS[0] / 1.01 <= beta <= BETAS[1] * 1.01:
        return drawn
    chosen = value.get("chosen", drawn.chosen)
    if chosen is not None and not (isinstance(chosen, int) and 0 <= chosen < len(values)):
        return drawn
    return drawn._replace(
        values=tuple(map(float, values)), beta=float(beta), chosen=chosen, summed=value.get("summed") is True
    )


def left(kept: Sequence[Any]) -> DrawnMachine:
    """The machine that a list holds which the registry has kept."""
    found = DrawnMachine(*kept)
    return found._replace(values=tuple(found.values))


def version(drawn: DrawnMachine) -> str:
    """A name for what was sent, by which the browser knows whether to take it or to keep what its visitor made."""
    return blake2s(repr(drawn).encode(), digest_size=6).hexdigest()


def lowest(drawn: DrawnMachine) -> list[tuple[int, ...]]:
    """The states of lowest energy, which are the likeliest at any β: one, or those that tie."""
    s = np.array(list(product((0, 1), repeat=drawn.n_units)))  # (2ⁿ, n)
    energy = -(s @ np.array(drawn.values[: drawn.n_units]))
    for (i, j), weight in zip(drawn.pairs, drawn.values[drawn.n_units :], strict=True):
        energy = energy - weight * s[:, i] * s[:, j]
    return [tuple(map(int, row)) for row in s[energy <= energy.min() + TIE]]


def likeliest(drawn: DrawnMachine) -> str:
    """Which states are the likeliest, as a clause: "both off and both on tie as the likeliest states"."""
    names = [_named(state) for state in lowest(drawn)]
    if len(names) == 1:
        return _("{names} is the likeliest state").format(names=names[0])
    return _("{first} and {last} tie as the likeliest states").format(first=", ".join(names[:-1]), last=names[-1])


def _named(state: Sequence[int]) -> str:
    """A state of units v₁ … vₙ in words."""
    if len(set(state)) == 1:
        both = len(state) == 2
        if state[0]:
            return _("both on") if both else _("all on")
        return _("both off") if both else _("all off")
    return _("only {units} on").format(units=", ".join((f"v{i}" for i, on in enumerate(state, 1) if on)))


def stops(shape: str) -> dict[str, range]:
    """The page's sliders of sizes and where each can stand."""
    return (
        {"energy_visible": range(2, 13)}
        if shape == ALL
        else {"energy_visible": range(2, 7), "energy_hidden": range(1, 7)}
    )


def resized(shape: str, n_visible: int, n_hidden: int = 0) -> feed.Elements:
    """What the page shows of a new machine of that size."""
    return {"energy_graph": described(machine(shape, n_visible, n_hidden))}


def described(drawn: DrawnMachine) -> dict[str, Any]:
    """A machine as the browser reads it."""
    return {
        "version": version(drawn),
        "names": [f"v{i + 1}" for i in range(drawn.n_visible)] + [f"h{j + 1}" for j in range(drawn.n_hidden)],
        "nHidden": drawn.n_hidden,
        "pairs": drawn.pairs,
        "values": drawn.values,
        "beta": drawn.beta,
        "chosen": drawn.chosen,
        "summed": drawn.summed,
        "places": places(drawn),
    }


def graph(drawn: DrawnMachine, news: Mapping[str, Any], *, key: str) -> DrawnMachine:
    """Show ``news``, which describes it; returns the machine as it stands in the browser.

    A new ``drawn`` replaces what the visitor made.
    """
    sent = _mount(key=key, data={"at": clock.now(), **news, "channel": key}, on_machine_change=_ignore).machine
    return received(sent, drawn)


def places(drawn: DrawnMachine) -> list[tuple[float, float]]:
    """Where the units are drawn, in a picture of 460 by 320: on a circle, or in two rows."""
    if drawn.shape == ALL:
        turn = 2 * math.pi / drawn.n_visible
        return [(230 + 190 * math.sin(turn * i), 148 - 122 * math.cos(turn * i)) for i in range(drawn.n_visible)]
    return [
        (460 * (i + 0.5) / count, y)
        for count, y in ((drawn.n_visible, 250), (drawn.n_hidden, 60))
        for i in range(count)
    ]


def _ignore() -> None:
    pass
