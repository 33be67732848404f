"""Deep nets as the registry keeps them: their curves, newest filters, layers in half precision, and bound. No torch here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from rbm.bundled import BundledMachine, Made
from rbm.jobs.machines import Kind, thinned
from rbm.tasks.deep.plan import Bounded, Curve, DeepSpec, FilterLook, Learned

_FILTERS = "filters "


def made(news: Sequence[Any]) -> Made | None:
    """What is kept of all that the task told; None before it has learnt anything."""
    curves = [one for one in news if isinstance(one, Curve)]
    looks = {one.layer: one for one in news if isinstance(one, FilterLook)}
    if not looks:
        return None
    learned = [one for one in news if isinstance(one, Learned)]
    bound = next((one for one in news if isinstance(one, Bounded)), None)
    stages = range(1 + max(one.stage for one in curves))
    points = [point for stage in stages for point in thinned([one for one in curves if one.stage == stage])]
    about = {"news": points, "learned": [one.layer for one in learned], "bound": bound}
    return Made(about, learned, {f"{_FILTERS}{layer}": one.filters for layer, one in looks.items()})


def told(machine: BundledMachine) -> list[Any]:
    """The reverse: curves, filters, layers and the bound, where there is one."""
    about, beside = machine.about, machine.beside
    looks = [FilterLook(int(name.removeprefix(_FILTERS)), filters) for name, filters in sorted(beside.items())]
    learned = [Learned(**vars(one), layer=layer) for one, layer in zip(machine.layers, about["learned"], strict=True)]
    bound = [] if about["bound"] is None else [Bounded(*about["bound"])]
    return [*(Curve(*one) for one in about["news"]), *looks, *learned, *bound]


def _settings(arguments: Mapping[str, Any]) -> dict[str, Any]:
    return asdict(arguments["spec"])


def _arguments(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {"spec": DeepSpec(**{**settings, "sizes": tuple(settings["sizes"])})}


KEPT = Kind(
    "rbm.tasks.deep.job:train", made, told, _settings, _arguments, lambda arguments: str(arguments["spec"].dataset)
)
