"""The temperatures at which spins can be drawn."""

from __future__ import annotations

import math

from rbm.core.language import _
from rbm.core.limits import TEMPERATURES
from rbm.core.text import quoted
from rbm.datasets.entry import Temperature
from rbm.errors import ConfigError

COLDEST, HOTTEST = 0.1, 100.0  # in units of the coupling


def check_temperature(temperature: float) -> None:
    """ConfigError unless spins can be drawn at it."""
    number = isinstance(temperature, int | float) and not isinstance(temperature, bool)
    if not (number and math.isfinite(temperature) and COLDEST <= temperature <= HOTTEST):
        wrong = _("The temperature is {temperature}; expected a number from {coldest:g} to {hottest:g}.")
        raise ConfigError(wrong.format(temperature=quoted(temperature), coldest=COLDEST, hottest=HOTTEST))


def checked_temperature(given: Temperature | list[float]) -> Temperature:
    """``given`` where spins can be drawn at it, a tuple or list of one as that number; ConfigError where they cannot."""
    if not isinstance(given, tuple | list):
        check_temperature(given)
        return given
    if not given:
        raise ConfigError(_("The temperatures are an empty list; expected at least one number, such as 2.269."))
    TEMPERATURES.check(len(given))
    for at, temperature in enumerate(given):
        check_temperature(temperature)
        if f"{temperature:g}" in {
            f"{earlier:g}" for earlier in given[:at]
        }:  # as the names of the classes are told apart
            raise ConfigError(_("The temperature {t:g} is given twice; give each once.").format(t=temperature))
    return tuple(given) if len(given) > 1 else given[0]
