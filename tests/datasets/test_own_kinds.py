"""Images, arrays and IDX files as people bring them: formats, ink, ranges, folders, parts, axes; each read right or asked."""

import gzip
import io
import pickle
import re
import zipfile
from collections.abc import Callable

import numpy as np
import pytest
import torch
from PIL import Image

from rbm.datasets.user_datasets.look import Look, finish
from rbm.datasets.user_datasets.names import is_label, is_part_folder, is_pictures, part
from rbm.datasets.user_datasets.pictures import Pictures, Reading
from rbm.datasets.user_datasets.read import read
from rbm.datasets.user_datasets.sizes import parse_size
from rbm.errors import ConfigError, DatasetError
from tests.helpers.bars_and_rings import FLAT, KINDS, PICTURES, N, csv
from tests.helpers.own_files import idx, npy, npz, png, zipped

AS_THEY_ARE = Reading(size=None)
CLASSES = tuple("012")


def image(pixels: np.ndarray, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, **options)
    return file.getvalue()


def named(ending: str = "png") -> list[str]:
    return [f"a{i:02}.{ending}" for i in range(N)]


def test_every_format_is_read_whatever_its_ending() -> None:
    exact = [
        ("png", "png"),
        ("tif", "tiff"),
        ("TIFF", "tiff"),
        ("bmp", "bmp"),
        ("gif", "gif"),
        ("pgm", "ppm"),
        ("weird", "png"),
    ]
    for ending, kind in exact:
        files = {name: image(picture, kind) for name, picture in zip(named(ending), PICTURES, strict=True)}
        assert np.array_equal(read([zipped(files)], AS_THEY_ARE).grey, PICTURES)
    lossless = {
        n: image(p.repeat(4, 0).repeat(4, 1), "webp", lossless=True)
        for n, p in zip(named("webp"), PICTURES, strict=True)
    }
    assert np.array_equal(read([zipped(lossless)], Reading((6, 6))).grey, PICTURES)
    for ending in ("jpg", "jpeg", "jfif", "jpe"):
        blocks = {n: image(p.repeat(16, 0).repeat(16, 1), "jpeg") for n, p in zip(named(ending), PICTURES, strict=True)}
        got = read([zipped(blocks)], Reading((6, 6))).grey
        assert np.abs(got.astype(int) - PICTURES).max() <= 2


def test_pictures_given_side_by_side_are_read_like_a_zip_of_them() -> None:
    got = read([png(picture) for picture in PICTURES], AS_THEY_ARE, named())
    assert np.array_equal(got.grey, PICTURES)
    with pytest.raises(DatasetError, match="The file is one picture; 20 or more are needed"):
        read([png(PICTURES[0])])


@pytest.mark.parametrize(
    ("colour", "mode"),
    [
        ((255, 255, 255), "RGBA"),
        ((0, 0, 0), "RGBA"),
        ((200, 0, 0), "RGBA"),
        ((0, 0, 255), "RGBA"),
        ((128, 128, 128), "LA"),
    ],
)
def test_ink_on_transparency_is_white_on_black_whatever_its_colour(colour: tuple[int, int, int], mode: str) -> None:
    drawn = np.zeros((N, 6, 6, 4), dtype=np.uint8)
    drawn[..., :3] = colour
    drawn[..., 3] = PICTURES
    files = {}
    for name, picture in zip(named(), drawn, strict=True):
        file = io.BytesIO()
        Image.fromarray(picture).convert(mode).save(file, "png")
        files[name] = file.getvalue()
    for got in (read([zipped(files)], AS_THEY_ARE), read([npy(drawn)], AS_THEY_ARE)):
        assert np.array_equal(got.grey, PICTURES)
        assert "What is transparent is black, and ink of one colour is white." in got.notes


