"""Samplers: Markov chains over a model's states. State goes in, state and what it looked like come out.

The names below are fetched when they are asked for. Where two threads come into a package from two sides, one by a module of it
and one by an ``__init__`` that needs that module, each waits for what the other holds, and Python ends one of them
(``_DeadlockError``): pages do so that are opened while the server starts.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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
_MODULES = {
    "chains": ("Chains", "Clamp", "from_noise", "from_visible"),
    "gibbs": ("SweepInfo", "hidden_half", "sweep", "visible_half"),
    "trajectory": ("Frames",),
}


def __getattr__(name: str) -> object:
    for module, names in _MODULES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
