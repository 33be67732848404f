"""After a reload, a lost connection or a restart the visitor's run is there again, by its id in the address."""

import gc
import json
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor

import pytest
from streamlit.runtime.caching import clear_session_resource_cache
from streamlit.runtime.scriptrunner import StopException
from streamlit.testing.v1 import AppTest

from pages.ui import shell
from pages.ui.session import state
from rbm.checkpoint import to_bytes
from rbm.jobs.job import release_all
from rbm.jobs.live import LiveRun
from rbm.jobs.recording import Record
from rbm.jobs.task import Task
from rbm.store import Progress, open_store
from rbm.store.owners import NOBODY, Visitor, visitor_id
from tests.helpers.holding import Hold
from tests.helpers.screen import app_test, draft
from tests.helpers.short_run import SPEC, trained
from tests.helpers.waiting import PATIENCE, wait

pytestmark = pytest.mark.usefixtures("clean")
ADA = Visitor(visitor_id("ada"), "Ada")


@pytest.fixture(autouse=True)
def own_places(tmp_path, monkeypatch):
    monkeypatch.setenv("RBM_RUNS", str(tmp_path / "runs"))
    yield
    release_all()


def ran(whose: Visitor, status: str = "paused") -> str:
    trainer, history = trained()
    at = Progress(status, trainer.step_number, trainer.total_steps, trainer.epoch)
    run_id = open_store().create(SPEC, "w", at, visitor=whose)
    whole = to_bytes(trainer.model, SPEC, history, state=trainer.state())
    open_store().write(run_id, "w", at, history.events, (at.step, at.epoch, whole))
    return run_id


def come(script: str, run_id: str, who: Visitor = ADA) -> AppTest:
    app = app_test()
    app.session_state["visitor"] = who
    app.run()
    app.query_params["run"] = run_id
    return app.switch_page(script).run()


def shows_the_kept_machine(app: AppTest) -> bool:
    """Its filters, not those of the settings on the left, and its curve."""
    sent = {
        one["channel"]: one for each in app.get("bidi_component") if "channel" in (one := json.loads(each.proto.json))
    }
    curve = sent["chart_reconstruction_error"]["series"]
    return sent["wall_filters"]["n"] == SPEC.model.n_hidden and bool(curve and curve[0]["y"])


def words(app: AppTest) -> str:
    return "\n".join(text.value for text in (*app.markdown, *app.warning))


@pytest.mark.parametrize("script", [shell.TRAIN, shell.FILTERS, shell.GIBBS, shell.EXAMINE])
def test_a_run_that_stopped_is_there_with_its_settings_and_resume(script):
    run_id = ran(ADA)
    app = come(script, run_id)
    assert not app.exception
    current = app.session_state["run"]
    assert (current.record.id, current.status, current.step_number) == (run_id, "paused", 11)
    assert draft(app)["n_hidden"] == SPEC.model.n_hidden
    assert app.query_params["run"] in (run_id, [run_id])
    if script == shell.TRAIN:
        assert f"Your run stopped at epoch {current.epoch:.1f}." in words(app)
        app.button(key="return_resume").click().run()
        assert app.session_state["run"].status in (
            "starting",
            "running",
            "finished",
        )  # it is small, and machines are quick
        assert "Your run stopped" not in words(app)


@pytest.mark.parametrize("script", [shell.TRAIN, shell.FILTERS])
@pytest.mark.parametrize("who", [ADA, Visitor(visitor_id("bob"), "Bob")], ids=lambda who: who.name)
def test_a_run_that_was_deleted_is_not_gone_on_with_and_the_way_back_is_told(script, who):
    run_id = ran(ADA)
    open_store().delete([run_id])
    app = come(script, run_id, who)
    assert not app.exception
    assert "run" not in app.session_state
    assert f"Run {run_id} was deleted." in words(app)
    assert not [button for button in app.button if button.key == "return_copy"]
    open_store().restore([run_id])
    app.button(key="return_again").click().run()
    assert "was deleted" not in words(app)