@pytest.mark.parametrize("channels", [3, 4])
def test_that_colours_become_grey_is_said_and_of_grey_pictures_is_not(channels: int) -> None:
    grey = np.repeat(PICTURES[..., None], channels, axis=-1)
    grey[..., 3:] = 255
    coloured = grey.copy()
    coloured[-1, :3, :3, 0] ^= 128  # one picture of all
    unseen = coloured.copy()
    unseen[-1, :3, :3, 3:] = 0
    for pictures, said in ((grey, False), (coloured, True), (unseen, channels == 3)):
        files = zipped({name: png(one) for name, one in zip(named(), pictures, strict=True)})
        for data in (files, npy(pictures)):
            assert ("Colours were turned to grey." in read([data], AS_THEY_ARE).notes) == said


def test_shaded_ink_on_transparency_stays_shaded_and_stands_out() -> None:
    for light, expected in (((120, 255), (120, 255)), ((0, 120), (255, 135))):  # dark ink is turned round
        drawn = np.zeros((N, 6, 6, 4), dtype=np.uint8)
        drawn[:, 2, 1:5, 3] = 255
        drawn[:, 2, 1:3, :3], drawn[:, 2, 3:5, :3] = light
        got = read([zipped({n: png(p) for n, p in zip(named(), drawn, strict=True)})], AS_THEY_ARE).grey
        assert got[0, 2].tolist() == [0, expected[0], expected[0], expected[1], expected[1], 0]
        assert got[:, [0, 1, 3, 4, 5]].max() == 0


def test_opaque_pictures_with_an_alpha_channel_are_as_they_are() -> None:
    drawn = np.dstack([PICTURES[0]] * 3 + [np.full((6, 6), 255, np.uint8)])
    files = {name: png(np.dstack([p, p, p, drawn[..., 3]])) for name, p in zip(named(), PICTURES, strict=True)}
    assert np.array_equal(read([zipped(files)], AS_THEY_ARE).grey, PICTURES)


SCALES: list[tuple[float, str, str]] = [
    (1, "u1", "0 to 1 were spread"),
    (4095, "u2", "0 to 4095 were spread"),
    (65535, "u2", ""),
    (255, "u1", ""),
    (16, "u1", "0 to 16 were spread"),
]


@pytest.mark.parametrize(("white", "dtype", "said"), SCALES)
def test_one_range_rule_for_every_reader(white: float, dtype: str, said: str) -> None:
    scaled = (PICTURES.astype(float) / 255 * white).astype(dtype)
    readers: dict[str, bytes] = {
        "images": zipped({name: png(picture) for name, picture in zip(named(), scaled, strict=True)}),
        "tiff": zipped({name: image(picture, "tiff") for name, picture in zip(named("tif"), scaled, strict=True)}),
        "npy": npy(scaled),
        "floats": npy(scaled.astype(float)),
        "npz": npz(x=scaled),
        "csv": csv(scaled.reshape(N, -1)),
    }
    for kind, file in readers.items():
        got = read([file], AS_THEY_ARE)
        assert np.array_equal(got.grey, PICTURES), kind
        told = any(said in note for note in got.notes if "spread" in note)
        assert told or not said or kind in ("floats", "csv")


def test_minus_one_to_one_and_fractions_have_full_contrast_too() -> None:
    for low, high in ((-1.0, 1.0), (-0.5, 0.5), (0.0, 0.25), (0.0, 1.0), (100.0, 1000.0)):
        values = low + PICTURES / 255 * (high - low)
        assert np.array_equal(read([npy(values)], AS_THEY_ARE).grey, PICTURES)
        assert np.array_equal(read([csv(values.reshape(N, -1))], AS_THEY_ARE).grey, PICTURES)


