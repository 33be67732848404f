"""Step Gibbs chains through a machine, one click at a time."""

import streamlit as st

from pages.generate.gibbs import stepping, views
from pages.ui import empty, shell
from pages.ui.controls import player, widgets
from pages.ui.session import live, state

shell.header("Gibbs sampling", "What does the machine make by itself, from noise, one half step at a time?")
current = state.run()
if current is None or not current.past:
    live.moving(lambda: empty.no_machine("to take samples from"))
    st.stop()

with st.sidebar:
    settings = stepping.settings_panel(live.picture_shape(current.spec))
interval = stepping.speed()


@widgets.every(interval)
def walk_on() -> None:
    """Everything that a step changes; a click here redraws this part alone."""
    run = state.run()
    assert run is not None
    bar = st.container()  # above the slider whose choice it needs: buttons stay where they are on every page
    machine = stepping.choose_machine(run)
    held = stepping.held_part(settings, run.spec)
    walk = stepping.walk_of(run, machine, settings)
    player.rerun_if_turned(stepping.PLAYING, interval is not None)
    if interval is not None:
        walk.sweep(beta=settings.beta, clamp=held)
    with bar:
        stepping.transport(walk, settings, held)
    shape = live.picture_shape(run.spec)
    views.layers(walk.now, shape, walk.step)
    views.film(walk, shape)
    views.energies(walk, views.data_free_energy(run, walk, machine))


walk_on()
