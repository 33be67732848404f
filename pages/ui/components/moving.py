"""Numbers, bars over states, and the line that says where work stands: all change in place."""

import json
from collections.abc import Mapping, Sequence
from hashlib import blake2s
from typing import TYPE_CHECKING, Any, Literal

from pages.ui.components.component import declare
from rbm.core import clock
from rbm.core.language import _, plural
from rbm.jobs.live import LiveRun
from rbm.training.history import SPEED_SECONDS

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

_facts: "ComponentRenderer" = declare("facts", '<div class="facts"></div>', "board", "facts")


def table(head: Sequence[str], rows: Sequence[Sequence[str]], about: Sequence[str] = ()) -> dict[str, Any]:
    """The part of ``facts`` that changes. ``about``: what each column is, told where the pointer rests."""
    return {"head": list(head), "rows": [list(row) for row in rows], "about": list(about)}


def facts(news: Mapping[str, Any], *, key: str, look: Literal["table", "figures", "caption", "line"] = "table") -> None:
    """Show ``table(...)``: as a table, as large figures under their names, or as lines of small grey words, of which a "line" is
    cut off where its place ends.

    In a word ``**bold**`` is set bold.
    """
    _facts(key=key, data={"at": clock.now(), **news, "look": look, "channel": key})


_BARS_HTML = """
<div class="statebars">
  <div class="head"></div>
  <svg class="frame" tabindex="0"></svg>
  <div class="tip" hidden></div>
</div>
"""

_bars: "ComponentRenderer" = declare("statebars", _BARS_HTML, "board", "files", "scales", "statebars")


def fingerprinted(option: Mapping[str, Any]) -> dict[str, Any]:
    """`figures.state_option(...)` with the fingerprint that says whether the picture has changed."""
    version = blake2s(json.dumps(option, sort_keys=True).encode(), digest_size=6).hexdigest()
    return {**option, "version": version}


def state_bars(option: Mapping[str, Any], *, key: str, alt: str, height: int = 230) -> None:
    """Draw `figures.state_option(...)`; hover a state for its values. `alt` is their name."""
    data = option if "version" in option else fingerprinted(option)
    _bars(key=key, data={"at": clock.now(), **data, "alt": alt, "height": height, "channel": key})


_STATUS_HTML = f"""
<div class="status" role="progressbar" aria-label="{_("Training")}" aria-valuemin="0" aria-valuemax="100">
  <div class="words"></div>
  <div class="track"><div class="fill"></div></div>
</div>
"""

_status: "ComponentRenderer" = declare("status", _STATUS_HTML, "board", "status")


def run_line(run: LiveRun | None, *, ready: bool = True) -> dict[str, Any]:
    """Where a run stands."""
    return work_line(_words(run, ready=ready), 0.0 if run is None else run.progress)


def work_line(words: str, share: float) -> dict[str, Any]:
    """The words and the share that is done."""
    return {"words": words, "share": min(share, 1.0), "at": clock.now()}


def status(drawn: Mapping[str, Any], key: str = "status") -> None:
    """Draw ``run_line(run)`` or ``work_line(words, share)``; what moves it are news of the same key."""
    _status(key=key, data={**drawn, "channel": key})


def _words(run: LiveRun | None, *, ready: bool = True) -> str:
    if run is None or run.status == "idle":
        if not ready:
            return _("Not ready yet: a note says what is missing.")
        return _("Ready. Press Train (or T): strokes appear in the filters.")
    stepping = run.status == "paused" and any(run.by_hand)
    words = {
        "starting": _("Starting"),
        "running": _("Epoch {epoch:.2f} of {epochs}"),
        "paused": _("Paused · epoch {epoch:.2f} of {epochs}"),
        "finished": _("Finished · epoch {epoch:.2f} of {epochs}"),
    }
    whole = run.status != "finished" or run.progress >= 1  # a machine at rest, that was kept on its way, is not
    said = (words.get(run.status) if whole else None) or _("Stopped · epoch {epoch:.2f} of {epochs}")
    if stepping:
        said = _("Training {asked} · epoch {epoch:.2f} of {epochs}")
    parts = [said.format(asked=_asked(*run.by_hand), epoch=run.epoch, epochs=run.epochs)]
    left = run.seconds_left
    if run.status == "running" and left is not None:
        parts.append(_left(left))
    speed = run.history.averaged_rate("samples_per_second", SPEED_SECONDS)[1]
    if run.status in ("running", "paused") and speed:
        parts.append(_("{speed:,.0f} images/s").format(speed=speed[-1]))
    return " · ".join(parts)


def _left(seconds: float) -> str:
    if seconds < 99.5:
        return _("{left:.0f} s left").format(left=seconds)
    minutes = round(seconds / 60)
    if minutes < 100:
        return _("{left} min left").format(left=minutes)
    return _("{hours} h {minutes} min left").format(hours=minutes // 60, minutes=minutes % 60)


def _asked(batches: int, epochs: int) -> str:
    """The single steps under way: "1 batch", "2 epochs and 1 batch"."""
    counted = (
        (epochs, plural("{n} epoch", "{n} epochs", epochs)),
        (batches, plural("{n} batch", "{n} batches", batches)),
    )
    return _(" and ").join(words.format(n=n) for n, words in counted if n)