def test_pictures_without_a_picture_are_refused_or_counted() -> None:
    for file in (npy(np.full((N, 6, 6), 9)), zipped({name: png(np.full((6, 6), 255, np.uint8)) for name in named()})):
        with pytest.raises(DatasetError, match="nothing to learn; look at the file"):
            read([file], AS_THEY_ARE)
    flat = np.tile((np.arange(N) * 5).astype(np.uint8)[:, None, None], (1, 6, 6))
    with pytest.raises(DatasetError, match=f"Each of the {N} pictures has one grey level all over"):
        read([npy(flat)], AS_THEY_ARE)
    some = PICTURES.copy()
    some[[4, 9]] = 255
    assert any(
        "2 of 42 pictures have one grey level all over (the first is number 5)" in n
        for n in read([npy(some)], AS_THEY_ARE).notes
    )
    same = read([npy(PICTURES[:1].repeat(N, 0))], AS_THEY_ARE)
    assert "All pictures are the same picture." in same.notes


def test_films_are_told() -> None:
    frames = [Image.fromarray(picture) for picture in PICTURES[:3]]
    file = io.BytesIO()
    frames[0].save(file, "tiff", save_all=True, append_images=frames[1:])
    files = {name: png(picture) for name, picture in zip(named(), PICTURES, strict=True)}
    got = read([zipped(files | {"a00.png": file.getvalue()})], AS_THEY_ARE)
    assert "1 of the images hold several frames: the first of each is read." in got.notes


def by_folder(path: Callable[[int], str]) -> Pictures:
    """The pictures, each at its path."""
    got = read([zipped({path(i): png(picture) for i, picture in enumerate(PICTURES)})], AS_THEY_ARE)
    order = np.argsort([path(i) for i in range(N)])
    assert np.array_equal(got.grey, PICTURES[order])
    back = np.argsort(order)
    return got._replace(labels=got.labels[back], parts=None if got.parts is None else got.parts[back])


def test_folders_are_classes_and_folders_called_train_and_test_are_parts() -> None:
    wanted = np.where(np.arange(N) % 5 == 0, 2, 0)
    for train, test in (
        ("train", "test"),
        ("Training", "Testing"),
        ("training_set", "test_set"),
        ("train_images", "test_images"),
    ):
        place = {0: train, 2: test}
        for path in (
            lambda i, place=place: f"d/{place[wanted[i]]}/{i:02}.png",
            lambda i, place=place: f"{place[wanted[i]]}/{i:02}.png",
        ):
            got = by_folder(path)
            assert (got.class_names, got.parts.tolist()) == (("all",), wanted.tolist())
        for path in (
            lambda i, place=place: f"d/{place[wanted[i]]}/{KINDS[i]}/{i:02}.png",
            lambda i, place=place: f"{KINDS[i]}/{place[wanted[i]]}/{i:02}.png",
        ):
            got = by_folder(path)
            assert (got.class_names, got.parts.tolist()) == (CLASSES, wanted.tolist())
            assert got.labels.tolist() == KINDS.tolist()


def test_a_class_may_be_called_train_where_the_others_are_no_parts() -> None:
    vehicles = ("bus", "car", "train")
    got = by_folder(lambda i: f"{vehicles[KINDS[i]]}/{i:02}.png")
    assert (got.class_names, got.parts) == (vehicles, None)


def test_images_outside_all_class_folders_are_counted() -> None:
    got = by_folder(lambda i: f"{i:02}.png" if i < 2 else f"{KINDS[i]}/{i:02}.png")
    assert got.class_names == (*CLASSES, "unnamed")
    assert any("2 images lie in no class folder" in note for note in got.notes)


