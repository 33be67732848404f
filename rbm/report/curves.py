"""A chart of curves as SVG that reads on a light and on a dark page: it takes its colours from the page's classes.

line c0, c1 ...     a series' pen          band        the area between two series
dot c0, hollow      a value, one of doubt  grid, text  what stands around them
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from rbm.core.curves import Floats, decimate
from rbm.report.svg import Point, path, safe, text

WIDTH, HEIGHT = 460, 230
LEFT, RIGHT, TOP, BOTTOM = 58, 12, 26, 40
INTERVALS = 5  # on an axis, about
LINES = 300  # points of a series: what 390 pixels can show


class CurveLine(NamedTuple):
    """One series; a y that is not finite breaks it. ``dots``: its values are few; ``doubtful``: x of those drawn hollow."""

    name: str
    x: ArrayLike
    y: ArrayLike
    dots: bool = False
    doubtful: Sequence[float] = ()


class _Axis(NamedTuple):
    """From values to pixels, and the values that are written on it, with so many ``digits`` behind the point."""

    low: float
    high: float
    first: float
    last: float
    ticks: Floats
    digits: int

    def at(self, value: float) -> float:
        return self.first + (value - self.low) / (self.high - self.low) * (self.last - self.first)

    def written(self, value: float) -> str:
        return "0" if value == 0 else f"{value:,.{self.digits}f}".replace("-", "−")


def chart(lines: Sequence[CurveLine], *, x_title: str, y_title: str, about: str, band: bool = False) -> str:
    """The lines over one another; ``band``: the area between the first two is shaded. ``about`` is read out."""
    known = [_known(line) for line in lines]
    values = np.concatenate([y[np.isfinite(y)] for _, y in known])
    places = np.concatenate([x for x, _ in known])
    if not len(values):
        return ""
    across = _axis(min(0.0, places.min()), places.max(), LEFT, WIDTH - RIGHT, padded=False)
    down = _axis(values.min(), values.max(), HEIGHT - BOTTOM, TOP, padded=True)
    parts = [*_grid(across, down, x_title, y_title), _legend([line.name for line in lines])]
    drawn = [[(across.at(a), down.at(b)) for a, b in zip(x, y, strict=True) if np.isfinite(b)] for x, y in known]
    if band and len(drawn) > 1 and all(drawn[:2]):
        parts.append(f'<path class="band" d="{path([*drawn[0], *drawn[1][::-1]])}Z"/>')
    for n, (line, (x, y)) in enumerate(zip(lines, known, strict=True)):
        parts += [f'<path class="line c{n}" d="{path(piece)}"/>' for piece in _pieces(x, y, across, down)]
        if line.dots:
            doubted = np.isin(x, np.asarray(line.doubtful, dtype=np.float64))
            parts += [
                _dot(across.at(a), down.at(b), n, bool(hollow))
                for a, b, hollow in zip(x, y, doubted, strict=True)
                if np.isfinite(b)
            ]
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{safe(about)}">'
    )
    return f"{head}{''.join(parts)}</svg>"


def _known(line: CurveLine) -> tuple[Floats, Floats]:
    """What can be drawn of it: x ascending, both finite at the same places, thinned."""
    x, y = (np.asarray(values, dtype=np.float64) for values in (line.x, line.y))
    order = np.argsort(x, kind="stable")
    return decimate(x[order], y[order], LINES)


def _axis(low: float, high: float, first: float, last: float, *, padded: bool) -> _Axis:
    if high <= low:
        room = abs(low) / 10 or 0.5
        low, high = (low - room, high + room) if padded and low else (low, low + 2 * room)
    elif padded:
        room = (high - low) * 0.06
        low, high = low - room, high + room
    step = _round_step((high - low) / INTERVALS)
    ticks = np.arange(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1) * step
    return _Axis(
        low, high, first, last, np.asarray(ticks, dtype=np.float64), max(0, -math.floor(math.log10(step) + 1e-9))
    )


def _round_step(rough: float) -> float:
    """1, 2 or 5 times a power of ten, the first that is not smaller."""
    power = 10.0 ** math.floor(math.log10(rough))
    return next(power * lead for lead in (1, 2, 5, 10) if power * lead >= rough * (1 - 1e-9))


def _grid(across: _Axis, down: _Axis, x_title: str, y_title: str) -> list[str]:
    parts = [text(LEFT - 48, 12, y_title, anchor="start")]
    for value in down.ticks:
        y = down.at(value)
        parts.append(f'<path class="grid" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>')
        parts.append(text(LEFT - 6, y + 4, down.written(value), anchor="end"))
    parts += [text(across.at(value), HEIGHT - BOTTOM + 16, across.written(value)) for value in across.ticks]
    parts.append(text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6, x_title))
    return parts


def _legend(names: Sequence[str]) -> str:
    """The names at the top right, each behind its pen; none where there is one series."""
    if len(names) < 2:
        return ""
    parts, right = [], float(WIDTH - RIGHT)
    for n, name in reversed(list(enumerate(names))):
        right -= 6.6 * len(name)
        parts.append(f'<path class="line c{n}" d="M{right - 22:.1f} 8h16"/>{text(right, 12, name, anchor="start")}')
        right -= 34
    return "".join(parts)


def _pieces(x: Floats, y: Floats, across: _Axis, down: _Axis) -> list[list[Point]]:
    """The line, broken where a value is missing."""
    found: list[list[Point]] = [[]]
    for a, b in zip(x, y, strict=True):
        if np.isfinite(b):
            found[-1].append((across.at(a), down.at(b)))
        elif found[-1]:
            found.append([])
    return [piece for piece in found if piece]


def _dot(x: float, y: float, n: int, hollow: bool) -> str:
    return f'<circle class="dot c{n}{" hollow" if hollow else ""}" cx="{x:.1f}" cy="{y:.1f}" r="3.2"/>'
