"""Labels, Go deep and Learn colours offer what was learnt there before: to its owner, and to the class."""

import json
from typing import Any

import pytest
import streamlit
from sqlalchemy import text
from streamlit.testing.v1 import AppTest

from pages.generate.labels import dreams, learning
from pages.ui import shell
from pages.ui.session import kept, tasks
from rbm import bundled
from rbm.jobs import recording
from rbm.jobs.job import all_jobs
from rbm.jobs.machines import Kind
from rbm.jobs.task import Task
from rbm.store import open_store
from rbm.store.machines import Machine
from rbm.store.owners import Visitor, visitor_id
from rbm.tasks import labels
from rbm.tasks.colour import keeping as colour
from rbm.tasks.colour.job import told as colour_told
from rbm.tasks.deep import keeping as deep
from rbm.tasks.deep.job import told as deep_told
from rbm.tasks.deep.plan import DeepSpec
from tests.helpers.databases import let_go
from tests.helpers.screen import app_test

pytestmark = pytest.mark.usefixtures("clean")
ADA, BOB = (Visitor(visitor_id(name), name.capitalize()) for name in ("ada", "bob"))
LABELS = {"labels": "softmax", "n_hidden": 77, "objective": "both", "epochs": 12, "seed": 1, "dataset": "mnist"}
# How each page keeps its machines, what those of these tests were given, what they told, and what stands in the line.
PAGES: dict[str, tuple[Kind, dict[str, Any], Any, str]] = {
    shell.LABELS: (labels.KEPT, LABELS, lambda: labels.told(bundled.load("labels")), "77 hidden · PCD-1"),
    shell.DEEP: (
        deep.KEPT,
        {"spec": DeepSpec(sizes=(200, 200), images=1000)},
        lambda: deep_told(bundled.load("dbn")),
        "belief net of 200 and 200 hidden",
    ),
    shell.COLOUR: (
        colour.KEPT,
        {"source": "faces", "kind": "multinary", "n_states": 8, "n_hidden": 77, "epochs": 12},
        lambda: colour_told(bundled.load("faces")),
        "77 hidden · multinary · PCD-1",
    ),
}


@pytest.fixture(autouse=True)
def own_places(tmp_path, monkeypatch):
    monkeypatch.setenv("RBM_RUNS", str(tmp_path / "runs"))
    for who in (ADA, BOB):
        open_store().sign(who)
    yield
    let_go(open_store())


def keep(script: str, name: str, whose: Visitor, status: str = "finished", data: str = "", **given: Any) -> None:
    kind, arguments, told, _ = PAGES[script]
    made = kind.made(told())
    assert made is not None
    settings = kind.settings({**arguments, **given})
    row = Machine(name, whose.id, kind.function, settings, status, data, 0, 0.0)
    open_store().keep_machine(row, bundled.to_bytes(*made))


def come(script: str, who: Visitor = ADA, **query: str) -> AppTest:
    """A new visit, as after a restart of the server."""
    streamlit.cache_resource.clear()
    tasks._left.clear()
    app = app_test()
    app.session_state["visitor"] = who
    app.run()
    app.query_params.update(query)
    app.switch_page(script).run()
    assert not app.exception
    return app


def begun(app: AppTest, train: str, kind: Kind) -> Task:
    """The task that a press of ``train`` begins; tasks of tests before may still be held by somebody."""
    before = all_jobs()
    app.button(key=train).click().run()
    (task,) = (one for one in all_jobs() if one not in before and isinstance(one, Task))
    assert task.function == kind.function
    return task


def line(app: AppTest) -> str:
    sent = {one.proto.id.rpartition("-")[2]: json.loads(one.proto.json) for one in app.get("bidi_component")}
    return sent["machine"]["rows"][0][0]


def menu(app: AppTest) -> list[str]:
    return next((one.options for one in app.selectbox if one.key == kept.MENU), [])


def choose(app: AppTest, part: str) -> AppTest:
    (said,) = (said for said in menu(app) if part in said)
    app.selectbox(key=kept.MENU).select(said).run()
    assert not app.exception
    return app


