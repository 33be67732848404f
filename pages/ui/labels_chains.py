"""Pictures of a chosen label: Gibbs chains that hold the label, or the tags, and draw all the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import streamlit as st

from pages.ui import cards, frames, labels, player, theme
from rbm.datasets.tags import TAGS

if TYPE_CHECKING:
    import torch

    from rbm.labels_job import Machine
    from rbm.samplers.chains import Chains, Clamp

EACH = 9  # chains for every digit
SHAPE = (28, 28)
PLAYING = "labels_playing"  # in the session
STEP_SECONDS = 0.4
PLAYED = 10  # sweeps of one tick


class Dream(NamedTuple):
    """Chains with what they hold, where they stand and the pixel probabilities they were last drawn from."""

    asked: tuple[Any, ...]
    held: Clamp
    chains: Chains
    picture: np.ndarray[Any, Any]  # (N, 784)
    generator: torch.Generator


def playing() -> bool:
    return player.playing(PLAYING)


def wanted() -> tuple[Any, ...]:
    """What the chains are to hold: ("softmax", digit or None for all ten), or ("tags", the tags that are on)."""
    if labels.kind() == "softmax":
        chosen = st.segmented_control(
            "Hold the label",
            ["all ten", *map(str, range(10))],
            required=True,
            default="all ten",
            key="labels_held",
            help="The label units stay as they are; pixels and hidden units are drawn in turn.",
        )
        return "softmax", None if chosen == "all ten" else int(str(chosen))
    on = st.pills(
        "Tags that are on",
        list(TAGS),
        selection_mode="multi",
        default=["even", "a loop"],
        key="labels_tags_on",
        help="All others are held off. Click to change them: the chains go on from where they are.",
    )
    return "tags", tuple(name in on for name in TAGS)


def generate(newest: Machine) -> None:
    """The walls of chains and the buttons that move them."""
    asked = wanted()
    dream = _dream(newest, asked)
    _buttons(newest)
    if playing():
        dream = advance(newest, PLAYED)
    softmax = asked[0] == "softmax"
    each = f"{EACH} chains for each label, a row each; the first picture of a row is the label itself."
    cards.title(
        f"After {dream.chains.step:,} sweep{'s' if dream.chains.step != 1 else ''}",
        f"p(x|h) of chains that started from noise. {each if softmax else 'All hold the same tags.'}",
        "that a chain has seen all styles of its digit: it may stay with one for long.",
        "Play while the machine still learns: the chains follow it.",
    )
    pixels, columns = picture_rows(dream, cards.mode())
    cards.picture_wall(
        pixels, columns, "labels_dream", "Pictures by chains that hold their label", max_cell=60, labels=_names(dream)
    )
    if not softmax:
        st.caption(_which(asked[1]))


def _which(on: tuple[bool, ...]) -> str:
    """Which digits have exactly these tags."""
    fits = [
        str(d) for d in range(10) if all((d in digits) == said for digits, said in zip(TAGS.values(), on, strict=True))
    ]
    if not fits:
        return "No digit has exactly these tags: the machine has to make something up."
    return f"Exactly these tags belong to {' and '.join(fits)}."


def _names(dream: Dream) -> list[str]:
    if dream.asked[0] == "tags":
        return [f"chain {i + 1}" for i in range(len(dream.picture))]
    rows = range(10) if dream.asked[1] is None else [dream.asked[1]] * 10
    return [f"the label {d}" if i == 0 else f"{d}, chain {i}" for d in rows for i in range(EACH + 1)]


def picture_rows(dream: Dream, mode: theme.Mode) -> tuple[frames.Pixels, int]:
    """The chains' pictures (N, h, w, 3) and how many stand in a row; each row begins with its label."""
    drawn = frames.colour_probabilities(dream.picture, shape=SHAPE)
    if dream.asked[0] == "tags":
        return drawn, EACH + 1
    digits = list(range(10)) if dream.asked[1] is None else [dream.asked[1]] * 10
    signs = label_signs(mode)[digits]
    rows = np.concatenate([signs[:, None], drawn.reshape(10, EACH, *drawn.shape[1:])], 1)
    return rows.reshape(-1, *drawn.shape[1:]), EACH + 1


