"""The joint states of several units of one type, numbered: how many there are, and which the i-th is."""

import math

import torch
from torch import Tensor

from rbm.errors import TooLargeError
from rbm.units.base import Unit


def bits(n: int, unit: Unit) -> float:
    """log2 of the number of joint states of n units; infinite for a continuum."""
    try:
        return n * math.log2(len(unit.states()))
    except TooLargeError:
        return math.inf


def joint_states(number: Tensor, n: int, unit: Unit) -> Tensor:
    """The states of n units that ``number`` (N,) stands for, the first unit changing slowest: (N, n·width), float64.

    A number written in base S, digit by digit, S the states of one unit.
    """
    single = unit.states().double().to(number.device)
    place = len(single) ** torch.arange(n - 1, -1, -1, device=number.device)
    return single[(number[:, None] // place) % len(single)].flatten(1)
