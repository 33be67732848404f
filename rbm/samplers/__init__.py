"""Samplers: Markov chains over a model's states. State goes in, state and what it looked like come out."""

from rbm.samplers.chains import Chains, Clamp, from_noise, from_visible
from rbm.samplers.gibbs import SweepInfo, hidden_half, sweep, visible_half
from rbm.samplers.trajectory import Frames

__all__ = [
    "Chains",
    "Clamp",
    "Frames",
    "SweepInfo",
    "from_noise",
    "from_visible",
    "hidden_half",
    "sweep",
    "visible_half",
]