def test_a_run_that_trains_in_this_server_goes_on_where_it_is_and_not_as_another():
    run = LiveRun(SPEC, Record(SPEC, visitor=ADA))
    app = come(shell.TRAIN, run.record.id)
    assert app.session_state["run"] is run
    assert "stopped" not in words(app)


def test_the_first_page_of_a_visit_does_not_stop_what_the_second_has_taken_up(monkeypatch):
    run = LiveRun(SPEC, Record(SPEC, visitor=ADA))
    from pages.ui.session import tasks

    old, new = tasks._Lease(), tasks._Lease()
    for lease in (old, new):
        monkeypatch.setattr(tasks, "_lease", lambda lease=lease: lease)
        tasks.mind("run", run)
    run.renew()
    old.end()
    assert run.watched
    monkeypatch.setattr("rbm.jobs.job.RETURN_SECONDS", 0.0)
    new.end()
    wait(lambda: not run.watched)


def test_anothers_run_is_not_taken_up_and_can_be_copied():
    run_id = ran(ADA)
    bob = Visitor(visitor_id("bob"), "Bob")
    app = come(shell.TRAIN, run_id, bob)
    assert "run" not in app.session_state
    assert "Ada’s run, to look at" in words(app)
    assert app.button(key="train").label == "Train my own"
    assert app.button(key="one_batch").disabled
    assert app.button(key="one_epoch").disabled
    assert shows_the_kept_machine(app)
    app.button(key="return_copy").click().run()
    mine = app.session_state["run"].record.id
    assert mine != run_id
    assert open_store().run(mine).visitor == bob.id
    assert open_store().run(run_id).visitor == ADA.id
    assert "to look at" not in words(app)
    assert not app.button(key="one_batch").disabled


def test_a_run_whose_server_fell_silent_just_now_is_told_and_looked_for_again(monkeypatch):
    run_id = ran(ADA, "running")
    app = come(shell.TRAIN, run_id)
    assert "Another tab or server trained run" in words(app)
    assert shows_the_kept_machine(app)  # in the half minute until then
    monkeypatch.setattr("rbm.jobs.recording.SILENT_SECONDS", 0.0)
    monkeypatch.setattr(Record.claim, "__defaults__", (0.0,))
    app.button(key="return_again").click().run()
    assert app.session_state["run"].record.id == run_id


def test_nothing_is_shown_of_a_run_that_another_server_holds_and_has_not_kept_yet():
    at = Progress("running", 0, 100, 0.0)
    run_id = open_store().create(SPEC, "w", at, visitor=ADA)
    app = come(shell.TRAIN, run_id)
    assert not app.exception
    assert "Another tab or server trained run" in words(app)
    assert not shows_the_kept_machine(app)


@pytest.mark.parametrize("script", [shell.TRAIN, shell.FILTERS])
def test_a_page_takes_its_run_up_by_itself_once_the_dead_server_s_hold_on_it_has_run_out(script, monkeypatch):
    run_id = ran(ADA, "running")
    app = come(script, run_id)
    assert "This page looks again by itself." in words(app)
    feed = app.session_state["feed"]
    assert "turn_return" not in (feed.message() or "")
    monkeypatch.setattr("rbm.store.records.SILENT_SECONDS", 0.0)
    monkeypatch.setattr(Record.claim, "__defaults__", (0.0,))
    wait(lambda: "turn_return" in (feed.message() or ""), what="the page to look again")
    app.run()
    assert app.session_state["run"].record.id == run_id
    assert "Your run stopped at epoch" in words(app)
    assert "looks again" not in words(app)
    assert not app.button(key="return_resume").disabled


def test_a_run_that_another_server_has_paused_is_not_taken_from_it_unasked(monkeypatch):
    run_id = ran(ADA, "running")
    app = come(shell.TRAIN, run_id)
    at = open_store().run(run_id).progress
    open_store().write(run_id, "w", at._replace(status="paused"))
    app.run()
    assert "run" not in app.session_state
    app.button(key="return_again").click().run()
    assert app.session_state["run"].record.id == run_id


