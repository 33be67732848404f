"""The folder of own data removed under a running server: it is told, nothing is lost, and the next upload is kept."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
from streamlit.testing.v1 import AppTest

from pages.ui import shell
from pages.ui.session import state
from rbm.datasets.user_datasets import save
from rbm.datasets.user_datasets.pictures import Pictures
from rbm.jobs import cluster, job
from rbm.jobs.live import LiveRun
from rbm.store import open_store
from tests.helpers.databases import let_go
from tests.helpers.screen import SCRIPTS, app_test, open_page
from tests.helpers.waiting import wait

PICTURES = Pictures(
    np.random.default_rng(1).integers(0, 256, (40, 6, 6), dtype=np.uint8), np.arange(40) % 2, ("a", "b")
)


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("RBM_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("RBM_RUNS", str(tmp_path / "runs"))
    cluster.disconnect()
    save.save("mine", PICTURES)
    yield tmp_path / "data"
    job.release_all(30)
    let_go(open_store())
    cluster.disconnect()


def look(page: str, run: LiveRun) -> AppTest:
    """A visitor of that run on that page."""
    app = app_test()
    app.session_state["run"] = run
    app.session_state["draft"] = state.to_draft(run.spec)
    app.run()
    return app.switch_page(page).run()


@pytest.fixture
def run(data: Path) -> LiveRun:
    app = open_page(shell.TRAIN)
    app.session_state["draft"].update(dataset="own:mine", batch_size=5)
    app.run()
    app.button(key="one_batch").click().run()
    one: LiveRun = app.session_state["run"]
    wait(lambda: one.step_number == 1 and not one.active)
    return one


def test_no_page_breaks_and_those_that_need_the_pictures_say_so(run, data):
    shutil.rmtree(data)
    app = look(shell.HOME, run)
    for page in SCRIPTS:
        app.switch_page(page).run()
        assert not app.exception, page
        if page in (shell.FILTERS, shell.EXAMINE, shell.GIBBS, shell.FEATURES):
            assert any("is not on this server any more" in one.value for one in app.warning), page
    app.switch_page(shell.TRAIN).run()
    assert app.button(key="one_batch").disabled
    assert any("mine (not here) is not on this machine" in one.value for one in app.warning)


@pytest.mark.slow
def test_a_run_goes_on_with_what_its_worker_has_and_is_told_once_it_must_be_read_again(run, data):
    shutil.rmtree(data)
    run.step(batches=1)
    wait(lambda: not run.active)
    assert (run.status, run.step_number) == ("paused", 2)
    for pid in cluster.connect().client.run(os.getpid).values():
        psutil.Process(pid).kill()
    run.step(batches=1)
    wait(lambda: not run.active)
    assert run.status == "failed"
    assert "own:mine does not hold the pictures any more" in run.message
    save.save("mine", PICTURES)  # the very ones, in a folder that is made anew
    app = look(shell.TRAIN, run)
    app.button(key="one_batch").click().run()
    wait(lambda: not run.active)
    assert (run.status, run.step_number, run.message) == ("paused", 3, "")
