"""The page for one's own data under AppTest: upload, choose, keep, train on it, delete, undo."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from pages.ui import shell, widgets
from rbm.datasets.own import keep
from tests.datasets.own_files import valid_files
from tests.screen import open_page
from tests.test_pages import draft


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
    assert keep.kept() == []  # nothing before Keep
    assert app.text_input(key="own_name").value == "0my-bugs"
    app.text_input(key="own_name").set_value("bugs").run()
    app.button(key="own_keep").click().run()
    assert not app.exception
    assert "Kept" in app.success[0].value
    (one,) = keep.kept()
    assert (one.name, one.n, one.image_shape, one.kind) == ("bugs", 30, (8, 8), "binary")
    app.button(key="own_delete_bugs").click().run()
    assert keep.kept() == []
    app.button(key="own_undo_delete").click().run()
    assert [kept.name for kept in keep.kept()] == ["bugs"]
    assert not app.exception


def test_the_train_page_offers_it():
    keep_bugs()
    app = open_page(shell.TRAIN)
    app.selectbox(key="draft_dataset").set_value("own:bugs").run()
    assert not app.exception
    assert not app.button(key="train").disabled
    assert draft(app)["dataset"] == "own:bugs"


def test_the_train_page_says_when_it_is_gone(monkeypatch):
    monkeypatch.setattr(widgets, "ECHO_SECONDS", 0.0)  # this hand is quicker than a person's
    app = open_page(shell.TRAIN)
    app.session_state["draft"]["dataset"] = "own:bugs"
    app.run()
    assert not app.exception
    assert app.button(key="train").disabled
    assert "bugs (not here) is not on this machine" in app.warning[0].value
    app.selectbox(key="draft_dataset").set_value("mnist").run()
    assert not app.button(key="train").disabled


def keep_bugs() -> None:
    from rbm.datasets.own.read import read

    keep.keep("bugs", read(valid_files()["zip"]))


def test_a_pair_of_files_is_read_together_and_a_bad_name_or_file_is_told_in_a_sentence():
    app = uploaded("idx", "digits-idx.gz")
    assert any("3 classes" in text.value for text in app.markdown)
    app.text_input(key="own_name").set_value("../x").run()
    app.button(key="own_keep").click().run()
    assert "cannot be a data set's name" in app.error[0].value
    app.file_uploader(key="own_files").set_value([("a.npy", b"\x93NUMPY nonsense", "x")]).run()
    assert "not a readable .npy file" in app.error[0].value
    assert not app.exception
    assert keep.kept() == []
