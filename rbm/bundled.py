"""Machines that come with the program: small files in ``assets/machines``, made again by ``python -m rbm bundle``.

    machine = rbm.bundled.load("digits-500")
    model = machine.model()                      # an RBM that dreams digits
    machine.about["likelihood"]                  # what is known of it: settings, epochs, seed, likelihood with its bracket

Parameters are kept in half precision, and everything that is stated of a machine was measured after they were rounded.
Reading one needs no torch.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as to_bytes

from rbm.core.files import write_atomically
from rbm.core.language import _
from rbm.errors import CheckpointError
from rbm.models.parameters import Parameters

if TYPE_CHECKING:
    from rbm.models.rbm import RBM

FOLDER = Path(__file__).parents[1] / "assets" / "machines"
MOST_BYTES = 2_000_000  # of all files together
FORMAT = "boltzmann-explorer-machine/1"
NAMES = ("digits-500", "digits-100", "labels", "faces", "dbn")
_TENSORS = ("weight", "visible_bias", "hidden_bias")
_UNITS = ("visible", "hidden", "n_states", "n_labels", "labels")


@dataclass(frozen=True, eq=False)
class BundledMachine:
    """One of them. ``layers``: its parameters in float32, the lowest first, a single one but for a deep net.

    ``about``: "title" names it in a few words; "epochs", "seed" and "seconds" tell of its training, "spec" or "settings"
    say how it was trained, "news" is the course of that; "likelihood" and "reconstruction_error" are of test images.
    ``beside``: arrays that are kept with it, by name, such as a hidden unit's mean activity.
    """

    name: str
    about: Mapping[str, Any]
    layers: tuple[Parameters, ...]
    beside: Mapping[str, npt.NDArray[Any]]

    def model(self) -> RBM:
        """A new model of the lowest layer, on the CPU."""
        return self.layers[0].to_model()


@lru_cache(maxsize=len(NAMES))
def load(name: str) -> BundledMachine:
    """The machine of that name (one of NAMES); CheckpointError where its file is missing or damaged."""
    if name not in NAMES:
        wrong = _("No machine called {name!r} comes with the program; there are {names}.")
        raise CheckpointError(wrong.format(name=name, names=", ".join(NAMES)))
    return read(FOLDER / f"{name}.safetensors")


def read(path: Path) -> BundledMachine:
    """What ``write`` wrote there."""
    try:
        with safe_open(path, framework="np") as file:
            header = file.metadata() or {}
            arrays = {key: file.get_tensor(key) for key in list(file.keys())}
    except (OSError, SafetensorError) as error:
        wrong = _("The machine {stem} cannot be read ({error}): python -m rbm bundle makes it again.")
        raise CheckpointError(wrong.format(stem=path.stem, error=error)) from error
    if header.get("format") != FORMAT:
        wrong = _("{name} is no machine of this program's ({format}): python -m rbm bundle makes it again.")
        raise CheckpointError(wrong.format(name=path.name, format=FORMAT))
    about = json.loads(header["about"])
    layers = tuple(_layer(arrays, number, units) for number, units in enumerate(about.pop("units")))
    return BundledMachine(
        path.stem, about, layers, {n.removeprefix("beside."): a for n, a in arrays.items() if n.startswith("beside.")}
    )


def _layer(arrays: Mapping[str, npt.NDArray[Any]], number: int, units: Mapping[str, Any]) -> Parameters:
    weight, visible_bias, hidden_bias = (arrays[f"{number}.{name}"].astype(np.float32) for name in _TENSORS)
    return Parameters(weight, visible_bias, hidden_bias, **units)


def write(
    path: Path,
    about: Mapping[str, Any],
    layers: Sequence[Parameters],
    beside: Mapping[str, npt.NDArray[Any]],
) -> None:
    """Keep a machine. Layers go in half precision; ``about`` is what JSON can hold."""
    units = [{name: getattr(layer, name) for name in _UNITS} for layer in layers]
    arrays = {
        f"{i}.{name}": getattr(layer, name).astype(np.float16) for i, layer in enumerate(layers) for name in _TENSORS
    }
    arrays |= {f"beside.{name}": np.ascontiguousarray(array) for name, array in beside.items()}
    header = {"format": FORMAT, "about": json.dumps({**about, "units": units}, separators=(",", ":"))}
    write_atomically(path, to_bytes(arrays, metadata=header))


def rounded(layer: Parameters) -> Parameters:
    """The layer as it comes back from a file: through half precision and back, with nothing told beside."""
    weight, visible_bias, hidden_bias = (getattr(layer, n).astype(np.float16).astype(np.float32) for n in _TENSORS)
    return Parameters(weight, visible_bias, hidden_bias, **{name: getattr(layer, name) for name in _UNITS})
