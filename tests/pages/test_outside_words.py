"""Every place of the screen that shows outside words shows them as text: each is listed here, with hostile words in it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from google.protobuf.message import Message
from streamlit.testing.v1 import AppTest

from pages.ui import shell
from pages.ui.session import visitor
from rbm.core.text import as_typed, in_html, plain
from rbm.datasets.user_datasets import save
from rbm.datasets.user_datasets.pictures import Pictures
from rbm.errors import StoreError
from rbm.experiment import DatasetSpec, ModelSpec, RunSpec
from rbm.store import Progress, open_store
from rbm.store.owners import Visitor, clean_name
from rbm.training.config import TrainConfig
from tests.helpers.hostile import EVERYTHING, HOSTILE
from tests.helpers.places import ROOT
from tests.helpers.screen import app_test, open_page

pytestmark = pytest.mark.usefixtures("clean")

PILLS = ("button_group.options.content", "button_group.raw_values")
MARK = "pwn"  # is in all of the hostile words and nowhere else
# Fields that the browser shows as they are, never as Markdown.
AS_THEY_ARE = {
    "selectbox.raw_value",
    "code.code_text",
    "button_group.raw_values",
    "selectbox.options",
    "multiselect.options",
    "multiselect.default",
    "text_input.default",
    "text_input.value",
}
COMPONENTS = ("bidi_component.", "arrow_data_frame.")


def texts(message: Message, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text in a message of the page, with the name of its field."""
    for field, value in message.ListFields():
        name = f"{path}.{field.name}" if path else field.name
        for one in [value] if isinstance(value, str | bytes | int | float | Message) else list(value):
            if isinstance(one, Message):
                yield from texts(one, name)
            elif isinstance(one, str):
                yield name, one


def blocks(node: Any) -> Iterator[Any]:
    yield node
    for child in getattr(node, "children", {}).values():
        yield from blocks(child)


def shown(app: AppTest) -> dict[str, list[str]]:
    """All hostile words of the page by kind of element and field."""
    assert not app.exception
    found: dict[str, list[str]] = {}
    for node in blocks(app._tree):
        proto = getattr(node, "proto", None)
        if isinstance(proto, Message):
            for field, text in texts(proto):
                if MARK in text:
                    found.setdefault(f"{node.type}.{field.removeprefix(f'{node.type}.')}", []).append(text)
    return found


def alive(found: dict[str, list[str]], made: str) -> list[str]:
    """The fields in which hostile words are left when those that were made text are taken away."""
    wrong = []
    for field, values in found.items():
        if field in AS_THEY_ARE or field.startswith(COMPONENTS):
            continue
        for value in values:
            for words in sorted((*HOSTILE, EVERYTHING, made), key=len, reverse=True):
                value = value.replace(as_typed(words), "")
            if MARK in value:
                wrong.append(f"{field}: {value[:200]}")
    return wrong


