"""A race of five algorithms: what they start with, their exact likelihoods, and the distributions they learn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from pages.ui import cards
from pages.ui.components import chart
from pages.ui.components.moving import fingerprinted, state_bars
from pages.ui.controls.knobs import Panel
from pages.ui.draw import figures
from pages.ui.server import feed
from pages.ui.session import tasks
from rbm.core.language import _
from rbm.core.text import as_typed
from rbm.jobs.task import Task
from rbm.tasks import algorithm_comparison
from rbm.training.config import knob

if TYPE_CHECKING:
    import torch

BARS, SHIFTER = _("3×3 bars and stripes"), _("shifter")
PATTERNS = dict(zip((BARS, SHIFTER), algorithm_comparison.DATASETS, strict=True))
OTHERS = 8  # states beside the data that are shown one by one
HEIGHT = 165  # pixels of a chart, so that all three stand on one screen with the button


@dataclass(frozen=True)
class RaceSettings:
    """What the five start with, and whose distribution is drawn."""

    patterns: str = knob(
        BARS,
        _("Pictures"),
        _(
            "14 pictures, or the 24 of the shifter: a row, the same row moved, and left, not at all or right. "
            "What is drawn below changes with the next race."
        ),
        choices=tuple(PATTERNS),
    )
    hidden: int = knob(
        6,
        _("Hidden units"),
        _("Of each of the five machines; 6 can nearly learn all bars and stripes, the shifter wants 8."),
        low=4,
        high=8,
        step=1,
    )
    rate: float = knob(
        0.5, _("Learning rate"), _("The same for all; larger ones show CD's bias sooner."), stops=(0.1, 0.2, 0.5, 1.0)
    )
    updates: int = knob(
        3000, _("Updates"), _("How long they learn; full batches of all pictures."), stops=(500, 1000, 2000, 3000, 5000)
    )
    shown: str = knob(
        "CD-1",
        _("Distribution learnt by"),
        _("Which algorithm's p(v) is drawn, as learnt so far."),
        choices=tuple(algorithm_comparison.METHODS),
    )


PANEL = Panel("race", RaceSettings)


def set_race(n_hidden: int, rate: float, updates: int, method: str, patterns: str = BARS) -> None:
    """Put an experiment into the race's controls and start it."""
    PANEL.put(RaceSettings(patterns, n_hidden, rate, updates, method))
    start_race()


def controls() -> None:
    """What the five start with."""
    PANEL.draw("patterns", "hidden", "rate", "updates")


def start_button() -> None:
    """Race."""
    about = _("Five algorithms learn the same pictures from the same weights, in the background.")
    with st.container(horizontal=True, key="race_transport"):
        tasks.buttons(None, tasks.Press("race_start", _("Race"), about, start_race, "flag", primary=True))


def start_race() -> None:
    """A new race in place of the old one."""
    asked = PANEL.now()
    race = algorithm_comparison.Race(
        dataset=PATTERNS[asked.patterns],
        n_hidden=asked.hidden,
        learning_rate=asked.rate,
        updates=asked.updates,
    )
    tasks.hold_beside(race=race)
    for method, task in race.tasks.items():
        tasks.hold(f"race {method}", task)


def current() -> algorithm_comparison.Race | None:
    """This session's race; says why one of the five stopped, or that its worker was lost."""
    race: algorithm_comparison.Race | None = st.session_state.get("race")
    with cards.notice("race"):
        if race is not None and race.problem:
            st.error(as_typed(race.problem), icon=":material/error:")
        elif race is not None:
            tasks.trouble(next((task for task in race.tasks.values() if task.notice), None))
    return race


def tasks_of(race: algorithm_comparison.Race | None) -> tuple[Task, ...]:
    """The five of them."""
    return () if race is None else tuple(race.tasks.values())


def elements(race: algorithm_comparison.Race | None, method: str) -> Callable[[], feed.Elements]:
    """What moves while they learn: both charts, and what ``method`` has learnt."""
    patterns = _patterns(race)
    return partial(_elements, race, method, patterns)


