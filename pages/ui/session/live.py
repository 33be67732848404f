"""What moves a run: the buttons and the presets; and its moments that were kept."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st

from pages.ui import cards
from pages.ui.controls import widgets
from pages.ui.draw import frames, theme
from pages.ui.server import feed
from pages.ui.session import state, tasks, visitor
from rbm.core.language import _, plural
from rbm.core.limits import SCREEN
from rbm.core.text import as_typed
from rbm.datasets import catalog
from rbm.datasets.catalog import OWN, entry, is_available
from rbm.errors import ConfigError, RbmError
from rbm.experiment import UNBOUNDED, RunSpec, check_limits
from rbm.jobs.live import MOST_EPOCHS, LiveRun
from rbm.jobs.snapshots import Snapshot
from rbm.presets import PRESETS
from rbm.report.words import name as name_of
from rbm.report.words import number

MOST_LISTED = 2  # changed settings that are named
LOOK_SECONDS = 1.0  # between two looks at who holds the run in the page's address
NOW = -1  # the right end of the slider through the moments that were kept


def transport(beside: Callable[[bool], None]) -> str:
    """Train, Pause, One batch, One epoch, Reset: always here, always in this order; and what the page has ``beside`` them, which
    is told whether Train can be pressed at all.

    Returns what is to be said of settings that are no more the run's.
    """
    current, spec, problem = state.run(), None, ""
    try:
        spec = state.to_spec(state.draft())
        if not is_available(spec.dataset.name):
            remedy = _("choose another") if spec.dataset.name.startswith(OWN) else _("download it")
            problem = _("{title} is not on this machine: {remedy} on the left.").format(
                title=catalog.title(spec.dataset.name), remedy=remedy
            )
    except ConfigError as error:
        problem = str(error)
    changed = state.needs_new_run(current, spec) if current and spec else []
    moving = current is not None and current.active
    lost = current is not None and current.lost
    over = current is not None and current.status in ("finished", "diverged")
    fresh = current is None or bool(changed) or over
    if fresh and not problem:
        problem = _no_room()
    back = state.come_back()
    looks = current is None and back is not None and back.anothers  # at a run that only its owner takes further
    full = current is not None and not changed and current.status == "finished" and current.epochs >= MOST_EPOCHS
    with st.container(horizontal=True, key="transport", gap="xsmall", vertical_alignment="center"):
        st.button(
            _("Train my own") if looks else _("Train anew") if current is not None and fresh else _("Train"),
            type="primary",
            icon=":material/play_arrow:",
            shortcut="T",
            key="train",
            on_click=_train,
            disabled=bool(problem) or ((moving or lost) and not changed),
            help=_("Train until you pause or the epochs are done."),
        )
        st.button(
            _("Pause"),
            icon=":material/pause:",
            shortcut="P",
            key="pause",
            on_click=_pause,
            disabled=not moving,
            help=_("Stop after the batch under way; Train goes on from there."),
        )
        st.button(
            _("One batch"),
            icon=":material/skip_next:",
            shortcut="B",
            key="one_batch",
            on_click=_step,
            kwargs={"batches": 1},
            disabled=bool(problem) or looks or full or (lost and not changed),
            help=_("A single update from a single batch of images; a finished run is trained further."),
        )
        st.button(
            _("One epoch"),
            icon=":material/fast_forward:",
            shortcut="E",
            key="one_epoch",
            on_click=_step,
            kwargs={"epochs": 1},
            disabled=bool(problem) or looks or full or (lost and not changed),
            help=_(
                "One pass over all training images; a finished run is trained further, its schedule stretched over "
                "the new length."
            ),
        )
        st.button(
            _("Reset"),
            icon=":material/restart_alt:",
            shortcut="X",
            key="reset",
            on_click=_reset,
            disabled=current is None or spec is None or (current.status == "idle" and not changed),
            help=_("Back to the untrained machine, with the settings on the left and the same seed."),
        )
        beside(not problem)
    with cards.notice("problem"):
        if problem:
            st.warning(as_typed(problem), icon=":material/info:")
    if problem or not changed or current is None or not current.step_number:
        return ""
    n = len(changed)
    what = _listed(changed) if n <= MOST_LISTED else _("{n} settings").format(n=n)
    return plural(
        "You changed {what}. **Train anew**, One batch and One epoch start a run with it; the plots show the present one.",
        "You changed {what}. **Train anew**, One batch and One epoch start a run with them; the plots show the present one.",
        n,
    ).format(what=what)


def watch(name: str, current: LiveRun | None, of_it: Callable[[], object] = lambda: None) -> feed.Part:
    """``feed.watch`` for a part that shows the run and its trouble; ``of_it``: what else the script alone can draw."""
    return feed.watch(
        name, current, state=lambda: (of_it(), current is not None and (_kept_badly(current), _falls(current)))
    )


def _kept_badly(current: LiveRun) -> str:
    return current.record.problem if current.record is not None else ""


def _falls(current: LiveRun) -> bool:
    return _fallen(current) is not None


def _fallen(current: LiveRun) -> tuple[float, float] | None:
    """From where to where the run's pseudo-log-likelihood fell; None where it did not, or before the first snapshot tells how
    many pixels there are where that counts."""
    if current.spec.model.visible not in UNBOUNDED:
        return current.history.fallen()
    return current.history.fallen(len(current.snapshot.weight)) if current.snapshot is not None else None


def told(current: LiveRun) -> str:
    """What is wrong with a run, for pages that show it among others; "" where nothing is. No ``st`` in it."""
    if current.status in ("failed", "diverged"):
        return current.message
    return current.notice or _kept_badly(current)


def trouble(current: LiveRun | None, *, name: str = "run", also: Callable[[], object] = lambda: None) -> None:
    """What is wrong with the run, with what can be done: on every page that shows it. ``name``: of its place; ``also``: draws
    what else the page has to say of the run."""
    with cards.notice(name):
        _trouble(current)
        if current is None or current.record is not None:  # of a machine at rest another line tells it
            _stopped()
        also()


def _trouble(current: LiveRun | None) -> None:
    if current is None or current.record is not None:
        refused()
    tasks.trouble(current)
    if current is None or current.record is None:
        return
    if current.lost:
        st.button(
            _("Keep as a new run"),
            icon=":material/save:",
            type="primary",
            key="keep_as_new",
            on_click=state.keep_as_new,
            args=(current,),
            disabled=current.active,
            help=_("Another entry among the runs, with all that was learnt here; Train goes on from there."),
        )
    elif current.record.problem:
        waits = (
            _(
                "This run is not being kept just now. {problem} Training goes on; what is not written yet "
                "will be as soon as that has ended."
            )
            if current.active
            else _(
                "This run is not being kept just now. {problem} What is not written yet will be as soon as that has ended."
            )
        )
        st.warning(
            waits.format(problem=as_typed(current.record.problem)),
            icon=":material/save:",
        )
    if fallen := _fallen(current):
        told = _(
            "This run is getting worse, not better: its pseudo-log-likelihood fell from {first} to {now} nats "
            "per image. Lower the learning rate and start a new run."
        )
        st.warning(told.format(first=number(fallen[0], 1), now=number(fallen[1], 1)), icon=":material/trending_down:")


def refused() -> None:
    """Why the run in the page's address is not here, and what can be done."""
    found = state.come_back()
    if found is None or not found.problem or found.anothers:
        return
    words = as_typed(found.problem)
    if found.held:  # by a server that was killed, perhaps: when its silence is long enough the script takes the run up
        feed.watch("return", state=partial(state.fell_silent, found.run_id)).plays(lambda: None, LOOK_SECONDS)
        words = _("{problem} This page looks again by itself.").format(problem=words)
    st.warning(words, icon=":material/info:")
    with st.container(horizontal=True, gap="small"):
        st.button(_("Look again"), icon=":material/refresh:", key="return_again", on_click=state.try_again)
        if found.there:
            _copies(found)


