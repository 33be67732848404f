"""The examination's cards, each drawn as soon as its finding has come."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from pages.ui import cards, lesson
from pages.ui.components import chart
from pages.ui.components.moving import facts, table
from pages.ui.controls import widgets
from pages.ui.draw import figures, frames
from pages.ui.server import feed
from pages.ui.session import tasks
from rbm.core.language import _
from rbm.jobs.live import LiveRun
from rbm.jobs.snapshots import Snapshot
from rbm.jobs.task import Task
from rbm.report.words import number
from rbm.tasks.examine import N_SWEEPS, ChainsFromNoise, Energies, Likeness, Mixed, WeightModes

NAME, MORE = "examination", "longer examination"  # what the tab holds: the longer one leaves the first on the screen
VIEW = "examine_view"  # the key of the row of VIEWS
VIEWS = _("Weights"), _("Chains"), _("Samples"), _("Correlations")
LONGER = 10  # times: R-hat needs some fifty autocorrelation times in half a walk
Found = TypeVar("Found", WeightModes, ChainsFromNoise, Mixed, Energies, Likeness)


def begin(current: LiveRun) -> None:
    """Examine the machine as it stands now, and show its chains, which are the first to come."""
    stop()
    if widgets.remembered(VIEW) in (None, VIEWS[0]):
        lesson.open_view(VIEWS[1], key=VIEW)
    tasks.hold_beside(examined=(current, current.past[-1]))
    _examine(NAME, current, current.past[-1], N_SWEEPS)


def longer() -> None:
    """The same machine once more, its chains for ``LONGER`` times as many sweeps; the first ones are the same."""
    current, past = st.session_state["examined"]
    _examine(MORE, current, past, LONGER * N_SWEEPS)
    tasks.hold_beside(examined_longer=True)


def stop() -> None:
    """No longer walk, or no further: what the first one found stays."""
    if st.session_state.get("examined_longer") and (task := tasks.held(MORE)) is not None:
        task.pause()
        task.release()
    tasks.let_go("examined_longer")


def _examine(name: str, current: LiveRun, past: Snapshot, n_sweeps: int) -> None:
    task = Task("rbm.tasks.examine:examine", spec=current.spec.to_json(), parameters=past, n_sweeps=n_sweeps)
    tasks.hold(name, task)


def of(current: LiveRun) -> Task | None:
    """The examination of that machine, the longer one once it has ended; None where another was examined, or none."""
    examined, _ = st.session_state.get("examined", (None, None))
    if examined is not current:
        return None
    more = longer_of(current)
    return more if more is not None and more.status == "finished" else tasks.held(NAME)


def longer_of(current: LiveRun) -> Task | None:
    """The longer examination of that machine, where one was asked for."""
    examined, _ = st.session_state.get("examined", (None, None))
    return tasks.held(MORE) if examined is current and st.session_state.get("examined_longer") else None


def elements(task: Task | None, more: Task | None = None) -> Callable[[], feed.Elements]:
    """What moves while it is examined: how far it is and ``more`` the longer walk, and the chains' way."""
    _, past = st.session_state.get("examined", (None, None))

    def found() -> feed.Elements:
        words = "" if task is None or past is None else _words(task, past)
        way = last(task, ChainsFromNoise)
        drawn = {"examine_words": table((), [(words,)])}
        if more is not None:
            drawn["examine_longer_words"] = table((), [(_swept(more),)])
        return drawn if way is None else {**drawn, "examine_walk": _way(way)}

    return found


def controls(current: LiveRun, task: Task | None, drawn: feed.Elements) -> None:
    """The button, what is being examined and how far it is."""
    label = _("Examine") if task is None else _("Examine the machine as it is now")
    about = _("Spectrum of the weights at once; then 256 chains walk 600 sweeps from noise, which takes some seconds.")
    examine = tasks.Press("examine", label, about, partial(begin, current), "troubleshoot", "E", primary=True)
    tasks.panel(task, examine, words=("examine_words", drawn))


def _words(task: Task, past: Snapshot) -> str:
    return _("The machine as it was at epoch {epoch:.2f} · {swept}").format(
        epoch=past.epoch, swept=_swept(task) if task.active else _("done")
    )


def _swept(task: Task) -> str:
    walk = last(task, ChainsFromNoise)
    swept = 0 if walk is None else len(walk.free_energy)
    return _("sweep {swept:,} of {arguments:,}").format(swept=swept, arguments=task.arguments["n_sweeps"])


def last(task: Task | None, kind: type[Found]) -> Found | None:
    """The newest finding of that kind; None where none has come."""
    news = [] if task is None else task.news
    return next((one for one in reversed(news) if isinstance(one, kind)), None)