@pytest.mark.parametrize(
    "table",
    [
        lambda: "id,label\n" + "".join(f"{n},{k}\n" for n, k in zip(named(), KINDS, strict=True)),
        lambda: "".join(f"{n[:-4]};{k}\n" for n, k in zip(named(), KINDS, strict=True)),
        lambda: "class\tfile\n" + "".join(f"{k}\timages/{n}\n" for n, k in zip(named(), KINDS, strict=True)),
        lambda: "file,width,label\n" + "".join(f"./images/{n},6,{k}\n" for n, k in zip(named(), KINDS, strict=True)),
        lambda: "".join(f"{n} {k}\n" for n, k in sorted(zip(named(), KINDS, strict=True), reverse=True)),
    ],
)
def test_a_table_beside_the_images_names_their_classes(table: Callable[[], str]) -> None:
    files = {f"images/{name}": png(picture) for name, picture in zip(named(), PICTURES, strict=True)}
    got = read([zipped({"about.csv": table().encode(), "README.txt": b"some words\nand more\n"} | files)], AS_THEY_ARE)
    assert got.class_names == CLASSES
    assert got.labels.tolist() == KINDS.tolist()
    assert any("Labels are from 'about.csv', column" in note for note in got.notes)
    assert "Left out, since not images: 1 of the files." in got.notes


def test_images_that_the_table_does_not_name_are_left_out_and_counted() -> None:
    table = "id,label\n" + "".join(f"{i},{k}\n" for i, k in enumerate(KINDS) if i >= 3)
    files = {f"{i:05}.png": png(picture) for i, picture in enumerate(PICTURES)}
    got = read([zipped(files | {"labels.csv": table.encode()})], AS_THEY_ARE)
    assert np.array_equal(got.grey, PICTURES[3:])
    assert got.labels.tolist() == KINDS[3:].tolist()
    assert any("Left out: 3 of 42 images, which that table does not name." in note for note in got.notes)


NAMES = [
    ("x", "y"),
    ("X", "Y"),
    ("data", "target"),
    ("images", "labels"),
    ("data", "targets"),
    ("Pictures", "class"),
    ("arr_0", "arr_1"),
]


@pytest.mark.parametrize(("pictures", "labels"), NAMES)
def test_arrays_are_found_by_one_list_of_names(pictures: str, labels: str) -> None:
    for marks in (KINDS, KINDS[:, None], KINDS[None, :], np.eye(3)[KINDS], KINDS.astype(float)):
        got = read([npz(**{pictures: PICTURES, labels: marks})], AS_THEY_ARE)
        assert np.array_equal(got.grey, PICTURES)
        assert got.labels.tolist() == KINDS.tolist()
    loose = read([npy(PICTURES), npy(KINDS)], AS_THEY_ARE, [f"{pictures}.npy", f"{labels}.npy"])
    assert loose.labels.tolist() == KINDS.tolist()


@pytest.mark.parametrize("way", ["{what}_{part}", "{part}_{what}", "{what}{part}", "{part}{What}"])
def test_arrays_of_parts_keep_their_parts(way: str) -> None:
    def name(what: str, part: str) -> str:
        return way.format(what=what, What=what.capitalize(), part=part)

    arrays = {}
    for part_name, rows in (("train", slice(0, 30)), ("test", slice(30, N))):
        arrays[name("x", part_name)], arrays[name("y", part_name)] = PICTURES[rows], KINDS[rows]
    got = read([npz(**arrays)], AS_THEY_ARE)
    assert np.array_equal(got.grey, PICTURES)
    assert got.labels.tolist() == KINDS.tolist()
    assert got.parts.tolist() == [0] * 30 + [2] * (N - 30)


def test_arrays_of_other_names_are_told_by_their_shapes_or_listed() -> None:
    got = read([npz(ants=PICTURES, kinds=KINDS)], AS_THEY_ARE)
    assert np.array_equal(got.grey, PICTURES)
    assert got.labels.tolist() == KINDS.tolist()
    assert "The pictures are the array 'ants'." in got.notes
    with pytest.raises(DatasetError, match=r"Found 2 arrays, ants \(42×6×6\), bees \(42×6×6\), but no array called x"):
        read([npz(ants=PICTURES, bees=PICTURES)])
    told = read([npz(x=PICTURES, y=KINDS, weights=np.ones(N))], AS_THEY_ARE).notes
    assert "Left out of the file's 3 arrays: weights (42)." in told
    without = read([npz(x_train=PICTURES[:30], y_train=KINDS[:30], x_test=PICTURES[30:])], AS_THEY_ARE)
    assert len(without.grey) == 30
    assert "Left out, since without labels: 12 for test." in without.notes


