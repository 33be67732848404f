"""A job's panel: which of its buttons stands where, and what it says of a job that failed."""

import pytest
from streamlit.testing.v1 import AppTest

from rbm.jobs.job import Job
from rbm.jobs.task import Task


class Still(Task):
    """A job that only changes its status."""

    def __init__(self, status: str) -> None:
        super().__init__("nobody:nothing")
        self.status = status
        self.message = "It broke." if status == "failed" else ""

    def renew(self) -> None:
        pass


def panel(job: Job | None, *, anew: bool) -> AppTest:
    def script() -> None:
        import streamlit as st

        from pages.ui.session.tasks import Press, panel

        def begin() -> None:
            st.session_state["begun"] = True

        panel(
            st.session_state["job"],
            Press("start", "Start", "", begin, primary=True),
            Press("pause", "Pause", ""),
            Press("go_on", "Resume", ""),
            Press("reset", "Reset", "", begin),
            anew=st.session_state["anew"],
        )

    app = AppTest.from_function(script)
    app.session_state["job"], app.session_state["anew"] = job, anew
    app.run()
    assert not app.exception
    return app


def able(app: AppTest) -> dict[str, bool]:
    return {button.key: not button.disabled for button in app.button}


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (None, {"start": True, "pause": False, "reset": False}),
        ("running", {"start": False, "pause": True, "reset": True}),
        ("paused", {"go_on": True, "pause": False, "reset": True}),
        ("finished", {"start": True, "pause": False, "reset": True}),
        ("failed", {"start": True, "pause": False, "reset": True}),
    ],
)
def test_a_job_that_waits_goes_on_by_the_button_that_began_it(status, expected):
    assert able(panel(None if status is None else Still(status), anew=False)) == expected


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (None, {"start": True, "pause": False, "reset": False}),
        ("running", {"start": True, "pause": True, "reset": True}),
        ("paused", {"start": True, "go_on": True, "reset": True}),
        ("finished", {"start": True, "pause": False, "reset": True}),
        ("failed", {"start": True, "go_on": True, "reset": True}),
    ],
)
def test_where_start_begins_another_a_job_goes_on_by_the_button_that_paused_it(status, expected):
    assert able(panel(None if status is None else Still(status), anew=True)) == expected


@pytest.mark.parametrize("anew", [False, True])
def test_pause_and_go_on_move_the_job_and_start_does_what_the_page_says(anew):
    job = Still("running")
    app = panel(job, anew=anew)
    app.button(key="pause").click().run()
    assert job.status == "paused"
    app.button(key="go_on").click().run()
    assert job.status == "starting"
    assert "begun" not in app.session_state
    job.status = "finished"
    app.run().button(key="start").click().run()
    assert app.session_state["begun"]


def test_a_failed_job_says_why():
    assert [error.value for error in panel(Still("failed"), anew=False).error] == ["It broke."]
