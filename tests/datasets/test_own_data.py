"""Own data: every kind of file becomes the pictures that are in it, and is kept, listed, removed and learnt from by name."""

import gzip
import hashlib
import io
import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import numpy as safetensors_numpy

from rbm.__main__ import main
from rbm.core import limits
from rbm.datasets import is_available, load_dataset
from rbm.datasets.base import split_rows
from rbm.datasets.catalog import CATALOG, entry, names
from rbm.datasets.user_datasets import save
from rbm.datasets.user_datasets.look import Look, finish
from rbm.datasets.user_datasets.pictures import Pictures, Reading, checked
from rbm.datasets.user_datasets.read import read
from rbm.errors import ConfigError, DatasetError
from rbm.experiment import DatasetSpec, ModelSpec, RunSpec, cached_dataset
from rbm.jobs.training import TrainingJob
from rbm.report.words import data_title
from rbm.training.config import TrainConfig
from tests.helpers.own_files import (
    CLASSES,
    HEIGHT,
    LABELS,
    PICTURES,
    WIDTH,
    N,
    idx,
    images_zip,
    npy,
    npz,
    png,
    table,
    valid_files,
    zipped,
)

AS_THEY_ARE = Reading(size=None)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RBM_DATA", str(tmp_path))
    return tmp_path / "own"


def some(n: int = 40, seed: int = 1) -> Pictures:
    grey = np.random.default_rng(seed).integers(0, 256, (n, 6, 5), dtype=np.uint8)
    return Pictures(grey, np.arange(n) % 2, ("no", "yes"))


def by_class(grey: np.ndarray, labels: np.ndarray, class_names: tuple[str, ...]) -> dict[str, list[bytes]]:
    """The pictures of each class, in any order: a ZIP's are sorted by path."""
    return {name: sorted(p.tobytes() for p in grey[labels == c]) for c, name in enumerate(class_names)}


@pytest.mark.parametrize("kind", ["zip", "csv"])
def test_pictures_and_named_labels_come_back_exactly(kind: str) -> None:
    got = read(valid_files()[kind], AS_THEY_ARE if kind == "zip" else Reading(None))
    wanted = PICTURES if kind == "zip" else PICTURES.reshape(N, 1, -1)  # 35 values of a row make no square
    assert by_class(*got[:3]) == by_class(wanted, LABELS, CLASSES)


def test_classes_that_differ_in_marks_which_are_not_shown_stay_apart() -> None:
    folders = ("😀", "😢", "кот", "x" * 40 + "a", "x" * 40 + "b")
    got = read([zipped({f"{name}/{i}.png": png(PICTURES[i]) for name in folders for i in range(N)})], AS_THEY_ARE)
    assert set(got.class_names) == {"_", "_ 2", "кот", "x" * 40, "x" * 34 + " 2"}
    assert np.bincount(got.labels).tolist() == [N] * 5
    assert any("told apart by numbers: " in note and "_ 2" in note for note in got.notes)


@pytest.mark.parametrize("kind", ["npz", "idx"])
def test_arrays_come_back_exactly_with_their_labels(kind: str) -> None:
    got = read(valid_files()[kind], AS_THEY_ARE)
    assert np.array_equal(got.grey, PICTURES)
    assert np.array_equal(got.labels, LABELS)
    assert got.class_names == ("0", "1", "2")


@pytest.mark.parametrize("kind", ["zip", "npy", "npz", "idx"])
def test_every_kind_comes_to_the_size_that_was_asked_for_and_needs_no_labels(kind: str) -> None:
    got = read(valid_files()[kind], Reading(size=9, labels="none"))
    assert got.grey.shape == (N, 9, 9)
    assert got.class_names == ("all",)


def test_a_table_without_a_header_finds_its_labels_by_text_or_by_the_square() -> None:
    assert read([table(header=False)], AS_THEY_ARE).class_names == CLASSES
    rows = "\n".join(",".join(map(str, [i % 4, *PICTURES[i].ravel()[:25]])) for i in range(N)).encode()
    got = read([rows], AS_THEY_ARE)
    assert got.grey.shape == (N, 5, 5)
    assert got.class_names == ("0", "1", "2", "3")
    assert read([table()], Reading(None, labels="last")).class_names == CLASSES
    with pytest.raises(DatasetError, match="no column called 'colour'"):
        read([table()], Reading(labels="colour"))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.array([[0.0, 0.5, 1.0, 0.25]]), [0, 128, 255, 64]),  # in [0, 1]: as it is
        (np.array([[0, 255, 128, 1]]), [0, 255, 128, 1]),  # bytes
        (np.array([[0, 16, 8, 4]]), [0, 255, 128, 64]),  # digits of scikit-learn: 0 to 16
        (np.array([[-1.0, 1.0, 0.0, -0.5]]), [0, 255, 128, 64]),
        (np.array([[True, False, True, True]]), [255, 0, 255, 255]),
    ],
)
def test_numbers_are_scaled_to_black_and_white(values: np.ndarray, expected: list[int]) -> None:
    got = read([npy(values.repeat(N, axis=0))], AS_THEY_ARE)
    assert got.grey.shape == (N, 2, 2)
    assert got.grey[0].ravel().tolist() == expected


