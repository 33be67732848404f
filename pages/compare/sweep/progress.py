"""A sweep on the screen: which one, how far it is, its heat map, and what its runs say about the settings."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from pages.compare.sweep import form, view
from pages.ui import cards, lesson, shell
from pages.ui.components import chart, moving, wall
from pages.ui.controls import widgets
from pages.ui.draw import theme
from pages.ui.server import feed
from pages.ui.session import kept, live, visitor
from rbm.core import clock
from rbm.core.language import _
from rbm.core.limits import SCREEN
from rbm.core.text import as_typed, plain
from rbm.errors import RbmError, StoreError
from rbm.report.words import called
from rbm.store import open_store
from rbm.sweep import OBJECTIVES, Ledger, Sweep, Trial, at_work, names, problem_of
from rbm.sweep.ledger import DONE
from rbm.sweep.spec import KNOBS, SweepSpec

NEW = _("New search")
LOOK_SECONDS = 1.0
FILTERS = 25


def choose() -> str | None:
    """Which sweep is looked at; None for a new one."""
    known = names(open_store())
    if st.session_state.get("sweep_chosen") not in known:
        busy = at_work()
        st.session_state["sweep_chosen"] = busy[0].ledger.name if busy else None
    if not known:
        return None
    choices = [NEW, *known]
    shown = st.session_state["sweep_chosen"] or NEW
    widgets.put("sweep_choice", shown)
    st.selectbox(
        _("Search"),
        choices,
        choices.index(shown),
        format_func=plain,
        key="sweep_choice",
        width=320,
        on_change=_chosen,
        help=_("Searches are kept like runs: look at an old one, or resume one that was stopped."),
    )
    chosen: str | None = st.session_state["sweep_chosen"]
    widgets.remember(sweep_chosen=chosen)
    return chosen


def _chosen() -> None:
    choice = st.session_state["sweep_choice"]
    st.session_state["sweep_chosen"] = None if choice == NEW else choice


def problem() -> None:
    """What the last click could not do."""
    text = st.session_state.pop("sweep_problem", None)
    with cards.notice("problem"):
        if text:
            st.error(as_typed(text), icon=":material/error:")


def show(name: str) -> None:
    """The sweep of that name; while this server works on it it moves."""
    sweep = _at_work(name)
    part = feed.watch("sweep", state=partial(_stage, name))
    if sweep is not None:
        part.plays(lambda: None, LOOK_SECONDS)
    _buttons(name, sweep is not None)
    with cards.notice("search"):
        if wrong := problem_of(name):
            told = _("{problem} Every run is kept as it was: press Resume once that has ended.")
            st.warning(told.format(problem=as_typed(wrong)), icon=":material/error:")
        elif sweep is not None and (trouble := sweep.trouble):
            waits = _("The search waits and tries again by itself. {trouble} Nothing that was trained is lost.")
            st.warning(waits.format(trouble=as_typed(trouble)), icon=":material/save:")
    ledger = _open(name, sweep)
    drawn = part.moves(partial(_elements, ledger, sweep, cards.mode()))
    _look(ledger, drawn)


def _stage(name: str) -> object:
    """What the script draws: whether somebody works on the sweep, and the trials that are over."""
    sweep = _at_work(name)
    return sweep is not None and (True, sweep.status, sweep.problem, sweep.trouble, _over(sweep))


def _over(sweep: Sweep) -> object:
    """The trials that are over, or why they cannot be read."""
    try:
        return [trial.number for trial in sweep.ledger.trials() if trial.state in DONE]
    except StoreError as error:
        return str(error)


def _elements(ledger: Ledger, sweep: Sweep | None, mode: theme.Mode) -> feed.Elements:
    """The line and the heat map."""
    trials, best = ledger.trials(), ledger.best()
    found = {"sweep_status": _status(ledger, sweep, trials, best)}
    if view.heat_axes(ledger.spec) is not None:
        shares = sweep.shares() if sweep is not None else {}
        found["sweep_heat"] = {**view.heat_map(ledger.spec, trials, shares, best, mode), "at": clock.now()}
    return found


def _at_work(name: str) -> Sweep | None:
    return next((sweep for sweep in at_work() if sweep.ledger.name == name), None)


def _buttons(name: str, moving: bool) -> None:
    with st.container(horizontal=True, gap="small"):
        st.button(
            _("Stop"),
            icon=":material/stop:",
            key="sweep_stop",
            disabled=not moving,
            on_click=_stop,
            args=(name,),
            help=_("Keep every run as it is; Resume continues from there."),
        )
        ledger = _open(name, None)
        over = sum(trial.state in DONE for trial in ledger.trials()) >= ledger.spec.most_trials
        st.button(
            _("Resume"),
            icon=":material/play_arrow:",
            key="sweep_continue",
            disabled=moving or over or bool(at_work()),
            on_click=_continue,
            args=(name,),
            help=_("Take up a search that was stopped or interrupted: no run is lost or begun twice."),
        )
        st.button(
            _("Copy to a new search"),
            icon=":material/content_copy:",
            key="sweep_copy",
            on_click=_copy,
            args=(ledger.spec,),
            help=_("Put its settings into the form of a new search, which is yours to change and start."),
        )


def _copy(spec: SweepSpec) -> None:
    form.take(spec)
    st.session_state["sweep_chosen"] = None


def _stop(name: str) -> None:
    sweep = _at_work(name)
    if sweep is None:
        return
    try:
        _check_owner(sweep.ledger)
    except RbmError as error:
        st.session_state["sweep_problem"] = str(error)
        return
    sweep.stop()
    sweep.wait(5)


def _continue(name: str) -> None:
    try:
        ledger = Ledger(name, open_store())
        _check_owner(ledger)
        ledger.spec.check_limits(SCREEN)
        Sweep(ledger)
    except RbmError as error:
        st.session_state["sweep_problem"] = str(error)


def _check_owner(ledger: Ledger) -> None:
    visitor.check_owner(
        ledger.visitor,
        _("The search {name}").format(name=ledger.name),
        _("press Copy to a new search"),
    )


def _open(name: str, sweep: Sweep | None) -> Ledger:
    return sweep.ledger if sweep is not None else Ledger(name, open_store())


def _look(ledger: Ledger, drawn: feed.Elements) -> None:
    trials, best = ledger.trials(), ledger.best()
    moving.status(drawn["sweep_status"], key="sweep_status")
    heat, together, slices, weighed = lesson.views(
        _("Heat map"), _("All settings at once"), _("Slices"), _("Importance"), key="sweep_view"
    )
    with heat:
        left, right = st.columns([7, 5], gap="large")
        with left:
            _heat(ledger, drawn)
        with right:
            _best(best)
    several = sum(trial.value is not None for trial in trials) >= 2
    for place, draw in ((together, _together), (slices, _slices), (weighed, _importance)):
        with place:
            if several:
                draw(ledger, trials)
            else:
                st.caption(_("Two finished runs are needed."))
    for trial in trials:
        if trial.message:
            st.caption(f":material/warning: {as_typed(view.words(trial.values))}: {as_typed(trial.message)}")


def _status(ledger: Ledger, sweep: Sweep | None, trials: list[Trial], best: Trial | None) -> dict[str, Any]:
    """One bar: how many runs, how long still, the best so far."""
    most = ledger.spec.most_trials
    over = sum(trial.state in DONE for trial in trials)
    share = sweep.progress()[1] if sweep is not None else over / most
    parts = [_("{over} of {most} runs").format(over=over, most=most)]
    if sweep is not None:
        parts.insert(
            0, {"starting": _("Starting the workers"), "stopping": _("Stopping")}.get(sweep.status, _("Running"))
        )
        if (
            4 * over >= most and sweep.status == "running"
        ):  # sooner it would be the first runs' time, often the quickest
            parts.append(_("about {time} left").format(time=_time(ledger.seconds * (1 / share - 1))))
    elif ledger.active:
        parts.insert(0, _("Another process is working on it"))
    else:
        parts.insert(0, _("Finished") if over >= most else _("Stopped"))
    if best is not None and best.value is not None:
        parts.append(view.ranking(ledger.spec, trials, best))
    return moving.work_line(" · ".join(parts), share)


def _time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else _("{seconds:.0f} min").format(seconds=seconds / 60)


def _heat(ledger: Ledger, drawn: feed.Elements) -> None:
    objective = OBJECTIVES[ledger.spec.objective]
    if "sweep_heat" not in drawn:
        st.caption(_("A heat map needs two settings with listed values; the other views show every run."))
        return
    cards.title(
        _("{title} of {images}, {unit}").format(title=objective.title, images=objective.images, unit=objective.unit),
        _(
            "{tells} The stronger the colour the better; the frame marks the best, a bar at the bottom a run "
            "in training. A number with{unsure} is unreliable: it rests on too few chains, or its two "
            "estimates lie far apart. A click opens the run."
        ).format(tells=objective.tells, unsure=view.UNSURE),
        _("whether a difference is more than chance: look at the errors, and try other seeds."),
    )
    clicked = wall.heat(drawn["sweep_heat"], key="sweep_heat")
    if clicked:
        st.session_state["runs_chosen"] = [clicked]
        st.session_state["runs_search"] = ""  # so that the table has it
        st.switch_page(shell.RUNS)


def _best(best: Trial | None) -> None:
    cards.title(
        _("Filters of the best run"),
        _("Its {filters} strongest, once it is trained.").format(filters=FILTERS),
        _("how likely it finds new images."),
    )
    if best is None:
        st.caption(_("The first run is still in training."))
        return
    try:
        run = open_store().run(best.run_id)
        weight = run.spec.coding.filters(kept.looks(run.id, run.progress.step, run).weight)
        shape = live.picture_shape(run.spec)
    except RbmError as error:
        st.caption(as_typed(error))
        return
    strongest = np.argsort(-np.linalg.norm(weight, axis=0), kind="stable")[:FILTERS]
    cards.filter_wall(weight, shape, strongest, key="wall_sweep_best", columns=5, max_cell=64)
    st.caption(_("{run} · run {id} · {best}").format(run=as_typed(called(run)), id=run.id, best=view.quoted(best)))
    if best.doubt:
        st.caption(f":material/warning: {as_typed(best.doubt)}")


def _together(ledger: Ledger, trials: list[Trial]) -> None:
    """Every finished run through all its settings; this, slices and importance are drawn anew only when another is finished."""
    cards.title(
        _("All settings at once"),
        _("One line per run, through its settings to its value; drag along an axis to keep only some runs."),
        _("which setting is the cause: look at the slices."),
    )
    chart.show(
        view.parallel(ledger.spec, trials, cards.mode()),
        key="sweep_parallel",
        alt=_("Every run through all its settings"),
    )


def _slices(ledger: Ledger, trials: list[Trial]) -> None:
    """Every run against one setting at a time."""
    spec = ledger.spec
    cards.title(_("Slices"), _("Every run's value against one setting; the others differ from dot to dot."))
    for start in range(0, len(spec.axes), 3):
        some = spec.axes[start : start + 3]
        for axis, place in zip(some, st.columns(len(some), gap="medium"), strict=True):
            with place:
                alt = _("Every run against {label}").format(label=KNOBS[axis.name].label)
                chart.show(view.slices(spec, trials, axis), key=f"sweep_slice_{axis.name}", alt=alt)


def _importance(ledger: Ledger, trials: list[Trial]) -> None:
    """How much each setting matters."""
    if found := ledger.importance():
        finished = sum(trial.value is not None for trial in trials)
        cards.title(_("Importance"), *view.about_importance(found, finished))
        chart.show(view.importance(found), height=240, key="sweep_importance", alt=_("Importance of each setting"))
