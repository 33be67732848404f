"""The Train page's moving parts: the transport bar, which stands still, and the board below it, which moves."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import streamlit as st

from pages.ui import cards, controls, state
from rbm.datasets.catalog import OWN, entry, is_available
from rbm.errors import ConfigError
from rbm.experiment import RunSpec
from rbm.live import LiveRun
from rbm.presets import PRESETS
from rbm.training.events import MEASURES

FIRST_POINTS_SECONDS = 0.35  # how long a click on Train waits for its first numbers, so that they come with its answer
FILTERS_SHOWN = 100
_OTHERS = (
    "pseudo_log_likelihood",
    "weight_norm",
    "dead_units",
    "saturated_units",
    "free_energy_gap",
    "learning_rate",
    "samples_per_second",
)


def transport() -> None:
    """Train, Pause, One batch, One epoch, Reset: always here, always in this order."""
    current, spec, problem = state.run(), None, ""
    try:
        spec = state.to_spec(state.draft())
        if not is_available(spec.dataset.name):
            remedy = "choose another" if spec.dataset.name.startswith(OWN) else "download it"
            problem = f"{controls.dataset_title(spec.dataset.name)} is not on this machine: {remedy} on the left."
    except ConfigError as error:
        problem = str(error)
    changed = state.needs_new_run(current, spec) if current and spec else []
    moving = current is not None and current.active
    over = current is not None and current.status in ("finished", "diverged")
    fresh = current is None or bool(changed) or over
    with st.container(horizontal=True, key="transport", gap="small"):
        st.button(
            "Train anew" if current is not None and fresh else "Train",
            type="primary",
            icon=":material/play_arrow:",
            shortcut="T",
            key="train",
            on_click=_train,
            disabled=bool(problem) or (moving and not changed),
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
            disabled=bool(problem),
            help="A single update from a single batch of images.",
        )
        st.button(
            "One epoch",
            icon=":material/fast_forward:",
            shortcut="E",
            key="one_epoch",
            on_click=_step,
            kwargs={"epochs": 1},
            disabled=bool(problem),
            help="One pass over all training images.",
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
            st.warning(problem, icon=":material/info:")
        elif changed and current is not None and current.step_number:
            st.caption(
                f":material/info: {_listed(changed)} changed: training starts anew with it. The run below is still the old one."
            )


def _listed(names: list[str]) -> str:
    labels = [controls.LABELS[name] for name in names]
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
    start(spec)


def _train() -> None:
    spec, current = state.to_spec(state.draft()), state.run()
    if current is None or current.status in ("finished", "diverged") or state.needs_new_run(current, spec):
        current = start(spec)
    else:
        current.play()
    deadline = time.monotonic() + FIRST_POINTS_SECONDS
    while not len(current.history) and time.monotonic() < deadline:
        time.sleep(0.01)


def _pause() -> None:
    current = state.run()
    if current is not None:
        current.pause()


def _step(*, batches: int = 0, epochs: int = 0) -> None:
    spec, current = state.to_spec(state.draft()), state.run()
    if current is None or current.status in ("finished", "diverged") or state.needs_new_run(current, spec):
        current = state.new_run(spec)
    current.step(batches=batches, epochs=epochs)


def _reset() -> None:
    state.new_run(state.to_spec(state.draft()))


def moving(draw: Callable[[], None]) -> None:
    """Draw a part of the page again and again while the run moves, and leave it still when nothing does."""

    def look() -> None:
        draw()
        # A timer can only be changed by a full run: ask for one when the run has come to rest, or has begun to move.
        if (state.tick(state.run()) is None) != (interval is None):
            st.rerun()

    interval = state.tick(state.run())
    st.fragment(look, run_every=interval)()


def board() -> None:
    """The run's progress, curves and pictures."""
    current = state.run()
    status_line(current)
    if current is None or not len(current.history):
        _empty(current)
    else:
        _pictures_and_curves(current)


def status_line(current: LiveRun | None) -> None:
    """Where the run stands: a bar, the epoch, the time left, the speed, or what went wrong."""
    if current is None:
        st.progress(0.0, "Ready")
        return
    spec = current.spec
    done = f"Epoch {current.epoch:.2f} of {spec.training.epochs}"
    left, speed = current.seconds_left, current.history.last("samples_per_second")
    words = {
        "idle": "Untrained",
        "starting": "Starting",
        "running": done,
        "paused": f"Paused · {done.lower()}",
        "finished": f"Finished · {done.lower()}",
        "diverged": f"Stopped · {done.lower()}",
        "failed": f"Stopped · {done.lower()}",
    }[current.status]
    if current.status == "running" and left is not None:
        words += f" · {left:.0f} s left"
    if current.status in ("running", "paused") and speed:
        words += f" · {speed:,.0f} images/s"
    st.progress(min(current.progress, 1.0), words)
    if current.status in ("diverged", "failed"):
        st.error(current.message, icon=":material/error:")


def _empty(current: LiveRun | None) -> None:
    if current is not None and current.active:
        st.info("Reading the data and making the machine …", icon=":material/hourglass_top:")
        return
    st.info(
        "Nothing is trained yet. Press **Train** (or the key T) and watch the loss fall and strokes appear in the filters. "
        "The settings on the left already work.",
        icon=":material/play_circle:",
    )


def _pictures_and_curves(current: LiveRun) -> None:
    shape = picture_shape(current.spec)
    pictures, curves = st.columns([5, 7], gap="large")
    with curves:
        cards.curve(
            current.history, "cd_loss", "cd_loss", "a larger k: the difference grows, as the chains run further away."
        )
        cards.free_energy(current.history, "free_energy")
        cards.curve(
            current.history,
            "reconstruction_error",
            "reconstruction_error",
            "the two presets that compare k = 1 with k = 25.",
        )
        # Pills, not a menu: a menu that is open would be closed by the next look at the run.
        others = st.pills(
            "More curves",
            _OTHERS,
            selection_mode="multi",
            default=_OTHERS[:1],
            format_func=lambda name: MEASURES[name].title,
            key="other_curves",
            wrap=True,
            persist_state="session",
        )
        for other in others:
            cards.curve(current.history, other, other)
    with pictures:
        if current.snapshot is not None:
            weight = current.snapshot.weight
            count = min(weight.shape[1], FILTERS_SHOWN)
            with st.container(key="card_filters", gap="xsmall"):
                cards.title(
                    f"Filters: the weights of {'all' if count == weight.shape[1] else 'the first'} {count} hidden units",
                    "Each picture holds one hidden unit's weights to all pixels: red pixels excite it, blue ones silence it.",
                    "which units matter: sort them and look closer on the page of the filters.",
                    "batches of one image, then of a hundred.",
                )
                cards.filter_wall(weight, shape, np.arange(count), key="wall_filters")
            cards.reconstructions(current.snapshot, shape, "reconstructions")


def picture_shape(spec: RunSpec) -> tuple[int, int]:
    """Height and width of one image of the run's data."""
    height, width = entry(spec.dataset.name).image_shape[:2]
    return height, width
