"""Two pixels: Hebb's rule beside gradient descent, on a machine that fits on a napkin."""

from functools import partial

import streamlit as st

from pages.learn.two_pixels import descent
from pages.ui import lesson
from pages.ui.components import moving
from pages.ui.server import instant
from rbm.core.language import _

lesson.question(
    _("Two pixels"), _("How do a coupling and two biases come to know that two pixels like to be on or off together?")
)


act = descent.set_controls
EXPERIMENTS: lesson.Experiments = {
    _("Textbook example (3, 1, 2, 4)"): (
        _("The four patterns seen 3, 1, 2 and 4 times, learnt to the end."),
        lambda: act(step=100),
    ),
    _("Where Hebb's rule fails"): (_("Two pixels that nearly always agree."), lambda: act((20, 1, 1, 20), step=20)),
    _("Learning rate too high"): (
        _("A rate of 3.2 jumps over the valley and back."),
        lambda: act(rate=3.2, step=300),
    ),
    _("A pattern that never occurs"): (
        _("Its count is 0, and no finite weights give it probability 0: they grow without end."),
        lambda: act((3, 0, 2, 4), rate=1.0, step=300),
    ),
}


@st.fragment
def learn() -> None:
    """Everything moves with the sliders, so everything is drawn again."""
    with lesson.stage(EXPERIMENTS, key="pixels", text="two_pixels") as beside:
        with beside:
            p0 = descent.controls()
            lesson.formula(
                r"\begin{gathered} E(x) = -W x_1 x_2 - b_1 x_1 - b_2 x_2 \\ P(x) = e^{-E(x)} / Z \end{gathered}",
                r"\begin{aligned} \Delta W &= -\eta\,\partial\,\mathrm{KL}(P_0\|P) / \partial W \\"
                r" &= \eta\,\bigl(\langle x_1 x_2\rangle_{P_0} - \langle x_1 x_2\rangle_{P}\bigr) \end{aligned}",
            )
        descent.transport()
        if p0 is None:
            return
        drawn = instant.respond(descent.STOPS, partial(descent.elements, p0))
        with st.container(key="picture"):
            left, right = st.columns([8, 5], gap="medium")
            with left:
                descent.bars(drawn)
            with right:
                moving.facts(drawn["pixels_table"], key="pixels_table")
            left, right = st.columns(2, gap="medium")
            with left:
                descent.divergence(drawn)
            with right:
                descent.correlation(drawn)


learn()
