"""Tables as people write them: whatever the delimiter, header, row numbers and place of the class, the pictures are the same."""

import gzip
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rbm.core import limits
from rbm.datasets.user_datasets.pictures import Reading
from rbm.datasets.user_datasets.read import read
from rbm.errors import DatasetError
from tests.helpers.bars_and_rings import FLAT, KINDS, PICTURES, SIDE, N, csv
from tests.helpers.own_files import idx, npy, npz, png, zipped
from tests.helpers.places import ROOT

AS_THEY_ARE = Reading(size=None)


def text(
    cells: list[list[str]], delimiter: str, end: str = "\n", trailing: bool = False, quote: bool = False, mark: str = ""
) -> bytes:
    lines = [delimiter.join(f'"{cell}"' if quote else cell for cell in row) + delimiter * trailing for row in cells]
    return (mark + end.join(lines) + end).encode()


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_every_way_of_writing_a_table_gives_the_same_pictures_and_classes(data: st.DataObject) -> None:
    pick = lambda *choices: data.draw(st.sampled_from(choices))  # noqa: E731
    delimiter = pick(",", ";", "\t", "|", " ", "  ")
    header = pick("none", "names", "numbers")
    counter = pick("none", "unnamed", "Unnamed: 0", "id")
    place = pick("none", "first", "last")
    scale, decimal_comma = pick("bytes", "floats"), delimiter not in (",",) and pick(True, False)
    words = place != "none" and pick(True, False)
    label = pick("label", "Class", "target", "y", "y_true", "Digit", "strange")
    classes = ("ant", "bee", "cow") if words else ("0", "1", "2")
    names = {"names": [f"pixel{i}" for i in range(SIDE**2)], "numbers": [str(i) for i in range(SIDE**2)]}.get(header)
    if names is not None and delimiter.isspace() and delimiter != "\t" and counter == "unnamed":
        counter = "id"  # between blanks there is no empty cell
    rows = []
    for i, picture in enumerate(PICTURES):
        values = picture.ravel()
        row = [str(v) for v in values] if scale == "bytes" else [f"{v / 255:.4f}" for v in values]
        row = [cell.replace(".", ",") for cell in row] if decimal_comma else row
        row = {"first": [classes[KINDS[i]], *row], "last": [*row, classes[KINDS[i]]], "none": row}[place]
        rows.append([str(i), *row] if counter != "none" else row)
    if names is not None:
        first = {"first": [label, *names], "last": [*names, label], "none": names}[place]
        called = "" if counter == "unnamed" else counter.replace(" ", "_") if delimiter.isspace() else counter
        rows.insert(0, [called, *first] if counter != "none" else first)
    quoted = delimiter in (",", ";") and pick(True, False)
    file = text(
        rows,
        delimiter,
        pick("\n", "\r\n"),
        trailing=delimiter == ";" and pick(True, False),
        quote=quoted,
        mark=pick("", "\ufeff"),
    )
    got = read([gzip.compress(file) if pick(True, False) else file], AS_THEY_ARE)
    assert np.array_equal(got.grey, PICTURES)
    assert got.class_names == (("all",) if place == "none" else classes)
    if place != "none":
        assert got.labels.tolist() == KINDS.tolist()
    told = " ".join(got.notes)
    assert ("counts the rows" in told) == (counter != "none")
    assert ("Labels are column" in told) == (place != "none")
    assert ("Read without labels" in told) == (place == "none")


def test_shuffled_row_numbers_and_names_of_pictures_are_left_out() -> None:
    numbers = np.random.default_rng(1).permutation(60_000)[:N]
    for header in (",label," + ",".join(f"p{i}" for i in range(36)) + "\n", ""):
        got = read([csv(np.column_stack([numbers, KINDS, FLAT]), header)], AS_THEY_ARE)
        assert np.array_equal(got.grey, PICTURES)
        assert got.labels.tolist() == KINDS.tolist()
        assert any("counts the rows" in note for note in got.notes)
    named = "\n".join(f"img_{i:03}.png," + ",".join(map(str, row)) for i, row in enumerate(FLAT)).encode()
    table = (
        b"image,label," + ",".join(f"p{i}" for i in range(36)).encode() + b"\n" + named.replace(b".png,", b".png,q,")
    )
    got = read([table], AS_THEY_ARE)
    assert np.array_equal(got.grey, PICTURES)
    assert got.class_names == ("all",)
    assert any("All labels are 'q', which makes no classes" in note for note in got.notes)
    assert not any("read as the classes" in note for note in got.notes)


def test_names_out_of_order_are_put_in_order_and_that_is_said() -> None:
    order = sorted(range(36), key=lambda i: f"pixel{i}")
    got = read([csv(FLAT[:, order], ",".join(f"pixel{i}" for i in order) + "\n")], AS_THEY_ARE)
    assert np.array_equal(got.grey, PICTURES)
    assert "The pixels are taken in the order of the numbers in their names." in got.notes