def _copies(found: state.Return) -> None:
    st.button(
        _("Continue as mine"), icon=":material/file_copy:", key="return_copy", on_click=_copy, args=(found,),
        help=_("A copy that is yours, with all that was learnt: this one stays as it is."),
    )  # fmt: skip


def looked_at(whose: str, run: LiveRun) -> None:
    """That the run is another visitor's, to look at, and how it becomes one's own, in a line."""
    found = state.come_back()
    if found is not None:
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key="returned"):
            st.markdown(
                _("{whose}’s run, to look at").format(whose=as_typed(whose)),
                help=as_typed(name_of(run.spec)),
                width="content",
            )
            _copies(found)


def _stopped() -> None:
    """Where the visitor's run stopped, with Resume, in a line."""
    found, current = state.come_back(), state.held()
    if found is None or found.problem or current is None or current.status != "paused":
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="returned"):
        st.markdown(
            _(":material/history: Your run stopped at epoch {epoch:.1f}.").format(epoch=current.epoch), width="content"
        )
        st.button(_("Resume"), icon=":material/play_arrow:", key="return_resume", on_click=_resume)


def _resume() -> None:
    current = state.run()
    if current is None:
        return
    try:
        check_limits(current.spec, SCREEN)  # a run that came as a file may be larger than a class bears
    except ConfigError as error:
        st.toast(as_typed(error), icon=":material/info:")
        return
    state.forget_return()
    current.play()


