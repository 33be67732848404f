"""Log-likelihoods of the chosen runs: those that are known, and those on their way on a worker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from pages.compare.runs import comparison
from pages.compare.runs.columns import LETTERS
from pages.ui import cards
from pages.ui.draw.words import as_typed
from pages.ui.session import tasks
from rbm.store import Evaluation, Run, open_store
from rbm.tasks.likelihood import RESULT
from rbm.tasks.measuring import Measuring


def card(runs: Sequence[Run]) -> None:
    """The known log-likelihoods of the chosen runs, and the button that has the others computed on a worker."""
    cards.title(
        "Log-likelihood of test images",
        "How likely the machine finds images it has never seen, nats per image: higher is better. Exact for small machines; "
        "otherwise a dot from annealed importance sampling, which flatters on average, and a bar down to what its reverse gives, "
        "which does not: the truth lies between them in expectation, and in one run need not. What was estimated while it "
        "trained is of validation images.",
        "anything across data sets, or between runs that binarise differently.",
        "more epochs, PCD instead of CD, more hidden units.",
    )
    found = open_store().newest_evaluations(RESULT)
    comparison.likelihood_chart(runs, found)
    working: dict[str, Measuring] = st.session_state.setdefault("measuring", {})
    missing = [run.id for run in runs if not _fresh(run, found)]
    moving = any(m.active for m in working.values())
    st.button(
        "Compute",
        icon=":material/calculate:",
        key="measure",
        disabled=not missing or moving,
        on_click=_measure,
        args=(missing,),
        help="100 chains over 1,000 temperatures, forth and back, in the background. Out of use when all of them are known.",
    )
    letters = {run.id: letter for letter, run in zip(LETTERS, runs, strict=False)}
    st.fragment(_progress, run_every=0.5 if moving else None)(moving, letters)


def _fresh(run: Run, found: dict[str, Evaluation]) -> bool:
    return run.id in found and found[run.id].step == run.progress.step


def _measure(ids: list[str]) -> None:
    working = st.session_state["measuring"] = {run_id: Measuring(run_id) for run_id in ids}
    for run_id, one in working.items():
        tasks.mind(f"measuring {run_id}", one)  # a closed tab ends it


def _progress(moving: bool, letters: Mapping[str, str]) -> None:
    """Bars while the workers compute; the page is drawn anew when the last one is done."""
    working: dict[str, Measuring] = st.session_state.get("measuring", {})
    for run_id, one in working.items():
        name = letters.get(run_id, f"run {run_id}")
        if one.active:
            st.progress(min(one.progress, 1.0), f"Computing {name}: {one.progress:.0%}")
        elif one.problem:
            st.warning(f"{name}: {as_typed(one.problem)}", icon=":material/info:")
    if moving and not any(one.active for one in working.values()):
        st.rerun()