def test_idx_files_belong_together_by_name_or_by_count_packed_or_not() -> None:
    files = {
        "train-images-idx3-ubyte": idx(PICTURES[:30]),
        "train-labels-idx1-ubyte": idx(KINDS[:30]),
        "t10k-images-idx3-ubyte": idx(PICTURES[30:]),
        "t10k-labels-idx1-ubyte": idx(KINDS[30:]),
    }
    for got in (
        read([zipped({f"MNIST/raw/{name}": data for name, data in files.items()})], AS_THEY_ARE),
        read(list(files.values()), AS_THEY_ARE, list(files)),
    ):
        assert np.array_equal(got.grey, PICTURES)
        assert got.labels.tolist() == KINDS.tolist()
        assert got.parts.tolist() == [0] * 30 + [2] * 12
    pair = read([zipped({"b": idx(PICTURES), "a": idx(KINDS)})], AS_THEY_ARE)
    assert pair.labels.tolist() == KINDS.tolist()
    with pytest.raises(DatasetError, match=r"Found 2 IDX files: a \(42×6×6\), b \(42×6×6\). Give those of one set"):
        read([zipped({"a": idx(PICTURES), "b": idx(PICTURES)})])


def test_tables_called_train_and_test_are_parts() -> None:
    both = np.column_stack([KINDS, FLAT])
    got = read(
        [zipped({"mnist_test.csv": csv(both[30:]), "mnist_train.csv": csv(both[:30]), "README.md": b"text"})],
        AS_THEY_ARE,
    )
    assert np.array_equal(got.grey, PICTURES)
    assert got.labels.tolist() == KINDS.tolist()
    assert got.parts.tolist() == [0] * 30 + [2] * 12
    with pytest.raises(DatasetError, match=r"Found 2 tables: 'a.csv', 'b.csv'. Give one, or call them train"):
        read([zipped({"a.csv": csv(both), "b.csv": csv(both)})])
    one = read([zipped({"deep/a.csv": csv(both)})], AS_THEY_ARE)
    assert np.array_equal(one.grey, PICTURES)


def test_the_axis_that_counts_is_told_or_asked() -> None:
    last = np.moveaxis(PICTURES, 0, -1)
    got = read([npy(np.ascontiguousarray(last))], AS_THEY_ARE)
    assert np.array_equal(got.grey, PICTURES)
    assert any("its last axis is read as counting 42 pictures of 6×6" in note for note in got.notes)
    wide = np.concatenate([PICTURES, PICTURES[:, :, :3]], axis=2)  # 6×9, so that no two sizes agree
    doubtful = read([npy(np.moveaxis(wide, 0, -1).repeat(5, 0))], Reading(28))
    assert any("Choose last where it is the last that counts them" in note for note in doubtful.notes)
    asked = read([npy(np.moveaxis(wide, 0, -1))], Reading(None, counted="last"))
    assert np.array_equal(asked.grey, wide)
    labelled = read([npz(x=np.moveaxis(wide, 0, -1), y=KINDS)], AS_THEY_ARE)
    assert np.array_equal(labelled.grey, wide)
    columns = read([npz(x=FLAT.T, y=KINDS)], AS_THEY_ARE)
    assert np.array_equal(columns.grey, PICTURES)
    assert read([npy(last)], Reading(None, counted="first")) if len(last) >= 20 else True
    colours = np.repeat(last[:, :, None], 3, axis=2)  # height × width × 3 × number
    assert np.array_equal(read([npy(colours)], AS_THEY_ARE).grey, PICTURES)
    with pytest.raises(DatasetError, match="looks like one picture with 3 channels"):
        read([npy(np.zeros((28, 28, 3)))])