def test_colours_become_grey_by_their_luma_wherever_the_channels_stand() -> None:
    colours = np.zeros((N, 4, 6, 3), dtype=np.uint8)
    colours[..., 1] = 255  # green
    colours[0, 0, 0] = 255
    for values in (colours, np.moveaxis(colours, 3, 1)):
        got = read([npy(values)], AS_THEY_ARE).grey
        assert got[0, 0, 0] == 255
        assert (got[1:] == round(0.587 * 255)).all()
    zipped_colours = read([zipped({f"{i}.png": png(colours[i]) for i in range(N)})], AS_THEY_ARE).grey
    assert (zipped_colours[1:] == round(0.587 * 255)).all()


def test_sixteen_bits_keep_their_grey_levels_and_ink_on_transparency_is_white() -> None:
    deep = (np.arange(N * 4, dtype=np.uint16) * 500).reshape(N, 2, 2)
    got = read([zipped({f"{i:02}.png": png(deep[i]) for i in range(N)})], AS_THEY_ARE).grey
    assert np.abs(got.astype(float) - deep / 257).max() <= 1
    glass = np.zeros((4, 4, 4), dtype=np.uint8)
    glass[0, 0, 3] = 255  # one black pixel, the others transparent
    got = read([zipped({f"{i}.png": png(glass) for i in range(N)})], AS_THEY_ARE).grey
    assert got[0, 0, 0] == 255
    assert got[0].sum() == 255


def test_what_is_not_square_gets_a_border_or_loses_its_edges() -> None:
    wide = np.full((4, 8), 200, dtype=np.uint8)
    wide[:, 2:6] = 40
    wide[1, 3] = 0
    file = [zipped({f"{i}.png": png(wide) for i in range(N)})]
    assert (read(file, Reading(4, "crop")).grey == wide[:, 2:6]).all()
    padded = read(file, Reading(8, "pad")).grey[0]
    assert (padded[[0, 1, 6, 7]] == 200).all()  # the border goes on in the corners' grey
    assert (padded[2:6] == wide).all()
    squeezed = read(file, Reading(4, "stretch")).grey[0]
    assert (squeezed[[0, 2, 3]] == [200, 40, 40, 200]).all()
    assert squeezed[1].tolist() == [200, 20, 40, 200]


def test_hidden_files_and_other_kinds_are_left_out() -> None:
    files = {f"{i}.png": png(PICTURES[i]) for i in range(N)}
    files |= {"__MACOSX/._0.png": b"x", ".DS_Store": b"x", "notes.txt": b"x"}
    got = read([zipped(files)], AS_THEY_ARE)
    assert len(got.grey) == N
    assert got.notes == ("Left out, since not images: 1 of the files.",)


def test_looks() -> None:
    pictures = Pictures(np.array([[[10, 110], [60, 10]]], dtype=np.uint8), np.zeros(1, np.int64), ("all",))
    assert finish(pictures, Look(invert=True)).grey.ravel().tolist() == [245, 145, 195, 245]
    assert finish(pictures, Look(contrast="each")).grey.ravel().tolist() == [0, 255, 127, 0]
    assert finish(pictures, Look(levels="binary", threshold=0.2)).grey.ravel().tolist() == [0, 255, 255, 0]
    with pytest.raises(ConfigError, match="threshold is 1"):
        Look(threshold=1)


def bomb(unpacked: int) -> bytes:
    return zipped({"a.png": b"\0" * unpacked} | {f"{i}.png": png(PICTURES[i]) for i in range(N)})


