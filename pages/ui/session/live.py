"""What moves a run: the buttons and the presets; and its moments that were kept."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from pages.ui import cards
from pages.ui.controls import datasets
from pages.ui.draw import frames, theme
from pages.ui.draw.words import as_typed
from pages.ui.server import feed
from pages.ui.session import state, tasks, visitor
from rbm.datasets.catalog import OWN, entry, is_available
from rbm.errors import ConfigError, RbmError
from rbm.experiment import RunSpec
from rbm.jobs.live import MOST_EPOCHS, LiveRun
from rbm.jobs.snapshots import Snapshot
from rbm.presets import PRESETS

NOW = -1  # the right end of the slider through the moments that were kept


def transport() -> None:
    """Train, Pause, One batch, One epoch, Reset: always here, always in this order."""
    current, spec, problem = state.run(), None, ""
    try:
        spec = state.to_spec(state.draft())
        if not is_available(spec.dataset.name):
            remedy = "choose another" if spec.dataset.name.startswith(OWN) else "download it"
            problem = f"{datasets.title(spec.dataset.name)} is not on this machine: {remedy} on the left."
    except ConfigError as error:
        problem = str(error)
    changed = state.needs_new_run(current, spec) if current and spec else []
    moving = current is not None and current.active
    lost = current is not None and current.lost
    over = current is not None and current.status in ("finished", "diverged")
    fresh = current is None or bool(changed) or over
    if fresh and not problem:
        problem = _no_room()
    full = current is not None and not changed and current.status == "finished" and current.epochs >= MOST_EPOCHS
    with st.container(horizontal=True, key="transport", gap="small"):
        st.button(
            "Train anew" if current is not None and fresh else "Train",
            type="primary",
            icon=":material/play_arrow:",
            shortcut="T",
            key="train",
            on_click=_train,
            disabled=bool(problem) or ((moving or lost) and not changed),
            help="Train until you pause or the epochs are done.",
        )
        st.button(
            "Pause",
            icon=":material/pause:",
            shortcut="P",
            key="pause",
            on_click=_pause,
            disabled=not moving,
            help="Stop after the batch under way; Train goes on from there.",
        )
        st.button(
            "One batch",
            icon=":material/skip_next:",
            shortcut="B",
            key="one_batch",
            on_click=_step,
            kwargs={"batches": 1},
            disabled=bool(problem) or full or (lost and not changed),
            help="A single update from a single batch of images; a finished run is trained further.",
        )
        st.button(
            "One epoch",
            icon=":material/fast_forward:",
            shortcut="E",
            key="one_epoch",
            on_click=_step,
            kwargs={"epochs": 1},
            disabled=bool(problem) or full or (lost and not changed),
            help="One pass over all training images; a finished run is trained further, its schedule stretched over the new "
            "length.",
        )
        st.button(
            "Reset",
            icon=":material/restart_alt:",
            shortcut="X",
            key="reset",
            on_click=_reset,
            disabled=current is None,
            help="Back to the untrained machine, with the settings on the left and the same seed.",
        )
    with st.container():
        if problem:
            st.warning(as_typed(problem), icon=":material/info:")
        elif changed and current is not None and current.step_number:
            st.caption(
                f":material/info: You changed {_listed(changed)}. Press **Train anew** to start a new run with "
                f"{'it' if len(changed) == 1 else 'them'}; the plots show the present one."
            )


def watch(name: str, current: LiveRun | None, of_it: Callable[[], object] = lambda: None) -> feed.Part:
    """``feed.watch`` for a part that shows the run and its trouble; ``of_it``: what else the script alone can draw."""
    return feed.watch(
        name, current, state=lambda: (of_it(), current is not None and current.record and current.record.problem)
    )


def trouble(current: LiveRun | None) -> None:
    """What is wrong with the run, with what can be done: on every page that shows it, in a place that stays."""
    with st.container():  # or all that stands below would be drawn twice for a moment when it comes or goes
        _trouble(current)


def _trouble(current: LiveRun | None) -> None:
    if current is None or current.record is not None:
        returned()
    tasks.trouble(current)
    if current is None or current.record is None:
        return
    if current.lost:
        st.button(
            "Keep as a new run",
            icon=":material/save:",
            type="primary",
            key="keep_as_new",
            on_click=state.keep_as_new,
            args=(current,),
            disabled=current.active,
            help="Another entry among the runs, with all that was learnt here; Train goes on from there.",
        )
    elif current.record.problem:
        waits = "Training goes on, and what" if current.active else "What"
        st.warning(
            f"This run is not being kept just now. {as_typed(current.record.problem)} {waits} is not written yet will be as "
            "soon as that has ended.",
            icon=":material/save:",
        )


def returned() -> None:
    """What became of the run in the page's address: where it stopped, or why it is not here, and what can be done."""
    found, current = state.come_back(), state.held()
    if found is None:
        return
    if found.problem:
        st.warning(as_typed(found.problem), icon=":material/info:")
        with st.container(horizontal=True, gap="small"):
            st.button("Look again", icon=":material/refresh:", key="return_again", on_click=state.try_again)
            st.button(
                "Copy to go on with", icon=":material/file_copy:", key="return_copy", on_click=_copy, args=(found,)
            )
    elif current is not None and current.status == "paused":
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key="returned"):
            st.markdown(f":material/history: Your run stopped at epoch {current.epoch:.1f}.", width="content")
            st.button("Resume", icon=":material/play_arrow:", key="return_resume", on_click=_resume)


def _resume() -> None:
    current = state.run()
    state.forget_return()
    if current is not None:
        current.play()


def _copy(found: state.Return) -> None:
    try:
        state.check_room()
        mine = visitor.registry().copy(found.run_id)
        state.count(mine)
        state.resume(mine)
    except RbmError as error:
        st.toast(as_typed(error), icon=":material/error:")


def _listed(names: list[str]) -> str:
    labels = [state.LABELS[name] for name in names]
    return labels[0] if len(labels) == 1 else f"{', '.join(labels[:-1])} and {labels[-1]}"


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
    colour = entry(spec.dataset.name).kind == "colour"
    return frames.Painter(spec.model, picture_shape(spec), mode or cards.mode(), colour)


def choose_time(current: LiveRun, key: str) -> Snapshot:
    """A slider through the moments that were kept; its right end is now and stays now while training goes on."""
    kept = current.past
    by_step = {p.step: p for p in kept}
    stops = [*by_step, NOW] if len(kept) > 1 else [NOW]
    if st.session_state.get(key) not in stops:
        st.session_state[key] = NOW
    if len(stops) > 1:
        st.select_slider(
            "Training time",
            stops,
            format_func=lambda step: "now" if step == NOW else f"epoch {by_step[step].epoch:.2f}",
            value=st.session_state[key],
            key=key,
            persist_state="session",
            help="Moments of the run, closer together at its start, where most happens.",
        )
    return by_step.get(st.session_state[key], kept[-1])
