"""Checkpoints that a disk has changed: noticed, passed over for the newest whole one, and told in a sentence."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from safetensors.torch import load, save

from rbm.checkpoint import from_bytes, load_checkpoint, to_bytes
from rbm.errors import CheckpointError, StoreError
from rbm.jobs.recording import Record
from rbm.store import Progress, Store
from rbm.store.owners import NOBODY
from rbm.training.events import TrainEvent
from tests.helpers.databases import on_both_at_releases
from tests.helpers.places import ROOT
from tests.helpers.short_run import SPEC, trained

AT = Progress("paused", 9, 36, 2.25)


def saved(steps: int) -> bytes:
    trainer, _ = trained(steps=steps)
    return to_bytes(trainer.model, SPEC, state=trainer.state())


def older(data: bytes) -> bytes:
    """The same checkpoint as programs wrote it that knew no checksum."""
    whole = from_bytes(data)
    header = {"format": "boltzmann-explorer/1", "spec": whole.spec.to_json(), "history": "[]"}
    return bytes(save(load(data), metadata=header))


@pytest.fixture
def run_id(store: Store) -> str:
    made = store.create(SPEC, "me", AT)
    events = [TrainEvent(step, step / 4, {"cd_loss": 1.0}, 0.1 * step) for step in range(10)]
    store.write(made, "me", AT, events, (9, 2.25, saved(9)), [(4, 1.0, saved(4)), (8, 2.0, saved(8))])
    return made


def flipped(place: int | Callable[[bytes], int]) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        data = bytearray(path.read_bytes())
        data[place(data) if callable(place) else place] ^= 1
        path.write_bytes(data)

    return damage


DAMAGES: dict[str, Callable[[Path], None]] = {
    "a bit of the weights": flipped(-100),
    "a bit of the length": flipped(2),
    "a bit of the description": flipped(lambda data: data.index(b"n_hidden")),
    "a bit of the checksum": flipped(lambda data: data.index(b'"digest":"') + 20),
    "cut off": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "empty": lambda path: path.write_bytes(b""),
    "zeros": lambda path: path.write_bytes(bytes(path.stat().st_size)),
    "gone": Path.unlink,
}


def test_every_bit_of_a_checkpoint_is_guarded():
    data = saved(3)
    from_bytes(data)
    for place in range(0, len(data), 7):
        wrong = bytearray(data)
        wrong[place] ^= 4
        with pytest.raises(CheckpointError):
            from_bytes(bytes(wrong))


def test_one_of_an_older_program_without_a_checksum_opens_as_before(tmp_path):
    data = saved(5)
    (tmp_path / "old.safetensors").write_bytes(older(data))
    back, now = load_checkpoint(tmp_path / "old.safetensors"), from_bytes(data)
    assert back.spec == now.spec
    assert all((back.state[name] == now.state[name]).all() for name in now.state)


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=list(DAMAGES))
def test_the_newest_that_is_whole_takes_a_damaged_ones_place_and_it_is_said(store, run_id, damage):
    damage(store.checkpoint_path(run_id))
    assert store.newest_whole(run_id).step == 8
    assert from_bytes(store.checkpoint(run_id)).state["progress"][0] == 8
    said = Record(SPEC, run_id=run_id, store=lambda: store).claim()
    assert said.startswith(f"The newest checkpoint of run {run_id} is damaged (")
    assert said.endswith("; going on from epoch 2.0, kept before it.")
    run = store.run(run_id)
    assert (run.status, run.progress.step, run.progress.epoch) == ("paused", 8, 2.0)
    assert [event.step for event in store.history(run_id).events] == list(range(9))
    assert [one.step for one in store.checkpoints(run_id)] == [4, 8]
    assert Record(SPEC, run_id=run_id, store=lambda: store).claim() == ""


def test_several_may_be_damaged_and_where_all_are_nothing_is_forgotten(store, run_id):
    for step in (9, 8):
        store.checkpoint_path(run_id, step).write_bytes(b"?")
    whole = store.newest_whole(run_id)
    assert (whole.step, len(whole.damaged)) == (4, 2)
    with pytest.raises(StoreError, match="choose another step"):
        store.checkpoint(run_id, 8)
    store.checkpoint_path(run_id, 4).write_bytes(b"?")
    with pytest.raises(StoreError, match=r"1 of its [\d,]+ bytes are there.*no other is kept"):
        Record(SPEC, run_id=run_id, store=lambda: store).claim()
    assert [event.step for event in store.history(run_id).events] == list(range(10))
    assert len(store.checkpoints(run_id)) == 3


def test_a_finished_run_whose_end_is_damaged_is_paused_before_it_and_so_is_its_copy(store, run_id):
    store.write(run_id, "me", AT._replace(status="finished"))
    DAMAGES["a bit of the weights"](store.checkpoint_path(run_id))
    copied = store.run(store.copy(run_id, NOBODY))
    assert (copied.status, copied.progress.step) == ("paused", 8)
    assert "is damaged (its checksum is another)" in copied.note
    Record(SPEC, run_id=run_id, store=lambda: store).claim()
    assert store.run(run_id).status == "paused"


@on_both_at_releases
def test_a_command_says_it_too_and_goes_on(store, run_id, url, tmp_path, monkeypatch):
    monkeypatch.setenv("RBM_DATABASE_URL", url)
    monkeypatch.setenv("RBM_RUNS", str(tmp_path))
    DAMAGES["cut off"](store.checkpoint_path(run_id))
    command = [sys.executable, "-m", "rbm", "train", "--resume", run_id]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert f"The newest checkpoint of run {run_id} is damaged (" in done.stdout
    assert store.run(run_id).status == "finished"
    assert store.newest_whole(run_id).damaged == ()
