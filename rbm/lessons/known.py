"""What lessons show and what never changes: computed once by ``python -m rbm bundle lessons``, read from one small file.

    known.compass("shifter")[-1].cd_angle      # how far CD-k is off at the end of exact learning, for each k of KS
    known.retrieval()                          # the phase diagram of a Hopfield network
    known.capacities()["hebbian"]              # overlap after recall, for each load of LOADS

Together they take seconds, for which nobody on a server should wait. Reading them needs no torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from rbm.core.files import write_atomically
from rbm.core.language import N_, _
from rbm.errors import CheckpointError
from rbm.lessons.retrieval_theory import Lines

if TYPE_CHECKING:
    from rbm.models.rbm import RBM

FILE = Path(__file__).parents[2] / "assets" / "lessons.safetensors"
KS = (1, 2, 3, 4, 5, 7, 10, 14, 20, 30, 40, 50)
RULES = ("hebbian", "storkey", "pseudo-inverse", "dense")
LOADS = (0.02, 0.06, 0.1, 0.138, 0.18, 0.24, 0.32, 0.45, 0.6, 0.8)
CAPACITY_UNITS, CAPACITY_SEED = 100, 1
PARAMETERS = ("weight", "visible_bias", "hidden_bias")


class GradientLesson(NamedTuple):
    """What is learnt by the exact gradient: a builder of `rbm.datasets.toy` and its argument; hidden units, rate."""

    builder: str
    arguments: tuple[int, ...]
    n_hidden: int
    rate: float


GRADIENTS: Mapping[str, GradientLesson] = {
    N_("2×2 bars and stripes"): GradientLesson("bars_and_stripes", (2,), 4, 1.0),
    N_("3×3 bars and stripes"): GradientLesson("bars_and_stripes", (3,), 6, 0.3),
    # At rate 1 exact learning leaps over the valley and falls back.
    N_("shifter"): GradientLesson("shifter_shown", (), 8, 0.5),
}


class Compass(NamedTuple):
    """After ``step`` updates of exact learning: angles to the exact gradient (degrees) and lengths, for each k of KS."""

    step: int
    log_likelihood: float
    best: float
    exact_length: float
    cd_angle: tuple[float, ...]
    pcd_angle: tuple[float, ...]
    cd_length: tuple[float, ...]
    pcd_length: tuple[float, ...]


@lru_cache(maxsize=len(GRADIENTS))
def compass(lesson: str) -> tuple[Compass, ...]:
    """All moments of a lesson of GRADIENTS, in their order."""
    numbers, along_k = (_arrays()[f"compass.{lesson}.{part}"].tolist() for part in ("numbers", "along_k"))
    return tuple(
        Compass(int(step), *told, *map(tuple, curves)) for (step, *told), curves in zip(numbers, along_k, strict=True)
    )


def retrieval() -> Lines:
    """The phase diagram, as `retrieval_theory.lines` finds it."""
    return Lines(*_arrays()["retrieval"])


def learnt_bars() -> RBM:
    """`machines.learnt_bars`: the end of exact learning of 2×2 bars and stripes."""
    import torch

    from rbm.models.rbm import RBM

    arrays = {name: torch.from_numpy(_arrays()[f"bars.{name}"].copy()) for name in PARAMETERS}
    model = RBM(*arrays["weight"].shape).double()
    model.load_state_dict(arrays)
    return model


def capacities() -> dict[str, list[float]]:
    """Overlap after recall in CAPACITY_UNITS units, by rule, for each load of LOADS."""
    return dict(zip(RULES, _arrays()["capacities"].tolist(), strict=True))


def write(
    compasses: Mapping[str, list[Compass]],
    lines: Lines,
    overlaps: Mapping[str, list[float]],
    bars: RBM,
    path: Path = FILE,
) -> None:
    """Keep all of it."""
    arrays: dict[str, npt.NDArray[Any]] = {
        "retrieval": np.stack(lines),
        "capacities": np.array([overlaps[rule] for rule in RULES]),
    }
    arrays |= {f"bars.{name}": p.detach().numpy().copy() for name, p in bars.named_parameters()}
    for lesson, moments in compasses.items():
        arrays[f"compass.{lesson}.numbers"] = np.array([moment[:4] for moment in moments], dtype=np.float64)
        arrays[f"compass.{lesson}.along_k"] = np.array([moment[4:] for moment in moments])
    write_atomically(path, save(arrays))


@lru_cache(maxsize=1)
def _arrays() -> dict[str, npt.NDArray[Any]]:
    try:
        return load_file(FILE)
    except (OSError, SafetensorError) as error:
        wrong = _("The numbers of the lessons cannot be read ({error}): python -m rbm bundle lessons makes them again.")
        raise CheckpointError(wrong.format(error=error)) from error