def walk(task: Task | None, more: Task | None, drawn: feed.Elements) -> None:
    """The chains' way from noise, and whether they mix."""
    found = last(task, ChainsFromNoise)
    if found is None:
        waits(task)
        return
    cards.title(
        _("Do its chains reach the data, and mix?"),
        _(
            "The mean free energy of 256 chains from noise, sweep by sweep; the dotted line is that of test "
            "images. A good machine's chains come to rest there; far below, they sit in a mode that the data "
            "does not have."
        ),
        _("what all the chains miss: only the histogram under Samples shows a little of that."),
    )
    chart.show(
        _way(found), key="examine_walk", alt=_("Mean free energy of chains from noise against sweeps"), height=190
    )
    mixed = last(task, Mixed)
    if mixed is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="medium", key="examine_mixing"):
        for name, value, about in (
            (
                _("Autocorrelation / sweeps"),
                _number(mixed.autocorrelation_time, 1),
                _("How long the free energy is remembered: so many sweeps for one new sample."),
            ),
            (
                _("Independent samples"),
                _number(mixed.ess),
                _("How many independent samples the counted sweeps of all chains are worth."),
            ),
            (
                _("R-hat"),
                _number(mixed.r_hat, 3),
                _("1 where chains that started apart have come together; above 1.01 they have not."),
            ),
        ):
            st.metric(name, value, help=about, width="content")
        if more is not None and more.active:
            about = _("End the longer walk; what is here stays.")
            st.button(_("Stop"), icon=":material/stop:", key="examine_stop", on_click=stop, help=about)
            facts(drawn["examine_longer_words"], key="examine_longer_words", look="caption")
        else:
            st.button(
                _("{longer} × longer").format(longer=LONGER),
                icon=":material/more_time:",
                key="examine_longer",
                on_click=longer,
                disabled=task is None or task.active or task.arguments["n_sweeps"] > N_SWEEPS,
                help=_(
                    "Let the same chains walk {longer:,} sweeps instead of {n_sweeps}: where R-hat is above 1.01 they "
                    "may only have been too short. What is here stays until the new numbers are all there."
                ).format(longer=LONGER * N_SWEEPS, n_sweeps=N_SWEEPS),
            )
    with cards.notice("longer"):
        tasks.trouble(more)
    st.caption(mixed.verdict)


def waits(task: Task | None) -> None:
    """In place of what no examination has found yet."""
    if task is not None and task.active:
        st.caption(_("256 chains walk from noise: what they find stands here within some seconds."))
        return
    st.caption(_("Press **Examine**: 256 chains walk from noise, and what they find stands here within some seconds."))


def _way(found: ChainsFromNoise) -> dict[str, Any]:
    return figures.curve_option(
        [figures.Series(_("chains"), np.arange(1, len(found.free_energy) + 1), found.free_energy)],
        x_title=_("sweeps"),
        y_title=_("free energy / nats"),
        line=(_("test images"), found.data_free_energy),
        log_x=True,
    )


def _number(value: float, digits: int = 0) -> str:
    """As the verdict below writes it."""
    return _("not known") if math.isnan(value) else number(value, digits)


def energies(task: Task | None) -> None:
    """How free energies are spread."""
    found = last(task, Energies)
    if found is None:
        waits(task)
        return
    cards.title(
        _("Free energies of images and samples"),
        _(
            "The lower, the likelier. Training and test images should lie together (apart: it overfits), and samples with them."
        ),
        _("the likelihood, which needs log Z as well."),
    )
    middles = (found.edges[:-1] + found.edges[1:]) / 2
    figure = go.Figure()
    for name, counts in found.counts.items():
        share = counts / max(1.0, float(counts.sum()))
        figure.add_scatter(
            x=middles, y=share, name=name, line_shape="hvh", hovertemplate=f"{name} %{{y:.1%}}<extra></extra>"
        )
    figure.update_yaxes(tickformat=".0%")
    figures.at_rest(figure, _("free energy / nats"), _("share of pictures"), several=True)
    chart.show(figure, height=240, key="examine_energies", alt=_("How free energies are spread"))
    st.caption(
        _("Noise, every state of a pixel equally likely: {number} nats on average.").format(
            number=_number(found.noise, 1)
        )
    )


def _apart(distance: float, visible: str) -> str:
    """A squared distance in words: each pixel that differs counts 1, 4 between spins, 2 between one-hot states."""
    each = {"bernoulli": 1, "spin": 4, "categorical": 2}.get(visible)
    return (
        _("a distance of {distance:.3g}").format(distance=math.sqrt(distance))
        if each is None
        else _("{distance:.0f} pixels differ").format(distance=distance / each)
    )


def likeness(task: Task | None, painter: frames.Painter) -> None:
    """Samples over the training images nearest to them, and AATS."""
    found = last(task, Likeness)
    if found is None:
        return
    cards.title(
        _("Are its samples like the data, and not copies?"),
        _(
            "Top: ten samples. Bottom: the training image nearest to each. Were they the same, the machine "
            "would have learnt them by heart."
        ),
        _("whether all kinds of images are among the samples: the first number below does."),
    )
    rows = np.concatenate([found.samples, found.nearest])
    pixels = painter.visible(rows, told=True)
    labels = [_("sample {i}").format(i=i + 1) for i in range(len(found.samples))]
    labels += [
        _("nearest training image: {apart}").format(apart=_apart(d, painter.model.visible)) for d in found.differ
    ]
    alt = _("Samples over their nearest training images")
    columns, key = len(found.samples), "examine_nearest"
    cards.picture_wall(
        pixels, columns, key, alt, labels=labels, framed=painter.framed, rows=(_("samples"), _("nearest"))
    )
    with st.container(horizontal=True, gap="medium", key="examine_aats"):
        for name, value, about in (
            (
                _("Images: nearest is real"),
                found.data_side,
                _(
                    "Share of images whose nearest neighbour is another image, not a sample: 0.5 is ideal. One equally "
                    "far from both counts a half; published code counts it as 0, and so finds lower values."
                ),
            ),
            (
                _("Samples: nearest is generated"),
                found.sample_side,
                _(
                    "Share of samples whose nearest neighbour is another sample, not an image: 0.5 is ideal. Ties "
                    "count as on the left."
                ),
            ),
            (
                _("Memorisation"),
                found.privacy_loss,
                _(
                    "AATS of test images minus AATS of training images: 0 is ideal, above 0 the samples resemble what "
                    "was learnt more than what was not."
                ),
            ),
        ):
            st.metric(name, f"{value:.2f}".replace("-0.00", "0.00").replace("-", "−"), help=about, width="content")
    st.caption(found.verdict)
