"""Runs on their way into the registry: behind training's back, from several processes, and through kill -9."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch

from rbm.errors import StoreError
from rbm.experiment import DatasetSpec, ModelSpec, RunSpec
from rbm.jobs import cluster, recording
from rbm.jobs.job import release_all
from rbm.jobs.live import LiveRun
from rbm.jobs.recording import Record
from rbm.store import Progress, Store
from rbm.training.config import TrainConfig
from tests.helpers.databases import on_both_at_releases
from tests.helpers.places import ROOT
from tests.helpers.waiting import ENDLESS, PATIENCE, trained, wait

SPEC = RunSpec(DatasetSpec(size=2000), ModelSpec(23), TrainConfig(algorithm="pcd", optimizer="adam", epochs=40))
UPDATES = 40 * 32  # of SPEC
LONG = RunSpec(model=SPEC.model, training=replace(SPEC.training, epochs=ENDLESS))


pytestmark = pytest.mark.usefixtures("watched")


@pytest.fixture(scope="module")
def workers() -> Iterator[cluster.Cluster]:
    yield cluster.connect()
    release_all(PATIENCE)


@pytest.mark.slow  # the test of kill -9 reads the same registry
@on_both_at_releases
def test_a_live_run_is_in_the_registry_from_its_first_slice_with_its_numbers_and_checkpoints(workers, store):
    run = LiveRun(SPEC, Record(SPEC, store=lambda: store, tags=("here",)))
    assert store.runs() == []  # nothing was trained yet
    run.play()
    wait(lambda: bool(store.runs()))
    wait(lambda: run.status == "finished" and not run.active)
    recording.flush()
    (kept,) = store.runs(tag="here")
    assert kept.id == run.record.id
    assert (kept.status, kept.progress.step, kept.progress.total_steps) == ("finished", UPDATES, UPDATES)
    assert store.history(kept.id).events == run.history.events
    assert kept.versions["torch"] == torch.__version__
    assert kept.progress.device == "cpu"
    assert [c.step for c in store.checkpoints(kept.id)] == [32 * epoch for epoch in (1, 2, 5, 10, 20, 40)]
    run.release()


@pytest.mark.slow  # what follows shows the same after kill -9
@on_both_at_releases
def test_pausing_keeps_the_very_state_and_another_server_goes_on_to_the_same_parameters(workers, store, open_again):
    first = LiveRun(LONG, Record(LONG, store=lambda: store))
    first.play()
    wait(lambda: first.step_number > 300)
    first.pause()
    wait(lambda: not first.active)
    recording.flush()
    other = open_again()
    (found,) = other.runs()
    assert (found.status, found.progress.step) == ("paused", first.step_number)
    second = taken_up(other, found.id)
    wait(lambda: second.snapshot is not None)
    np.testing.assert_array_equal(second.snapshot.weight, first.snapshot.weight)
    end = go_on(second)
    np.testing.assert_array_equal(second.snapshot.weight, trained(LONG, end))
    recording.flush()
    steps = [e.step for e in other.history(found.id).events]
    assert steps == sorted(set(steps))
    assert steps[-1] == end
    # The first, still open in another tab, is told that its run is no longer its own.
    first.step(batches=1)
    wait(lambda: first.record.lost)
    assert "goes on in another tab" in first.record.problem
    for run in (first, second):
        run.release()


def taken_up(store: Store, run_id: str, silent: float = 30.0) -> LiveRun:
    run = store.run(run_id)
    record = Record(run.spec, run_id=run_id, store=lambda: store)
    record.claim(silent)
    resumed = LiveRun.resume(record, store.run(run_id), store.history(run_id), store.checkpoint(run_id))
    resumed.renew()
    return resumed


def go_on(run: LiveRun) -> int:
    """Train a resumed run on for a while; returns the update at which it rests."""
    wait(lambda: not run.active)
    start = run.step_number
    run.step(batches=300)
    wait(lambda: run.step_number == start + 300 and not run.active)
    return run.step_number


SERVER = """
import sys, time
from rbm.jobs import live
from rbm.experiment import RunSpec
from rbm.jobs.live import LiveRun
from rbm.jobs.recording import Record
from rbm.store import Store
live.CHECKPOINT_SECONDS = {interval}
store = Store(sys.argv[1], sys.argv[2])
spec = RunSpec.from_json(sys.argv[3])
run = LiveRun(spec, Record(spec, store=lambda: store))
run.play()
while True:
    run.renew()
    time.sleep(0.02)
"""
INTERVAL = 0.5  # seconds


@on_both_at_releases
def test_kill_9_of_the_server_loses_nothing_that_was_kept_and_resume_is_bit_for_bit(
    workers, store, url, tmp_path, monkeypatch
):
    """How often that is, is held on a clock of its own in tests/jobs/test_live.py."""
    monkeypatch.delenv("RBM_SCHEDULER", raising=False)
    code = SERVER.format(interval=INTERVAL)
    server = subprocess.Popen([sys.executable, "-c", code, url, str(tmp_path), LONG.to_json()], cwd=ROOT)
    seen: list[int] = []  # updates of the newest checkpoints, as they came

    def kept_again() -> bool:
        assert server.poll() is None
        newest = [c.step for run in store.runs() for c in store.checkpoints(run.id)[-1:]]
        seen.extend(step for step in newest if step not in seen)
        return len(seen) > 2 and seen[-1] > 1

    wait(kept_again, what="a third checkpoint")
    os.kill(server.pid, signal.SIGKILL)
    server.wait()
    (found,) = store.runs()
    run_id = found.id
    assert found.progress.status == "running"  # nobody could say goodbye
    saved = store.checkpoints(run_id)[-1].step
    assert saved >= seen[-1] > 1
    with pytest.raises(StoreError, match="Another tab or server trained run"):
        taken_up(store, run_id)
    resumed = taken_up(store, run_id, silent=0.0)
    assert resumed.step_number == saved
    end = go_on(resumed)
    np.testing.assert_array_equal(resumed.snapshot.weight, trained(LONG, end))
    recording.flush()
    steps = [e.step for e in store.history(run_id).events]
    assert steps == sorted(set(steps))
    assert (store.run(run_id).status, steps[-1]) == ("paused", end)
    resumed.release()


TRAINER = """
import sys
from rbm.errors import StoreError
from rbm.experiment import RunSpec
from rbm.store import Progress, Store
from rbm.training.events import TrainEvent
url, folder, name, contested = sys.argv[1:]
store = Store(url, folder)
at = Progress("paused", 0, 400, 0.0)
refused = 0
def meet():
    print("ready", flush=True)
    sys.stdin.readline()
