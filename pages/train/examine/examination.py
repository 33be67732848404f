"""The examination's cards, each drawn as soon as its finding has come."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any, TypeVar

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from pages.train.examine import spreads
from pages.ui import cards, lesson
from pages.ui.components import chart, wall
from pages.ui.components.moving import facts, table
from pages.ui.controls import widgets
from pages.ui.draw import figures, frames
from pages.ui.server import feed
from pages.ui.session import live, tasks
from rbm.core.language import _
from rbm.jobs.live import LiveRun
from rbm.jobs.snapshots import Snapshot
from rbm.jobs.task import Task
from rbm.report.words import number
from rbm.tasks.examine import N_SWEEPS, ChainsFromNoise, Energies, Likeness, Mixed, WeightModes, weight_modes

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
        way = _last(task, ChainsFromNoise)
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
    walk = _last(task, ChainsFromNoise)
    swept = 0 if walk is None else len(walk.free_energy)
    return _("sweep {swept:,} of {arguments:,}").format(swept=swept, arguments=task.arguments["n_sweeps"])


def _last(task: Task | None, kind: type[Found]) -> Found | None:
    news = [] if task is None else task.news
    return next((one for one in reversed(news) if isinstance(one, kind)), None)


@lru_cache(maxsize=64)
def _modes(past: Snapshot) -> WeightModes:
    return weight_modes(past.to_model())


def weights(current: LiveRun, task: Task | None, painter: frames.Painter) -> None:
    """The spectrum of W and its strongest modes: of the machine examined, or as it is now, before anybody asks, or was."""
    if (what := spreads.chosen()) == spreads.MODES:
        cards.title(
            _("Singular values of the weights"),
            _(
                "Training lifts modes out of the noise that the weights began as. Dots above the dotted line stand "
                "clear of it. Their participation ratio, the modes over which the strength is spread, stands below."
            ),
            _("whether what was learnt is any good."),
            _(
                "the machine after some twenty single batches, where the first mode leads, and again after an "
                "epoch; then weights, biases and activations in place of singular values."
            ),
        )
    else:
        spreads.title(what)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        spreads.choose()
        past = live.choose_time(current, "examine_time")
    found = (_last(task, WeightModes) if past is current.past[-1] else None) or _modes(past)
    if what == spreads.MODES:
        _spectrum(found)
    else:
        spreads.draw(current, past, what)
    st.caption(
        _(
            "{n_modes} modes stand out of the noise; participation ratio {participation:.0f}. The strongest "
            "modes, each up to its sign:"
        ).format(n_modes=found.n_modes, participation=found.participation)
    )
    modes = painter.filters(found.pictures.astype(np.float64).T)
    pictures = frames.filter_pictures(
        modes, painter.shape, np.arange(modes.shape[1]), shared=False, limit=None, mode=painter.mode
    )
    labels = [
        _("mode {i}: {value:.2f}").format(i=i, value=value) for i, value in enumerate(found.values[: len(pictures)], 1)
    ]
    legend = None
    if isinstance(pictures, frames.Tiles) and len(modes) == math.prod(painter.shape):  # logos say it by their heights
        legend = wall.signed(pictures.lut, _("max"), _("each its own scale"))
    shown = wall.pictures(pictures, cards.beside(10, len(labels), painter.shape), labels=labels, legend=legend)
    wall.show(shown, alt=_("The strongest modes of the weights as pictures"), key="examine_modes")


def _spectrum(found: WeightModes) -> None:
    ranks = np.arange(1, len(found.values) + 1)
    option = figures.curve_option(
        [figures.Series(_("singular value"), ranks, found.values)],
        x_title=_("mode, strongest first"),
        y_title=_("singular value of W"),
        line=(_("edge of the noise"), found.noise_edge),
        log_x=True,
        dots=len(ranks) <= 128,
    )
    chart.show(option, key="examine_spectrum", alt=_("Singular values of the weights"), height=165)


def spread(current: LiveRun, task: Task | None) -> None:
    """How the singular values are spread, over the law that those of noise follow."""
    found = _last(task, WeightModes) or _modes(current.past[-1])
    cards.title(
        _("Singular values against noise"),
        _(
            "What share of them lies where; the other line is the law of Marčenko and Pastur, which random weights "
            "follow. Before training the two agree. What departs from the law was learnt."
        ),
    )
    middles = np.sqrt(found.edges[:-1] * found.edges[1:])
    figure = go.Figure()
    for name, shares in ((_("weights"), found.shares), (_("noise, as they began"), found.noise)):
        figure.add_scatter(
            x=middles, y=shares, name=name, line_shape="hvh", hovertemplate=f"{name} %{{y:.1%}}<extra></extra>"
        )
    figure.update_xaxes(type="log")
    figure.update_yaxes(tickformat=".0%")
    figures.at_rest(figure, _("singular value of W"), _("share of modes"), several=True)
    alt = _("How the singular values of the weights and of noise are spread")
    chart.show(figure, height=150, key="examine_noise", alt=alt)


def walk(task: Task | None, more: Task | None, drawn: feed.Elements) -> None:
    """The chains' way from noise, and whether they mix."""
    found = _last(task, ChainsFromNoise)
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
    mixed = _last(task, Mixed)
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
    found = _last(task, Energies)
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
    found = _last(task, Likeness)
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
