"""The line that says where a run or another job stands."""

from time import time
from typing import TYPE_CHECKING, Any

from pages.ui.components.component import declare
from rbm.jobs.live import LiveRun
from rbm.training.history import SPEED_SECONDS

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

_HTML = """
<div class="status" role="progressbar" aria-label="Training" aria-valuemin="0" aria-valuemax="100">
  <div class="words"></div>
  <div class="track"><div class="fill"></div></div>
</div>
"""

_mount: "ComponentRenderer" = declare("status", _HTML, "board", "status")


def news(run: LiveRun | None) -> dict[str, Any]:
    """Where a run stands."""
    return line(_words(run), 0.0 if run is None else run.progress)


def line(words: str, share: float) -> dict[str, Any]:
    """The words and the share that is done."""
    return {"words": words, "share": min(share, 1.0), "at": time()}


def status(run: LiveRun | None) -> None:
    """Draw a run's line."""
    show(news(run))


def show(drawn: dict[str, Any], key: str = "status") -> None:
    """Draw the line of any job; what moves it are news of the same key."""
    _mount(key=key, data={**drawn, "channel": key})


def _words(run: LiveRun | None) -> str:
    if run is None or run.status == "idle":
        return "Ready. Press Train (or the key T): the reconstruction error falls and strokes appear in the filters."
    epochs = f"poch {run.epoch:.2f} of {run.epochs}"
    stepping = run.status == "paused" and any(run.by_hand)
    words = {"starting": "Starting", "running": "E" + epochs, "paused": f"Paused · e{epochs}"}
    parts = [words.get(run.status) or f"{'Finished' if run.status == 'finished' else 'Stopped'} · e{epochs}"]
    if stepping:
        parts = [f"Training {_asked(*run.by_hand)} · e{epochs}"]
    left = run.seconds_left
    if run.status == "running" and left is not None:
        parts.append(f"{left:.0f} s left")
    speed = run.history.averaged_rate("samples_per_second", SPEED_SECONDS)[1]
    if run.status in ("running", "paused") and speed:
        parts.append(f"{speed[-1]:,.0f} images/s")
    return " · ".join(parts)


def _asked(batches: int, epochs: int) -> str:
    """The single steps under way: "1 batch", "2 epochs and 1 batch"."""
    counted = ((epochs, "epoch", "epochs"), (batches, "batch", "batches"))
    return " and ".join(f"{n} {one if n == 1 else many}" for n, one, many in counted if n)
