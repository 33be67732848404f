"""Runs on a real Dask cluster, in its own process, as the app uses it."""

import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import psutil
import pytest
import torch

from pages.ui.components import moving
from pages.ui.server.feed import Feed
from rbm import link
from rbm.checkpoint import load_checkpoint
from rbm.errors import ClusterError, ConfigError
from rbm.experiment import DatasetSpec, ModelSpec, RunSpec
from rbm.jobs import cluster, job, live
from rbm.jobs.job import SLICE_SECONDS, release_all
from rbm.jobs.live import LiveRun
from rbm.jobs.snapshots import CLASS_BYTES, KEPT_BYTES, Snapshot, room, thin, with_newest
from rbm.jobs.training import Slice
from rbm.models.rbm import RBM
from rbm.presets import PRESETS
from rbm.training.changes import Change
from rbm.training.config import TrainConfig
from rbm.training.events import TrainEvent
from rbm.training.history import History
from tests.helpers.places import ROOT
from tests.helpers.waiting import ENDLESS, PATIENCE, trained, wait

SPEC = RunSpec(DatasetSpec(size=2000), ModelSpec(23), TrainConfig(epochs=10))  # 320 updates
LONG = RunSpec(model=ModelSpec(23), training=TrainConfig(epochs=ENDLESS, schedule="constant"))


pytestmark = pytest.mark.usefixtures("watched")


@pytest.fixture(scope="module", autouse=True)
def workers() -> Iterator[None]:
    """They may be others in the end: a cluster that stays without workers once they were killed is begun anew."""
    cluster.connect()
    yield
    release_all(PATIENCE)


@pytest.fixture
def start() -> Iterator[Callable[[RunSpec], LiveRun]]:
    """Makes runs that are stopped at the end of the test."""
    made: list[LiveRun] = []

    def make(spec: RunSpec) -> LiveRun:
        made.append(LiveRun(spec))
        return made[-1]

    yield make
    for run in made:
        run.pause()
        run.release()
        wait(lambda run=run: not run.active)


def test_a_run_finishes_with_the_very_parameters_of_the_same_run_without_a_cluster(start):
    run = start(SPEC)
    run.play()
    wait(lambda: run.status == "finished")
    wait(lambda: not run.active)
    assert run.step_number == run.total_steps == 320
    assert [e.step for e in run.history.events][:5] == [0, 1, 2, 4, 8]
    assert run.history.events[-1].step == 320
    np.testing.assert_array_equal(run.snapshot.weight, trained(SPEC))
    assert run.first.step == 0 or run.first.step < 100
    assert run.past[0].step == run.first.step
    assert run.past[-1].step == 320


def held(key: str) -> bool:
    """Whether some worker holds the actor of that key."""
    found = cluster.connect().client.run(lambda key, dask_worker: key in dask_worker.state.actors, key)
    return any(found.values())


def test_a_closed_tab_costs_the_workers_nothing_and_coming_back_goes_on_bit_for_bit(start):
    run = start(SPEC)
    run.step(epochs=3)
    wait(lambda: run.step_number == 3 * 32 and not run.active)
    key = run._seat.key
    assert held(key)
    run.release()
    wait(lambda: not held(key))
    run.play()
    wait(lambda: run.status == "finished" and not run.active)
    np.testing.assert_array_equal(run.snapshot.weight, trained(SPEC))


def test_a_run_is_finished_only_with_the_slice_that_ends_its_last_update():
    """That update may be left where it is judged: its snapshot and its last numbers come with the next slice."""
    run = LiveRun(SPEC)
    run.status = "running"
    left = Slice([], "running", "", 320, 320, 32, None, None, [], 10.0, "cpu")
    run._take(left)
    assert (run.status, run.step_number) == ("running", 320)
    run._take(left._replace(status="finished"))
    assert run.status == "finished"


def test_a_tab_closed_while_its_run_trains_leaves_the_worker_too(start):
    run = start(LONG)
    run.play()
    wait(lambda: run.step_number > 0)
    key = run._seat.key
    run.release()
    wait(lambda: not held(key) and not run._pumping)
    stood = run.step_number
    run.renew()
    wait(lambda: run.step_number > stood)


def test_pausing_stops_and_going_on_goes_on(start):
    run = start(LONG)
    run.play()
    wait(lambda: run.step_number > 50)
    run.pause()
    wait(lambda: not run.active)
    stood = run.step_number
    time.sleep(0.5)
    assert run.step_number == stood
    assert run.status == "paused"
    run.play()
    wait(lambda: run.step_number > stood)


