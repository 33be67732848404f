"""A run's ZIP: there and back bit for bit, and anything else refused in a sentence."""

import io
import json
import math
import zipfile
from dataclasses import replace

import pytest
import torch

from rbm import checkpoint
from rbm.errors import BundleError, CheckpointError
from rbm.experiment import make_dataset, make_trainer
from rbm.store import bundle
from rbm.training.events import TrainEvent
from rbm.training.history import History
from tests.helpers.own_files import zipped
from tests.helpers.short_run import SPEC, trained

PNG, GIF = b"\x89PNG\r\n\x1a\n...", b"GIF89a..."


@pytest.fixture(scope="module")
def saved() -> bytes:
    trainer, history = trained()
    return checkpoint.to_bytes(trainer.model, SPEC, history, state=trainer.state())


@pytest.fixture(scope="module")
def files(saved: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(bundle.write(saved, pictures={"filters.png": PNG}))) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_what_is_written_comes_back_and_training_goes_on_from_it(saved: bytes) -> None:
    data = bundle.write(saved, pictures={"filters.png": PNG, "chains.gif": GIF})
    assert data == bundle.write(saved, pictures={"filters.png": PNG, "chains.gif": GIF})
    for back in (bundle.read(data), bundle.read(saved)):  # a bare checkpoint too
        original = checkpoint.from_bytes(saved)
        assert back.spec == SPEC
        assert back.history.events == original.history.events
        again = make_trainer(SPEC, make_dataset(SPEC.dataset))
        again.model.load_state_dict(back.model.state_dict())
        again.load_state(back.state)
        assert torch.equal(again.model.weight, original.model.weight)


def test_its_parts_can_be_read_by_any_tool(files: dict[str, bytes], saved: bytes) -> None:
    assert list(files) == ["spec.json", "metrics.csv", "checkpoint.safetensors", "filters.png"]
    assert json.loads(files["spec.json"])["dataset"]["name"] == "bars_and_stripes"
    assert files["checkpoint.safetensors"] == saved
    rows = [line.split(",") for line in files["metrics.csv"].decode().splitlines()]
    events = checkpoint.from_bytes(saved).history.events
    assert rows[0][:4] == ["step", "epoch", "seconds", "cd_loss"]
    assert len(rows) == len(events) + 1
    column = rows[0].index("reconstruction_error")
    assert [float(row[column]) for row in rows[1:]] == [e.metrics["reconstruction_error"] for e in events]


def test_a_run_without_history_has_an_empty_table() -> None:
    assert History().to_csv() == "step,epoch,seconds\n"


@pytest.mark.parametrize("pictures", [{"filters.png": GIF}, {"../a.png": PNG}, {"a.exe": PNG}, {"a/b.gif": GIF}])
def test_only_pictures_with_plain_names_are_packed(saved: bytes, pictures: dict[str, bytes]) -> None:
    with pytest.raises(BundleError, match="not a PNG or GIF picture with a plain name"):
        bundle.write(saved, pictures=pictures)


def test_only_a_checkpoint_is_packed() -> None:
    with pytest.raises(CheckpointError, match="not a checkpoint"):
        bundle.write(b"nonsense")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"metrics.csv": None}, "holds no metrics.csv"),
        ({"checkpoint.safetensors": None}, "holds no checkpoint.safetensors"),
        ({"run.py": b"print()"}, "holds 'run.py', which is no part of a run"),
        ({"../filters.png": PNG}, "leads out of its folder"),
        ({"a\\..\\b.png": PNG}, "leads out of its folder"),
        ({"spec.json": b"{}"}, "spec.json is not a run's description"),
        ({"spec.json": b"\xff"}, "spec.json is not a run's description"),
        ({"spec.json": b" " * 2**17}, "131,072 bytes"),
        ({"spec.json": replace(SPEC, seed=5).to_json().encode()}, "describe two different runs"),
        ({"metrics.csv": b"0" * 2**27}, "unpacks to more than"),
        ({f"{i}.png": PNG for i in range(50)}, "more than 40 entries"),
    ],
)
def test_anything_malformed_is_refused(files: dict[str, bytes], changes: dict, sentence: str) -> None:
    changed = {name: data for name, data in (files | changes).items() if data is not None}
    with pytest.raises(BundleError, match=sentence):
        bundle.read(zipped(changed))


def test_a_link_a_password_and_a_double_name_are_refused(files: dict[str, bytes]) -> None:
    link = zipfile.ZipInfo("filters.png")
    link.external_attr = 0o120777 << 16
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(BundleError, match="holds the link"):
        bundle.read(file.getvalue())
    twice = zipped({"metrics.csv": b"1", "metrics.CSV": b"2"}).replace(b"metrics.CSV", b"metrics.csv")
    with pytest.raises(BundleError, match="two files of one name"):
        bundle.read(twice)
    locked = bytearray(zipped(files))
    locked[locked.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(BundleError, match="encrypted"):
        bundle.read(bytes(locked))
    with pytest.raises(BundleError, match="packed in an unusual way"):
        bundle.read(zipped(files, zipfile.ZIP_LZMA))


@pytest.mark.parametrize(
    ("events", "clause"),
    [
        ([TrainEvent(8, 2.0, {}, 0.1), TrainEvent(4, 1.0, {}, 0.2)], "from step 8 to step 4"),
        ([TrainEvent(4, 1.0, {}, 0.1), TrainEvent(8, 7.0, {}, 0.2)], "at epoch 1 after 4 steps"),
    ],
)
def test_a_file_whose_curves_no_run_could_have_made_is_refused(saved: bytes, events: list, clause: str) -> None:
    run = checkpoint.from_bytes(saved)
    data = checkpoint.to_bytes(run.model, run.spec, History(events), state=run.state)
    for file in (
        data,
        zipped({"spec.json": SPEC.to_json().encode(), "metrics.csv": b"", "checkpoint.safetensors": data}),
    ):
        with pytest.raises(CheckpointError, match=clause):
            bundle.read(file)


def test_an_infinite_number_is_written_as_missing_so_that_what_is_written_can_be_read(saved: bytes) -> None:
    run = checkpoint.from_bytes(saved)
    data = checkpoint.to_bytes(run.model, run.spec, History([TrainEvent(4, 1.0, {"cd_loss": math.inf}, 0.1)]))
    assert math.isnan(bundle.read(data).history.last("cd_loss"))