def _elements(race: algorithm_comparison.Race | None, method: str, patterns: torch.Tensor) -> feed.Elements:
    empty = _("Press Race") if race is None else _("The first updates are on their way")
    best = (_("best there is, −log {n_patterns}").format(n_patterns=len(patterns)), -float(np.log(len(patterns))))

    def option(column: str, unit: str, log: bool) -> dict[str, Any]:
        found = {} if race is None else {m: race.curve(m, column) for m in algorithm_comparison.METHODS}
        return figures.curve_option(
            [figures.Series(m, *values) for m, values in found.items()],
            x_title=_("updates"),
            y_title=unit,
            log_y=log,
            line=best if race is not None and not log else None,
            empty=empty,
        )

    legs = () if race is None else race.legs[method]
    data, model, names = distribution(patterns, legs[-1] if legs else None)
    states = figures.state_option(
        [figures.Bars(_("data"), data, outline=True), figures.Bars(_("machine"), model)],
        names,
        x_title=_("state v: the data, the likeliest others, the rest"),
        y_title=_("probability"),
        pictures=(3, 3),
    )
    return {
        "race_likelihood": option("log_likelihood", _("nats per picture"), False),
        "race_error": option("reconstruction_error", _("mean squared error"), True),
        "race_states": fingerprinted(states),
    }


def learning_curves(drawn: feed.Elements) -> None:
    """Exact likelihood and reconstruction error of all five."""
    left, right = st.columns(2, gap="large")
    for place, title, about, lacks, key in (
        (
            left,
            _("Log-likelihood, exact"),
            _("What learning is for: the mean log p(v) of the pictures, nothing estimated."),
            "",
            "race_likelihood",
        ),
        (
            right,
            _("Reconstruction error"),
            _("What is easily measured: how far p(v|⟨h⟩), with ⟨h⟩ = p(h|v), lies from the picture."),
            _("how likely the pictures are: it may fall while the likelihood falls too."),
            "race_error",
        ),
    ):
        with place:
            cards.title(title, about, lacks)
            chart.show(
                drawn[key],
                height=HEIGHT,
                key=key,
                alt=_("{title} of five algorithms against updates").format(title=title),
            )


def learnt(drawn: feed.Elements) -> None:
    """One algorithm's learnt distribution against the data's, and whose it is."""
    with st.container(horizontal=True, vertical_alignment="center", gap="medium", key="race_learnt"):
        cards.title(
            _("Learnt distribution, state by state"),
            _(
                "Outlined: the data, all pictures equally often. Filled: the machine's p(v). After the data come "
                "the likeliest states that are none of them, and all the rest together."
            ),
            _("why: look at which pictures CD forgets, and what it makes instead."),
        )
        PANEL.draw("shown", menu=False, label_visibility="collapsed")
    alt = _("The learnt distribution against the data's")
    state_bars(drawn["race_states"], key="race_states", alt=alt, height=HEIGHT)


def _patterns(race: algorithm_comparison.Race | None) -> torch.Tensor:
    """What the race learns, or would learn if it started now: N different pictures of nine pixels, (N, 9)."""
    from rbm.datasets import load_dataset

    return load_dataset(PATTERNS[PANEL.now().patterns] if race is None else race.dataset).train


def distribution(
    pictures: torch.Tensor, leg: algorithm_comparison.Leg | None
) -> tuple[figures.Floats, figures.Floats, list[str]]:
    """Data and model over the N pictures, the likeliest OTHERS and the rest, with the states' names.

    Before the first leg there is only the data.
    """
    import torch

    from rbm.evaluation import exact

    count = len(pictures)
    if leg is None:
        return np.full(count, 1 / count), np.zeros(count), _names(pictures)
    v, p = exact.visible_distribution(leg.to_model())
    inside = (pictures[:, None] == v).all(2).int().argmax(1)  # (N,), each picture's place among the states
    left_over = p.clone()
    left_over[inside] = -1.0
    outside = left_over.argsort(descending=True)[: len(p) - count]
    shown = torch.cat([inside, outside[:OTHERS]])
    data = np.concatenate([np.full(count, 1 / count), np.zeros(OTHERS + 1)])
    return data, np.append(p[shown].numpy(), float(p[outside[OTHERS:]].sum())), [*_names(v[shown]), _("rest")]


def _names(states: torch.Tensor) -> list[str]:
    return ["".join(str(int(x)) for x in row) for row in states]