def test_one_batch_is_one_update_and_one_epoch_is_all_its_batches(start):
    run = start(LONG)
    run.step(batches=1)
    wait(lambda: run.step_number == 1 and not run.active)
    assert run.history.events[-1].step == 1
    run.step(epochs=1)
    wait(lambda: not run.active)
    assert run.batches_per_epoch == 844  # of 54,000 images, 64 each
    assert run.step_number == 1 + 844
    run.step(batches=1)
    run.step(batches=1)  # two quick clicks are two batches
    wait(lambda: not run.active)
    assert run.step_number == 3 + 844
    assert run.status == "paused"
    assert run.snapshot.step == 3 + 844


def test_a_finished_run_is_trained_further_by_hand_and_is_then_the_longer_run(start):
    """2 epochs, a batch, the rest of the third and a fourth: the very parameters of 4 epochs at once."""
    short = replace(SPEC, training=TrainConfig(schedule="constant", epochs=2))
    run = start(short)
    run.play()
    wait(lambda: run.status == "finished")
    run.step(batches=1)  # at once: slices of the finished run may still be under way
    wait(lambda: run.step_number == 2 * 32 + 1 and not run.active)
    assert (run.status, run.epochs, run.total_steps) == ("paused", 3, 3 * 32)
    run.play()
    wait(lambda: run.status == "finished" and not run.active)
    assert run.step_number == 3 * 32
    run.step(epochs=1)
    wait(lambda: run.status == "finished" and run.step_number == 4 * 32 and not run.active)
    assert run.knobs["epochs"] == 4
    assert run.spec == short  # what was planned stays what it was
    np.testing.assert_array_equal(
        run.snapshot.weight, trained(replace(SPEC, training=TrainConfig(schedule="constant", epochs=4)))
    )


def test_two_quick_clicks_on_a_finished_run_are_two_epochs(start):
    run = start(replace(SPEC, training=TrainConfig(schedule="constant", epochs=1)))
    run.play()
    wait(lambda: run.status == "finished" and not run.active)
    run.step(epochs=1)
    run.step(epochs=1)
    assert run.by_hand == (0, 2)
    wait(lambda: not run.active)
    assert (run.status, run.step_number, run.by_hand) == ("finished", 3 * 32, (0, 0))


def test_a_longer_run_survives_the_loss_of_its_worker(start):
    run = start(replace(SPEC, training=TrainConfig(schedule="constant", epochs=1)))
    run.play()
    wait(lambda: run.status == "finished" and not run.active)
    for pid in cluster.connect().client.run(os.getpid).values():
        psutil.Process(pid).kill()
    run.step(epochs=2)
    wait(lambda: run.status == "finished" and run.step_number == 3 * 32)
    np.testing.assert_array_equal(
        run.snapshot.weight, trained(replace(SPEC, training=TrainConfig(schedule="constant", epochs=3)))
    )


def test_a_run_of_the_most_epochs_gets_no_further(start, monkeypatch):
    monkeypatch.setattr(live, "MOST_EPOCHS", 2)
    run = start(replace(SPEC, training=TrainConfig(schedule="constant", epochs=1)))
    run.play()
    wait(lambda: run.status == "finished" and not run.active)
    run.step(epochs=5)
    wait(lambda: run.status == "finished" and not run.active)
    assert run.step_number == 2 * 32
    with pytest.raises(ConfigError, match="has had 2 epochs, and no run has more"):
        run.step(batches=1)


def test_single_steps_can_be_stopped_and_say_what_they_do(start):
    run = start(LONG)
    run.step(epochs=50)
    wait(lambda: run.step_number > 0)
    assert moving.run_line(run)["words"].startswith("Training 50 epochs · epoch ")
    run.pause()
    wait(lambda: not run.active)
    assert run.by_hand == (0, 0)
    assert run.step_number < 50 * 844
    assert moving.run_line(run)["words"].startswith("Paused · epoch ")


def test_a_run_that_nobody_watches_stops_and_goes_on_when_somebody_looks_again(start):
    run = start(LONG)
    run.play()
    wait(lambda: run.step_number > 50)
    run.release()
    wait(lambda: not run._pumping)
    stood = run.step_number
    time.sleep(0.5)
    assert run.step_number == stood
    assert run.status == "running"  # what the person wanted has not changed
    run.renew()
    wait(lambda: run.step_number > stood)


