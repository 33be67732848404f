"""Unit types: the one place that knows what a single unit of a layer can be.

A unit in the field x has states s with probability p(s|x) = exp(x·s − base_energy(s)) / exp(log_partition(x)). Every
type answers the same few questions, and models are written once for all of them. A new type is one class and one
line of ``UNITS``.
"""

from types import MappingProxyType

from rbm.core.language import _
from rbm.errors import ConfigError
from rbm.units.base import Unit
from rbm.units.discrete import Bernoulli, Categorical, Discrete, Multinary, Spin
from rbm.units.double_rectified import MOST_ASYMMETRY, DReLU
from rbm.units.quadratic import VARIANCE_FLOOR, Gaussian, Quadratic, ReLU

__all__ = [
    "MANY_STATES",
    "MOST_ASYMMETRY",
    "UNITS",
    "VARIANCE_FLOOR",
    "Bernoulli",
    "Categorical",
    "DReLU",
    "Discrete",
    "Gaussian",
    "Multinary",
    "Quadratic",
    "ReLU",
    "Spin",
    "Unit",
    "unit",
]

# One value of each type, by name; those whose number of states is free stand here with 3.
UNITS = MappingProxyType(
    {u.name: u for u in (Bernoulli(), Spin(), Gaussian(), Categorical(3), Multinary(3), ReLU(), DReLU())}
)
MANY_STATES = MappingProxyType({kind.name: kind for kind in (Categorical, Multinary)})  # those that n_states is for


def unit(name: str, n_states: int | None = None) -> Unit:
    """The unit type of that name, with ``n_states`` for "categorical" and "multinary", which need it.

    ConfigError for an unknown name (it lists the known ones), a missing ``n_states``, or one that does not fit; 2 is
    let pass for the types of two states.
    """
    if name not in UNITS:
        wrong = _("There is no unit type {name!r}; choose one of: {units}.")
        raise ConfigError(wrong.format(name=name, units=", ".join(UNITS)))
    if name in MANY_STATES:
        if n_states is None:
            wrong = _("{name} units need their number of states: give n_states, 2 or more.")
            raise ConfigError(wrong.format(name=name.capitalize()))
        return MANY_STATES[name](n_states)
    known = UNITS[name]
    if n_states is None or (n_states == 2 and isinstance(known, Discrete)):
        return known
    has = "2 states" if isinstance(known, Discrete) else _("a continuum of states")
    wrong = _("{name} units have {has}, got n_states={n_states}: leave n_states out.")
    raise ConfigError(wrong.format(name=name.capitalize(), has=has, n_states=n_states))
