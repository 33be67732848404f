"""One update in slow motion: a single step of CD or PCD, click by click."""

from functools import partial

import streamlit as st

from pages.learn.slow_motion import drawing, one_update, stages
from pages.ui import cards, lesson
from pages.ui.controls import widgets
from pages.ui.server import feed, instant
from pages.ui.session import tasks
from rbm.core.language import _

lesson.question(
    _("One update in slow motion"), _("What exactly happens to the weights when the machine sees one picture?")
)
DIGIT, TINY, __ = one_update.SUBJECTS


act = one_update.set_controls
EXPERIMENTS: lesson.Experiments = {
    _("A digit by CD-1"): (_("From the picture to the new filter; press Next."), lambda: act(DIGIT)),
    _("A longer chain"): (_("CD-4: the made-up digit drifts further away."), lambda: act(DIGIT, k=4, stage=14)),
    _("PCD's own dream"): (
        _("The negative phase starts where the last one ended, not at the picture."),
        lambda: act(DIGIT, "PCD", stage=5),
    ),
    _("Nine pixels"): (_("A machine small enough to check by hand."), lambda: act(TINY, k=1, stage=7)),
    _("Heavy decay"): (
        _("λ = 0.1 and no momentum: how much every weight is pulled back."),
        lambda: act(TINY, stage=10, momentum=0.0, weight_decay=0.1),
    ),
}


@st.fragment
def update() -> None:
    """The whole update; each click shows more of it."""
    with lesson.stage(EXPERIMENTS, key="slow", text="slow_motion") as beside:
        with beside:
            asked = one_update.controls()
        begun = one_update.start_of(asked)
        feed.watch("slow", begun)
        if not tasks.ready(begun, _("Training a machine to look into: 400 updates.")):
            return
        machine = one_update.current(begun)
        slow, shape = one_update.slow_update(asked, machine)
        known = stages.stages(asked.k, asked.algorithm == "PCD")
        stage = one_update.transport(known, slow, machine)
        with beside:
            lesson.formula(stage.formula)
        chosen, number = st.session_state.get("slow_unit"), st.session_state["slow_stage"]
        widgets.remember(slow_unit=chosen)
        drawn = instant.respond(
            one_update.STOPS, partial(one_update.elements, asked, machine, chosen, number, cards.mode())
        )
        with st.container(key="picture"):
            left, right = st.columns([5, 6], gap="medium")
            unit = drawing.unit(slow, chosen)
            with left:
                drawing.chain(drawn)
                drawing.choose_unit(machine, unit, shape)
            with right:
                drawing.show_parts(drawn, unit)
                drawing.hidden_bars(drawn)


update()
