"""What is more than a class bears is refused where it is asked for: by hand, by a link, and when the visitor's runs fill up."""

from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from pages.ui import shell
from pages.ui.session import state, tasks
from rbm import link
from rbm.core.limits import JOBS, SCREEN
from rbm.experiment import DatasetSpec, ModelSpec, RunSpec
from rbm.jobs.job import ACTIVE
from rbm.jobs.recording import flush
from rbm.jobs.task import Task
from rbm.presets import PRESETS
from rbm.store import open_store
from rbm.training.config import TrainConfig
from tests.helpers.screen import app_test, draft, open_page
from tests.helpers.waiting import wait

pytestmark = pytest.mark.usefixtures("clean")

HEAVY = RunSpec(model=ModelSpec(1024), training=TrainConfig(algorithm="pcd", k=50, n_chains=5000))


def told(app):
    return [one.value for one in app.warning if "expected at most" in one.value]


def test_settings_that_are_too_much_together_are_told_and_train_nothing_until_they_are_less():
    app = open_page(shell.TRAIN)
    draft(app).update(state.to_draft(HEAVY))
    app.run()
    (sentence,) = told(app)
    assert sentence.startswith("The work of one update")
    assert app.button(key="train").disabled
    assert app.button(key="one_batch").disabled
    app.slider(key="draft_k").set_value(5).run()
    assert not app.exception
    assert told(app) == []
    assert not app.button(key="train").disabled


def test_a_link_asks_for_no_more_than_a_hand():
    app = app_test().run()
    app.query_params.update(link.to_query(HEAVY))
    app.switch_page(shell.TRAIN).run()
    assert not app.exception
    assert len(told(app)) == 1
    assert app.button(key="train").disabled


def test_a_knob_that_is_turned_too_far_does_not_reach_the_run_in_training():
    app = open_page(shell.TRAIN)
    toy = PRESETS["toy"].spec
    app.session_state["draft"] = state.to_draft(
        replace(toy, model=ModelSpec(1000), training=replace(toy.training, n_chains=5000, k=1))
    )
    app.run()
    app.button(key="one_batch").click().run()
    run = app.session_state["run"]
    wait(lambda: run.step_number == 1)
    app.slider(key="draft_k").set_value(50).run()
    assert len(told(app)) == 1
    assert run.knobs["k"] == 1
    app.slider(key="draft_k").set_value(2).run()
    assert run.knobs["k"] == 2


def test_a_visitor_whose_runs_fill_the_share_makes_no_other_before_some_are_deleted(monkeypatch):
    app = open_page(shell.TRAIN)
    app.session_state["draft"] = state.to_draft(RunSpec(DatasetSpec("bars_and_stripes"), ModelSpec(7), seed=11))
    app.run()
    app.button(key="one_batch").click().run()
    run = app.session_state["run"]
    wait(lambda: run.step_number == 1)
    wait(lambda: flush() or open_store().kept_bytes([run.record.id]))
    monkeypatch.setattr(state, "SCREEN", replace(SCREEN, kept=replace(SCREEN.kept, most=1, unit=1, unit_name="bytes")))
    app.number_input(key="draft_seed").set_value(12).run()  # another run
    (sentence,) = told(app)
    assert "delete some of them on the page Compare runs" in sentence
    assert app.button(key="train").disabled
    open_store().delete([run.record.id])
    app.run()
    assert told(app) == []
    assert not app.button(key="train").disabled


def test_of_more_work_than_a_visitor_may_have_at_once_the_first_pauses_with_a_word():
    def script() -> None:
        import streamlit as st

        from pages.ui.session import tasks

        paused = st.session_state["paused"] = []

        class Work:
            def __init__(self, name: str, *, active: bool) -> None:
                self.name, self.active = name, active

            def pause(self) -> None:
                paused.append(self.name)

            def release(self) -> None:
                pass

        tasks.mind("over", Work("over", active=False))
        for i in range(7):
            tasks.mind(f"job {i}", Work(f"job {i}", active=True))

    app = AppTest.from_function(script).run()
    assert not app.exception
    assert JOBS.most == 6
    assert app.session_state["paused"] == ["job 0"]
    (toast,) = app.toast
    assert "is 7; expected at most 6" in toast.value


def test_runs_of_the_visitors_other_tabs_count_too(monkeypatch):
    """Seven runs at once by seven tabs of one browser were seen, where six are the most."""
    monkeypatch.setattr(tasks, "JOBS", replace(JOBS, most=1))
    toy = RunSpec(DatasetSpec("bars_and_stripes"), ModelSpec(7), TrainConfig(epochs=5000), seed=3)
    first = app_test().run()
    first.session_state["draft"] = state.to_draft(toy)
    first.switch_page(shell.TRAIN).run()
    first.button(key="train").click().run()
    run = first.session_state["run"]
    second = app_test()
    second.session_state["visitor"] = first.session_state["visitor"]
    second.session_state["draft"] = state.to_draft(replace(toy, seed=4))
    second.run().switch_page(shell.TRAIN).run()
    second.button(key="train").click().run()
    assert not second.exception
    assert run.status == "paused"
    assert second.session_state["run"].status in ACTIVE
    second.session_state["run"].pause()


def test_so_does_what_else_they_have_at_work(monkeypatch):
    monkeypatch.setattr(tasks, "JOBS", replace(JOBS, most=1))
    app = open_page(shell.TRAIN)
    mine, others = (tasks._Lease(who) for who in (app.session_state["visitor"].id, "somebody else"))
    first, theirs = (Task("rbm.tasks.ising:learn", side=16, temperature=2.269) for _ in range(2))
    for lease, task in ((mine, first), (others, theirs)):
        lease.take("labels", task)
        task.start()
    app.session_state["draft"] = state.to_draft(PRESETS["toy"].spec)
    app.run()
    app.button(key="train").click().run()
    assert not app.exception
    wait(lambda: first.status == "paused")
    assert theirs.status in ACTIVE
    for lease in (mine, others):
        lease.end()
    app.session_state["run"].pause()