def test_values_that_are_no_numbers_are_counted() -> None:
    values = PICTURES.astype(float)
    values[3, 0, :2], values[7, 1, 1] = np.nan, np.inf
    with pytest.raises(
        DatasetError, match=r"3 of 1,512 pixels are NaN or infinite, in 2 of 42 pictures \(the first is number 4\)"
    ):
        read([npy(values)])


@pytest.mark.parametrize("file", [lambda: npy(FLAT), lambda: csv(FLAT), lambda: npz(x=FLAT), lambda: idx(FLAT)])
def test_height_and_width_lay_out_rows_of_every_reader(file: Callable[[], bytes]) -> None:
    got = read([file()], Reading((4, 9)))
    assert np.array_equal(got.grey, PICTURES.reshape(N, 4, 9))


def test_sizes_are_written_as_people_write_them() -> None:
    assert [parse_size(text) for text in ("28", "20x28", "20×28", " 20 X 28 ", "20*28", "keep")] == [
        28,
        *[(20, 28)] * 4,
        None,
    ]
    for text in ("", "28x", "big", "-3", "3x4x5"):
        with pytest.raises(ConfigError, match="is no size; give pixels of a side"):
            parse_size(text)
    for size in ((0, 5), (70, 70), (1, 1)):
        with pytest.raises(ConfigError, match="choose a height and a width of 2 to 4,096 pixels together"):
            Reading(size)


