"""The slow-motion lesson's pictures: the layers as they come, the filters, and what is added to one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from pages.ui import cards, figures, frames, theme
from pages.ui.slow_stages import Stage
from pages.ui.statebars import state_bars
from pages.ui.wall import wall

if TYPE_CHECKING:
    from pages.ui.slow_motion import Machine
    from rbm.laboratory.slow_motion import Update

_BLANK: dict[theme.Mode, int] = {"light": 228, "dark": 46}  # the grey of what has not happened yet


def chain(update: Update, shape: tuple[int, int], stage: Stage, known: list[Stage]) -> None:
    """The layers as they come: what has not happened yet is blank."""
    names = [one.name for one in known if not one.parts]
    shown: list[tuple[str, Any]] = [("v₀", update.phases.v0), ("p(h|v₀)", update.halves[0].mean)]
    shown.append(("h₀", update.start))
    for half in update.halves[1:]:
        shown += [(half.name, half.mean)] + ([(half.name, half.sample)] if half.sample is not None else [])
    for layer, key, title, about in (
        (0, "v", "Visible layer", "Probabilities are grey, samples black and white."),
        (
            1,
            "h",
            "Hidden layer",
            "The hidden units as a small grid, in the order of their filters; places mean nothing.",
        ),
    ):
        mine = [
            i for i, (_, values) in enumerate(shown) if (values.shape[1] == update.phases.v0.shape[1]) == (layer == 0)
        ]
        rows = np.concatenate(
            [shown[i][1].numpy() if i < stage.pictures else np.zeros_like(shown[i][1].numpy()) for i in mine]
        )
        drawn = rows.reshape(-1, *shape) if layer == 0 else frames.layer_pictures(rows)
        pixels = frames.colour_probabilities(drawn)
        pixels[[n for n, i in enumerate(mine) if i >= stage.pictures]] = _BLANK[cards.mode()]
        here = [n for n, i in enumerate(mine) if i == stage.pictures - 1]
        cards.title(title, about)
        st.caption(
            " → ".join(f"**{names[i]}**" if i == stage.pictures - 1 and not stage.parts else names[i] for i in mine)
        )
        wall(
            frames.grid_png(pixels, len(pixels), gap=2 if layer == 0 else 1),
            n=len(pixels),
            columns=len(pixels),
            cell=(pixels.shape[1], pixels.shape[2]),
            gap=2 if layer == 0 else 1,
            labels=[names[i] for i in mine],
            selected=here[0] if here and not stage.parts else None,
            max_cell=120 if layer == 0 else 90,
            alt=f"{title} from sub-step to sub-step",
            key=f"slow_wall_{key}",
        )


def choose_unit(machine: Machine, update: Update, shape: tuple[int, int]) -> int:
    """The filters before the update; a click chooses the one whose numbers are followed."""
    weight = machine.model.weight.detach().numpy()
    cards.title("The filters before", "One picture a hidden unit. Click one to follow its weights through the update.")
    default = int(update.learnt.norm(dim=0).argmax())
    unit = min(int(st.session_state.get("slow_unit", default)), weight.shape[1] - 1)
    columns = frames.near_square(weight.shape[1])[1]
    clicked = cards.filter_wall(
        weight,
        shape,
        np.arange(weight.shape[1]),
        key="slow_filters",
        clickable=True,
        selected=unit,
        columns=columns,
        max_cell=44,
    )
    if clicked is not None and clicked != unit:
        st.session_state["slow_unit"] = clicked
        st.rerun(scope="fragment")
    return unit


def parts(update: Update, machine: Machine, unit: int, shape: tuple[int, int], stage: Stage) -> None:
    """Statistics, their difference, what is added, and the filter before and after, for one hidden unit."""
    st.markdown(
        f"**Unit {unit}, weight by weight**",
        help="Red is positive, blue negative; each picture has a scale of its own, whose end is written above it.",
    )
    before = machine.model.weight.detach()
    shown = (
        ("filter before", before),
        ("positive", update.positive),
        ("negative", update.negative),
        ("η · difference", update.learnt),
        ("momentum", update.carried),
        ("decay", update.decayed),
        ("update ΔW", update.change),
        ("new filter", update.after.weight.detach()),
    )
    pictures = np.stack([values[:, unit].double().numpy().reshape(shape) for _, values in shown])
    seen = max(stage.parts, 1)
    coloured = frames.colour_weights(pictures, shared=False, lut=theme.diverging(cards.mode()))
    with st.container(horizontal=True, gap="small", key="slow_parts"):  # four in a row, fewer where there is no room
        for i, (name, _) in enumerate(shown):
            pixels = coloured.pixels[i : i + 1].copy()
            if i >= seen:
                pixels[:] = _BLANK[cards.mode()]
            with st.container(width=102, gap="xsmall"):
                strongest = f"±{coloured.limit[i]:.2g}" if i < seen else "…"
                st.caption(f"{f'**{name}**' if i == seen - 1 else name}  \n{strongest}")
                cards.picture_wall(pixels, 1, f"slow_part_{i}", name, max_cell=96)


def hidden_bars(update: Update) -> None:
    """The hidden units' probabilities given the data and given the end of the chain."""
    cards.title(
        "Which units fire, for the data and for the chain",
        "p(h|v₀) outlined, p(h|vₖ) filled. Units where both agree learn nothing about themselves: their bias stays.",
    )
    data, model = update.phases.h0_mean[0].numpy(), update.phases.hk_mean[0].numpy()
    option = figures.state_option(
        [figures.Bars("given the data", data, outline=True), figures.Bars("given the chain's end", model)],
        [str(j) for j in range(len(data))],
        x_title="hidden unit",
        y_title="probability of being on",
        top=1.05,
    )
    state_bars(option, key="slow_hidden", alt="Probabilities of the hidden units for data and chain", height=190)
