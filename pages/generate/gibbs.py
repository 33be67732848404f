"""Step Gibbs chains through a machine, one click at a time."""

import streamlit as st

from pages.ui import empty, gibbs, live, player, shell, state, walks, widgets

shell.header("Gibbs sampling", "What does the machine make by itself, from noise, one half step at a time?")
current = state.run()
if current is None or not current.past:
    live.moving(lambda: empty.no_machine("to take samples from"))
    st.stop()

with st.sidebar:
    settings = gibbs.settings_panel(live.picture_shape(current.spec))
interval = gibbs.speed()


@widgets.every(interval)
def walk_on() -> None:
    """Everything that a step changes; a click here redraws this part alone."""
    run = state.run()
    assert run is not None
    bar = st.container()  # above the slider whose choice it needs: buttons stay where they are on every page
    machine = gibbs.choose_machine(run)
    held = gibbs.held_part(settings, run.spec)
    walk = gibbs.walk_of(run, machine, settings)
    player.rerun_if_turned(gibbs.PLAYING, interval is not None)
    if interval is not None:
        walk.sweep(beta=settings.beta, clamp=held)
    with bar:
        gibbs.transport(walk, settings, held)
    shape = live.picture_shape(run.spec)
    walks.layers(walk.now, shape, walk.step)
    walks.film(walk, shape)
    walks.energies(walk, walks.data_free_energy(run, walk, machine))


walk_on()
