"""A run that comes as a file becomes one of the registry, or a sentence says why it does not."""

from dataclasses import replace

import pytest

from rbm.checkpoint import from_bytes, to_bytes
from rbm.errors import CheckpointError
from rbm.experiment import DatasetSpec, ModelSpec, RunSpec, make_dataset, make_model, make_trainer
from rbm.store import importing
from rbm.training.config import TrainConfig
from rbm.training.events import TrainEvent
from rbm.training.history import History

SPEC = RunSpec(DatasetSpec("bars_and_stripes"), ModelSpec(7), TrainConfig(epochs=4, batch_size=10), 3)


def test_an_uploaded_checkpoint_is_a_run_that_can_be_gone_on_with(store):
    trainer = make_trainer(SPEC, make_dataset(SPEC.dataset))
    history = History([trainer.step(report=True) for _ in range(5)])
    run_id = importing.add(store, "mine.safetensors", to_bytes(trainer.model, SPEC, history, state=trainer.state()))
    (found,) = store.runs()
    assert (found.id, found.spec, found.tags, found.note) == (run_id, SPEC, ("uploaded",), "mine.safetensors")
    assert (found.status, found.progress.step, found.progress.total_steps) == ("paused", 5, 12)
    assert found.progress.epoch == pytest.approx(5 / 3)
    assert store.history(run_id).events == history.events
    assert from_bytes(store.checkpoint(run_id)).state.keys() == trainer.state().keys()


def test_curves_ahead_of_the_machine_are_cut_and_curves_of_other_epochs_refused(store):
    """A run that is downloaded while it trains has newer numbers than its checkpoint; no run jumps to other epochs."""
    trainer = make_trainer(SPEC, make_dataset(SPEC.dataset))
    events = [trainer.step(report=True) for _ in range(5)]
    state, per_epoch = trainer.state(), trainer.batches_per_epoch
    ahead = [*events, TrainEvent(per_epoch * 4, 4.0, {"cd_loss": 0.5}, 9.0)]
    run_id = importing.add(store, "m.safetensors", to_bytes(trainer.model, SPEC, History(ahead), state=state))
    assert store.history(run_id).events == tuple(events)
    store.delete([run_id])
    jumped = [TrainEvent(step, step / (per_epoch + 1), {"cd_loss": 0.5}, 1.0) for step in (1, 5)]
    with pytest.raises(CheckpointError, match=f"but its data make an epoch of {per_epoch} updates"):
        importing.add(store, "m.safetensors", to_bytes(trainer.model, SPEC, History(jumped), state=state))
    assert store.runs() == []


def test_an_uploaded_machine_without_a_state_is_a_finished_run(store):
    importing.add(store, "m.safetensors", to_bytes(make_model(SPEC, make_dataset(SPEC.dataset)), SPEC))
    assert store.runs()[0].status == "finished"


def test_what_is_no_run_of_data_that_is_here_is_refused_and_the_registry_stays_as_it_was(store, monkeypatch, tmp_path):
    model = make_model(SPEC, make_dataset(SPEC.dataset))
    monkeypatch.setenv("RBM_DATA", str(tmp_path / "none"))
    for file_name, data, sentence in (
        ("x.pickle", b"", "is no run: take a file that ends in .zip or .safetensors"),
        ("x.safetensors", b"\x80\x04K\x01.", "not a checkpoint"),
        ("x.safetensors", to_bytes(model, replace(SPEC, dataset=DatasetSpec("mine"))), "a data set that is not here"),
        (
            "x.safetensors",
            to_bytes(model, replace(SPEC, dataset=DatasetSpec("fashion_mnist"))),
            "download it on the Train",
        ),
        ("x.safetensors", to_bytes(model, replace(SPEC, dataset=DatasetSpec("mnist"))), "has 784 pixels"),
    ):
        with pytest.raises(CheckpointError, match=sentence):
            importing.add(store, file_name, data)
    assert store.runs() == []
    assert list(store.folder.rglob("*.safetensors")) == []
