"""The page for one's own data under AppTest: upload, choose, keep, train on it, delete, undo."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from pages.ui import shell
from rbm.datasets.user_datasets import save
from tests.helpers.own_files import valid_files
from tests.helpers.places import CASES
from tests.helpers.screen import draft, open_page


@pytest.fixture(autouse=True)
def clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("RBM_DATA", str(tmp_path))
    yield
    st.cache_resource.clear()


def uploaded(kind: str, name: str) -> AppTest:
    app = open_page(shell.DATA)
    files = [(f"{i}{name}", data, "application/octet-stream") for i, data in enumerate(valid_files()[kind])]
    return app.file_uploader(key="own_files").set_value(files).run()


def test_what_is_uploaded_and_kept_can_be_trained_on_deleted_and_brought_back():
    app = uploaded("zip", "My Bugs.zip")
    assert any("30 pictures of 28×28 pixels, 3 classes" in text.value for text in app.markdown)
    app.select_slider(key="own_size").set_value(8)
    app.segmented_control(key="own_levels").set_value("binary").run()
    assert any("30 pictures of 8×8 pixels" in text.value for text in app.markdown)
    assert save.kept() == []  # nothing before Keep
    assert app.text_input(key="own_name").value == "0my-bugs"
    app.text_input(key="own_name").set_value("bugs").run()
    app.button(key="own_keep").click().run()
    assert not app.exception
    assert "Kept" in app.success[0].value
    (one,) = save.kept()
    assert (one.name, one.n, one.image_shape, one.kind) == ("bugs", 30, (8, 8), "binary")
    app.button(key="own_delete_bugs").click().run()
    assert save.kept() == []
    app.button(key="own_undo_delete").click().run()
    assert [kept.name for kept in save.kept()] == ["bugs"]
    assert not app.exception


def test_the_train_page_offers_it():
    keep_bugs()
    app = open_page(shell.TRAIN)
    app.selectbox(key="draft_dataset").set_value("own:bugs").run()
    assert not app.exception
    assert not app.button(key="train").disabled
    assert draft(app)["dataset"] == "own:bugs"


def test_the_train_page_says_when_it_is_gone():
    app = open_page(shell.TRAIN)
    app.session_state["draft"]["dataset"] = "own:bugs"
    app.run()
    assert not app.exception
    assert app.button(key="train").disabled
    assert "bugs (not here) is not on this machine" in app.warning[0].value
    app.selectbox(key="draft_dataset").set_value("mnist").run()
    assert not app.button(key="train").disabled


def keep_bugs() -> None:
    from rbm.datasets.user_datasets.read import read

    save.save("bugs", read(valid_files()["zip"]))


SHOWN = {
    "kaggle_index.csv": ("30 pictures of 28×28 pixels, 3 classes", "column 1, which counts the rows"),
    "binary300_num.csv": ("60 pictures of 1×300 pixels, 3 classes", "Rows of 300 values make no square"),
    "matlab_order.npy": ("60 pictures of 28×28 pixels, no labels", "last axis is read as counting 60 pictures"),
    "white_on_transparent.zip": ("24 pictures of 28×28 pixels, no labels", "ink of one colour is white"),
    "train_test_flat.zip": (
        "24 pictures of 28×28 pixels, no labels",
        "own division is kept: 6 pictures for test, 18 others",
    ),
    "medmnist.npz": ("60 pictures of 28×28 pixels, 3 classes", "10 pictures for validation and 10 pictures for test"),
}


def brought(name: str) -> AppTest:
    app = open_page(shell.DATA)
    return app.file_uploader(key="own_files").set_value([(name, (CASES / name).read_bytes(), "x")]).run()


@pytest.mark.parametrize("name", SHOWN)
def test_what_people_bring_is_shown_with_what_was_done_and_kept(name: str):
    app = brought(name)
    title, note = SHOWN[name]
    assert any(title in text.value for text in app.markdown)
    assert any(note in text.value for text in app.caption)
    app.button(key="own_keep").click().run()
    assert not app.exception
    (one,) = save.kept()
    assert one.divided == (name in ("train_test_flat.zip", "medmnist.npz"))
    assert any("its own test or validation part" in text.value for text in app.markdown) == one.divided


def test_what_cannot_be_read_is_refused_with_the_way_out():
    app = brought("missing.csv")
    assert "902 of the table's 18,000 cells have no value" in app.error[0].value
    assert "put a number there, such as 0 for black" in app.error[0].value
    assert not app.exception


def test_height_and_width_turn_and_mirror_are_chosen_on_the_page():
    app = brought("rows560.npy")
    app.text_input(key="own_shape").set_value("20 by 28").run()
    assert "is no size; give pixels of a side" in app.error[0].value
    app.text_input(key="own_shape").set_value("28x20").run()
    assert not app.error
    assert any("60 pictures of 28×20 pixels" in text.value for text in app.markdown)
    app.segmented_control(key="own_turn").set_value(90)
    app.toggle(key="own_mirror").set_value(True).run()
    assert any("60 pictures of 20×28 pixels" in text.value for text in app.markdown)
    app.button(key="own_keep").click().run()
    assert [one.image_shape for one in save.kept()] == [(20, 28)]
    rows = np.load(CASES / "rows560.npy").reshape(60, 28, 20)
    wanted = np.rot90(rows[:, :, ::-1], -1, axes=(1, 2))[::5]
    assert np.array_equal(save.sample("rows560", 12), wanted)
    assert not app.exception


def test_an_upload_is_read_in_another_process(monkeypatch: pytest.MonkeyPatch):
    def here(*_: object) -> None:
        raise AssertionError("read in the screen's process")

    monkeypatch.setattr("rbm.datasets.user_datasets.job.read", here)
    monkeypatch.setattr("rbm.datasets.user_datasets.read.read", here)
    assert any("60 pictures of 28×28" in text.value for text in brought("idx_in_zip.zip").markdown)


def test_a_pair_of_files_is_read_together_and_a_bad_name_or_file_is_told_in_a_sentence():
    app = uploaded("idx", "digits-idx.gz")
    assert any("3 classes" in text.value for text in app.markdown)
    app.text_input(key="own_name").set_value("../x").run()
    app.button(key="own_keep").click().run()
    assert "cannot be a data set's name" in app.error[0].value
    app.file_uploader(key="own_files").set_value([("a.npy", b"\x93NUMPY nonsense", "x")]).run()
    assert "not a readable .npy file" in app.error[0].value
    assert not app.exception
    assert save.kept() == []
