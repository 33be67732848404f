"""A thousand mutated files through page, store and what a worker does: each is a value that holds together, or one sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from streamlit.testing.v1 import AppTest

from pages.train.data import upload
from pages.ui import shell
from rbm.checkpoint import from_bytes
from rbm.core import limits
from rbm.datasets.catalog import load_dataset
from rbm.datasets.user_datasets import save
from rbm.datasets.user_datasets.read import read
from rbm.errors import RbmError
from rbm.jobs.training import TrainingJob
from rbm.store import open_store
from rbm.tasks.likelihood import LikelihoodJob
from tests.helpers.databases import let_go
from tests.helpers.hostile_files import Case, cases
from tests.helpers.screen import open_page

pytestmark = pytest.mark.usefixtures("clean")
FEW, MANY = 16, 1000
_pages: dict[str, AppTest] = {}


@pytest.fixture(autouse=True)
def places(tmp_path, monkeypatch) -> Iterator[None]:
    """A registry and a folder of own data of this test's own, and no worker: what it would do is done here."""

    def at_once(files, reading):
        try:
            return read([f.getvalue() for f in files], reading, [f.name for f in files], limits.SCREEN_ROOM)
        except RbmError as error:
            return str(error)

    monkeypatch.setenv("RBM_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("RBM_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(upload, "_read", at_once)
    _pages.clear()
    yield
    let_go(open_store())


def page(script: str) -> AppTest:
    """The page, opened once: a new one for each file would take most of the time."""
    if script not in _pages:
        _pages[script] = open_page(script)
    return _pages[script]


def sentence(app: AppTest) -> str:
    """What the page says against the file; "" where it took it. There is never more than one such thing, and it is a sentence."""
    assert not app.exception
    assert len(app.error) <= 1
    for one in app.error:
        assert one.value.rstrip().endswith((".", ")", "\\)"))
        assert len(one.value) < 1500
        return str(one.value)
    return ""


def check_run(case: Case) -> None:
    """A run that the page took can be looked at, measured and gone on with; the registry holds what its file says."""
    store, app = open_store(), page(shell.RUNS)
    before = {run.id for run in store.runs()}
    ending = "zip" if case.files[0].startswith(b"PK") else "safetensors"
    app.file_uploader(key="runs_upload").set_value((f"run.{ending}", case.files[0], "")).run()
    told = sentence(app)
    added = [run for run in store.runs() if run.id not in before]
    assert bool(told) != bool(added)
    assert not (case.refused and added)
    for run in added:
        saved, at = from_bytes(store.checkpoint(run.id)), run.progress
        history = store.history(run.id)
        assert 0 <= at.step <= at.total_steps
        assert all(0 <= event.step <= at.step for event in history.events)
        assert saved.spec == run.spec
        assert all(torch.isfinite(p).all() for p in saved.model.parameters())
        LikelihoodJob(store.checkpoint(run.id))
        with suppress(RbmError):  # a state that is not the run's own is told when the run is taken up
            TrainingJob(run.spec.to_json(), store.checkpoint(run.id)).advance(0.0)
        store.delete([run.id])
    app.run()
    assert not app.exception


def check_own(case: Case) -> None:
    """Pictures that the page shows can be kept and learnt from."""
    app = page(shell.DATA)
    files = [(f"file{i}", data, "") for i, data in enumerate(case.files)]
    app.file_uploader(key="own_files").set_value(files).run()
    told = sentence(app)
    asked = [button for button in app.button if button.key == "own_keep"]
    assert bool(told) != bool(asked)
    assert not (case.refused and asked)
    if asked:
        app.text_input(key="own_name").set_value("strange").run()
        app.button(key="own_keep").click().run()
        assert sentence(app) == ""
        (one,) = save.kept()
        data = load_dataset("own:strange")
        assert one.n == len(data.train) + len(data.validation) + len(data.test)
        assert float(data.train.min()) >= 0
        assert float(data.train.max()) <= 1
        assert np.isin(data.train_labels.unique().numpy(), range(len(one.class_names))).all()
        save.remove("strange")
        app.run()
        assert not app.exception


def check(case: Case) -> None:
    (check_run if case.reader == "run" else check_own)(case)


@settings(max_examples=FEW, deadline=None, suppress_health_check=list(HealthCheck))
@given(case=cases())
def test_a_few_hostile_files_on_the_page(case: Case) -> None:
    check(case)


@pytest.mark.slow  # minutes: every file is put on the page
@settings(max_examples=MANY, deadline=None, suppress_health_check=list(HealthCheck))
@given(case=cases())
def test_a_thousand_hostile_files_on_the_page(case: Case) -> None:
    check(case)