def large_png() -> bytes:
    file = io.BytesIO()
    Image.new("1", (6000, 6000)).save(file, "png")
    return file.getvalue()


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        (b"", "The file is empty; save or download it again"),
        (b"\xff\xfe\x00rubbish", "none of: a ZIP of images, IDX"),
        (pickle.dumps([1, 2]), "looks like a pickle"),
        (npy(np.array([{}], dtype=object)), "holds object where numbers"),
        (npy(PICTURES)[:-1], "announces 30×7×5 of uint8 but holds 1,049 bytes"),
        (npy(np.full((N, 4), np.nan)), "NaN or infinite"),
        (npy(np.zeros((N, 70, 70))), r"have 70×70 pixels; 2 to 4,096"),
        (npy(np.zeros(N)), "has the shape 30"),
        (npy(PICTURES[:19]), "There are 19 pictures in the file; at least 20"),
        (npz(left=PICTURES, right=PICTURES, marks=LABELS), "no array called x"),
        (npz(x=PICTURES, y=LABELS[:-1]), "30 pictures but 29 labels"),
        (npz(x=PICTURES, y=np.arange(N) + 0.5), "labels are not whole numbers"),
        (npz(x=np.tile(PICTURES, (5, 1, 1)), y=np.arange(150)), "150 different values; at most 100 classes"),
        (idx(PICTURES)[:-1], "announces 30×7×5 but holds"),
        (idx(LABELS), "labels alone"),
        (gzip.compress(idx(PICTURES), mtime=0)[:-9], "incomplete"),
        (gzip.compress(b"\0" * 2**23, mtime=0), "unpacks to more than"),
        (images_zip()[:-30], "damaged or incomplete"),
        (zipped({"../a.png": png(PICTURES[0])}), "leads out of its folder"),
        (zipped({"/etc/a.png": png(PICTURES[0])}), "leads out of its folder"),
        (zipped({"C:\\a.png": png(PICTURES[0])}), "leads out of its folder"),
        (bomb(2**23), "unpacks to more than"),
        (zipped({"a.png": b"GIF8 no"} | {f"{i}.png": png(PICTURES[i]) for i in range(N)}), "'a.png' cannot be read"),
        (zipped({f"{i}.png": large_png() for i in range(N)}), "6,000×6,000 pixels; at most 24 million"),
        (zipped({"a/notes.bin": b"\x01x", "b.zip": images_zip()}), "'b.zip': There is a ZIP within the ZIP"),
        (zipped({}), "The ZIP is empty; pack images"),
        (b"a,b,c\n1,2,x\n1,2,3\n1,2,3\n", "Row 2 of the table holds 'x'"),
        (b"1,2,3,4\n1,2,3\n", "Row 2 of the table has 3 columns; the first has 4"),
        (zipped({"letter.txt": b"hello"}), "Each row has one value, so there are no pictures to read"),
        (b"1,2,inf,4\n", "Row 1 of the table holds a value that is not finite"),
        (b"1,2,nan,4\n1,,3,NA\n", r"3 of the table's 8 cells have no value, in 2 of 2 rows \(first in row 1, column 3\)"),
        (b"\n".join([b"1,2,3,4"] * 19), "There are 19 pictures"),
    ],
)  # fmt: skip
def test_bad_files_are_refused_in_a_sentence(file: bytes, sentence: str) -> None:
    with pytest.raises(DatasetError, match=sentence):
        read([file], Reading(None))


def test_pictures_of_several_sizes_need_a_size() -> None:
    files = {f"{i}.png": png(PICTURES[i][: 3 + i % 2]) for i in range(N)}
    assert read([zipped(files)], Reading(8)).grey.shape == (N, 8, 8)
    with pytest.raises(DatasetError, match="several sizes; choose one"):
        read([zipped(files)], AS_THEY_ARE)


def test_a_kept_set_is_a_data_set_like_any_other(folder: Path) -> None:
    before = dict(CATALOG)
    pictures = some()
    save.save("cats", pictures, "My cats.zip")
    assert names()[-1] == "own:cats"
    assert is_available("own:cats")
    line, data = entry("own:cats"), load_dataset("own:cats")
    for field in ("name", "title", "kind", "image_shape", "class_names"):
        assert getattr(data, field) == getattr(line, field)
    assert [len(part) for part in (data.train, data.validation, data.test)] == [33, 3, 4]
    rows = torch.cat([data.train, data.validation, data.test])
    assert sorted(rows.tolist()) == sorted(torch.from_numpy(pictures.grey).flatten(1).float().div(255).tolist())
    assert dict(CATALOG) == before
    assert [path.name for path in folder.iterdir()] == ["own-cats.safetensors"]
    again = load_dataset("own:cats", classes=[1], size=7)
    assert again.train_labels.tolist() == [1] * 7


