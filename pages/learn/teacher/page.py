"""Teacher and student: how many samples show what a hidden machine looks like."""

from functools import partial

import streamlit as st

from pages.learn.teacher import students
from pages.ui import cards, lesson
from pages.ui.components import chart, moving, wall
from pages.ui.server import feed, instant
from pages.ui.session import tasks
from rbm.core.language import _


def at(beta: float) -> None:
    """Set the strength and have students learn."""
    students.PANEL.put(students.TeacherSettings(beta))
    students.begin()


EXPERIMENTS: lesson.Experiments = {
    _("At β = 1"): (
        _("Learning begins at one sample per weight: below that, students learn nothing but noise."),
        lambda: at(1.0),
    ),
    _("A clear teacher"): (_("β = 1.4: learning begins at a quarter of a sample per weight."), lambda: at(1.4)),
    _("A faint teacher"): (_("β = 0.8: learning begins only at 2.4 samples per weight."), lambda: at(0.8)),
}

lesson.question(
    _("Teacher and student"), _("How many samples must a machine see before it knows anything of what made them?")
)


@st.fragment
def look() -> None:
    """The chart over the pictures; the slider is answered by the page's own socket, the students come as news."""
    task = tasks.held(students.JOB)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="teacher_controls"):
        students.PANEL.draw("beta", width=230)
        tasks.buttons(
            task,
            tasks.Press(
                "teacher_learn",
                _("Learn"),
                _("Four students at each of twelve numbers of samples, in the background, by the exact gradient."),
                students.begin,
                "school",
                "L",
                primary=True,
            ),
            tasks.Press("teacher_pause", _("Pause"), _("The students stop where they are.")),
            tasks.Press("teacher_on", _("Resume"), _("The students go on.")),
            anew=True,
        )
    with cards.notice("students"):
        tasks.trouble(task)
    part = feed.watch("teacher", task)
    stops, draw = students.PANEL.stops("beta"), partial(students.elements, task, cards.mode())
    drawn = instant.respond(stops, draw)
    part.moves(instant.here(stops, draw))
    with st.container(key="picture"):
        moving.facts(drawn["teacher_words"], key="teacher_words", look="caption")
        cards.title(
            _("What students know of their teachers"),
            _(
                "q, the cosine of the angle between the student's weights and the teacher's, mean and standard "
                "error of four teachers, against the number of samples; the dashed line is exact for principal "
                "components of very many spins."
            ),
            _(
                "a better likelihood by memorising: below the transition the student fits its samples and knows nothing."
            ),
        )
        chart.show(drawn["teacher_q"], key="teacher_q", alt=_("Overlap of student and teacher"), height=250)
        cards.title(
            _("The teacher's weights, and each student's"),
            _("First the teacher's, a digit; then students of more and more samples. Each on a scale of its own."),
        )
        st.caption(_("The first is the teacher's; the next are students', of more and more samples."))
        wall.show(drawn["teacher_w"], max_cell=64, alt=_("Weights of the teacher and of students"), key="teacher_w")


with lesson.stage(EXPERIMENTS, key="teacher", text="teacher") as beside:
    with beside:
        lesson.formula(
            r"p(s) = \tfrac12 \sum_{h=\pm1} \prod_i \frac{e^{\beta \xi_i s_i h/\sqrt N}}{2\cosh(\beta/\sqrt N)}",
            r"\alpha_c = \beta^{-4}, \quad q = |w \cdot \xi| \,/\, |w| \sqrt N",
        )
        st.caption(
            _("It makes its own data: samples of a teacher. Your own data are learnt on the page Train a machine.")
        )
    look()
