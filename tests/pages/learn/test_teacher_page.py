"""The page Teacher and student under AppTest: theory at once, students at a press."""

import json

import numpy as np
import pytest

from pages.learn.teacher import students
from pages.ui import shell
from rbm.jobs.task import Task
from rbm.tasks import teacher
from tests.helpers.screen import open_page

pytestmark = pytest.mark.usefixtures("clean")
TAUGHT = (
    teacher.Taught(0.5, 0.05, 0.01, np.full(students.N, 0.1, np.float32), np.ones(students.N, np.float32)),
    teacher.Taught(4.0, 0.8, 0.02, np.full(students.N, 0.2, np.float32), np.ones(students.N, np.float32)),
)


def test_the_theory_stands_there_before_anybody_learns():
    app = open_page(shell.TEACHER)
    assert not app.exception
    sent = [json.loads(one.proto.json) for one in app.get("bidi_component")]
    (chart,) = (one for one in sent if one.get("channel") == "teacher_q")
    assert [one["name"] for one in chart["series"]] == ["theory, β = 1", "transition, α = 1.00"]
    (words,) = (one for one in sent if one.get("channel") == "teacher_words")
    assert words["rows"][0][0].endswith("Press Learn.")


@pytest.mark.parametrize(("number", "beta"), [(0, 1.0), (1, 1.4), (2, 0.8)])
def test_an_experiment_sets_the_strength_and_students_begin(number, beta, monkeypatch):
    begun = []
    monkeypatch.setattr(Task, "start", lambda task: begun.append(task.arguments))
    app = open_page(shell.TEACHER)
    app.button(key=f"try_teacher_{number}").click().run()
    assert not app.exception
    assert app.select_slider(key="teacher_beta").value == beta
    assert begun == [{"beta": beta}]


def test_students_are_drawn_with_their_errors_beside_the_theory_of_any_strength():
    drawn = students.overlap(TAUGHT, 1.0, 1.4)
    json.dumps(drawn)
    theory, transition, learnt = drawn["series"]
    assert theory["name"] == "theory, β = 1.4"
    assert transition["x"] == [teacher.transition(1.4, students.N)] * 2
    assert learnt["name"] == "students, β = 1"
    assert (learnt["x"], learnt["y"], learnt["error_y"]["array"]) == ([0.5, 4.0], [0.05, 0.8], [0.01, 0.02])


def test_pictures_hold_the_teacher_and_every_student_that_is_there():
    wall = students.pictures(TAUGHT, "light")
    assert wall["n"] == 1 + len(teacher.LOADS)
    assert wall["labels"][:2] == ["the teacher", "a student of 98 samples"]
    assert students.pictures((), "light")["version"] != wall["version"]
    assert students.words(TAUGHT, 1.0, 1.0).startswith("3,136 samples: q = 0.80 ± 0.02, theory 0.77 · 2 of 12")
