"""Parts of pictures in SVG that is written by hand: lines and words."""

from collections.abc import Sequence

Point = tuple[float, float]


def path(points: Sequence[Point]) -> str:
    """The ``d`` of a line through the points."""
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)


def text(x: float, y: float, words: str, kind: str = "", anchor: str = "middle") -> str:
    """Words at a place, in the style of the class ``kind``."""
    style = f' class="{kind}"' if kind else ""
    return f'<text{style} x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{safe(words)}</text>'


def safe(words: str) -> str:
    """Words as text, in an attribute too."""
    return words.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
