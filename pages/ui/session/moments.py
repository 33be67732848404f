"""The moments of a run's training that were kept, and the slider through them."""

from __future__ import annotations

import streamlit as st

from rbm.jobs.live import LiveRun
from rbm.jobs.snapshots import Snapshot

NOW = -1


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
