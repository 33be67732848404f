"""Machines of colours as the registry keeps them: their curves, and the newest pictures of them in 8 bits a channel.

The parameters stay behind: nothing on the page asks them, and of a palette of 32 colours at 32×32 pixels they would be 26 MB. No
torch here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rbm.bundled import BundledMachine, Made
from rbm.jobs.machines import Kind, thinned
from rbm.tasks.colour import ColourLook

_PICTURES = ("originals", "reconstructions", "filters", "samples")
_NUMBERS = ("epoch", "reconstruction_error", "free_energy_train", "free_energy_validation", "sweeps")


def made(looks: Sequence[ColourLook]) -> Made:
    """What is kept of all looks: the numbers of each, the pictures of the last."""
    last = looks[-1]
    about = {"epochs": last.epochs, "news": [[getattr(look, name) for name in _NUMBERS] for look in thinned(looks)]}
    return Made(about, [], {name: np.rint(getattr(last, name) * 255).astype(np.uint8) for name in _PICTURES})


def told(machine: BundledMachine) -> list[ColourLook]:
    """The reverse; every look has the last one's pictures."""
    originals, back, filters, samples = (machine.beside[n].astype(np.float32) / np.float32(255) for n in _PICTURES)
    epochs = int(machine.about["epochs"])
    return [
        ColourLook(epoch, epochs, error, low, high, originals, back, filters, samples, sweeps)
        for epoch, error, low, high, sweeps in machine.about["news"]
    ]


def _arguments(given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: given[name] for name in ("source", "kind", "n_states", "n_hidden", "epochs")}


KEPT = Kind("rbm.tasks.colour.job:learn", made, told, _arguments, _arguments, lambda arguments: "")