def label_signs(mode: theme.Mode) -> frames.Pixels:
    """The ten digits as signs in the accent colour, (10, 28, 28, 3)."""
    from rbm.datasets.patterns import digit_patterns

    on = digit_patterns().numpy().reshape(10, 14, 14).repeat(2, 1).repeat(2, 2) > 0
    accent, ground = theme.ACCENT[mode], theme.BACKGROUND[mode]
    pixels = np.empty((10, *SHAPE, 3), np.uint8)
    pixels[:] = [int(ground[i : i + 2], 16) for i in (1, 3, 5)]
    pixels[on] = [int(accent[i : i + 2], 16) for i in (1, 3, 5)]
    return pixels


def _dream(newest: Machine, asked: tuple[Any, ...]) -> Dream:
    """The session's chains: new ones for another kind, the same with other labels held where those were changed."""
    known: Dream | None = st.session_state.get("labels_chains")
    if known is None or known.asked[0] != asked[0] or known.chains.v.shape[1] != len(newest.visible_bias):
        return _keep(_fresh(newest, asked))
    if known.chains.h.shape[1] != len(newest.hidden_bias):
        return _keep(_fresh(newest, asked))
    if known.asked != asked:
        held = _held(newest, asked)
        return _keep(known._replace(asked=asked, held=held))
    return known


def _keep(dream: Dream) -> Dream:
    st.session_state["labels_chains"] = dream
    return dream


def _held(newest: Machine, asked: tuple[Any, ...]) -> Clamp:
    import torch

    from rbm.samplers.labelled import hold_labels

    count = 10 * EACH if asked[0] == "softmax" else 4 * (EACH + 1)
    if asked[0] == "tags":
        y = torch.tensor(asked[1], dtype=torch.float32).expand(count, -1)
    else:
        y = torch.arange(10).repeat_interleave(EACH) if asked[1] is None else torch.full((count,), asked[1])
    return hold_labels(labels.model(newest), y)


def _fresh(newest: Machine, asked: tuple[Any, ...]) -> Dream:
    from rbm.randomness import generator
    from rbm.samplers.chains import from_noise

    held, draw = _held(newest, asked), generator(1, "labels page")
    start = from_noise(labels.model(newest), len(held.mask), draw, clamp=held)
    return Dream(asked, held, start, start.v[:, : SHAPE[0] * SHAPE[1]].numpy(), draw)


def advance(newest: Machine, sweeps: int) -> Dream:
    """Move the session's chains by so many sweeps."""
    from rbm.samplers import gibbs

    dream: Dream = st.session_state["labels_chains"]
    model, chains = labels.model(newest), dream.chains
    for _ in range(sweeps):
        chains, info = gibbs.sweep(model, chains, dream.generator, clamp=dream.held)
    pixels, _ = model.split(info.visible_mean)
    return _keep(dream._replace(chains=chains, picture=pixels.numpy()))


def _step(newest: Machine, sweeps: int) -> None:
    advance(newest, sweeps)


def _buttons(newest: Machine) -> None:
    with st.container(horizontal=True):
        for count in (1, 10, 100):
            st.button(
                "Step" if count == 1 else f"{count}",
                icon=":material/skip_next:" if count == 1 else None,
                key=f"labels_step_{count}",
                on_click=_step,
                args=(newest, count),
                help=f"{count} sweep{'s' if count > 1 else ''}: pixels given hidden units, then those given pixels and label.",
            )
        player.button(PLAYING, "labels_play", type="primary", help="Sweeps by itself, several a second.")
        st.button(
            "From noise",
            icon=":material/restart_alt:",
            key="labels_noise",
            on_click=lambda: st.session_state.pop("labels_chains", None),
            help="All chains start again: every pixel on or off with even chance.",
        )