def test_a_lease_that_is_not_renewed_runs_out(start, monkeypatch):
    run = start(LONG)
    run.play()
    wait(lambda: run.step_number > 0)
    monkeypatch.setattr(job, "LEASE_SECONDS", 0.3)
    run.renew()
    wait(lambda: not run._pumping)
    assert run.status == "running"


def test_a_turned_knob_is_in_force_from_the_next_slice(start):
    run = start(LONG)
    run.play()
    wait(lambda: run.step_number > 50)
    run.change(learning_rate=0.003, k=2)
    wait(lambda: run.history.last("learning_rate") == 0.003)
    with pytest.raises(ConfigError, match="k is 99"):
        run.change(k=99)
    with pytest.raises(ConfigError, match="start a new run"):
        run.change(batch_size=10)


def test_knobs_turned_live_are_noted_where_they_came_into_force_and_the_code_does_the_same_run(
    start, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    run = start(SPEC)
    run.step(epochs=2)
    wait(lambda: run.step_number == 2 * 32 and not run.active)
    run.change(learning_rate=0.011, k=2)
    run.step(epochs=2)
    wait(lambda: run.step_number == 4 * 32 and not run.active)
    assert run.turned == run.changes == (Change(2 * 32, {"learning_rate": 0.011, "k": 2}),)
    run.change(momentum=0.3)  # at rest it is known where it will come into force
    assert run.turned == (*run.changes, Change(4 * 32, {"momentum": 0.3}))
    run.play()
    wait(lambda: run.status == "finished" and not run.active)
    assert run.changes == (Change(2 * 32, {"learning_rate": 0.011, "k": 2}), Change(4 * 32, {"momentum": 0.3}))
    threads = torch.get_num_threads()
    exec(compile(link.code(run.spec, run.changes), "shown code", "exec"), {})
    torch.set_num_threads(threads)
    np.testing.assert_array_equal(load_checkpoint("run.safetensors").model.weight.detach().numpy(), run.snapshot.weight)
    assert not np.array_equal(trained(run.spec), run.snapshot.weight)


def test_a_slice_that_turns_a_knob_has_none_ahead_and_one_that_is_told_late_takes_no_change_back():
    """Two slices of one run may come to its worker, and back, in either order."""
    run, turned = LiveRun(SPEC), (Change(32, {"momentum": 0.3}),)
    order = {"seconds": 0.1, "until": None, "snapshot": False, "checkpoint": False}

    def told(step: int, changes: tuple[Change, ...]) -> Slice:
        return Slice([], "running", "", step, 320, 32, None, None, [], step / 32, "cpu", changes)

    assert run._at_once() == 2
    run.change(momentum=0.3)
    assert [name for name, _ in run._calls(order)] == ["change", "advance"]
    assert run._at_once() == 1
    run._take(told(40, turned))
    assert [name for name, _ in run._calls(order)] == ["advance"]
    assert run._at_once() == 2
    run._take(told(40, ()))
    assert run.changes == turned


def test_a_picture_that_is_told_late_takes_a_newer_one_s_place_no_more_than_its_checkpoint_does():
    run = LiveRun(SPEC)

    def told(step: int) -> Slice:
        picture = Snapshot(*(np.zeros(1),) * 3, step=step, epoch=step / 32, activity=np.zeros(1))
        return Slice([], "running", "", step, 320, 32, picture, b"%d" % step, [], step / 32, "cpu", ())

    for step in (40, 50, 45):
        run._take(told(step))
    assert run.snapshot.step == run._saved_step == run.step_number == 50
    assert run._checkpoint == b"50"
    assert [one.step for one in run.past] == [40, 50]


def test_a_run_at_rest_shows_the_update_at_which_it_rests(start, monkeypatch):
    """Also where its newest checkpoint came without a picture, as one does that was asked for amidst a long update."""
    monkeypatch.setattr(live, "CHECKPOINT_SECONDS", 0.0)
    monkeypatch.setattr(live, "SNAPSHOT_SECONDS", math.inf)
    run = start(LONG)
    run.play()
    wait(lambda: run.step_number > 50)
    assert run.snapshot is None
    run.pause()
    wait(lambda: not run.active)
    assert run.snapshot.step == run._saved_step == run.step_number
    np.testing.assert_array_equal(run.snapshot.weight, trained(LONG, run.step_number))


def test_a_knob_turned_in_the_midst_of_training_is_noted_at_its_update(start):
    run = start(LONG)
    run.play()
    wait(lambda: run.step_number > 0)
    run.change(momentum=0.3)
    wait(lambda: bool(run.changes))
    (noted,) = run.changes
    assert noted.step > 0
    assert noted.knobs == {"momentum": 0.3}


def test_divergence_is_told_and_the_last_good_machine_stays(start):
    run = start(PRESETS["too_fast"].spec)
    run.play()
    wait(lambda: run.status == "diverged")
    assert "Lower the learning rate from 10 to 1" in run.message
    assert np.isfinite(run.snapshot.weight).all()
    assert len(run.history)


def test_runs_of_two_sessions_are_apart(start):
    one, two = start(LONG), start(replace(LONG, seed=2))
    one.play()
    two.play()
    wait(lambda: one.step_number > 100 and two.step_number > 100)
    one.pause()
    wait(lambda: not one.active)
    stood = two.step_number
    wait(lambda: two.step_number > stood + 100)
    assert not np.array_equal(one.snapshot.weight, two.snapshot.weight)


def test_a_killed_worker_costs_seconds_and_changes_nothing(start, monkeypatch):
    """kill -9 of every worker in the middle of a run: it ends with the same parameters as one left in peace."""
    monkeypatch.setattr(live, "CHECKPOINT_SECONDS", 0.3)
    run = start(LONG)
    run.play()
    wait(lambda: run._saved_step > 0 and run.step_number > run._saved_step)
    reached, worked = run.step_number, run._seat
    for pid in cluster.connect().client.run(os.getpid).values():
        psutil.Process(pid).kill()
    wait(lambda: run._seat is not None and run._seat is not worked, what="a new worker")
    wait(lambda: run.step_number > reached, what="training beyond where it was lost")
    run.step(batches=1)  # and rest, with a picture of the very end
    wait(lambda: not run.active)
    steps = [e.step for e in run.history.events]
    assert steps == sorted(set(steps))
    assert run.snapshot.step == run.step_number
    np.testing.assert_array_equal(run.snapshot.weight, trained(LONG, run.step_number))


def test_a_checkpoint_is_asked_for_as_soon_as_an_interval_has_passed(monkeypatch):
    """What a lost worker costs at most, on a clock of the test's own."""
    now = 1000.0
    monkeypatch.setattr(live, "time", SimpleNamespace(monotonic=lambda: now))
    run = LiveRun(SPEC)
    monkeypatch.setattr(run, "renew", lambda: None)  # no thread: the orders are asked for here
    run.play()
    run._lease_ends = math.inf
    asked = []
    for _ in range(400):
        if run._next_order()["checkpoint"]:
            asked.append(now)
        now += SLICE_SECONDS
    assert asked[0] == 1000.0
    gaps = np.diff(asked)
    assert len(gaps) > 10
    assert gaps.min() > live.CHECKPOINT_SECONDS
    assert gaps.max() <= live.CHECKPOINT_SECONDS + SLICE_SECONDS


def test_no_process_stays_behind_when_the_server_is_killed():
    code = "import sys; from rbm.jobs import cluster; print(cluster.connect().address, flush=True); sys.stdin.read()"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    server = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, text=True, **pipes)
    assert server.stdout.readline().startswith("tcp://127.0.0.1:")
    family = psutil.Process(server.pid).children(recursive=True)
    assert len(family) > 1
    server.kill()
    server.wait()
    server.stdin.close()
    server.stdout.close()
    _, alive = psutil.wait_procs(family, PATIENCE)
    assert not alive