meet()
for n in range(20):
    if n == 10:
        store.claim(contested, name)
        meet()  # both have claimed it: one of them has lost it, however their turns fall
    mine = store.create(RunSpec(seed=n), name, at, tags=(name,))
    for step in range(5):
        events = [TrainEvent(step, step / 5, {"cd_loss": float(step)}, 0.1)]
        store.write(mine, name, at._replace(step=step), events, (step, step / 5, name.encode() * 1000))
    if n % 5 == 0 and n != 10:
        try:
            store.claim(contested, name)
        except StoreError:
            refused += 1
    try:
        store.write(contested, name, at, [TrainEvent(n, n / 5, {name: 1.0}, 0.0)], (n, 0.0, name.encode() * 1000))
    except StoreError:
        refused += 1
print(refused, flush=True)
"""


def test_two_servers_on_one_registry_do_not_harm_each_other(store, url, tmp_path):
    """Two processes write runs of their own and fight over a third, as fast as they can."""
    contested = store.create(RunSpec(), "nobody", Progress("paused", 0, 400, 0.0))
    command = [sys.executable, "-c", TRAINER, url, str(tmp_path)]
    both = [
        subprocess.Popen(
            [*command, name, contested], cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for name in ("left", "right")
    ]
    for _ in range(2):
        for process in both:
            assert process.stdout.readline() == "ready\n"
        for process in both:
            process.stdin.write("go\n")
            process.stdin.flush()
    refused = [int(process.communicate(timeout=PATIENCE)[0]) for process in both]
    assert [process.returncode for process in both] == [0, 0]
    for name in ("left", "right"):
        runs = store.runs(tag=name)
        assert sorted(run.spec.seed for run in runs) == list(range(20))
        for run in runs:
            assert [e.step for e in store.history(run.id).events] == [0, 1, 2, 3, 4]
            assert store.checkpoint(run.id) == name.encode() * 1000
    # Every event of the contested run, and its checkpoint, is wholly one server's.
    assert all(len(e.metrics) == 1 for e in store.history(contested).events)
    assert store.checkpoint(contested)[:4] in (b"left", b"righ")
    assert sum(refused) > 0  # they did meet
    named = {c.file for run in store.runs() for c in store.checkpoints(run.id)}
    there = {str(p.relative_to(tmp_path / "checkpoints")) for p in (tmp_path / "checkpoints").rglob("*.safetensors")}
    assert named <= there
    if url.startswith("sqlite"):
        with sqlite3.connect(tmp_path / "runs.sqlite3") as raw:
            assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        raw.close()


def test_training_does_not_wait_for_a_registry_that_is_busy(tmp_path):
    """While somebody else holds the write lock, ``take`` still returns, and all is written afterwards."""
    store = Store(folder=tmp_path)
    record = Record(SPEC, store=lambda: store)
    record.take(Progress("running", 0, 100, 0.0))
    wait(lambda: record.begun)
    with store._database.write():
        for step in range(200):  # had one of them waited for the lock, it would wait for what comes after it
            record.take(Progress("paused", step, 100, 0.0))
        assert store.run(record.id).progress.step == 0
    recording.flush()
    wait(lambda: store.run(record.id).progress.step == 199)
    store.close()


def test_a_registry_that_fails_is_told_and_written_when_it_is_back(tmp_path, monkeypatch):
    monkeypatch.setattr(recording, "RETRY_SECONDS", 0.1)
    blocked = threading.Event()
    store = Store(folder=tmp_path)

    def opened() -> Store:
        if not blocked.is_set():
            raise StoreError("The disk is full.")
        return store

    record = Record(SPEC, store=opened)
    record.take(Progress("paused", 5, 100, 0.5))
    wait(lambda: record.problem == "The disk is full.")
    record.take(Progress("paused", 7, 100, 0.7))
    blocked.set()
    wait(lambda: record.begun and not record.problem)
    assert store.run(record.id).progress.step == 7
    store.close()


def test_a_trainer_that_waits_is_not_taken_for_one_that_is_gone_and_one_that_rests_says_nothing(tmp_path, monkeypatch):
    store = Store(folder=tmp_path)
    record = Record(SPEC, store=lambda: store)

    def written() -> float:
        recording.flush()
        return store.run(record.id).updated_at

    record.take(Progress("running", 5, 100, 0.5))
    first = written()
    record.beat()
    assert written() == first  # it has only just been heard of
    monkeypatch.setattr(recording, "BEAT_SECONDS", 0.0)
    record.beat()
    second = written()
    assert second > first
    assert store.run(record.id).progress == Progress("running", 5, 100, 0.5)._replace(device="cpu")
    record.take(Progress("paused", 7, 100, 0.7))
    third = written()
    record.beat()
    assert written() == third
    assert store.run(record.id).progress.step == 7
    store.close()
