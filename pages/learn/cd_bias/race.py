"""A race of five algorithms: what they start with, their exact likelihoods, and the distributions they learn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from pages.ui import cards
from pages.ui.components.moving import curves, state_bars
from pages.ui.draw import figures
from pages.ui.draw.words import as_typed
from pages.ui.session import tasks
from rbm.errors import ClusterError
from rbm.tasks import algorithm_comparison

if TYPE_CHECKING:
    import torch

RATES = (0.1, 0.2, 0.5, 1.0)
UPDATES = (500, 1000, 2000, 3000, 5000)
BARS, SHIFTER = "3×3 bars and stripes", "shifter"
PATTERNS = dict(zip((BARS, SHIFTER), algorithm_comparison.DATASETS, strict=True))
OTHERS = 8  # states beside the data that are shown one by one
POLL_SECONDS = 0.5


def set_race(n_hidden: int, rate: float, updates: int, method: str, patterns: str = BARS) -> None:
    """Put an experiment into the race's controls and start it."""
    st.session_state["race_patterns"] = patterns
    st.session_state.update(race_hidden=n_hidden, race_rate=rate, race_updates=updates, race_shown=method)
    start_race()


def controls() -> None:
    """What the five start with, and the button."""
    start = {"race_patterns": BARS, "race_hidden": 6, "race_rate": 0.5, "race_updates": 3000, "race_shown": "CD-1"}
    for key, value in start.items():
        st.session_state.setdefault(key, value)
    st.segmented_control(
        "They learn",
        list(PATTERNS),
        required=True,
        default=st.session_state["race_patterns"],
        key="race_patterns",
        persist_state="session",
        help="14 pictures, or the 24 of the shifter: a row, the same row moved, and left, not at all or right. "
        "What is drawn below changes with the next race.",
    )
    left, middle, right = st.columns(3, gap="medium")
    left.slider(
        "Hidden units",
        4,
        8,
        value=st.session_state["race_hidden"],
        key="race_hidden",
        persist_state="session",
        help="Of each of the five machines; 6 can nearly learn all bars and stripes, the shifter wants 8.",
    )
    middle.select_slider(
        "Learning rate",
        RATES,
        value=st.session_state["race_rate"],
        key="race_rate",
        persist_state="session",
        help="The same for all; larger ones show CD's bias sooner.",
    )
    right.select_slider(
        "Updates",
        UPDATES,
        format_func=lambda n: f"{n:,}",
        value=st.session_state["race_updates"],
        key="race_updates",
        persist_state="session",
        help="How long they learn; full batches of all pictures.",
    )
    st.button(
        "Race",
        type="primary",
        icon=":material/flag:",
        key="race_start",
        on_click=start_race,
        help="Five algorithms learn the same pictures from the same weights, in the background.",
    )


def start_race() -> None:
    """A new race in place of the old one."""
    asked = st.session_state
    asked.pop("race_problem", None)
    try:
        asked["race"] = race = algorithm_comparison.Race(
            dataset=PATTERNS[asked["race_patterns"]],
            n_hidden=asked["race_hidden"],
            learning_rate=asked["race_rate"],
            updates=asked["race_updates"],
        )
        tasks.mind("race", race)
    except ClusterError as error:
        asked["race_problem"] = str(error)


def interval() -> float | None:
    """Seconds between looks at a race under way."""
    race: algorithm_comparison.Race | None = st.session_state.get("race")
    return None if race is None or race.finished or "race_problem" in st.session_state else POLL_SECONDS


def collect() -> algorithm_comparison.Race | None:
    """The race with what has come in since the last look."""
    race: algorithm_comparison.Race | None = st.session_state.get("race")
    if race is not None and not race.finished:
        try:
            race.collect()
        except ClusterError as error:
            st.session_state["race_problem"] = str(error)
    if "race_problem" in st.session_state:
        st.error(as_typed(st.session_state["race_problem"]), icon=":material/error:")
    return race


def learning_curves(race: algorithm_comparison.Race | None) -> None:
    """Exact likelihood and reconstruction error of all five."""
    count = len(_patterns(race))
    left, right = st.columns(2, gap="large")
    empty = "Press Race" if race is None else "The first updates are on their way"
    for place, column, title, about, unit, key in (
        (
            left,
            "log_likelihood",
            "Log-likelihood, exact",
            "What learning is for: the mean log p(v) of the pictures, nothing estimated.",
            "nats per picture",
            "race_likelihood",
        ),
        (
            right,
            "reconstruction_error",
            "Reconstruction error",
            "What is easily measured: how far p(v|⟨h⟩), with ⟨h⟩ = p(h|v), lies from the picture.",
            "mean squared error",
            "race_error",
        ),
    ):
        with place:
            cards.title(
                title,
                about,
                "" if place is left else "how likely the pictures are: it may fall while the likelihood falls too.",
            )
            series = (
                []
                if race is None
                else [figures.Series(m, *race.curve(m, column)) for m in algorithm_comparison.METHODS]
            )
            option = figures.curve_option(
                series,
                x_title="updates",
                y_title=unit,
                log_y=place is right,
                line=(f"best there is, −log {count}", -float(np.log(count)))
                if place is left and race is not None
                else None,
                empty=empty,
            )
            curves(option, height=270, key=key, alt=f"{title} of five algorithms against updates")


def learnt(race: algorithm_comparison.Race | None) -> None:
    """One algorithm's learnt distribution against the data's."""
    method = st.segmented_control(
        "Distribution learnt by",
        list(algorithm_comparison.METHODS),
        required=True,
        default=st.session_state["race_shown"],
        key="race_shown",
        persist_state="session",
        help="Whose p(v) is drawn, as far as it has come.",
    )
    legs = race.legs[str(method)] if race is not None else []
    cards.title(
        "What it has learnt, state by state",
        "Outlined: the data, all pictures equally often. Filled: the machine's p(v). After the data come the likeliest "
        "states that are none of them, and all the rest together.",
        "why: look at which pictures CD forgets, and what it makes instead.",
    )
    data, model, names = distribution(_patterns(race), legs[-1] if legs else None)
    option = figures.state_option(
        [figures.Bars("data", data, outline=True), figures.Bars("machine", model)],
        names,
        x_title="state v: the data, the likeliest others, the rest",
        y_title="probability",
        pictures=(3, 3),
    )
    state_bars(option, key="race_states", alt="The learnt distribution against the data's", height=250)


def _patterns(race: algorithm_comparison.Race | None) -> torch.Tensor:
    """What the race learns, or would learn if it started now: N different pictures of nine pixels, (N, 9)."""
    from rbm.datasets import load_dataset

    asked = st.session_state.get("race_patterns", BARS)
    return load_dataset(PATTERNS[asked] if race is None else race.dataset).train


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
    return data, np.append(p[shown].numpy(), float(p[outside[OTHERS:]].sum())), [*_names(v[shown]), "rest"]


def _names(states: torch.Tensor) -> list[str]:
    return ["".join(str(int(x)) for x in row) for row in states]