def test_a_given_division_is_the_data_sets_division(folder: Path) -> None:
    pictures = some(60)
    for given, sizes in (({2: 13}, (43, 4, 13)), ({1: 7}, (48, 7, 5)), ({1: 7, 2: 13}, (40, 7, 13))):
        parts = np.repeat([0, *given], [60 - sum(given.values()), *given.values()]).astype(np.uint8)
        name = "set" + "-".join(map(str, given))
        assert save.save(name, pictures._replace(parts=parts)).divided
        data = load_dataset(f"own:{name}")
        rows = torch.from_numpy(pictures.grey).flatten(1).float().div(255)
        assert tuple(map(len, (data.train, data.validation, data.test))) == sizes
        for part, number in ((data.validation, 1), (data.test, 2)):
            if number in given:
                assert torch.equal(part, rows[torch.from_numpy(parts) == number])
        whole = torch.cat([data.train, data.validation, data.test])
        assert sorted(whole.tolist()) == sorted(rows.tolist())
    for other in (pictures, pictures._replace(parts=np.zeros(60, np.uint8))):
        path = save.save("plain", other).path
        assert path.stat().st_size > 0
        save.remove("plain")
    with pytest.raises(DatasetError, match="keeps 29 pictures for test and validation and 1 for training"):
        checked(pictures.grey[:30], None, parts=np.array([0] + [2] * 29, dtype=np.uint8))


def test_sets_that_were_kept_before_there_were_parts_are_read_and_divided_as_they_were(folder: Path) -> None:
    pictures = some()
    header = {
        "format": "boltzmann-explorer-data/1",
        "kind": "grey",
        "class_names": '["no", "yes"]',
        "source": "old.zip",
        "digest": hashlib.blake2s(pictures.grey.tobytes() + pictures.labels.tobytes(), digest_size=16).hexdigest(),
    }
    folder.mkdir(parents=True)
    tensors = {"pictures": pictures.grey, "labels": pictures.labels}
    (folder / "own-old.safetensors").write_bytes(safetensors_numpy.save(tensors, metadata=header))
    data = load_dataset("own:old")
    rest, test = split_rows(40, "own:old test")
    train, validation = (rest[part] for part in split_rows(len(rest), "own:old"))
    rows = torch.from_numpy(pictures.grey).flatten(1).float().div(255)
    for part, index in ((data.train, train), (data.validation, validation), (data.test, test)):
        assert torch.equal(part, rows[index])
    assert not save.find("old").divided
    assert save.save("new", pictures).digest == save.find("old").digest


def test_runs_learn_from_it() -> None:
    save.save("cats", finish(some(), Look(levels="binary")))
    spec = RunSpec(DatasetSpec("own:cats"), ModelSpec(4), TrainConfig(epochs=1))
    assert RunSpec.from_json(spec.to_json()) == spec
    assert TrainingJob(spec.to_json()).advance(9).status == "finished"
    assert load_dataset("own:cats").kind == "binary"


def test_removed_sets_come_back_and_runs_on_them_go_on() -> None:
    save.save("cats", some())
    save.remove("cats")
    assert "own:cats" not in names()
    assert load_dataset("own:cats").title == data_title(RunSpec(DatasetSpec("own:cats"))) == "cats (removed)"
    assert data_title(RunSpec(DatasetSpec("own:dogs"))) == "dogs (not here)"
    with pytest.raises(ConfigError, match="removed already"):
        save.remove("cats")
    save.restore("cats")
    assert "own:cats" in names()
    with pytest.raises(ConfigError, match="cannot be restored: the name is taken"):
        save.restore("cats")
    for i in range(save.MOST_REMOVED + 1):
        save.save(f"set{i}", some())
        save.remove(f"set{i}")
    with pytest.raises(ConfigError, match="No data set of your own is called 'set0'; kept are: cats"):
        load_dataset("own:set0")
    assert is_available("own:set1")


def test_another_set_under_an_old_name_is_not_mistaken_for_it() -> None:
    save.save("cats", some(seed=1))
    first = cached_dataset(DatasetSpec("own:cats"))
    assert cached_dataset(DatasetSpec("own:cats")) is first
    save.remove("cats")
    assert cached_dataset(DatasetSpec("own:cats")) is first
    save.save("cats", some(seed=2))
    assert not torch.equal(cached_dataset(DatasetSpec("own:cats")).train, first.train)


