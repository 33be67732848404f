"""What the page of teacher and student shows: overlap against samples, over the theory, and the students' weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from pages.ui.components import moving, wall
from pages.ui.controls.knobs import Panel
from pages.ui.draw import figures, frames, theme
from pages.ui.server import feed
from pages.ui.session import tasks
from rbm.core.language import _
from rbm.jobs.task import Task
from rbm.tasks import teacher
from rbm.training.config import knob

JOB = "teacher"
N = teacher.SIDE**2
BETAS = (0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.4, 1.7, 2.0)
COLUMNS = 13


@dataclass(frozen=True)
class TeacherSettings:
    """How clearly the teacher speaks."""

    beta: float = knob(
        1.0,
        _("Teacher's strength β"),
        _("The length of the teacher's weights, β ξ/√N: the larger, the fewer samples show which way they point."),
        stops=BETAS,
    )


PANEL = Panel("teacher", TeacherSettings)


def begin() -> None:
    """New students, of teachers as strong as the slider says."""
    tasks.hold(JOB, Task("rbm.tasks.teacher:teach", beta=float(PANEL.now().beta)))


def elements(task: Task | None, mode: theme.Mode, beta: float) -> feed.Elements:
    """All that the slider and the students move."""
    beta, taught = float(beta), () if task is None else task.news
    learnt = None if task is None else float(task.arguments["beta"])
    return {
        "teacher_q": overlap(taught, learnt, beta),
        "teacher_w": pictures(taught, mode),
        "teacher_words": moving.table((), [(words(taught, learnt, beta),)]),
    }


def overlap(taught: tuple[teacher.Taught, ...], learnt: float | None, beta: float) -> dict[str, Any]:
    """q against α: the theory at the slider's β, its transition, and the students with their errors."""
    low, high = teacher.LOADS[0], teacher.LOADS[-1]
    edge = teacher.transition(beta, N)
    loads = np.unique(np.concatenate([np.geomspace(low, high, 100), edge * np.array([1, 1.001, 1.01, 1.05])]))
    loads = loads[(loads >= low) & (loads <= high)]
    theory = figures.Series(
        _("theory, β = {beta:g}").format(beta=beta), loads, teacher.expected(loads, beta, N), dash=True
    )
    drawn = figures.curve_option([theory], x_title=_("samples per weight, α = M/N"), y_title=_("overlap q"), log_x=True)
    drawn["layout"] |= {"yaxis": {**drawn["layout"]["yaxis"], "range": [-0.03, 1.05]}, "showlegend": True}
    drawn["series"].append(
        {
            "type": "scatter", "mode": "lines", "name": _("transition, α = {edge:.2f}").format(edge=edge),
            "x": [edge, edge], "y": [0, 1],
            "line": {"dash": "dot"}, "hoverinfo": "skip",
        }
    )  # fmt: skip
    if taught:
        bars = {"type": "data", "array": [one.error for one in taught], "thickness": 1, "width": 3}
        drawn["series"].append(
            {
                "type": "scatter", "mode": "markers", "name": _("students, β = {learnt:g}").format(learnt=learnt),
                "error_y": bars,
                "x": [one.load for one in taught], "y": [one.overlap for one in taught], "marker": {"size": 8},
            }
        )  # fmt: skip
    return drawn


def pictures(taught: tuple[teacher.Taught, ...], mode: theme.Mode) -> dict[str, Any]:
    """The teacher's weights, then each student's as far as they are there; grey for those to come."""
    rows = np.zeros((1 + len(teacher.LOADS), N))
    labels = [
        _("the teacher"),
        *(_("a student of {load:,} samples").format(load=round(load * N)) for load in teacher.LOADS),
    ]
    if taught:
        rows[0] = taught[0].teacher
    for place, one in enumerate(taught, 1):
        rows[place] = one.weight
    lut = theme.diverging(mode)
    tiles = frames.colour_weights(rows.reshape(-1, teacher.SIDE, teacher.SIDE), shared=False, lut=lut)
    legend = wall.signed(lut, _("max"), _("weight, each its own scale"))
    return wall.pictures(tiles.tiles, COLUMNS, labels=labels, legend=legend)


def words(taught: tuple[teacher.Taught, ...], learnt: float | None, beta: float) -> str:
    """Where it stands, in a line."""
    edge = _("the transition is at α = {alpha:.2f}, {samples:,.0f} samples").format(
        alpha=teacher.transition(beta, N), samples=teacher.transition(beta, N) * N
    )
    if not taught or learnt is None:
        return _("At β = {beta:g} {edge}. Press Learn.").format(beta=beta, edge=edge)
    one = taught[-1]
    told = _(
        "{load:,} samples: q = {overlap:.2f} ± {error:.2f}, theory {theory:.2f} · {n} of {all} · at β = {beta:g} {edge}"
    )
    return told.format(
        load=round(one.load * N),
        overlap=one.overlap,
        error=one.error,
        theory=float(teacher.expected(one.load, learnt, N)),
        n=len(taught),
        all=len(teacher.LOADS),
        beta=beta,
        edge=edge,
    )
