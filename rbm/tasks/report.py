"""A run's report as a task: its pictures are hundreds of Gibbs sweeps, which a worker takes and not the screen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rbm.store import Evaluation, Run
    from rbm.training.history import History


def report(checkpoint: bytes, run: Run, history: History, evaluation: Evaluation | None, said: str) -> Iterator[str]:
    """The HTML of ``rbm.report.page.html``, whose errors it raises; CheckpointError for bytes that are none."""
    from rbm.checkpoint import from_bytes
    from rbm.report.page import html

    yield html(from_bytes(checkpoint), run, history, evaluation, said)
