"""Machines that come with the program: small files in ``assets/machines``, made again by ``python -m rbm bundle``.

    machine = rbm.bundled.load("digits-500")
    model = machine.model()                      # an RBM that dreams digits
    machine.about["likelihood"]                  # what is known of it: settings, epochs, seed, likelihood with its bracket

Parameters are kept in half precision, and everything that is stated of a machine was measured after they were rounded.
Reading one needs no torch. In the same form, with a checksum, the registry keeps what pages learn (``rbm.jobs.machines``).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open
from safetensors.numpy import load as load_arrays
from safetensors.numpy import save as save_arrays

from rbm.core import seal
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


class Made(NamedTuple):
    """A machine before it is kept, with the fields of ``BundledMachine``."""

    about: Mapping[str, Any]
    layers: Sequence[Parameters]
    beside: Mapping[str, npt.NDArray[Any]]


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
    return _machine(path.stem, header, arrays)


def from_bytes(data: bytes, name: str, size: int | None = None) -> BundledMachine:
    """What ``to_bytes`` made, of ``size`` bytes where that is known; CheckpointError where it is anything else."""
    if not (reason := seal.damage(data, size)):
        try:
            header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])["__metadata__"]
            if header["format"] == FORMAT:
                return _machine(name, header, load_arrays(data))
            reason = _("its format is another")
        except (SafetensorError, ValueError, KeyError, TypeError, AttributeError) as error:
            reason = str(error)
    raise damaged(name, reason)


def damaged(name: str, reason: object) -> CheckpointError:
    """The error for a kept machine that is not what was written."""
    said = " ".join(str(reason).split())[:200]
    return CheckpointError(
        _("The machine {name} is damaged ({reason}): train it again.").format(name=name, reason=said)
    )


def _machine(name: str, header: Mapping[str, str], arrays: Mapping[str, npt.NDArray[Any]]) -> BundledMachine:
    about = json.loads(header["about"])
    layers = tuple(_layer(arrays, number, units) for number, units in enumerate(about.pop("units")))
    return BundledMachine(
        name, about, layers, {n.removeprefix("beside."): a for n, a in arrays.items() if n.startswith("beside.")}
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
    """Keep a machine in a file, as ``to_bytes`` makes it."""
    write_atomically(path, to_bytes(about, layers, beside))


def to_bytes(about: Mapping[str, Any], layers: Sequence[Parameters], beside: Mapping[str, npt.NDArray[Any]]) -> bytes:
    """A machine as safetensors. Layers go in half precision; ``about`` is what JSON can hold.

    CheckpointError where a parameter is not finite: such a machine has diverged.
    """
    units = [{name: getattr(layer, name) for name in _UNITS} for layer in layers]
    with np.errstate(over="ignore"):
        arrays = {
            f"{i}.{name}": getattr(one, name).astype(np.float16) for i, one in enumerate(layers) for name in _TENSORS
        }
    if not all(np.isfinite(array).all() for array in arrays.values()):
        raise CheckpointError(_("The machine's parameters are not finite in half precision; it is not kept."))
    arrays |= {f"beside.{name}": np.ascontiguousarray(array) for name, array in beside.items()}
    said = json.dumps({**about, "units": units}, separators=(",", ":"))
    return seal.sealed(save_arrays(arrays, metadata={"format": FORMAT, "about": said, seal.KEY: seal.BLANK}))


def rounded(layer: Parameters) -> Parameters:
    """The layer as it comes back from a file: through half precision and back, with nothing told beside."""
    weight, visible_bias, hidden_bias = (getattr(layer, n).astype(np.float16).astype(np.float32) for n in _TENSORS)
    return Parameters(weight, visible_bias, hidden_bias, **{name: getattr(layer, name) for name in _UNITS})