@pytest.mark.parametrize("script", list(PAGES))
def test_a_page_opens_with_what_the_visitor_learnt_there_and_offers_the_class_s(script):
    name = PAGES[script][3]
    keep(script, "older1", ADA)
    keep(script, "newest", ADA, "paused")
    keep(script, "bobs01", BOB)
    app = come(script)
    assert line(app).endswith(f"{name} · yours, kept · newest")
    assert [said.partition(" · ")[0] for said in menu(app)[1:]] == ["Bob, kept", "yours, kept"]  # never cut off
    assert [said.split(" · ")[1] for said in menu(app)[1:]] == ["bobs01", "older1"]
    choose(app, "Bob, kept · bobs01")
    assert line(app).endswith(f"{name} · Bob, kept · bobs01")
    choose(app, "yours, kept · older1")
    assert line(app).endswith("older1")
    choose(app, "with the program")
    assert "comes with the program" in line(app)
    theirs = come(script, Visitor(visitor_id("eve"), "Eve"))
    assert "comes with the program" in line(theirs)
    assert [said.split(" · ")[1] for said in menu(theirs)] == ["bobs01", "newest", "older1"]
    choose(theirs, "Ada, kept · newest")
    assert not [one for one in app.warning if "damaged" in one.value]


@pytest.mark.parametrize(
    ("script", "train"), [*zip(PAGES, ("labels_train", "deep_train", "colour_learn"), strict=True)]
)
def test_what_a_page_begins_to_learn_is_there_when_its_visitor_comes_again(script, train, monkeypatch):
    monkeypatch.setattr(Task, "start", lambda self: None)  # without a worker
    kind, _, told, _ = PAGES[script]
    app = come(script)
    task = begun(app, train, kind)
    recording.flush()
    assert open_store().machines(kind.function, 9) == []  # it has learnt nothing yet
    task.news = tuple(told())
    task.pause()
    task._rest()
    recording.flush()
    assert "· yours, " in line(app.run())
    assert not any("kept" in said for said in menu(app))  # it is here, and not offered twice
    again = come(script)
    assert line(again).endswith(f"· yours, kept · {task.kept_as[:6]}")
    assert any(f"Ada, kept · {task.kept_as[:6]}" in said for said in menu(come(script, BOB)))


@pytest.mark.parametrize("script", list(PAGES))
@pytest.mark.parametrize(
    "what",
    [
        pytest.param("settings = '[]'", marks=pytest.mark.slow),
        pytest.param("settings = '{'", marks=pytest.mark.slow),
        pytest.param("settings = '{}'", marks=pytest.mark.slow),
        "content = substr(content, 1, 99)",
    ],
)
def test_a_damaged_machine_is_told_in_a_sentence_and_hides_no_other(script, what):
    keep(script, "whole1", ADA)
    keep(script, "broken", ADA)
    with open_store()._database.write() as db:
        db.execute(text(f"UPDATE machines SET {what} WHERE id = 'broken'"))
    app = come(script)
    (said,) = (one.value for one in app.warning)
    assert said.startswith("The machine broken is damaged (")
    assert said.endswith("): train it again.")
    assert line(app).endswith("yours, kept · whole1")
    app = choose(come(script, BOB), "broken")
    assert any("The machine broken is damaged" in one.value for one in app.warning)
    assert "comes with the program" in line(app)
    assert not app.run().warning
    choose(app, "Ada, kept · whole1")


@pytest.mark.parametrize("script", list(PAGES))
def test_the_machine_that_is_looked_at_is_in_the_address_and_there_after_a_reload(script):
    keep(script, "mine01", ADA)
    keep(script, "bobs01", BOB)
    app = come(script)
    assert "look" not in app.query_params
    choose(app, "Bob, kept")
    assert app.query_params["look"] in ("bobs01", ["bobs01"])
    for who in (ADA, BOB):  # a reload much later, and a link that was handed on
        again = come(script, who, look="bobs01")
        assert line(again).endswith("kept · bobs01")
        assert line(again.run()).endswith("kept · bobs01")
    again.query_params["look"] = "mine01"  # a step back in the browser
    assert line(again.run()).endswith("kept · mine01")
    choose(app, "yours, kept · mine01")
    gone = come(script, look="with.nobody")
    assert line(gone).endswith("yours, kept · mine01")
    assert [one.value for one in gone.warning if "names a machine, with.nobody, that is not kept here" in one.value]
    assert not gone.run().warning


