"""Log-likelihoods of the chosen runs: those that are known, and those on their way on a worker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import streamlit as st

from pages.compare.runs import comparison
from pages.compare.runs.columns import LETTERS
from pages.ui import cards
from pages.ui.components import moving
from pages.ui.server import feed
from pages.ui.session import kept, tasks
from rbm import bundled
from rbm.core.language import _
from rbm.core.text import as_typed
from rbm.store import Evaluation, Run, open_store
from rbm.tasks.likelihood import RESULT
from rbm.tasks.measuring import Measuring


def card(runs: Sequence[Run]) -> None:
    """The known log-likelihoods of the chosen runs, and the button that has the others computed on a worker."""
    cards.title(
        _("Log-likelihood of test images"),
        _(
            "How likely the machine finds images it has never seen, nats per image: higher is better. Exact "
            "for small machines; otherwise a dot from annealed importance sampling, which flatters on average, "
            "and a bar down to what its reverse gives, which does not: the truth lies between them in "
            "expectation, and in one run need not. What was estimated while it trained is of validation images."
        ),
        _("anything across data sets, or between runs that binarise differently."),
        _("more epochs, PCD instead of CD, more hidden units."),
    )
    working: dict[str, Measuring] = st.session_state.setdefault("measuring", {})
    part = feed.watch("measuring", *working.values())
    found = {**open_store().newest_evaluations(RESULT), **_of_bundled()}
    missing = [run.id for run in runs if not _fresh(run, found)]
    busy = any(m.active for m in working.values())
    st.button(
        _("Compute"),
        icon=":material/calculate:",
        key="measure",
        disabled=not missing or busy,
        on_click=_measure,
        args=(missing,),
        help=_(
            "100 chains over 1,000 temperatures, forward and back, in the background. Disabled when every "
            "likelihood is known."
        ),
    )
    comparison.likelihood_chart(runs, found)
    letters = {run.id: letter for letter, run in zip(LETTERS, runs, strict=False)}
    names = {run_id: letters.get(run_id, _("run {run_id}").format(run_id=run_id)) for run_id in working}
    drawn = part.moves(partial(_elements, working, names))
    for run_id, one in working.items():
        if one.active:
            moving.status(drawn[f"measuring_{run_id}"], key=f"measuring_{run_id}")
        if one.problem or one.notice:
            st.warning(f"{names[run_id]}: {as_typed(one.problem or one.notice)}", icon=":material/info:")


def _elements(working: Mapping[str, Measuring], names: Mapping[str, str]) -> feed.Elements:
    """A bar each, as far as it has come."""
    return {
        f"measuring_{run_id}": moving.work_line(
            _("Computing {names}: {progress:.0%}").format(names=names[run_id], progress=one.progress), one.progress
        )
        for run_id, one in working.items()
    }


def _fresh(run: Run, found: dict[str, Evaluation]) -> bool:
    return run.id in found and found[run.id].step == run.progress.step


def _measure(ids: list[str]) -> None:
    working = {run_id: Measuring(run_id) for run_id in ids}
    tasks.hold_beside(measuring=working)
    for run_id, one in working.items():
        tasks.mind(f"measuring {run_id}", one)  # a closed tab ends it


def _of_bundled() -> dict[str, Evaluation]:
    """What was computed about the machines that come with the program, as the registry has it of runs."""
    return {
        key: Evaluation(kept.bundled_run(key).step_number, RESULT, bundled.load(key).about["evaluation"], 0.0)
        for key in kept.RUNS
    }