@pytest.fixture(autouse=True)
def own_places(tmp_path, monkeypatch):
    """A registry and a folder of own data of this test's own."""
    monkeypatch.setenv("RBM_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("RBM_DATA", str(tmp_path / "data"))


def expect(app: AppTest, *fields: str, made: str = EVERYTHING) -> None:
    """Just these fields of the page show hostile words, and none of them does more than show them.

    ``made``: words that came of hostile ones.
    """
    found = shown(app)
    assert set(found) == set(fields)
    assert alive(found, made) == []


def own_set(name: str = "strange") -> Pictures:
    """A set of one's own whose classes and file have hostile names, kept past the reader, which would have changed them."""
    rng = np.random.default_rng(1)
    labels = np.arange(60) % len(HOSTILE)
    pictures = Pictures(rng.integers(0, 255, (60, 8, 8), dtype=np.uint8), labels.astype(np.int64), HOSTILE)
    save.save(name, pictures, EVERYTHING)
    return pictures


def kept_run(seed: int, **spec: Any) -> str:
    """A run whose name of data, tags, note, device and versions are hostile."""
    store = open_store()
    at = Progress("finished", 20, 20, 4.0, 1.5, EVERYTHING, device=EVERYTHING)
    made = RunSpec(model=ModelSpec(7), training=TrainConfig(epochs=4), seed=seed)
    run_id = store.create(
        replace(made, **spec), "me", at, versions={"torch": EVERYTHING}, tags=HOSTILE, note=EVERYTHING, name=EVERYTHING
    )
    result = {
        "method": "ais",
        "reason": EVERYTHING,
        "ess": 50.0,
        "trustworthy": False,
        "validation": -9.0,
        "test": -9.0,
        "test_low": -9.5,
    }
    result |= {"test_high": -8.0, "log_z_reverse": 1.0, "log_z": 0.9, "test_error": 0.1, "log_z_error": 0.1}
    store.add_evaluation(run_id, 20, "log_likelihood", {**result})
    return run_id


def strange_data(n: int) -> DatasetSpec:
    return DatasetSpec(plain(HOSTILE[n])[:200])


def test_the_page_of_runs_with_one_and_with_two_of_them():
    one, two = (kept_run(seed, dataset=strange_data(seed)) for seed in (0, 1))
    app = open_page(shell.RUNS)
    expect(app, "multiselect.options")
    app.session_state["runs_chosen"] = [one]
    labels = ("multiselect.options", "text_input.default")
    expect(app.run(), *labels, "bidi_component.json", "markdown.body", "caption.body", "code.code_text")
    app.session_state["runs_chosen"] = [one, two]
    expect(app.run(), "multiselect.options", "bidi_component.json", "markdown.body", "caption.body")


def test_a_run_of_data_that_is_not_here_before_it_is_trained():
    app = open_page(shell.TRAIN)
    app.session_state["draft"]["dataset"] = strange_data(0).name
    app.run()
    expect(app, "selectbox.options", "selectbox.raw_value", "code.code_text", "warning.body")


def test_what_a_link_says():
    app = app_test().run()
    app.query_params.update({"v": "3", "k": "pwn`![x](y)`", "d": HOSTILE[0], "a": HOSTILE[2]})
    app.switch_page(shell.TRAIN).run()
    notes = [one.value for one in app.warning if MARK in one.value]
    assert len(notes) == 3
    assert all("\\`" in note or "\\[" in note or ":\u2060material" in note for note in notes)


def test_the_name_of_a_visitor_beside_the_title_and_beside_what_is_theirs(monkeypatch):
    who = Visitor("f" * 32, EVERYTHING)
    own_set("hers")
    open_store().create(RunSpec(seed=8), "w", Progress("finished", 1, 1, 1.0), visitor=who)
    open_store().sign(who._replace(id="e" * 32))
    kept_name = clean_name(EVERYTHING)  # made shorter and simpler
    app = app_test()
    app.session_state["visitor"] = who._replace(name=kept_name)
    app.run().switch_page(shell.MAP).run()
    assert set(shown(app)) >= {"text_input.default", "popover.label"}
    assert alive(shown(app), kept_name) == []
    app.switch_page(shell.RUNS).run()
    app.session_state["runs_chosen"] = [one.id for one in open_store().runs()]
    monkeypatch.setattr(visitor, "current", lambda: Visitor("", ""))
    assert "belongs to" in app.run().button(key="runs_delete").help
    assert alive(shown(app), kept_name) == []
    (one,) = save.kept()
    monkeypatch.setattr(save, "kept", lambda: [one._replace(owner=who.id)])
    app.session_state["board_shown"] = open_store().runs()[0].id
    app.switch_page(shell.BOARD).run()
    assert app.subheader
    assert {"bidi_component.json", "subheader.body"} <= set(shown(app))
    assert alive(shown(app), kept_name) == []
    app.switch_page(shell.DATA).run()
    assert any(f"kept by {as_typed(kept_name)}" in text.value for text in app.markdown)


def test_own_data_as_it_is_read_and_as_it_is_kept(monkeypatch):
    from pages.train.data import own, upload

    class Given:
        name = EVERYTHING

    pictures = own_set()._replace(notes=(EVERYTHING, *HOSTILE))
    monkeypatch.setattr(own, "upload", lambda: [Given()])
    monkeypatch.setattr(upload, "pictures_of", lambda files, reading: pictures)
    (source,) = (one.source for one in save.kept())  # which keeping has made shorter and simpler
    fields = ("markdown.body", "caption.body", "text_input.default", "bidi_component.json")
    app = open_page(shell.DATA)
    expect(app, *fields, made=source)
    (chart,) = (
        one.proto.json for one in app.get("bidi_component") if '"class"' in one.proto.json and "&lt;" in one.proto.json
    )
    assert "<script>" not in chart


def test_the_classes_of_own_data_on_every_page_that_names_them():
    own_set()
    app = open_page(shell.TRAIN)
    app.selectbox(key="draft_dataset").set_value("own:strange").run()
    expect(app, *PILLS)
    for script, key, fields in (
        (shell.LABELS, "labels_dataset", ()),
        (shell.RIVALS, "rivals_dataset", PILLS),
        (shell.HOPFIELD, "hopfield_dataset", PILLS),
    ):
        app = open_page(script)
        app.selectbox(key=key).set_value("own:strange").run()
        expect(app, *fields)


@pytest.mark.parametrize(
    ("script", "key"),
    [(shell.RUNS, "runs_problem"), (shell.SWEEP, "sweep_problem")],
)
def test_what_the_last_action_could_not_do(script, key):
    app = app_test()
    app.session_state[key] = EVERYTHING
    expect(app.run().switch_page(script).run(), "error.body")


@pytest.mark.parametrize(
    ("script", "where"), [(shell.RUNS, "pages.compare.runs.listing"), (shell.SWEEP, "pages.compare.sweep.progress")]
)
def test_a_registry_that_cannot_be_read(script, where, monkeypatch):
    def broken() -> None:
        raise StoreError(EVERYTHING)

    monkeypatch.setattr(f"{where}.open_store", broken)
    expect(open_page(script), "error.body")


@pytest.mark.parametrize(("status", "fields"), [("failed", "error.body"), ("running", "warning.body")])
def test_why_a_job_stopped_or_lost_its_worker(status, fields):
    def script(status: str, words: str) -> None:
        from types import SimpleNamespace

        from pages.ui.session import tasks

        tasks.trouble(SimpleNamespace(status=status, message=words, notice=words))

    expect(AppTest.from_function(script, kwargs={"status": status, "words": EVERYTHING}).run(), fields)


MARKDOWN = {
    "badge",
    "button",
    "caption",
    "error",
    "expander",
    "header",
    "info",
    "markdown",
    "metric",
    "page_link",
    "pills",
}
MARKDOWN |= {
    "popover",
    "progress",
    "segmented_control",
    "select_slider",
    "spinner",
    "subheader",
    "success",
    "toast",
    "warning",
}
OUTSIDE = {
    "class_names",
    "device",
    "doubt",
    "error",
    "message",
    "note",
    "notes",
    "notice",
    "problem",
    "source",
    "tags",
    "versions",
}
HARMLESS = {"as_typed", "in_html", "len", "bool", "_classes"}
WORDLESS = {"disabled", "key", "on_click", "on_change", "args", "kwargs", "type", "icon", "default", "options"}


def unescaped(call: ast.Call) -> Iterator[ast.expr]:
    """The names of outside words in what a call shows that no function has made text."""
    waiting: list[ast.AST] = [*call.args, *(one.value for one in call.keywords if one.arg not in WORDLESS)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in HARMLESS:
            continue
        if isinstance(node, ast.IfExp):
            waiting += [node.body, node.orelse]
            continue
        if (isinstance(node, ast.Attribute) and node.attr in OUTSIDE) or (
            isinstance(node, ast.Name) and node.id in OUTSIDE
        ):
            yield node
        waiting += ast.iter_child_nodes(node)


def test_no_page_shows_a_name_a_note_or_an_error_that_was_not_made_text():
    """By the source, for the places that only a lost worker or a full disk would bring about."""
    wrong, seen = [], 0
    for path in ROOT.glob("pages/**/*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in MARKDOWN:
                if ast.unparse(node.func.value) == "_log":
                    continue
                seen += 1
                wrong += [f"{path.relative_to(ROOT)}:{one.lineno}: {ast.unparse(one)}" for one in unescaped(node)]
    assert seen > 250
    assert not wrong, "\n".join(wrong)


def test_plotly_reads_html_and_gets_text():
    assert in_html("<b>pwn</b>\x00") == "&lt;b&gt;pwn&lt;/b&gt;�"
