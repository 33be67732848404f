"""One update in slow motion: a single step of CD or PCD, click by click."""

from functools import partial

import streamlit as st

from pages.ui import cards, instant, lesson, slow_motion, slow_pictures, slow_stages

lesson.question("One update in slow motion", "What exactly happens to the weights when the machine sees one picture?")
DIGIT, TINY, _ = slow_motion.SUBJECTS


act = slow_motion.set_controls
lesson.experiments(
    {
        "A digit by CD-1": ("From the picture to the new filter; press Next.", lambda: act(DIGIT)),
        "A longer chain": ("CD-4: the made-up digit drifts further away.", lambda: act(DIGIT, k=4, stage=14)),
        "PCD's own dream": (
            "The negative phase starts where the last one ended, not at the picture.",
            lambda: act(DIGIT, "PCD", stage=5),
        ),
        "Nine pixels": ("A machine small enough to check by hand.", lambda: act(TINY, k=1, stage=7)),
        "Heavy decay": (
            "λ = 0.1 and no momentum: how much every weight is pulled back.",
            lambda: act(TINY, stage=10, momentum=0.0, weight_decay=0.1),
        ),
    },
    key="slow",
)


@st.fragment
def update() -> None:
    """The whole update; each click shows more of it."""
    asked = slow_motion.controls()
    machine = slow_motion.current(asked)
    slow, shape = slow_motion.slow_update(asked, machine)
    known = slow_stages.stages(asked.k, asked.algorithm == "PCD")
    stage = slow_motion.transport(known, slow, machine)
    chosen, number = st.session_state.get("slow_unit"), st.session_state["slow_stage"]
    drawn = instant.respond(
        slow_motion.STOPS, partial(slow_motion.elements, asked, machine, chosen, number, cards.mode())
    )
    lesson.formula(stage.formula)
    left, right = st.columns([6, 5], gap="large")
    with left:
        slow_pictures.chain(drawn)
        slow_pictures.hidden_bars(drawn)
    with right:
        unit = slow_pictures.unit(slow, chosen)
        slow_pictures.choose_unit(machine, unit, shape)
        slow_pictures.show_parts(drawn, unit)


update()
lesson.what_to_see("slow_motion")
