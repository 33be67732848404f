"""Up to four runs side by side: their settings, curves, likelihoods, filters, reconstructions and fantasies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.compare.runs import seeds
from pages.compare.runs.columns import LETTERS, differences
from pages.ui import cards, lesson
from pages.ui.components import chart
from pages.ui.controls import widgets
from pages.ui.draw import figures
from pages.ui.draw.figures import LEAST_NATS, Series, curve_option
from pages.ui.session import kept, live
from pages.ui.session.kept import FANTASIES, IMAGES, SWEEPS, looks
from rbm import bundled
from rbm.core.curves import smooth
from rbm.core.language import _
from rbm.core.text import as_typed
from rbm.errors import RbmError
from rbm.evaluation.verdict import UNRELIABLE
from rbm.jobs import recording
from rbm.report import words
from rbm.report.looks import Looks
from rbm.report.words import called, turned
from rbm.store import Evaluation, Progress, Run, likelihoods, open_store
from rbm.tasks.likelihood import RESULT
from rbm.training.events import MEASURES
from rbm.training.history import History

FILTERS = 25
CURVE, BESIDE = (
    150,
    3,
)  # pixels of a chart's height, so that a row of them ends on a projector's screen; charts in a row
KINDS = (_("Filters"), _("Reconstructions"), _("Fantasies"))
_USUAL = ("log_likelihood", "pseudo_log_likelihood", "free_energy_gap")
_AXES = {"epoch": _("epochs"), "step": _("updates"), "seconds": _("seconds of training")}


def named(chosen: Sequence[Run]) -> Sequence[Run]:
    """The runs that the page shows, named in a line: those ticked, or a machine as on any other page."""
    if not chosen:
        return [shown_run()]
    letters = zip(LETTERS, chosen, strict=False)
    told = " · ".join(f"{letter}: {called(run)}" if len(chosen) > 1 else called(run) for letter, run in letters)
    kept.line(_("{told} · ticked below").format(told=told), {}, lambda key: None)
    return chosen


def shown_run() -> Run:
    """The machine of this page as an entry of the registry, or for a bundled one what looks like it."""
    found = kept.machine()
    key = next((key for key in kept.RUNS if found is kept.bundled_run(key)), "")
    if not key:
        recording.flush()  # the visitor's own may have begun this moment
        return open_store().run(found.record.id if found.record is not None else st.session_state["looked_run"][0])
    about = bundled.load(key).about
    at = Progress("finished", found.step_number, found.total_steps, found.epoch, about["seconds"])
    return Run(key, found.spec, at, found.history.events[-1].metrics, {}, (), "", 0.0, 0.0, None)


def settings(runs: Sequence[Run]) -> None:
    """Which run is which letter, and where their settings differ."""
    cards.title(
        _("Settings"), _("The letters stand for the runs below. Only settings in which the runs differ are listed.")
    )
    for letter, run in zip(LETTERS, runs, strict=False):
        badges = "".join(_(" :gray-badge[{tag}]").format(tag=as_typed(tag)) for tag in run.tags)
        warm = (
            words.temperature(run.spec) if run.spec.dataset.temperature is None else ""
        )  # a chosen one is in the name
        facts = (
            _("temperature {warm} · seed {seed}").format(warm=warm, seed=run.spec.seed)
            if warm
            else _("seed {seed}").format(seed=run.spec.seed)
        )
        st.markdown(f"**{letter}** · {as_typed(called(run))} · {facts} · {_(run.status)}{badges}")
        if run.note:
            st.caption(as_typed(run.note))
        changed = turned(run)
        if changed:
            code = _("settings at the start") if run.progress.changes is None else _("same changes")
            st.caption(
                _(":material/tune: Changed during training: {changed}. **Show code** holds the {code}.").format(
                    changed=changed, code=code
                )
            )
    rows = differences(runs)
    if len(runs) < 2:
        return
    if not rows:
        st.caption(_("All settings are the same, even the seed: on one machine, so are the numbers."))
        return
    head = "| | " + " | ".join(LETTERS[: len(runs)]) + " |\n|---|" + "---|" * len(runs) + "\n"
    st.markdown(head + "\n".join(f"| {row[1]} | {' | '.join(map(as_typed, row[2:]))} |" for row in rows))


def made_with(run: Run) -> None:
    """What a run was made with."""
    made = ", ".join(f"{package} {version}" for package, version in run.versions.items())
    at = run.progress
    words = as_typed(" · ".join(filter(None, (_("on {device}").format(device=at.device), made))))
    st.caption(
        _("Run {id} · {step:,} of {total_steps:,} updates · {words}").format(
            id=run.id, step=at.step, total_steps=at.total_steps, words=words
        )
    )


def learning_curves(runs: Sequence[Run]) -> None:
    """The runs' numbers over each other."""
    histories = [kept.history(run.id) for run in runs]
    measured = {metric for history in histories for metric in history.metrics()}
    known = [m for m in MEASURES if m in measured or (m == "log_likelihood" and likelihoods.AT in measured)]
    grouped = seeds.groups(runs)
    with st.container(key="runs_curves", horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(
            _("**Curves against**"),
            width="content",
            help=_(
                "One colour a run. Epochs for equal data, updates for equal work, seconds for equal patience. Smoothing "
                "averages over neighbouring points; 0 shows every point as it is. Log x spreads out the start, where most "
                "happens. Log y needs positive numbers; others are left out."
            ),
        )
        axis = widgets.segmented_control(
            _("Against"),
            list(_AXES),
            default="epoch",
            required=True,
            format_func=_AXES.__getitem__,
            key="runs_axis",
            label_visibility="collapsed",
        )
        log = widgets.pills(
            _("Logarithmic"),
            ("x", "y"),
            selection_mode="multi",
            format_func=_("log {}").format,
            key="runs_log",
            label_visibility="collapsed",
        )
        amount = widgets.slider(
            _("Smoothing"),
            0.0,
            0.95,
            0.0,
            0.05,
            key="runs_smoothing",
            width=130,
            format=_("smoothing %.2f"),
            label_visibility="collapsed",
        )
        averaged = seeds.toggle(grouped)
        with st.popover(_("Numbers"), icon=":material/show_chart:", help=_("Which curves to draw, one chart each.")):
            chosen = widgets.pills(
                _("Numbers"),
                known,
                selection_mode="multi",
                default=[metric for metric in _USUAL if metric in known],
                format_func=lambda metric: MEASURES[metric].title,
                key="runs_metrics",
                wrap=True,
            )
    of_groups = [(group, seeds.histories_of(group)) for group in grouped] if averaged else []
    histories += [history for _, found in of_groups for history in found]
    for metric, place in zip(chosen, _grid(len(chosen)), strict=True):
        with place, st.container(key=f"card_runs_{metric}", gap="xsmall"):
            measure = MEASURES[metric]
            cards.title(measure.title, measure.tells, measure.not_tells)
            lettered = list(zip(LETTERS, histories[: len(runs)], strict=False))
            likelihood = metric == "log_likelihood"
            if averaged:
                series = [
                    seeds.mean_series(group, found, metric, axis or "epoch", amount) for group, found in of_groups
                ]
            elif likelihood:
                series = [one for letter, h in lettered for one in estimates(letter, h, axis or "epoch")]
            else:
                series = [_series(letter, h, metric, axis or "epoch", amount) for letter, h in lettered]
            option = curve_option(
                series,
                x_title=_AXES[axis or "epoch"],
                y_title=_("nats per validation image") if likelihood else measure.unit,
                x_range=_span(histories, axis or "epoch") if likelihood else None,
                least_y=LEAST_NATS if likelihood else 0.0,
                log_x="x" in log,
                log_y="y" in log,
                dots=likelihood,
                doubt=UNRELIABLE,
            )
            option["layout"]["showlegend"] = averaged or len(series) > 1
            chart.show(
                option,
                height=CURVE,
                key=f"chart_runs_{metric}",
                alt=_("{title} of the chosen runs").format(title=measure.title),
            )
    seeds.table(grouped, chosen)


def _grid(count: int) -> list[st.delta_generator.DeltaGenerator]:
    """Places for charts, three in a row."""
    return [place for _ in range(0, count, BESIDE) for place in st.columns(BESIDE, gap="medium")][:count]


def _span(histories: Sequence[History], axis: str) -> tuple[float, float]:
    """What all curves together reach over, so that the few estimates stand where the others do."""
    ends = [float(getattr(history.events[-1], axis)) for history in histories if history.events]
    return 0.0, max(ends, default=1.0)


def _series(letter: str, history: History, metric: str, axis: str, amount: float) -> Series:
    x, y = history.column(metric, axis)
    return Series(letter, x, smooth(y, amount))


def estimates(letter: str, history: History, axis: str) -> list[Series]:
    """The log-likelihoods of validation images that were estimated while a run trained: AIS, and dashed its reverse.

    Each at the machine that it speaks of, never smoothed; those that are unreliable are drawn hollow.
    """
    found = likelihoods.along(history, axis)
    doubtful = [x for x, unreliable in zip(found.x, found.unreliable, strict=True) if unreliable]
    ends = ((letter, found.ais, False), (_("{letter}, reverse AIS").format(letter=letter), found.reverse, True))
    return [Series(name_, found.x, y, dash, doubtful, LETTERS.index(letter)) for name_, y, dash in ends if found.x]


def likelihood_chart(runs: Sequence[Run], found: dict[str, Evaluation]) -> None:
    """The log-likelihoods that are known: of test images with their bars, else of validation images from training."""
    lettered = list(zip(LETTERS, runs, strict=False))
    known = [(letter, found[run.id].result) for letter, run in lettered if run.id in found]
    if known:
        ends = [[r[f"test{end}"] for _, r in known] for end in ("", "_low", "_high")]
        titles = {"x_title": _("run"), "y_title": _("nats per test image")}
        figure = figures.intervals([letter for letter, _ in known], *ends, **titles)
        chart.show(figure, height=170, key=f"chart_{RESULT}", alt=_("Log-likelihood of test images by each run"))
    for letter, run in lettered:
        for line in likelihood_lines(run, found.get(run.id)):
            st.caption(f"**{letter}**: {line}")


def likelihood_lines(run: Run, evaluation: Evaluation | None) -> list[str]:
    """What is known of a run's log-likelihood in sentences that name the images and say what is doubtful."""
    told = words.likelihood(run.metrics, evaluation.result if evaluation is not None else None)
    marked = ((one, _(" :orange-badge[{mark}]").format(mark=one.mark) if one.mark else "") for one in told)
    return [f"{one.said}{mark} {as_typed(one.why)}".strip() for one, mark in marked]


def views(count: int) -> Sequence[DeltaGenerator]:
    """The rooms of the page: the pictures of a single run in one, or those of several, too many for a screen, in one a kind;
    then the curves, then likelihood and settings, which are open before another run is ticked and after it."""
    others = (_("Curves"), _("Likelihood, settings"))
    rows = {"runs_view": (_("Pictures"), *others), "runs_views": (*KINDS, *others)}
    key, before = ("runs_views", "runs_view") if count > 1 else ("runs_view", "runs_views")
    if st.session_state.get("runs_row") == before:
        open_there, open_here = (widgets.remembered(one) or rows[one][0] for one in (before, key))
        stays = open_there in others or open_here in others
        widgets.remember(**{key: open_there if open_there in others else rows[key][0] if stays else open_here})
    st.session_state["runs_row"] = key
    return lesson.views(*rows[key], key=key)


def pictures(runs: Sequence[Run], rooms: Sequence[DeltaGenerator]) -> None:
    """Filters, reconstructions and fantasies: of a single run side by side, of several a column each in a room a kind."""
    if len(runs) == 1:
        seen = _looks_of(runs[0])
        if seen is not None:
            for draw, place in zip((_filters, _reconstructions, _fantasies), st.columns(3, gap="large"), strict=True):
                with place:
                    draw(LETTERS[0], runs[0], seen)
        return
    rows = [st.columns(len(runs), gap="medium"), *(room.columns(len(runs), gap="medium") for room in rooms[1:])]
    parts: tuple[Callable[[str, Run, Looks], None], ...]
    parts = (partial(_filters, columns=10), _reconstructions, _fantasies)
    for i, (letter, run) in enumerate(zip(LETTERS, runs, strict=False)):
        for row in rows:
            row[i].markdown(f"**{letter}** · {as_typed(called(run))}")
        with rows[0][i]:
            seen = _looks_of(run)
        for part, row in zip(parts, rows, strict=True):
            if seen is not None:
                with row[i]:
                    part(letter, run, seen)


def _looks_of(run: Run) -> Looks | None:
    """The run's pictures, or a sentence that says why there are none."""
    if not kept.has_data(run.spec):
        st.info(_("Its data set is not on this machine, so its pictures cannot be drawn."), icon=":material/info:")
        return None
    try:
        with st.spinner(_("Drawing"), show_time=False):
            return looks(run.id, run.progress.step, run)
    except RbmError as error:
        st.warning(as_typed(error), icon=":material/info:")
        return None


def _filters(letter: str, run: Run, seen: Looks, columns: int = 5) -> None:
    weight = run.spec.coding.filters(seen.weight)
    count = min(FILTERS, weight.shape[1])
    strongest = np.argsort(-np.linalg.norm(weight, axis=0), kind="stable")[:count]
    cards.title(
        _("The {count} strongest filters").format(count=count),
        _("Of the units with the largest norm. {filters_told}").format(
            filters_told=live.painter(run.spec).filters_told
        ),
    )
    shape = live.picture_shape(run.spec)
    cards.filter_wall(weight, shape, strongest, key=f"wall_filters_{letter}", columns=columns, max_cell=40)


def _reconstructions(letter: str, run: Run, seen: Looks) -> None:
    cards.title(
        _("Reconstructions"),
        _("Test images, and below them {mean_of}, given the means of the hidden units.").format(
            mean_of=cards.mean_of(run.spec.model, "⟨h⟩")
        ),
        _("whether it can make images by itself."),
    )
    both = np.concatenate([seen.originals, seen.reconstructions])
    painter = live.painter(run.spec)
    pixels, alt = painter.visible(both, told=True), _("Reconstructions by run {letter}").format(letter=letter)
    rows = _("images"), _("rebuilt")
    cards.picture_wall(pixels, IMAGES, f"wall_back_{letter}", alt, framed=painter.framed, rows=rows)


def _fantasies(letter: str, run: Run, seen: Looks) -> None:
    cards.title(
        _("Fantasies"),
        _("{mean_of} of {fantasies} chains, {sweeps} Gibbs steps from noise, the same noise for every run.").format(
            mean_of=cards.mean_of(run.spec.model), fantasies=FANTASIES, sweeps=SWEEPS
        ),
        _(
            "whether the chains have mixed: many similar pictures mean that the chains are stuck, or that the "
            "machine makes little else."
        ),
    )
    painter = live.painter(run.spec)
    pixels = painter.visible(seen.fantasies, told=True)
    cards.picture_wall(
        pixels, 5, f"wall_dreams_{letter}", _("Fantasies of run {letter}").format(letter=letter), framed=painter.framed
    )
