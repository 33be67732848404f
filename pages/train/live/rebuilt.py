"""A drawing of the visitor's and its reconstruction by the machine in training: it follows the pen, and it follows training."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from pages.ui import cards
from pages.ui.components import wall
from pages.ui.draw import frames
from pages.ui.server import feed, instant
from rbm.core.language import _
from rbm.jobs.live import LiveRun

if TYPE_CHECKING:
    from rbm.jobs.snapshots import Snapshot
    from rbm.models.rbm import RBM

PAD, WALL = "train_pad", "wall_rebuilt"


class Rebuilding:
    """What the newest machine of a run makes of a drawing; the model is made once for each moment of training."""

    def __init__(self, run: LiveRun | None, sketch: instant.Sketch, painter: frames.Painter) -> None:
        self._run, self._sketch, self._painter = run, sketch, painter
        self._known: tuple[Snapshot, RBM] | None = None

    def elements(self) -> feed.Elements:
        """The drawing as it is read, over its reconstruction ⟨v|⟨h⟩⟩; black before there is a machine."""
        import torch

        coding = self._painter.coding
        ink = torch.tensor(self._sketch.drawing.centred, dtype=torch.float32)[None]  # (1, P)
        v, back = coding.rows(ink), coding.rows(torch.zeros_like(ink))
        snapshot = None if self._run is None else self._run.snapshot
        if snapshot is not None:
            if self._known is None or self._known[0] is not snapshot:
                self._known = snapshot, snapshot.to_model()
            with torch.no_grad():
                model = self._known[1]
                back = model.visible_mean(model.hidden_mean(v))
        rows = np.concatenate([v.numpy(), back.numpy()])
        return {WALL: wall.pictures(self._painter.visible(rows), 1)}


def drawing(run: LiveRun | None, painter: frames.Painter) -> Callable[[], feed.Elements]:
    """A button that opens the pad; returns what moves the reconstruction. Colours and letters cannot be drawn."""
    if math.prod(painter.shape) > instant.MOST_PIXELS or painter.colour or painter.letters:
        return dict
    sketch = instant.sketch(PAD, painter.shape)
    rebuilding = Rebuilding(run, sketch, painter)
    with st.popover(
        _("Draw a picture"), icon=":material/draw:", help=_("See how the machine rebuilds it while it learns.")
    ):
        cards.title(
            _("Your drawing and its reconstruction"),
            _("The drawing as it is read, and {mean_of} of the machine as it is now.").format(
                mean_of=cards.mean_of(painter.model, "⟨h⟩")
            ),
        )
        drawn = sketch.answers(lambda _: rebuilding.elements())
        pad, pictures = st.columns([5, 2], gap="small", vertical_alignment="center")
        with pad:
            instant.pad(sketch, key=PAD, alt=_("A pad whose drawing the machine rebuilds"), width=240)
        with pictures:
            wall.show(drawn[WALL], max_cell=110, alt=_("The drawing as it is read, and its reconstruction"), key=WALL)
    return rebuilding.elements
