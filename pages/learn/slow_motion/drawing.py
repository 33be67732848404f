"""The slow-motion lesson's pictures: the layers as they come, the filters, and what is added to one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from pages.learn.slow_motion.stages import Stage
from pages.ui import cards
from pages.ui.components import moving, wall
from pages.ui.components.moving import fingerprinted, state_bars
from pages.ui.draw import figures, frames, theme
from pages.ui.server import feed
from rbm.core.language import _

if TYPE_CHECKING:
    from pages.learn.slow_motion.one_update import SlowMachine
    from rbm.lessons.slow_motion import Update

_BLANK: dict[theme.Mode, int] = {"light": 228, "dark": 46}  # the grey of what has not happened yet
FILTERS_BESIDE = 12  # in three rows, so that they stand on one screen below the layers
PARTS = (
    _("filter before"),
    _("positive"),
    _("negative"),
    _("η · difference"),
    _("momentum"),
    _("decay"),
    _("update ΔW"),
    _("new filter"),
)


LAYERS = {
    "v": (_("Visible layer"), _("Probabilities are grey, samples black and white.")),
    "h": (
        _("Hidden layer"),
        _("The hidden units as a small grid, in the order of their filters; places mean nothing."),
    ),
}


def chain(drawn: feed.Elements) -> None:
    """The layers as they come: what has not happened yet is blank."""
    for layer, (title, about) in LAYERS.items():
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"slow_heading_{layer}"):
            cards.title(title, about)
            moving.facts(drawn[f"slow_names_{layer}"], key=f"slow_names_{layer}", look="caption")
        wide, alt = 110 if layer == "v" else 80, _("{title} from sub-step to sub-step").format(title=title)
        wall.show(drawn[f"slow_wall_{layer}"], max_cell=wide, alt=alt, key=f"slow_wall_{layer}")


def layers(update: Update, shape: tuple[int, int], stage: Stage, known: list[Stage], mode: theme.Mode) -> feed.Elements:
    """Both walls of the chain, and the names over their pictures."""
    names = [one.name for one in known if not one.parts]
    shown: list[tuple[str, Any]] = [("v", update.phases.v0), ("h", update.halves[0].mean), ("h", update.start)]
    for half in update.halves[1:]:
        layer = half.name[0]
        shown += [(layer, half.mean)] + ([(layer, half.sample)] if half.sample is not None else [])
    found = {}
    for layer, gap in (("v", 2), ("h", 1)):
        mine = [i for i, (where, _) in enumerate(shown) if where == layer]
        rows = np.concatenate([shown[i][1].numpy() for i in mine])
        grids = rows.reshape(-1, *shape) if layer == "v" else frames.layer_pictures(rows)
        pixels = frames.colour_probabilities(grids).rgb()
        pixels[[n for n, i in enumerate(mine) if i >= stage.pictures]] = _BLANK[mode]
        now = stage.pictures - 1 if not stage.parts else -1
        words = " → ".join(f"**{names[i]}**" if i == now else names[i] for i in mine)
        found[f"slow_names_{layer}"] = moving.table((), [(words,)])
        found[f"slow_wall_{layer}"] = wall.pictures(
            pixels,
            len(pixels),
            gap=gap,
            labels=[names[i] for i in mine],
            selected=mine.index(now) if now in mine else None,
            now=_("up to {name}").format(name=names[[i for i in mine if i < stage.pictures][-1]])
            if mine[0] < stage.pictures
            else _("nothing yet"),
        )
    return found


def unit(update: Update, chosen: int | None) -> int:
    """The hidden unit whose weights are followed: the chosen one, or the one that learns most."""
    most = int(update.learnt.norm(dim=0).argmax()) if chosen is None else chosen
    return min(most, update.learnt.shape[1] - 1)


def choose_unit(machine: SlowMachine, unit: int, shape: tuple[int, int]) -> None:
    """The filters before the update; a click chooses the one whose numbers are followed."""
    weight = machine.model.weight.detach().numpy()
    cards.title(
        _("The filters before"), _("One picture a hidden unit. Click one to follow its weights through the update.")
    )
    clicked = cards.filter_wall(
        weight,
        shape,
        np.arange(weight.shape[1]),
        key="slow_filters",
        clickable=True,
        selected=unit,
        columns=FILTERS_BESIDE,
        max_cell=33,
    )
    if clicked is not None and clicked != unit:
        st.session_state["slow_unit"] = clicked
        st.rerun(scope="fragment")


def show_parts(drawn: feed.Elements, unit: int) -> None:
    """Statistics, their difference, what is added, and the filter before and after, for one hidden unit."""
    st.markdown(
        _("**Unit {unit}, weight by weight**").format(unit=unit),
        help=_("Red is positive, blue negative; each picture has a scale of its own, whose end is written above it."),
    )
    with st.container(horizontal=True, gap="small", key="slow_parts"):  # four in a row, fewer where there is no room
        for i, name in enumerate(PARTS):
            with st.container(width=100, key=f"card_slow_part_{i}"):
                moving.facts(drawn[f"slow_scale_{i}"], key=f"slow_scale_{i}", look="caption")
                wall.show(drawn[f"slow_part_{i}"], max_cell=80, alt=name, key=f"slow_part_{i}")


def parts(
    update: Update, machine: SlowMachine, unit: int, shape: tuple[int, int], stage: Stage, mode: theme.Mode
) -> feed.Elements:
    """Each part's picture, its name and the end of its scale; blank what has not happened yet."""
    shown = (
        machine.model.weight.detach(),
        update.positive,
        update.negative,
        update.learnt,
        update.carried,
        update.decayed,
        update.change,
        update.after.weight.detach(),
    )
    pictures = np.stack([values[:, unit].double().numpy().reshape(shape) for values in shown])
    seen = max(stage.parts, 1)
    coloured = frames.colour_weights(pictures, shared=False, lut=theme.diverging(mode))
    found = {}
    for i, name in enumerate(PARTS):
        tile = frames.Tiles(coloured.tiles.rows[i : i + 1], coloured.tiles.lut)
        blank = np.full((1, *tile.rows.shape[1:], 3), _BLANK[mode], np.uint8)
        scale = f"±{coloured.limit[i]:.2g}" if i < seen else "…"
        found[f"slow_scale_{i}"] = moving.table((), [(f"**{name}**" if i == seen - 1 else name,), (scale,)])
        found[f"slow_part_{i}"] = wall.pictures(
            tile if i < seen else blank, 1, now=scale if i < seen else _("nothing yet")
        )
    return found


def hidden_bars(drawn: feed.Elements) -> None:
    """The hidden units' probabilities given the data and given the end of the chain."""
    cards.title(
        _("Which units fire, for the data and for the chain"),
        _("p(h|v₀) outlined, p(h|vₖ) filled. Units where both agree learn nothing about themselves: their bias stays."),
    )
    alt = _("Probabilities of the hidden units for data and chain")
    state_bars(drawn["slow_hidden"], key="slow_hidden", alt=alt, height=150)


def hidden(update: Update, stage: Stage, known: list[Stage]) -> dict[str, Any]:
    """The bars of both, each from the click on that gives it."""
    given = [i for i, one in enumerate(known, 1) if one.name.startswith("p(h|v")]
    means = update.phases.h0_mean[0].numpy(), update.phases.hk_mean[0].numpy()
    data, model = (mean * (stage.pictures >= at) for mean, at in zip(means, (given[0], given[-1]), strict=True))
    return fingerprinted(
        figures.state_option(
            [figures.Bars(_("given the data"), data, outline=True), figures.Bars(_("given the chain's end"), model)],
            [str(j) for j in range(len(data))],
            x_title=_("hidden unit"),
            y_title=_("probability of being on"),
            top=1.0,
        )
    )