def test_an_existing_scheduler_is_used_and_a_missing_one_is_named(monkeypatch):
    address = cluster.connect().address
    monkeypatch.setattr(cluster, "_current", None)
    monkeypatch.setenv("RBM_SCHEDULER", address)
    joined = cluster.connect()
    assert joined.address == address
    assert joined._process is None
    joined.close()
    monkeypatch.setattr(cluster, "_current", None)
    monkeypatch.setattr(cluster, "START_SECONDS", 1.0)
    monkeypatch.setenv("RBM_SCHEDULER", "tcp://127.0.0.1:9")
    with pytest.raises(ClusterError, match=r"No Dask scheduler answers at tcp://127.0.0.1:9"):
        cluster.connect()
    monkeypatch.setattr(cluster, "_current", None)


def test_the_history_thins_its_most_crowded_part_and_keeps_the_ends():
    def past(step: int) -> Snapshot:
        return Snapshot(*(np.zeros(1),) * 3, step=step, epoch=step / 10, activity=np.zeros(1))

    kept = [past(step) for step in (0, 10, 11, 100, 1000)]
    assert [p.step for p in thin(kept)] in ([0, 10, 100, 1000], [0, 11, 100, 1000])


def test_the_pasts_of_a_class_share_what_one_run_has_alone():
    def snapshot(step: int) -> Snapshot:
        return Snapshot(np.zeros((1024, 1024)), np.zeros(1), np.zeros(1), step=step, epoch=1.0, activity=np.zeros(1))

    alone: list[Snapshot] = []
    among: list[Snapshot] = []
    for step in range(20):
        alone, among = with_newest(alone, snapshot(step)), with_newest(among, snapshot(step), room(60))
    assert (len(alone), len(among)) == (12, 8)  # 2 MB each, within 24, and never fewer than 8
    assert [p.step for p in (among[0], among[-1])] == [0, 19]
    assert 60 * room(60) <= CLASS_BYTES
    assert room(1) == room(0) == KEPT_BYTES


