"""The chosen runs as means over their seeds: curves with a band of one standard deviation, and a table of last values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import streamlit as st

from pages.compare.runs.columns import LETTERS
from pages.ui.controls import widgets
from pages.ui.draw.figures import Series, number
from pages.ui.session import kept
from rbm.core.curves import MeanCurve, mean_curve, smooth
from rbm.core.language import _, plural
from rbm.store import Run, likelihoods, open_store
from rbm.store.seeds import alike, over_seeds
from rbm.training.events import MEASURES
from rbm.training.history import History


class SeedGroup(NamedTuple):
    """The letters of the chosen runs that differ by their seed alone, and all kept runs of that kind, one a seed."""

    letters: str
    runs: Sequence[Run]


def groups(chosen: Sequence[Run]) -> list[SeedGroup]:
    """The chosen runs with all that differ from them by the seed alone; chosen ones that belong together make one group."""
    everything = open_store().runs()
    found: list[SeedGroup] = []
    for letter, run in zip(LETTERS, chosen, strict=False):
        for i, known in enumerate(found):
            if run.id in {one.id for one in known.runs}:
                found[i] = known._replace(letters=known.letters + letter)
                break
        else:
            found.append(SeedGroup(letter, alike(run, everything)))
    return found


def toggle(found: Sequence[SeedGroup]) -> bool:
    """Whether means are to be drawn."""
    several = any(len(group.runs) > 1 for group in found)
    wanted = widgets.toggle(
        _("Mean over seeds"),
        key="runs_seeds",
        disabled=not several,
        help=_(
            "Runs that differ only in their seed as one curve: their mean, in a band of one standard deviation "
            "on both sides. Needs a chosen run and another kept run with the same settings but another seed."
        ),
    )
    return bool(wanted) and several


def mean_series(group: SeedGroup, histories: Sequence[History], metric: str, axis: str, amount: float) -> Series:
    """A number's mean over a group's seeds, with the spread around it."""
    if metric == "log_likelihood":
        along = [likelihoods.along(history, axis) for history in histories]
        found = mean_curve([(one.x, one.ais) for one in along])
        doubted = {x for one in along for x, doubt in zip(one.x, one.unreliable, strict=True) if doubt}
        doubtful = [x for x in found.x.tolist() if x in doubted]
        return _series(group, found)._replace(doubtful=doubtful)
    columns = [history.column(metric, axis) for history in histories]
    found = mean_curve([(x, smooth(y, amount)) for x, y in columns])
    return _series(group, found)


def _series(group: SeedGroup, found: MeanCurve) -> Series:
    n = len(group.runs)
    counted = plural("{letters}: {n} seed", "{letters}: mean of {n} seeds", n)
    name = counted.format(letters=", ".join(group.letters), n=n)
    colour, spread = LETTERS.index(group.letters[0]), found.deviation if n > 1 else None
    return Series(name, found.x, found.mean, colour=colour, spread=spread)


def table(found: Sequence[SeedGroup], metrics: Sequence[str]) -> None:
    """The newest values over seeds: mean ± standard deviation, the standard error of the mean, and of how many."""
    several = [group for group in found if len(group.runs) > 1]
    if not several or not metrics:
        return
    head = _("| newest value, over seeds | ") + " | ".join(", ".join(group.letters) for group in several) + " |"
    rows = [f"| {MEASURES[m].title} | {' | '.join(cell(group.runs, m) for group in several)} |" for m in metrics]
    st.markdown("\n".join([head, "|---|" + "---|" * len(several), *rows]))
    st.caption(
        _(
            "Mean ± standard deviation (standard error of the mean), and the number of seeds: kept runs that "
            "differ only in their seed count even if they are not ticked."
        )
    )


def cell(runs: Sequence[Run], metric: str) -> str:
    """What a group's newest values come to, with the mark of those that are unreliable."""
    if metric == "log_likelihood":
        known = [one for one in (likelihoods.of_numbers(run.metrics) for run in runs) if one is not None]
        values, marked = [one.validation for one in known], sum(bool(one.verdict.mark) for one in known)
    else:
        values, marked = [run.metrics[metric] for run in runs if metric in run.metrics], 0
    told = over_seeds(values)
    if not told.n:
        return "–"
    if told.n == 1:
        words = _("{mean}, 1 seed").format(mean=number(told.mean, 2 if abs(told.mean) >= 1 else 4))
    elif told.error == 0:
        words = _("{mean:.6g}, the same of {n} seeds").format(mean=told.mean, n=told.n).replace("-", "−")
    else:
        digits = decimals(told.error)
        words = _("{mean} ± {deviation:,.{digits}f} ({error:,.{digits}f}), {n} seeds").format(
            mean=number(told.mean, digits), deviation=told.deviation, digits=digits, error=told.error, n=told.n
        )
    return (
        _("{words} :orange-badge[{marked} of them unreliable]").format(words=words, marked=marked) if marked else words
    )


def decimals(error: float) -> int:
    """Behind the point, so that a standard error above 0 has two significant digits."""
    return max(0, 1 - int(f"{error:.1e}".split("e")[1]))


def histories_of(group: SeedGroup) -> list[History]:
    """Their numbers."""
    return [kept.history(run.id) for run in group.runs]
