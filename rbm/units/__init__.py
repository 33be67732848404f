"""Unit types: the one place that knows what a single unit of a layer can be.

A unit in the field x has states s with probability p(s|x) = exp(x·s − base_energy(s)) / exp(log_partition(x)). Every
type answers the same few questions, and models are written once for all of them. A new type is one class and one
line of ``UNITS``.
"""

from types import MappingProxyType

from rbm.errors import ConfigError
from rbm.units.base import Unit
from rbm.units.discrete import Bernoulli, Categorical, Discrete, Multinary, Spin
from rbm.units.quadratic import VARIANCE_FLOOR, Gaussian, Quadratic, ReLU

__all__ = [
    "MANY_STATES",
    "UNITS",
    "VARIANCE_FLOOR",
    "Bernoulli",
    "Categorical",
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
UNITS = MappingProxyType({u.name: u for u in (Bernoulli(), Spin(), Gaussian(), Categorical(3), Multinary(3), ReLU())})
MANY_STATES = MappingProxyType({kind.name: kind for kind in (Categorical, Multinary)})  # those that n_states is for


def unit(name: str, n_states: int | None = None) -> Unit:
    """The unit type of that name, with ``n_states`` for "categorical" and "multinary", which need it.

    ConfigError for an unknown name (it lists the known ones), a missing ``n_states``, or one that does not fit; 2 is
    let pass for the types of two states.
    """
    if name not in UNITS:
        raise ConfigError(f"There is no unit type {name!r}; choose one of: {', '.join(UNITS)}.")
    if name in MANY_STATES:
        if n_states is None:
            raise ConfigError(f"{name.capitalize()} units need their number of states: give n_states, 2 or more.")
        return MANY_STATES[name](n_states)
    known = UNITS[name]
    if n_states is None or (n_states == 2 and isinstance(known, Discrete)):
        return known
    has = "2 states" if isinstance(known, Discrete) else "a continuum of states"
    raise ConfigError(f"{name.capitalize()} units have {has}, got n_states={n_states}: leave n_states out.")