def test_a_snapshot_becomes_the_model_again(start):
    run = start(SPEC)
    run.step(batches=3)
    wait(lambda: run.step_number == 3 and not run.active)
    model = run.snapshot.to_model()
    np.testing.assert_array_equal(model.weight.detach().numpy(), run.snapshot.weight)
    np.testing.assert_array_equal(model.hidden_bias.detach().numpy(), run.snapshot.hidden_bias)


def test_news_are_told_until_the_run_is_at_rest(start):
    run, heard = start(SPEC), []
    run.on_news = lambda: heard.append((len(run.history), run.active))
    run.step(batches=3)
    wait(lambda: bool(heard) and not heard[-1][1])
    assert heard[-1] == (len(run.history), False)
    assert any(moving for _, moving in heard)


def test_a_feed_says_what_is_new_and_when_the_script_is_to_draw(start, monkeypatch):
    monkeypatch.setattr("pages.ui.server.feed.TURN_SECONDS", 0.0)
    feed, run = Feed(), start(SPEC)
    assert feed.message() is None
    part = feed.watch("board", run)
    part.moves(lambda: {"status": {"share": run.progress}})
    assert json.loads(feed.message()) == {"elements": {"status": {"share": 0.0}}}
    assert feed.message() is None  # nothing is new
    run.status = "failed"  # what the script has to draw
    run.on_news()
    told = json.loads(feed.message())["elements"]
    assert told["turn_board"]["turn"] > 0
    run.on_news()
    assert set(json.loads(feed.message())["elements"]) == {"status"}  # asked for once
    feed.ask_again()  # another socket, which has heard nothing
    assert "turn_board" in json.loads(feed.message())["elements"]
    feed.watch("board", run)  # the script has drawn it
    assert feed.message() is None
    run.status = "idle"
    run.step(batches=1)
    wait(lambda: not run.active)
    feed.begin()  # another page
    assert feed.message() is None


def test_two_feeds_have_addresses_that_cannot_be_guessed():
    first, second = Feed(), Feed()
    assert first.address != second.address
    assert len(first.token) > 20


def test_the_time_that_is_left_counts_the_others_at_its_worker():
    """Each has its turns: with three at a worker a run takes three times as long as its own seconds say."""
    run = LiveRun(LONG)
    assert run.seconds_left is None
    run.history.extend([TrainEvent(10, 1.0, {}, 4.0)])
    run.step_number, run.total_steps = 10, 100
    assert run.seconds_left == pytest.approx(36)
    run._seat = SimpleNamespace(crowd=3)
    assert run.seconds_left == pytest.approx(3 * 36)
    run.status = "running"
    assert "2 min left" in moving.run_line(run)["words"]


@pytest.mark.parametrize(
    ("steps", "says", "share"), [(30, "Stopped · epoch 3.00 of 20", 0.15), (200, "Finished · epoch 20.00 of 20", 1.0)]
)
def test_a_machine_that_was_kept_on_its_way_is_not_said_to_be_finished(steps, says, share):
    machine = Snapshot.of(RBM(4, 2), step=steps, epoch=steps / 10, activity=np.zeros(2, np.float32))
    line = moving.run_line(LiveRun.at_rest(RunSpec(training=TrainConfig(epochs=20)), machine, History()))
    assert (line["words"], line["share"]) == (says, pytest.approx(share))