def test_a_run_that_is_not_there_is_told_and_a_new_one_can_be_begun():
    app = come(shell.TRAIN, "f" * 12)
    assert "There is no run ffffffffffff" in words(app)
    assert "return_again" in [one.key for one in app.button]
    assert "return_copy" not in [one.key for one in app.button]  # of nothing
    app.button(key="one_batch").click().run()
    assert not app.exception
    assert "There is no run" not in words(app)
    assert state.ADDRESS in app.query_params


def test_a_lost_run_says_so_on_every_page_that_shows_it_and_offers_to_be_kept():
    run_id = ran(NOBODY)
    app = come(shell.TRAIN, run_id)
    run = app.session_state["run"]
    run._until = None  # nothing is under way
    open_store().claim(run_id, "another", silent=0.0)
    run.record.take(Progress("paused", 11, 90, 1.2))
    run.record.write()
    assert run.lost
    run._pumping = False
    for script in (shell.TRAIN, shell.FILTERS):
        app.switch_page(script).run()
        assert not app.exception
        assert "goes on in another tab or server" in words(app)
        assert app.button(key="keep_as_new").label == "Keep as a new run"
    app.switch_page(shell.TRAIN).run()
    assert app.button(key="train").disabled
    app.button(key="keep_as_new").click().run()
    assert app.session_state["run"].record.id != run_id
    assert not app.button(key="train").disabled
    assert "goes on in another tab" not in words(app)


def test_a_run_that_no_page_and_no_tab_holds_is_forgotten(monkeypatch):
    """A server that is up for a term has seen thousands."""
    monkeypatch.setattr("rbm.jobs.job.RETURN_SECONDS", 0.0)
    from pages.ui.session import tasks

    run, lease = LiveRun(SPEC, Record(SPEC, visitor=ADA)), tasks._Lease()
    lease.take("run", run)
    lease.end()
    gone = weakref.ref(run)
    del run, lease
    wait(lambda: gc.collect() >= 0 and gone() is None)


def test_a_click_on_its_way_when_its_tab_ends_takes_nothing_from_the_visitors_next_tab(monkeypatch):
    """Streamlit asks its script to stop before it ends what the session held; the callback goes on all the same."""
    from pages.ui.session import tasks

    hold, ended = Hold(), threading.Event()

    def stop() -> None:
        if ended.is_set():
            raise StopException

    monkeypatch.setattr(tasks, "get_run_yield_check", lambda: stop)
    monkeypatch.setattr(tasks, "hold_beside", hold.before(tasks.hold_beside))

    def script() -> None:
        import streamlit as st

        from pages.ui.session import tasks
        from rbm.jobs.task import Task

        tasks.come_back()
        if not st.session_state.get("begun"):
            tasks.mind("first", Task("its:function"))
            st.session_state["begun"] = True
        st.button("click", key="click", on_click=lambda: tasks.hold_beside(place="another"))

    app = AppTest.from_function(script, default_timeout=PATIENCE).run()
    with ThreadPoolExecutor(1) as pool:
        click = pool.submit(app.button(key="click").click().run)
        hold.until_inside()
        ended.set()
        clear_session_resource_cache("test session id")
        hold.go()
        click.result(PATIENCE)
    assert [[*left.jobs] for left in tasks._left] == [["first"]]


def test_a_tab_that_ends_while_its_script_begins_a_job_leaves_the_others_behind():
    from pages.ui.session import tasks

    lease, hold = tasks._Lease("ada"), Hold()
    jobs = [Task("its:function") for _ in range(3)]
    for name, job in zip("ab", jobs, strict=False):
        lease.take(name, job)
    lease.minds = hold.before(lease.minds)
    with ThreadPoolExecutor(1) as pool:
        end = pool.submit(lease.end)
        hold.until_inside()
        lease.take("c", jobs[2])
        hold.go()
        end.result(PATIENCE)
    assert [[*left.jobs] for left in tasks._left] == [["a", "b"]]