def test_what_another_learns_is_still_looked_at_after_a_reload_also_by_a_tab_that_follows(monkeypatch):
    monkeypatch.setattr(Task, "start", lambda self: None)  # without a worker
    kind, _, told, _ = PAGES[shell.COLOUR]
    task = begun(come(shell.COLOUR, BOB), "colour_learn", kind)
    task.news = tuple(told())
    ada = app_test()
    ada.session_state["visitor"] = ADA
    ada.run().switch_page(shell.COLOUR).run()
    choose(ada, "Bob, ")
    assert ada.query_params["look"] in (task.kept_as, [task.kept_as])
    task.news = (*task.news, task.news[-1])
    looked = app_test()
    looked.session_state["visitor"] = ADA
    looked.run()
    looked.query_params["look"] = task.kept_as
    looked.switch_page(shell.COLOUR).run()
    assert "Bob, " in line(looked)


def test_what_is_shown_of_another_stays_as_it_was_and_may_go_meanwhile(monkeypatch):
    keep(shell.LABELS, "bobs01", BOB)
    app = choose(come(shell.LABELS), "Bob, kept")
    before = app.session_state["labels_shown"][1][0]
    with open_store()._database.write() as db:
        db.execute(text("DELETE FROM machines"))
    tasks._stored.clear()
    app.run()
    assert line(app).endswith("Bob, kept · bobs01")
    assert app.session_state["labels_shown"][1][0] is before
    keep(shell.LABELS, "bobs02", BOB)
    app = come(shell.LABELS)
    known = open_store().machines(labels.KEPT.function, 9, None)
    monkeypatch.setattr(tasks, "_stored", lambda *asked: known)  # the menu does not know it yet
    with open_store()._database.write() as db:
        db.execute(text("DELETE FROM machines"))
    choose(app, "bobs02")
    assert any("The machine bobs02 is not kept any more" in one.value for one in app.warning)
    assert "comes with the program" in line(app)


def test_the_chains_on_labels_are_those_of_the_machine_that_is_named():
    keep(shell.LABELS, "bobs01", BOB)
    app = come(shell.LABELS)
    first = app.session_state["labels_chains"].dream
    choose(app, "Bob, kept")
    second = app.session_state["labels_chains"].dream
    assert second.of is not first.of
    assert second.chains.step == first.chains.step == dreams.OPENS_AFTER
    assert app.run().session_state["labels_chains"].dream is second


def test_labels_offer_machines_of_the_kind_and_the_pictures_that_the_page_is_about():
    keep(shell.LABELS, "names1", ADA)
    keep(shell.LABELS, "tags01", ADA, labels="tags")
    keep(shell.LABELS, "others", ADA, dataset="bars_and_stripes")
    app = come(shell.LABELS)
    assert line(app) == "MNIST digits and labels · 77 hidden · PCD-1 · yours, kept · names1"
    sent = "".join(one.proto.json for one in app.get("bidi_component"))
    assert f"After {dreams.OPENS_AFTER} sweeps" in sent  # not noise
    app.segmented_control(key="labels_kind").set_value(next(k for k, v in learning.KINDS.items() if v == "tags"))
    app.run()
    assert line(app) == "MNIST digits and tags · 77 hidden · PCD-1 · yours, kept · tags01"
    assert menu(app) == []


def test_what_a_visitor_learnt_is_offered_however_much_the_class_has_learnt_since(monkeypatch):
    monkeypatch.setattr(tasks, "MOST_STORED", 2)
    keep(shell.COLOUR, "mine01", ADA)
    for number in range(3):
        keep(shell.COLOUR, f"bobs0{number}", BOB)
    app = come(shell.COLOUR)
    assert line(app).endswith("yours, kept · mine01")
    assert [said.split(" · ")[1] for said in menu(app)[1:]] == ["bobs02", "bobs01"]


def test_a_registry_that_cannot_be_read_leaves_what_comes_with_the_program(monkeypatch, tmp_path):
    monkeypatch.setenv("RBM_DATABASE_URL", f"sqlite:///{tmp_path}/no/such/folder/runs.db")
    app = come(shell.COLOUR)
    assert "comes with the program" in line(app)
    assert menu(app) == []
