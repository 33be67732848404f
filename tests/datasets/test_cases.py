"""Small files after public reports: through the reader, the command line and the data set that is learnt from.

Their pictures are an upright bar, a lying bar and a ring, in turn: what is seen in a picture tells whether it was read
right, wherever its label comes from.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from rbm.__main__ import main
from rbm.datasets import load_dataset
from rbm.datasets.user_datasets import save
from rbm.datasets.user_datasets.names import TEST, TRAIN, VALIDATION
from rbm.datasets.user_datasets.pictures import Reading
from rbm.datasets.user_datasets.read import read
from rbm.datasets.user_datasets.sizes import parse_size
from rbm.errors import DatasetError
from tests.helpers.places import CASES

THREE = ("0", "1", "2")
UPRIGHT, LYING, RING = range(3)


class Right(NamedTuple):
    """What must become of a file: pictures of a shape, with classes, in parts, and sentences that say what was done."""

    n: int
    says: tuple[str, ...]
    classes: tuple[str, ...] = ("all",)
    shape: tuple[int, int] = (28, 28)
    parts: tuple[int, int, int] | None = None  # for training, validation and test
    size: str = "28"
    white: int = 255
    drawn: bool = True  # whether the pictures show the three kinds in turn


LINE = "make no square, so each is kept as a line of 1×{}. If they are pictures, give the size as height × width, such as {}"
RIGHT = {
    "kaggle_index.csv": Right(
        30,
        ("Left out: column 1, which counts the rows", "Labels are column 2 (label), read as the classes: 0, 1, 2"),
        THREE,
    ),
    "numhead_index.csv": Right(
        30, ("The first row is read as a header", "Left out: column 1, which counts the rows", "Read without labels")
    ),
    "h.csv": Right(30, ("Labels are column 1 (y_true), read as the classes: 0, 1, 2",), THREE),
    "h2.csv": Right(31, ("Labels are column 785, read as the classes: 0, 1, 2",), THREE),
    "h4.csv": Right(
        60,
        ("Labels are column 65, read as the classes: 0, 1, 2", "0 is black and 15 is white", "one grey level all over"),
        THREE,
        (8, 8),
        size="keep",
        drawn=False,
    ),
    "binary300_num.csv": Right(
        60, ("Labels are column 301", LINE.format(300, "20x15 or 15x20")), THREE, (1, 300), drawn=False
    ),
    "rows560.npy": Right(60, (), shape=(28, 20), size="28x20"),
    "matlab_order.npy": Right(60, ("its last axis is read as counting 60 pictures of 28×28",)),
    "white_on_transparent.zip": Right(24, ("What is transparent is black, and ink of one colour is white",)),
    "mask01.zip": Right(24, ("The values 0 to 1 were spread over all grey levels: 0 is black and 1 is white",)),
    "png12in16.zip": Right(24, ("0 is black and 4080 is white", "of 112×112 pixels were scaled to 28×28")),
    "jfif.zip": Right(24, ("of 112×112 pixels were scaled to 28×28",)),
    "webp.zip": Right(24, ("of 112×112 pixels were scaled to 28×28",)),
    "idx_in_zip.zip": Right(60, ()),
    "flat_labels_csv.zip": Right(24, ("Labels are from 'labels.csv', column 2 (label)",), THREE),
    "train_test_flat.zip": Right(
        24, ("own division is kept: 6 pictures for test, 18 others",), parts=(18, 0, 6), drawn=False
    ),
    "savetxt_int.txt": Right(31, ("Read without labels",)),
    "decimal_comma.csv": Right(30, ("Read without labels",), white=191),
    "sk_digits.npz": Right(60, ("0 is black and 15.9375 is white",), THREE),
    "medmnist.npz": Right(
        60,
        ("own division is kept: 10 pictures for validation and 10 pictures for test, 40 others",),
        THREE,
        parts=(40, 10, 10),
        drawn=False,
    ),
}
REFUSED = {
    "missing.csv": r"902 of the table's 18,000 cells have no value, in 60 of 60 rows \(first in row 2, column 22 \(f21\)\)",
}


def kind(picture: np.ndarray) -> int:
    """What a picture shows, by the box around its bright pixels."""
    rows, columns = np.nonzero(picture > picture.max() / 2)
    height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
    return UPRIGHT if height >= 2 * width else LYING if width >= 2 * height else RING


def check(right: Right, grey: np.ndarray, labels: np.ndarray, classes: tuple[str, ...]) -> None:
    n = np.arange(right.n)
    assert grey.shape == (right.n, *right.shape)
    assert (grey.min(), grey.max()) == (0, right.white)
    assert classes == right.classes
    if right.drawn:
        assert [kind(picture) for picture in grey] == (n % 3).tolist()
    if len(classes) > 1 and right.parts is None:
        assert labels.tolist() == (n % 3).tolist()


def test_every_file_is_in_the_table() -> None:
    assert {path.name for path in CASES.iterdir()} - {"README.md"} == {*RIGHT, *REFUSED}
    assert len(RIGHT) + len(REFUSED) == 21


@pytest.mark.parametrize("name", RIGHT)
def test_the_reader(name: str) -> None:
    right = RIGHT[name]
    got = read([(CASES / name).read_bytes()], Reading(parse_size(right.size)))
    check(right, got.grey, got.labels, got.class_names)
    told = " ".join(got.notes)
    assert all(sentence in told for sentence in right.says)
    if right.parts is None:
        assert got.parts is None
    else:
        assert np.bincount(got.parts, minlength=3).tolist() == list(right.parts)
        kinds = [kind(picture) for picture in got.grey]
        assert len(got.class_names) == 1 or kinds == got.labels.tolist()


@pytest.mark.parametrize("name", RIGHT)
def test_the_command_line(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RBM_DATA", str(tmp_path))
    right = RIGHT[name]
    assert main(["data", "add", str(CASES / name), "--name", "it", "--size", right.size]) == 0
    told = capsys.readouterr().out
    assert all(sentence in told for sentence in right.says)
    height, width = right.shape
    classes = f"{len(right.classes)} classes" if len(right.classes) > 1 else "no labels"
    assert f"pictures of {height}×{width}, {classes}" in told
    data = load_dataset("own:it")
    assert (data.image_shape, data.class_names) == (right.shape, right.classes)
    sizes = [len(part) for part in (data.train, data.validation, data.test)]
    assert sum(sizes) == right.n
    assert save.find("it").divided == (right.parts is not None)
    if right.parts is not None:
        assert sizes[2] == right.parts[TEST]
        assert sizes[1] == right.parts[VALIDATION] or right.parts[VALIDATION] == 0
        shown = read([(CASES / name).read_bytes()], Reading(parse_size(right.size)))
        assert np.array_equal(data.test.numpy().reshape(-1, height, width) * 255, shown.grey[shown.parts == TEST])
        assert data.test_labels.tolist() == shown.labels[shown.parts == TEST].tolist()
        assert sizes[0] <= (shown.parts == TRAIN).sum()


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_is_refused_in_a_sentence(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RBM_DATA", str(tmp_path))
    with pytest.raises(DatasetError, match=REFUSED[name]) as refusal:
        read([(CASES / name).read_bytes()])
    assert "put a number there, such as 0 for black" in str(refusal.value)
    assert main(["data", "add", str(CASES / name), "--name", "it"]) == 2
    assert str(refusal.value) in capsys.readouterr().err
    assert save.kept() == []


def test_rows_that_are_no_square_are_kept_as_lines_or_laid_out_as_asked_never_padded() -> None:
    rows = (CASES / "rows560.npy").read_bytes()
    line = read([rows])
    assert line.grey.shape == (60, 1, 560)
    assert LINE.format(560, "28x20 or 20x28") in " ".join(line.notes)
    assert np.array_equal(line.grey.reshape(60, 28, 20), read([rows], Reading((28, 20))).grey)
    with pytest.raises(DatasetError, match="A row has 560 values, which make no square and not 28×28; give the size"):
        read([rows], Reading((28, 28)))
    binary = (CASES / "binary300_num.csv").read_bytes()
    assert read([binary], Reading((15, 20))).grey.shape == (60, 15, 20)
    assert set(np.unique(read([binary]).grey)) == {0, 255}