@pytest.mark.parametrize("name", ["", "..", "../x", "a/b", "A", "x" * 41, "a\0", ".x", "own:x", "a b", None])
def test_names_play_no_tricks(name: str, folder: Path) -> None:
    for act in (save.find, save.remove, save.restore, lambda name: save.save(name, some())):
        with pytest.raises(ConfigError, match="cannot be a data set's name"):
            act(name)
    assert not folder.exists()


def test_a_name_is_given_once_and_the_folder_fills_up(monkeypatch: pytest.MonkeyPatch) -> None:
    save.save("cats", some())
    with pytest.raises(ConfigError, match="called 'cats' is kept already"):
        save.save("cats", some())
    monkeypatch.setattr(limits, "SETS", 1)
    with pytest.raises(DatasetError, match="is full"):
        save.save("dogs", some())


@pytest.mark.parametrize("limit", ["OWN_SETS", "OWN_BYTES"])
def test_nobody_fills_everybodys_folder(monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    one = save.save("cats", some(), owner="ada")
    most = 2 if limit == "OWN_SETS" else 2 * one.path.stat().st_size
    monkeypatch.setattr(limits, limit, replace(getattr(limits, limit), most=most))
    save.save("dogs", some(), owner="bob")
    save.save("owls", some(), owner="ada")
    with pytest.raises(
        ConfigError, match=r"that you keep is .*; expected at most .* the folder is everybody's: delete one"
    ):
        save.save("bees", some(), owner="ada")
    for owner in ("bob", "", "", ""):  # nobody's are the command line's, which has the machine alone
        save.save(f"of-{len(save.kept())}", some(), owner=owner)
    removed = save.remove("cats")
    save.save("bees", some(), owner="ada")
    with pytest.raises(ConfigError, match="the folder is everybody's: delete one"):
        save.restore("cats", digest=removed.digest, owner="ada")
    save.remove("bees")
    save.restore("cats", digest=removed.digest, owner="ada")


def test_a_damaged_file_is_left_out_of_the_list_and_named_when_asked_for(folder: Path) -> None:
    path = save.save("cats", some()).path
    path.write_bytes(path.read_bytes()[:-1])
    assert save.kept() == []
    assert not is_available("own:cats")
    with pytest.raises(DatasetError, match="is damaged"):
        load_dataset("own:cats")


def test_a_sample_is_spread_over_the_set() -> None:
    save.save("cats", some(40))
    assert np.array_equal(save.sample("cats", 12), some(40).grey[0:36:3])


def test_the_command_line_turns_mirrors_and_says_what_is_wrong_with_a_size(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.npy").write_bytes(
        npy(PICTURES.transpose(0, 2, 1))
    )  # rows and columns exchanged, as in EMNIST's files
    add = ["data", "add", str(tmp_path / "a.npy"), "--name"]
    assert main([*add, "turned", "--size", "keep", "--mirror", "--turn", "270"]) == 0
    rows = torch.from_numpy(PICTURES).flatten(1).float().div(255)
    assert load_dataset("own:turned").image_shape == (HEIGHT, WIDTH)
    data = load_dataset("own:turned")
    assert sorted(torch.cat([data.train, data.validation, data.test]).tolist()) == sorted(rows.tolist())
    assert main([*add, "big", "--size", "huge"]) == 2
    assert (
        "'huge' is no size; give pixels of a side such as 28, height × width such as 20x28" in capsys.readouterr().err
    )
    assert main([*add, "odd", "--size", "20x9"]) == 0
    told = capsys.readouterr().out
    assert "The pictures of 5×7 pixels were scaled to 20×9 with a border." in told
    assert "own:odd: 30 grey pictures of 20×9" in told


def test_the_command_line_adds_lists_removes_and_restores(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = []
    for i, data in enumerate(valid_files()["idx"]):
        files.append(tmp_path / f"file{i}")
        files[-1].write_bytes(data)
    assert main(["data", "add", *map(str, files), "--name", "bugs", "--size", "8", "--binary", "0.5"]) == 0
    assert main(["data", "list"]) == 0
    assert capsys.readouterr().out.count("own:bugs: 30 binary pictures of 8×8, 3 classes, from file0") == 2
    assert main(["data", "remove", "bugs"]) == 0
    assert main(["data", "remove", "bugs"]) == 2
    assert main(["data", "restore", "bugs"]) == 0
    assert main(["data", "add", str(tmp_path / "nothing"), "--name", "x"]) == 2
    assert "nothing cannot be read: No such file" in capsys.readouterr().err
    assert [one.name for one in save.kept()] == ["bugs"]
