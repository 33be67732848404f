"""Checkpoints: there and back bit for bit, and anything malformed refused without being run."""

import json
import pickle
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save

from rbm import checkpoint
from rbm.errors import CheckpointError
from rbm.experiment import make_dataset, make_trainer
from tests.helpers.short_run import SPEC, trained


@pytest.fixture(scope="module")
def saved() -> bytes:
    trainer, history = trained()
    return checkpoint.to_bytes(trainer.model, SPEC, history, state=trainer.state())


def test_what_is_saved_comes_back(tmp_path):
    trainer, history = trained()
    path = tmp_path / "deep" / "run.safetensors"
    checkpoint.save_checkpoint(path, trainer.model, SPEC, history, state=trainer.state())
    back = checkpoint.load_checkpoint(path)
    assert back.spec == SPEC
    assert back.history.events == history.events
    for name, p in trainer.model.named_parameters():
        assert torch.equal(back.model.get_parameter(name), p)
    assert back.state.keys() == trainer.state().keys()
    assert [p.name for p in path.parent.iterdir()] == [path.name]  # no half-written file beside it


@pytest.mark.parametrize("algorithm", ["cd", "pcd"])
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_training_on_from_a_checkpoint_is_the_uninterrupted_run_bit_for_bit(algorithm, optimizer):
    spec = replace(SPEC, training=replace(SPEC.training, algorithm=algorithm, optimizer=optimizer))
    whole, _ = trained(spec, 29)
    half, _ = trained(spec, 13)
    back = checkpoint.from_bytes(checkpoint.to_bytes(half.model, spec, state=half.state()))
    again = make_trainer(spec, make_dataset(spec.dataset))
    again.model.load_state_dict(back.model.state_dict())
    again.load_state(back.state)
    for _ in range(16):
        again.step()
    for p, q in zip(whole.model.parameters(), again.model.parameters(), strict=True):
        assert torch.equal(p, q)


def test_a_missing_file_is_said_to_be_missing(tmp_path):
    with pytest.raises(CheckpointError, match="cannot be read: No such file"):
        checkpoint.load_checkpoint(tmp_path / "nothing")


def header(**changes: object) -> dict[str, str]:
    base = {"format": checkpoint.FORMAT, "spec": SPEC.to_json(), "history": "[]"}
    return {name: str(value) for name, value in (base | changes).items()}


def tensors(**changes: torch.Tensor) -> dict[str, torch.Tensor]:
    base = {
        "model.weight": torch.zeros(16, 7),
        "model.visible_bias": torch.zeros(16),
        "model.hidden_bias": torch.zeros(7),
    }
    return base | {f"model.{name}": t for name, t in changes.items()}


def test_the_plain_case_of_these_makers_is_accepted():
    assert checkpoint.from_bytes(save(tensors(), header())).model.n_hidden == 7


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "not a checkpoint"),
        (pickle.dumps({"a": 1}), "not a checkpoint"),
        (save(tensors()), "not a checkpoint"),
        (save(tensors(), header(format="other/9")), "format is 'other/9'"),
        (save(tensors(), header(spec="{}")), "has version None"),
        (save(tensors(), header(history='[["x"]]')), "not a checkpoint"),
        (save(tensors(weight=torch.zeros(3)), header()), "shape (3,)"),
        (save(tensors(weight=torch.zeros(0, 7)), header()), "shape (0, 7)"),
        (save(tensors(hidden_bias=torch.zeros(8)), header()), "parameters are"),
        (save(tensors(weight=torch.zeros(16, 7).double()), header()), "parameters are"),
        (save(tensors(extra=torch.zeros(1)), header()), "parameters are"),
        (save(tensors(weight=torch.full((16, 7), torch.nan)), header()), "weight holds values that are not finite"),
        (
            save(tensors(weight=torch.zeros(16, 9), hidden_bias=torch.zeros(9)), header()),
            "holds 9 hidden units but its description says 7",
        ),
    ],
)
def test_anything_malformed_is_refused_in_a_sentence(data, sentence):
    with pytest.raises(CheckpointError) as refusal:
        checkpoint.from_bytes(data)
    assert sentence in str(refusal.value)


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_a_damaged_checkpoint_is_refused_or_still_well_formed(saved, data):
    """Truncated anywhere, or with bytes overwritten: never another kind of error, never values that are not finite."""
    damaged = bytearray(saved)
    if data.draw(st.booleans()):
        del damaged[data.draw(st.integers(0, len(saved) - 1)) :]
    for place in data.draw(st.lists(st.integers(0, max(len(damaged) - 1, 0)), max_size=5)):
        if damaged:
            damaged[place] = data.draw(st.integers(0, 255))
    try:
        back = checkpoint.from_bytes(bytes(damaged))
    except CheckpointError:
        return
    assert all(torch.isfinite(p).all() for p in back.model.parameters())


def test_the_header_is_json_that_any_tool_can_read(saved):
    length = int.from_bytes(saved[:8], "little")
    metadata = json.loads(saved[8 : 8 + length])["__metadata__"]
    assert json.loads(metadata["spec"])["dataset"]["name"] == "bars_and_stripes"