def test_a_picture_that_pandas_took_for_a_header_is_told() -> None:
    seen: dict[int, int] = {}
    cells = []
    for value in FLAT[0]:
        cells.append(f"{value}.{seen[value]}" if value in seen else str(value))
        seen[value] = seen.get(value, 0) + 1
    got = read([csv(FLAT[1:], ",".join(cells) + "\n")], AS_THEY_ARE)
    assert np.array_equal(got.grey, PICTURES[1:])
    assert any("a picture that pandas took for a header" in note for note in got.notes)


def test_classes_as_ones_among_zeros_are_read_as_in_semeion() -> None:
    hot = np.eye(3, dtype=int)[KINDS]
    for table in (np.hstack([FLAT // 255, hot]), np.hstack([hot, FLAT // 255])):
        lines = "\n".join(
            " ".join(f"{v:.4f}" for v in row[:36]) + " " + " ".join(map(str, row[36:])) + " " for row in table
        )
        got = read([lines.encode()], AS_THEY_ARE)
        assert np.array_equal(got.grey, PICTURES)
        assert got.labels.tolist() == KINDS.tolist()


def test_labels_with_a_point_are_whole_numbers_as_in_usps() -> None:
    lines = "\n".join(
        f"{k:.4f} " + " ".join(f"{v / 127.5 - 1:.4f}" for v in row) for k, row in zip(KINDS, FLAT, strict=True)
    )
    got = read([lines.encode()], AS_THEY_ARE)
    assert np.array_equal(got.grey, PICTURES)
    assert got.class_names == ("0", "1", "2")


def test_where_two_columns_may_be_the_class_it_is_asked() -> None:
    rng = np.random.default_rng(3)
    bits = rng.integers(0, 2, (60, 37))  # one more than 36, and all alike
    with pytest.raises(DatasetError, match="either the first or the last may be the class"):
        read([csv(bits)], AS_THEY_ARE)
    first, last = read([csv(bits)], Reading(None, labels="first")), read([csv(bits)], Reading(None, labels="last"))
    assert first.labels.tolist() == bits[:, 0].tolist()
    assert last.labels.tolist() == bits[:, -1].tolist()
    assert np.array_equal(first.grey.reshape(60, -1), 255 * bits[:, 1:])
    assert np.array_equal(last.grey.reshape(60, -1), 255 * bits[:, :-1])


def test_bits_of_no_square_with_nothing_that_is_a_class_stay_features() -> None:
    bits = np.random.default_rng(4).integers(0, 2, (60, 41))
    got = read([csv(bits)], AS_THEY_ARE)
    assert np.array_equal(got.grey.reshape(60, -1), 255 * bits)
    assert any("Read without labels" in note for note in got.notes)


BYTES = np.random.default_rng(5).integers(0, 256, (60, 120))
BYTES[0, :6] = 0, 1, 2, 3, 4, 255  # the classes are among the pixels' numbers too
OF_THREE = np.arange(60) % 3


@pytest.mark.parametrize("place", ["first", "last"])
@pytest.mark.parametrize(("height", "width"), [(10, 12), (4, 6), (3, 8), (2, 4)])
def test_one_column_more_than_the_size_that_was_given_is_the_class_and_no_larger_square(height, width, place) -> None:
    pixels = BYTES[:, : height * width]
    table = np.column_stack([OF_THREE, pixels] if place == "first" else [pixels, OF_THREE])
    blanks = "\n".join("  ".join(map(str, row)) for row in table.tolist()).encode()
    counted = "\n".join(",".join(map(str, row)) for row in np.column_stack([np.arange(60), table]).tolist()).encode()
    files = [csv(table), blanks, counted, npy(table), npz(x=table), zipped({"a.npy": npy(table)}), idx(table)]
    for file in files:
        got = read([file], Reading((height, width)))
        assert np.array_equal(got.grey, pixels.reshape(60, height, width))
        assert got.labels.tolist() == OF_THREE.tolist()
        assert any("Labels are column" in note for note in got.notes)
        assert not any("scaled" in note for note in got.notes)
    without = read([npy(table)], Reading((height, width), labels="none"))
    assert (np.array_equal(without.grey, got.grey), without.class_names) == (True, ("all",))


def test_a_column_more_than_the_size_that_was_given_which_may_be_first_or_last_is_asked() -> None:
    bits = np.random.default_rng(3).integers(0, 2, (60, 121))
    for file in (csv(bits), npy(bits), npz(x=bits)):
        with pytest.raises(DatasetError, match="either the first or the last may be the class"):
            read([file], Reading((10, 12)))
        last = read([file], Reading((10, 12), labels="last"))
        assert np.array_equal(last.grey.reshape(60, -1), 255 * bits[:, :-1])
        assert last.labels.tolist() == bits[:, -1].tolist()
    with pytest.raises(DatasetError, match="A row of the array 'x' has 121 values, one more than 10×12, although"):
        read([npz(x=bits, y=OF_THREE)], Reading((10, 12)))


def test_ones_among_zeros_beside_the_size_that_was_given_are_the_class_and_no_larger_square() -> None:
    pixels, hot = BYTES[:, :20], np.eye(5, dtype=int)[np.arange(60) % 5]  # 4×5 and five more make 5×5
    got = read([csv(np.hstack([pixels, hot]))], Reading((4, 5)))
    assert np.array_equal(got.grey.reshape(60, -1), pixels)
    assert got.labels.tolist() == (np.arange(60) % 5).tolist()


def test_where_the_size_takes_every_column_what_may_be_a_class_is_a_pixel_and_that_is_said() -> None:
    table = np.column_stack([np.where(BYTES[:, :119] < 128, 0, 255), OF_THREE + 7])
    got = read([csv(table)], Reading((10, 12)))
    assert np.array_equal(got.grey.reshape(60, -1), table)
    assert any(
        note.startswith("Column 120 may be a class") and "10×12 takes every column" in note for note in got.notes
    )


def test_a_size_that_no_row_has_scales_a_square_and_that_is_said() -> None:
    for table in (BYTES[:, :100], np.column_stack([BYTES[:, :100], OF_THREE])):
        got = read([csv(table)], Reading((4, 6), fit="stretch"))
        assert "The pictures of 10×10 pixels were scaled to 4×6 squeezed." in got.notes
        assert got.class_names == (("all",) if table.shape[1] == 100 else ("0", "1", "2"))


def test_labels_that_are_not_wanted_are_no_pixels_either() -> None:
    got = read([csv(np.column_stack([FLAT, KINDS]))], Reading(None, labels="none"))
    assert np.array_equal(got.grey, PICTURES)
    assert got.class_names == ("all",)
    assert "Labels are column 37, which was asked not to be used: 0, 1, 2." in got.notes


@pytest.mark.parametrize("token", ["", "NA", "nan", "?", "null"])
def test_missing_cells_are_counted(token: str) -> None:
    cells = [list(map(str, row)) for row in FLAT]
    for i, j in ((3, 4), (3, 9), (20, 0)):
        cells[i][j] = token
    with pytest.raises(
        DatasetError, match=r"3 of the table's 1,512 cells have no value, in 2 of 42 rows \(first in row 4, column 5\)"
    ):
        read([text(cells, ",")], AS_THEY_ARE)


READ = r"""
import re, sys
from pathlib import Path
from rbm.datasets.user_datasets.job import read_upload
from rbm.datasets.user_datasets.pictures import Reading
from rbm.errors import DatasetError
try:
    told = next(read_upload([open(sys.argv[1], "rb").read()], ["it"], Reading())).grey.shape
except DatasetError as error:
    told = error
status = Path("/proc/self/status")  # getrusage would tell the parent's peak too
print(re.search(r"VmHWM:\s*(\d+) kB", status.read_text())[1] if status.exists() else 0, told)
"""
UPLOAD = 20 * limits.MB  # what the page takes


def photographs() -> bytes:
    """A ZIP with one picture as large as a phone's, transparent in places, among small ones."""
    large = np.zeros((4000, 6000, 4), dtype=np.uint8)
    large[:, ::2] = 255
    return zipped({"large.png": png(large)} | {f"{i}.png": png(picture) for i, picture in enumerate(PICTURES)})


def wide(cells: str, size: int) -> bytes:
    row = (",".join(cells[i % len(cells)] for i in range(784)) + "\n").encode()
    return row * (size // len(row))


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (
            lambda: b"1,2\n" * 4_900_000,
            "The table has about 4,900,001 rows; at most 1,000,000 are read. Give fewer rows.",
        ),
        pytest.param(lambda: wide("0123456789", UPLOAD), "(13374, 28, 28)", marks=pytest.mark.slow),
        pytest.param(
            lambda: gzip.compress(wide("0123456789", 88 * limits.MB), 1), "(58848, 28, 28)", marks=pytest.mark.slow
        ),
        (lambda: gzip.compress(wide("0123456789", 120 * limits.MB), 1), "unpacks to more than 96 MB"),
        (photographs, "(43, 28, 28)"),
    ],
    ids=["millions of rows", "bytes", "gzipped", "gzipped too far", "a photograph"],
)
def test_an_upload_is_read_within_300_megabytes(make, told: str, tmp_path: Path) -> None:
    """The peak of a whole process that does nothing else, interpreter and libraries included."""
    (tmp_path / "upload").write_bytes(make())
    ran = subprocess.run(
        [sys.executable, "-c", READ, str(tmp_path / "upload")], capture_output=True, text=True, check=True, cwd=ROOT
    )
    peak, answer = ran.stdout.split(" ", 1)
    assert told in answer
    assert int(peak) * 1024 < 300 * limits.MB


def test_a_size_is_advised_only_where_there_is_one() -> None:
    rows = np.random.default_rng(1).integers(0, 256, (36, 12)).astype(np.uint8)
    (told,) = (note for note in read([csv(rows)], AS_THEY_ARE).notes if "make no square" in note)
    assert told.endswith("give the size as height × width, such as 4x3 or 3x4.")
    (told,) = (note for note in read([csv(rows[:, :7])], AS_THEY_ARE).notes if "make no square" in note)
    assert told == "Rows of 7 values make no square and no other rectangle, so each is kept as a line of 1×7."
