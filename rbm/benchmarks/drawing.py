"""Growth and the race for quality as SVG written by hand, readable on a light and on a dark page."""

import math
from collections.abc import Sequence

from rbm.benchmarks.growth import GrowthCurve
from rbm.benchmarks.quality import MARKS, JudgedTraining
from rbm.report.svg import path, safe, text

HEIGHT = 260
PANEL, GAP, LEFT, TOP, PLOT = 160, 64, 58, 60, 144  # a panel's width, the space between two, the first one's place

LOWEST, HIGHEST = -150.0, -84.0  # nats an image, of the race for quality

STYLE = """
text{font:12px system-ui,-apple-system,'Segoe UI',sans-serif;fill:#57606a}
.title{font-weight:600;fill:#24292f}
.grid{stroke:#8c959f;stroke-opacity:.25}
.linear{stroke:#8c959f;stroke-dasharray:4 4}
.line{stroke:#0969da;stroke-width:2;fill:none}
.dot{fill:#0969da}
.other{stroke:#8c959f;stroke-width:2;fill:none}
@media (prefers-color-scheme:dark){text{fill:#9198a1}.title{fill:#f0f6fc}.line{stroke:#58a6ff}.dot{fill:#58a6ff}}
"""


def draw(curves: Sequence[GrowthCurve], caption: str) -> str:
    """One panel a curve, that of another engine beside it in grey; the dashed line is what exactly linear growth would be."""
    width = LEFT + len(curves) * (PANEL + GAP) - GAP // 2
    panels = "".join(_panel(curve, LEFT + i * (PANEL + GAP)) for i, curve in enumerate(curves))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {HEIGHT}" role="img" aria-label="{safe(caption)}">'
        f"<style>{STYLE}</style>{text(8, 20, caption, anchor='start')}{panels}</svg>\n"
    )


def _panel(curve: GrowthCurve, left: int) -> str:
    x_low, x_high = math.log10(curve.x[0]), math.log10(curve.x[-1])
    linear = [curve.seconds[-1] * x / curve.x[-1] for x in curve.x]
    low = math.floor(math.log10(min(*curve.seconds, *curve.beside, *linear)))
    high = max(math.ceil(math.log10(max(*curve.seconds, *curve.beside))), low + 1)

    def at(x: float, seconds: float) -> tuple[float, float]:
        across = (math.log10(x) - x_low) / max(x_high - x_low, 1e-9)
        return left + PANEL * across, TOP + PLOT * (high - math.log10(seconds)) / (high - low)

    parts = [text(left, TOP - 14, f"Time of {curve.unit}", "title", "start")]
    for power in range(low, high + 1):
        y = at(curve.x[0], 10.0**power)[1]
        parts.append(
            f'<path class="grid" d="M{left} {y:.1f}h{PANEL}"/>{text(left - 6, y + 4, _time(power), anchor="end")}'
        )
    for i, x in enumerate(curve.x):
        if i in (0, len(curve.x) // 2, len(curve.x) - 1):
            parts.append(text(at(x, 10.0**low)[0], TOP + PLOT + 18, f"{x:,}"))
    parts.append(text(left + PANEL / 2, TOP + PLOT + 38, curve.title))
    lines = {"linear": linear, "other": curve.beside, "line": curve.seconds}
    for look, seconds in lines.items():
        points = [at(x, s) for x, s in zip(curve.x, seconds, strict=bool(seconds))]
        parts += [f'<path class="{look}" fill="none" d="{path(points)}"/>'] if points else []
    for x, s in zip(curve.x, curve.seconds, strict=True):
        across, down = at(x, s)
        parts.append(f'<circle class="dot" cx="{across:.1f}" cy="{down:.1f}" r="3"/>')
    return "".join(parts)


def draw_quality(trainings: Sequence[JudgedTraining], caption: str) -> str:
    """Likelihood against seconds of training: a dot for each training, and for each engine the best that it had by then.

    Trainings below LOWEST are left out, and so are those whose estimates are further apart than a nat or rest on too few
    chains: they reached nothing that is known.
    """
    known = [t for t in trainings if t.passed(LOWEST)]
    width, height, left, top, right, bottom = 660, 380, 60, 44, 130, 52
    x_low = math.floor(math.log10(min((t.seconds for t in known), default=1.0)))
    x_high = max(math.ceil(math.log10(max((t.seconds for t in known), default=10.0))), x_low + 1)

    def at(seconds: float, nats: float) -> tuple[float, float]:
        across = (math.log10(seconds) - x_low) / (x_high - x_low)
        return left + (width - left - right) * across, top + (height - top - bottom) * (HIGHEST - nats) / (
            HIGHEST - LOWEST
        )

    parts = []
    for mark in (*MARKS, *range(int(LOWEST), int(MARKS[0]), 10)):
        y = at(10.0**x_low, mark)[1]
        line = f'<path class="grid" d="M{left} {y:.1f}H{width - right}"/>'
        parts.append(line + text(left - 8, y + 4, f"{mark:g}".replace("-", "−"), anchor="end"))
    for power in range(x_low, x_high + 1):
        parts.append(text(at(10.0**power, LOWEST)[0], height - bottom + 18, _time(power)))
    parts.append(text(left + (width - left - right) / 2, height - 12, "training"))
    parts.append(text(8, 38, "nats an image", anchor="start"))
    for n, engine in enumerate(dict.fromkeys(t.engine for t in known)):
        own = sorted((t for t in known if t.engine == engine), key=lambda t: t.seconds)
        best = [t for i, t in enumerate(own) if all(t.likelihood > other.likelihood for other in own[:i])]
        points = [at(t.seconds, t.likelihood) for t in best]
        parts.append(f'<path class="line e{n}" d="{path(points)}"/>')
        for across, down in (at(t.seconds, t.likelihood) for t in own):
            parts.append(f'<circle class="dot f{n}" cx="{across:.1f}" cy="{down:.1f}" r="3.5"/>')
        parts.append(text(points[-1][0] + 8, points[-1][1] + 4, engine, f"f{n}", "start"))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-label="{safe(caption)}">'
        f"<style>{STYLE}{_colours()}</style>{text(8, 20, caption, anchor='start')}{''.join(parts)}</svg>\n"
    )


def _colours() -> str:
    """Okabe and Ito's, which the colour-blind tell apart; on a dark page lighter where they would be lost."""
    light, dark = (
        ("#0072b2", "#d55e00", "#007a5a", "#a8518a", "#8a6a00"),
        ("#56b4e9", "#f58231", "#2fc79a", "#e29bc8", "#f0c541"),
    )
    rules = ["".join(f".e{n}{{stroke:{c}}}.f{n}{{fill:{c}}}" for n, c in enumerate(shades)) for shades in (light, dark)]
    return f"{rules[0]}@media (prefers-color-scheme:dark){{{rules[1]}}}"


def _time(power: int) -> str:
    """10^power seconds with the unit that a person would use."""
    for unit, exponent in (("s", 0), ("ms", -3), ("µs", -6)):
        if power >= exponent:
            return f"{10 ** (power - exponent)} {unit}"
    return f"1e{power} s"