def test_turning_and_mirroring_reach_all_eight_positions() -> None:
    picture = np.arange(6, dtype=np.uint8).reshape(1, 2, 3) * 50
    pictures = Pictures(picture, np.zeros(1, np.int64), ("all",))
    assert finish(pictures, Look(turn=90)).grey[0].tolist() == [[150, 0], [200, 50], [250, 100]]  # clockwise
    assert finish(pictures, Look(turn=180)).grey[0].tolist() == picture[0, ::-1, ::-1].tolist()
    assert finish(pictures, Look(mirror=True)).grey[0].tolist() == picture[0, :, ::-1].tolist()
    assert finish(pictures, Look(turn=270, mirror=True)).grey[0].tolist() == picture[0].T.tolist()  # rows for columns
    reached = {
        finish(pictures, Look(turn=t, mirror=m)).grey.tobytes() + bytes([t // 90 % 2])
        for t in (0, 90, 180, 270)
        for m in (False, True)
    }
    assert len(reached) == 8
    with pytest.raises(ConfigError, match="turn is 45; choose 0, 90, 180, 270 degrees"):
        Look(turn=45)


def test_advice_says_what_usually_helps() -> None:
    paper = read([npy(255 - PICTURES)], AS_THEY_ARE)
    assert any("swap bright and dark" in note for note in finish(paper, Look()).notes)
    assert not any("swap bright and dark" in note for note in finish(paper, Look(invert=True)).notes)
    dim = read([npy((PICTURES // 2).astype(np.uint8) + (PICTURES[:, :1, :1] * 0))], AS_THEY_ARE)
    black = finish(dim._replace(grey=dim.grey // 4), Look(levels="binary", threshold=0.95))
    assert (
        f"In black and white {N} of {N} pictures are all black or all white: choose another threshold." in black.notes
    )


def test_names() -> None:
    assert all(map(is_label, ("label", "Labels", "y", "y_train", "trainY", "test_labels", "target", "CLASS")))
    assert not any(map(is_label, ("x", "pixel0", "train", "")))
    assert all(map(is_pictures, ("x", "X_train", "train_images", "data", "testX", "Xtr")))
    assert [part(name) for name in ("t10k-images", "val_images", "x_test", "Xtr", "x", "train_test")] == [
        2,
        1,
        2,
        0,
        None,
        None,
    ]
    assert all(map(is_part_folder, ("train", "Test", "test_set", "validation")))
    assert not any(map(is_part_folder, ("trains", "train1", "cat", "test cats", "data")))


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("digits.png", b"hello there\n", "The file is called .png but holds no picture"),
        ("digits.JPG", b"1,2,3\n4,5,6\n", "The file is called .jpg but holds no picture"),
        ("book.pdf", b"1 2 3\n4 5 6\n", "The file is a PDF, which is not read"),
        ("book", b"\n\n%PDF-1.7\n1 2 3\n", "The file is a PDF, which is not read"),
    ],
)
def test_what_is_called_a_picture_or_a_pdf_is_told_so(name: str, data: bytes, sentence: str) -> None:
    with pytest.raises(DatasetError, match=re.escape(sentence)):
        read([data], names=[name])


OFFICE = {"[Content_Types].xml": b"<Types/>", "_rels/.rels": b"<R/>"}
SHEET = b"application/vnd.oasis.opendocument.spreadsheet"
PROSE = b"Dear reader,\n\nthese are 300 pictures of digits, made in 1998 by hand.\nThe labels\nare beside them.\n"
KEPT = io.BytesIO()
torch.save({"x": torch.zeros(3)}, KEPT)
OTHERS = [
    (zipped(OFFICE | {"xl/workbook.xml": b"<w/>"}), "an Excel workbook, which is not read; save the sheet as CSV"),
    (zipped({"docProps/app.xml": b"<w/>", "xl/workbook.xml": b"<w/>"} | OFFICE), "an Excel workbook"),
    (zipped(OFFICE | {"word/document.xml": b"<w/>"}), "a document of an Office program (such as .docx"),
    (zipped({"mimetype": SHEET, "content.xml": b"<c/>"}, zipfile.ZIP_STORED), "an OpenDocument (.ods"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "of an older Office program (.xls"),
    (b"\n<!DOCTYPE html>\n<html><body>Sign in</body></html>", "a web page (HTML) or XML"),
    (b"\xef\xbb\xbf<html>\n<p>1, 2, 3</p>", "a web page (HTML) or XML"),
    (b'<?xml version="1.0"?>\n<svg width="9"></svg>', "a picture of a kind that is not read (icon"),
    (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(200), "a picture in HEIC or AVIF"),
    (b"\0\0\0\x20ftypavif\0\0\0\0" + bytes(200), "a picture in HEIC or AVIF"),
    (b"\0\0\0\x20ftypisom\0\0\2\0" + bytes(200), "a film or a sound"),
    (b"\0\0\1\0\1\0" + bytes(200), "a picture of a kind that is not read (icon"),
    (b"%PDF-1.7\n" + bytes(200), "a PDF"),
    (b"MATLAB 5.0 MAT-file" + bytes(200), "MATLAB's, which is not read; save its arrays as .npz"),
    (b"MATLAB 7.3 MAT-file" + bytes(493) + b"\x89HDF\r\n\x1a\n", "HDF5 (or MATLAB's 7.3)"),
    (b"\x89HDF\r\n\x1a\n" + bytes(200), "HDF5 (or MATLAB's 7.3)"),
    (b"@relation x\n@attribute a numeric\n@data\n1\n", "Weka's ARFF"),
    (b"PAR1" + bytes(100), "Parquet"),
    (pickle.dumps([1, 2]), "a pickle"),
    (KEPT.getvalue(), "a pickle (Python's .pkl, PyTorch's .pt)"),
    (b"Rar!\x1a\7\0" + bytes(99), "packed as 7z, RAR"),
    (b"7z\xbc\xaf\x27\x1c" + bytes(99), "packed as 7z, RAR"),
    (b'{"cells": [], "nbformat": 4}', "JSON (or a notebook)"),
    ("a,b\n1,2\n".encode("utf-16"), "text in UTF-16"),
    (PROSE, "text with hardly any numbers, and no table"),
    (b"A line of words alone.", "text with hardly any numbers, and no table"),
]


@pytest.mark.parametrize(("file", "sentence"), OTHERS)
def test_other_files_are_named_with_what_to_do(file: bytes, sentence: str) -> None:
    pattern = r"The file (is|looks like) " + re.escape(sentence)
    for name in ("digits.csv", "digits"):
        with pytest.raises(DatasetError, match=pattern) as told:
            read([file], names=[name])
        assert re.search("; (save|give|pack|download) ", str(told.value))
    for files in ([zipped({"a/digits": file, "b": b""})], [file, gzip.compress(file)]):
        with pytest.raises(DatasetError, match="^'(a/digits|one)': .*" + re.escape(sentence)):
            read(files, names=["one", "two"][: len(files)])
    with pytest.raises(DatasetError, match=pattern):
        read([gzip.compress(file)])
    with pytest.raises(DatasetError, match="The file is gzip within gzip, which is not read; unpack it once"):
        read([gzip.compress(gzip.compress(file))])
    with pytest.raises(DatasetError, match="^'0.HEIC': .*" + re.escape(sentence)):
        read([zipped({f"{i}.HEIC": file for i in range(30)})])


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        (b"\n".join(b"1 3:0.5 7:1" for _ in range(30)), "LIBSVM's sparse format"),
        (b"a,b,c\n" + b"red,blue,green\n" * 30, "The table holds words but no row of numbers"),
        (b"7,7,7,7\n" * 30, "Every pixel of every picture has the same value, 7"),
        (zipped({"__MACOSX/x": b""}), "The ZIP is empty; pack images"),
    ],
)  # fmt: skip
def test_what_can_be_no_pictures_is_refused_for_what_it_holds(file: bytes, sentence: str) -> None:
    with pytest.raises(DatasetError, match=sentence):
        read([file], AS_THEY_ARE)


def test_a_zip_beside_other_files_is_to_be_given_alone() -> None:
    with pytest.raises(DatasetError, match=r"'a\.zip': There is a ZIP or \.npz among several files; give it alone"):
        read([zipped({"a.png": png(PICTURES[0])}), b"1,2\n"], names=["a.zip", "b.csv"])


def test_what_only_begins_like_another_kind_is_read() -> None:
    numbers = "\n".join("  ".join(map(str, row)) for row in FLAT.tolist())
    header = "BMI " + " ".join(f"p{i}" for i in range(35)) + "\n"
    assert np.array_equal(read([(header + numbers).encode()], AS_THEY_ARE).grey, PICTURES)
    words = [f"a word of a {chr(97 + i % 26)}{'z' * (i // 26)}" for i in range(36)]  # a header of many words
    titled = ",".join(words) + "\n" + numbers.replace("  ", ",")
    assert np.array_equal(read([titled.encode()], AS_THEY_ARE).grey, PICTURES)
    for folder in ("word", "xl", "docProps"):
        files = {f"{folder}/{name}": png(picture) for name, picture in zip(named(), PICTURES, strict=True)}
        assert np.array_equal(read([zipped(files)], AS_THEY_ARE).grey, PICTURES)
    pictures = {name: png(picture) for name, picture in zip(named(), PICTURES, strict=True)}
    assert np.array_equal(read([zipped({"a/data.pkl": pickle.dumps(1)} | pictures)], AS_THEY_ARE).grey, PICTURES)


def test_a_text_about_an_array_is_left_out_and_told() -> None:
    got = read([zipped({"x.npy": npy(PICTURES), "about": PROSE})], AS_THEY_ARE)
    assert np.array_equal(got.grey, PICTURES)
    assert "Left out, since not read here: 'about'." in got.notes


def test_a_table_is_one_under_any_other_name() -> None:
    rows = b"".join(b"0,1,0,%d\n" % (i % 2) for i in range(20))
    assert len(read([rows], names=["numbers.dat"]).grey) == 20
