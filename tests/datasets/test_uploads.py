"""What strangers upload: 1,000 hostile files for the two readers, run bundles and own data.

Each is refused in a sentence or, where a flipped bit did no harm, read as something well formed; nothing is opened for
writing meanwhile, and memory stays bounded.
"""

import json
import struct
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, event, given, settings

from rbm.datasets.user_datasets.pictures import Reading
from rbm.datasets.user_datasets.read import read
from rbm.errors import CheckpointError, DatasetError, RbmError
from rbm.store import bundle
from tests.helpers.hostile_files import Case, cases, own_files, retold, run_of, saved, zeros
from tests.helpers.own_files import PICTURES, N, npy, zipped
from tests.helpers.short_run import SPEC

COUNT = 1000
MEMORY = 300 * 2**20  # bytes that all cases together may add to the most that this process ever held


_opened: list[str] = []
_watching = False


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    """Every file that Python opens, whoever does it, with the flags of the system call."""
    if _watching and event == "open" and isinstance(arguments[2], int) and arguments[2] & 0o3:
        _opened.append(str(arguments[0]))


sys.addaudithook(_watch)


def peak() -> int:
    """The most memory that this process ever held, in bytes."""
    resource = pytest.importorskip("resource")
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(most if sys.platform == "darwin" else most * 1024)


@pytest.fixture
def memory() -> Iterator[None]:
    saved(), own_files(), zeros(6)
    before = peak()
    yield
    assert peak() - before < MEMORY


@settings(max_examples=COUNT, deadline=None, suppress_health_check=list(HealthCheck))
@given(case=cases())
def test_hostile_files_are_refused_in_a_sentence_and_leave_nothing_behind(memory: None, case: Case) -> None:
    global _watching
    reader, files, kind, refused = case
    sentence = "Well formed."
    _opened.clear()
    _watching = True
    try:
        if reader == "run":
            run = bundle.read(files[0])
            assert all(torch.isfinite(p).all() for p in run.model.parameters())
        else:
            pictures = read(files, Reading(9))
            assert pictures.grey.shape[1:] == (9, 9) or pictures.grey.shape[1] == 1  # or a table's line
            assert len(pictures.labels) == len(pictures.grey) >= 20
            assert pictures.labels.max() < len(pictures.class_names)
    except RbmError as error:
        sentence = str(error)
    else:
        assert not refused
    finally:
        _watching = False
    event(
        f"{reader}, {kind}: {'read' if sentence == 'Well formed.' else 'refused'}"
    )  # pytest --hypothesis-show-statistics
    assert sentence.endswith((".", ")"))
    assert len(sentence) < 1000
    assert _opened == []


def test_the_cases_start_from_files_that_are_accepted() -> None:
    assert bundle.read(run_of({})).spec == bundle.read(saved()).spec == SPEC
    assert len(own_files()) > 9
    for files in own_files():
        assert len(read(files, Reading(9)).grey) in (N, 24, 60)


def test_a_hundred_thousand_entries_are_counted_before_anything_is_made_of_them() -> None:
    entry = struct.pack("<4s6H3I5H2I", b"PK\x01\x02", *[20] * 6, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"a"
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 9, 9, len(entry) * 100_001, 0, 0)
    before = peak()
    for reader in (bundle.read, lambda data: read([data])):
        with pytest.raises(RbmError, match="entries; pack fewer"):
            reader(b"PK\x03\x04" + entry * 100_001 + end)
    assert peak() - before < 60 * 2**20


def test_lists_in_lists_and_endless_histories_are_refused_before_they_are_parsed() -> None:
    for history in ("[" * 10**6, json.dumps([[0, 0, 0, {}]] * 200_000), '["' + 'a","' * 10**7 + '"]'):
        with pytest.raises(RbmError, match=r"its header is larger than|not a checkpoint"):
            bundle.read(retold(lambda _, header, text=history: header.update(history=text)))


def npy_file(header: str, body: bytes) -> bytes:
    """An .npy file whose header says what it likes."""
    padded = header.encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(padded).to_bytes(2, "little") + padded + body


@pytest.mark.parametrize("shape", ["(True, True)", "(20, True)", "(False,)", "(20, 1.0)", "(-1, -20)", "(20, 10**9)"])
def test_a_shape_is_made_of_whole_numbers(shape: str) -> None:
    header = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}"
    with pytest.raises(DatasetError, match=r"save it again"):
        read([npy_file(header, bytes(20))])


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("point", [0x110000, 0xFFFFFFFF, 0xD800, 0xDFFF])
def test_labels_are_made_of_characters(order: str, point: int) -> None:
    """numpy makes texts of code points that there are none of, with which Python then fails anywhere."""
    points = np.full((N, 2), ord("a"), dtype=f"{order}u4")
    points[3, 1] = point
    labels = npy_file(f"{{'descr': '{order}U2', 'fortran_order': False, 'shape': ({N},), }}", points.tobytes())
    with pytest.raises(DatasetError, match="no characters; save them as text or whole numbers"):
        read([zipped({"x.npy": npy(PICTURES), "y.npy": labels})], Reading(9))
    points[3, 1] = ord("b")
    labels = npy_file(f"{{'descr': '{order}U2', 'fortran_order': False, 'shape': ({N},), }}", points.tobytes())
    assert read([zipped({"x.npy": npy(PICTURES), "y.npy": labels})], Reading(9)).class_names == ("aa", "ab")


def test_ten_thousand_classes_are_counted_and_not_printed() -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (10_000, 3, 3), dtype=np.uint8)
    with pytest.raises(DatasetError, match=r"The labels have 10,000 different values; at most 100") as told:
        read([zipped({"x.npy": npy(pictures), "y.npy": npy(np.arange(10_000))})], Reading(9))
    assert len(str(told.value)) < 200


@pytest.mark.parametrize(
    "progress",
    [
        torch.zeros(0, dtype=torch.long),
        torch.tensor(3),
        torch.tensor([3]),
        torch.tensor([3, 2, 99, 1]),
        torch.tensor([[3, 2]]),
        torch.tensor([3.0, 2.0]),
        torch.tensor([True, True]),
        torch.tensor([-1, 0, 9]),
    ],
    ids=str,
)
def test_a_checkpoint_says_how_far_its_run_had_come_or_nothing(progress: torch.Tensor) -> None:
    data = retold(lambda tensors, _: tensors.update({"state.progress": progress}))
    for file in (data, run_of({"checkpoint.safetensors": data})):
        with pytest.raises(CheckpointError, match="does not say how far its run had come"):
            bundle.read(file)