def _copy(found: state.Return) -> None:
    try:
        state.check_room()
        mine = visitor.registry().copy(found.run_id)
        state.resume(mine)
    except RbmError as error:
        st.toast(as_typed(error), icon=":material/error:")


def _listed(names: list[str]) -> str:
    labels = [state.LABELS[name] for name in names]
    return (
        labels[0] if len(labels) == 1 else _("{first} and {last}").format(first=", ".join(labels[:-1]), last=labels[-1])
    )


def start(spec: RunSpec) -> LiveRun:
    """Make a run of the spec and set it going."""
    current = state.new_run(spec)
    current.play()
    return current


def start_preset(name: str) -> None:
    """Put a preset into the draft and set it going."""
    spec = PRESETS[name].spec
    state.set_draft(spec)
    if problem := _no_room():
        st.toast(as_typed(problem), icon=":material/info:")
    else:
        start(spec)


def _no_room() -> str:
    """Why no other run can be kept; "" where one can."""
    try:
        state.check_room()
    except RbmError as error:
        return str(error)
    return ""


def _train() -> None:
    spec, current = state.to_spec(state.draft()), state.run()
    if current is None or current.status in ("finished", "diverged") or state.needs_new_run(current, spec):
        current = start(spec)
    elif not current.lost:
        current.play()


def _pause() -> None:
    current = state.run()
    if current is not None:
        current.pause()


def _step(*, batches: int = 0, epochs: int = 0) -> None:
    spec, current = state.to_spec(state.draft()), state.run()
    if current is None or current.status == "diverged" or state.needs_new_run(current, spec):
        current = state.new_run(spec)
    elif current.lost:
        return
    current.step(batches=batches, epochs=epochs)


def _reset() -> None:
    state.new_run(state.to_spec(state.draft()))


def picture_shape(spec: RunSpec) -> tuple[int, int]:
    """Height and width of one image of the run's data."""
    height, width = entry(spec.dataset.name).image_shape[:2]
    return height, width


def painter(spec: RunSpec, mode: theme.Mode | None = None) -> frames.Painter:
    """What draws the layers of the run's machine, in that theme, or the one that the visitor looks at."""
    line = entry(spec.dataset.name)
    letters = line.states is not None
    return frames.Painter(spec.model, picture_shape(spec), mode or cards.mode(), line.kind == "colour", letters)


def choose_time(current: LiveRun, key: str) -> Snapshot:
    """A slider through the moments that were kept; its right end is now and stays now while training goes on."""
    return choose_moment(current, key)[st.session_state[key]]


def choose_moment(current: LiveRun, key: str) -> dict[int, Snapshot]:
    """The same slider; returns its stops, each with its moment."""
    kept = current.past
    by_step = {past.step: past for past in kept[:-1]}
    stops = {**by_step, NOW: kept[-1]}
    chosen, of = st.session_state.get(key, NOW), f"{key}_of"
    if (
        chosen not in stops
    ):  # another run, or one whose earlier moments are further apart by now: then the nearest is meant
        same = bool(by_step) and st.session_state.get(of) == id(current)
        chosen = min(by_step, key=lambda step: abs(step - chosen)) if same else NOW
    st.session_state[key], st.session_state[of] = chosen, id(current)
    if by_step:
        widgets.select_slider(
            _("Training time"),
            list(stops),
            format_func=lambda step: (
                _("now") if step == NOW else _("epoch {epoch:.2f}").format(epoch=by_step[step].epoch)
            ),
            value=st.session_state[key],
            key=key,
            help=_("Moments of the run, closer together at its start, where most happens."),
        )
    return stops
