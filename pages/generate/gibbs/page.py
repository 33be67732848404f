"""Step Gibbs chains through a machine, one click at a time."""

from functools import partial

import streamlit as st

from pages.generate.gibbs import stepping, views
from pages.ui import lesson
from pages.ui.server import feed
from pages.ui.session import kept, live
from rbm.core.language import _

lesson.question(
    _("Gibbs sampling"), _("What does the machine make by itself, from noise, one half step at a time?"), see="gibbs"
)
run = kept.machine()

with st.sidebar:
    settings = stepping.settings_panel(live.painter(run.spec))


@st.fragment
def walk_on() -> None:
    """Everything that a step changes."""
    live.watch("gibbs", run)
    part = feed.watch(stepping.WALK)
    live.trouble(run)
    bar = st.container(
        key="gibbs_transport"
    )  # above the slider whose choice it needs: buttons stay where they are on every page
    with st.container(key="picture"):
        pad, place = st.columns([2, 5], gap="medium") if settings.held == stepping.DRAWING else (None, st.container())
        with place:
            walls = st.container()
            with st.container(horizontal=True, vertical_alignment="center", gap="medium", key="gibbs_line"):
                words = st.container()
                machine = stepping.choose_machine(run)
            charts = st.container()
    held = stepping.held_part(settings, run.spec)
    walk = stepping.walk_of(run, machine, settings)
    move = stepping.Mover(run, walk, settings, held, stepping.follows_training())
    painter = live.painter(run.spec)
    look = partial(views.elements, walk, painter, views.data_mean(run))
    drawn = part.moves(look)
    part.works(move.go_on)
    if (seconds := stepping.speed()) is not None:
        part.plays(move.step, seconds)
    with bar:
        stepping.transport(move)
    with words:
        views.words(drawn)
    if pad is not None:
        with pad:
            stepping.pad(move, look)
    with walls:
        views.layers(drawn, painter, views.CELL if pad is None else views.BESIDE_PAD)
    with charts:
        left, middle, right = st.columns(3, gap="medium")
        with left:
            views.film(drawn, walk, painter)
        with middle:
            views.energies(drawn)
        with right:
            views.memory(drawn)


with st.container(key="stage_gibbs"):
    walk_on()
