"""Large data unpacked once for all processes: the same values, made once, and never in anybody's way."""

import os
from pathlib import Path

import pytest
import torch

from rbm.datasets import unpacked as module
from rbm.datasets.unpacked import Tensors, unpacked


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(module, "_folder", lambda: tmp_path / "unpacked")
    return tmp_path / "unpacked"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source"
    path.write_bytes(b"one")
    return path


class Maker:
    """What makes the tensors, and how often it was asked."""

    def __init__(self) -> None:
        self.made = 0

    def __call__(self) -> Tensors:
        self.made += 1
        return {"train": torch.arange(12.0).view(3, 4) / 7, "labels": torch.tensor([2, 0, 1])}


def same(one: Tensors) -> bool:
    expected = Maker()()
    return set(one) == set(expected) and all(torch.equal(one[name], expected[name]) for name in expected)


def test_it_is_made_once_and_is_the_same_for_all_who_ask(folder, source):
    make = Maker()
    found = [unpacked("set", [source], make) for _ in range(3)]
    assert all(map(same, found))
    assert make.made == 1
    assert found[0]["labels"].dtype == torch.int64
    assert next(path.name for path in folder.iterdir()).startswith("set-")


def test_another_source_is_another_file(folder, source):
    make = Maker()
    unpacked("set", [source], make)
    source.write_bytes(b"two")
    unpacked("set", [source], make)
    assert make.made == 2


def test_what_somebody_writes_stays_with_them(folder, source):
    make = Maker()
    unpacked("set", [source], make)["train"].zero_()
    assert same(unpacked("set", [source], make))


def test_where_nothing_can_be_written_everybody_has_their_own(folder, source):
    folder.write_text("a file where the folder should be")
    make = Maker()
    assert same(unpacked("set", [source], make))
    assert same(unpacked("set", [source], make))
    assert make.made == 2


def test_a_damaged_file_is_not_read(folder, source):
    make = Maker()
    unpacked("set", [source], make)
    (place,) = folder.iterdir()
    os.truncate(place / "train.npy", 100)
    assert same(unpacked("set", [source], make))


def test_of_two_who_make_it_at_once_one_is_kept_and_both_have_it(folder, source):
    def late() -> Tensors:
        assert same(unpacked("set", [source], Maker()))  # somebody else, while this one is about it
        return Maker()()

    assert same(unpacked("set", [source], late))
    assert len(list(folder.iterdir())) == 1
