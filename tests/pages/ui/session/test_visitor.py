"""Who may change what, from the page to the registry: two visitors, a teacher, and what nobody owns."""

import ast
import asyncio
import re
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Message
from streamlit.testing.v1 import AppTest

from pages.ui import shell
from pages.ui.session import visitor
from rbm.datasets.user_datasets import save
from rbm.datasets.user_datasets.pictures import Pictures
from rbm.experiment import DatasetSpec, ModelSpec, RunSpec
from rbm.store import Progress, Store, open_store
from rbm.store.owners import Visitor, visitor_id
from rbm.sweep import Axis, Ledger, SweepSpec
from tests.helpers.holding import Hold, let_overtake
from tests.helpers.places import ROOT
from tests.helpers.screen import app_test, open_page
from tests.helpers.short_run import SPEC, trained
from tests.helpers.waiting import PATIENCE

pytestmark = pytest.mark.usefixtures("clean")
ADA, BOB = (Visitor(visitor_id(name.lower()), name) for name in ("Ada", "Bob"))
REFUSED = "belongs to Ada; only its owner, or whoever has the teacher's word, may change it"


@pytest.fixture(autouse=True)
def own_places(tmp_path, monkeypatch):
    monkeypatch.setenv("RBM_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("RBM_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("RBM_TEACHER", "open sesame")
    visitor.teacher_word.cache_clear()
    yield
    visitor.teacher_word.cache_clear()
    visitor._teachers.clear()


def ran(whose: Visitor | None = ADA) -> str:
    from rbm.checkpoint import to_bytes

    trainer, history = trained()
    at = Progress("paused", trainer.step_number, trainer.total_steps, trainer.epoch)
    run_id = open_store().create(SPEC, "w", at, **({"visitor": whose} if whose else {}))
    whole = to_bytes(trainer.model, SPEC, history, state=trainer.state())
    open_store().write(run_id, "w", at, history.events, (at.step, at.epoch, whole))
    return run_id


def chosen(run_id: str, app: AppTest | None = None) -> AppTest:
    app = app or app_test().run()
    app.switch_page(shell.RUNS).run()
    app.session_state["runs_chosen"] = [run_id]
    return app.run()


def become_teacher(app: AppTest) -> AppTest:
    return app.text_input(key="visitor_word").set_value("open sesame").run()


def test_a_name_that_another_visitor_of_today_has_is_not_taken():
    ada, bob = app_test(), app_test()
    ada.run().text_input(key="visitor_name").set_value("Ada").run()
    bob.run().text_input(key="visitor_name").set_value("ada").run()
    assert "Another visitor of today is called ada" in bob.error[0].value
    assert bob.session_state["visitor"].name == "Visitor 2"
    bob.text_input(key="visitor_name").set_value("Bob").run()
    assert bob.session_state["visitor"].name == "Bob"
    ada.text_input(key="visitor_name").set_value("Bob").run()
    assert ada.session_state["visitor"].name == "Ada"
    ada.text_input(key="visitor_name").set_value("Ada L.").run()
    bob.text_input(key="visitor_name").set_value("Ada").run()  # free again
    assert bob.session_state["visitor"].name == "Ada"


def test_newcomers_have_names_of_their_own_before_they_have_kept_anything():
    come = [open_page(shell.TRAIN).session_state["visitor"] for _ in range(3)]
    assert [one.name for one in come] == ["Visitor 1", "Visitor 2", "Visitor 3"]
    assert len({one.id for one in come}) == 3


def test_a_visitor_has_a_name_and_changes_it_at_will():
    app = open_page(shell.TRAIN)
    first = app.session_state["visitor"]
    assert app.text_input(key="visitor_name").value == first.name == "Visitor 1"
    app.text_input(key="visitor_name").set_value(" Ada\tL. ").run()
    assert open_store().names() == {first.id: "Ada L."}
    app.text_input(key="visitor_name").set_value("  ").run()
    assert "at least one letter" in app.error[0].value
    assert open_store().names() == {first.id: "Ada L."}


def test_what_a_visitor_makes_is_theirs():
    app = open_page(shell.TRAIN)
    app.button(key="one_batch").click().run()
    me = app.session_state["visitor"]
    assert app.session_state["run"].record.visitor == me


def test_anothers_run_offers_a_copy_and_says_whose_it_is():
    app = chosen(ran())
    assert app.button(key="runs_copy").label == "Continue as mine"
    delete = app.button(key="runs_delete")
    assert delete.disabled
    assert delete.help == (
        "This run belongs to Ada. Only the owner, or whoever has the teacher's word, changes it or deletes it."
    )
    (labels,) = [one.proto for one in app.get("popover") if one.proto.popover.label == "Name, tags and note"]
    assert labels.popover.disabled
    assert labels.popover.help == delete.help
    assert "runs_resume" not in [button.key for button in app.button]
    become_teacher(app)
    assert not app.button(key="runs_delete").disabled
    assert not app.button(key="runs_resume").disabled


def test_of_several_runs_one_that_is_anothers_is_enough_to_keep_all_from_being_deleted():
    app = chosen(ran(None))
    app.session_state["runs_chosen"] = [run.id for run in (open_store().run(ran()), *open_store().runs())]
    app.run()
    assert app.button(key="runs_delete").disabled
    assert "Not all of these runs are yours, some belong to Ada." in app.button(key="runs_delete").help


def test_anothers_tags_and_note_stay():
    run_id = ran()
    app = chosen(run_id)
    app.text_input(key=f"note_{run_id}").set_value("vandal").run()
    app.button(key="save_labels").click().run()
    assert REFUSED in app.error[0].value
    assert open_store().run(run_id).note == ""


def test_a_copy_to_go_on_with_can_be_resumed():
    run_id = ran()
    app = chosen(run_id)
    app.button(key="runs_copy").click().run()
    (mine,) = app.session_state["runs_chosen"]
    assert mine != run_id
    assert open_store().run(mine).visitor == app.session_state["visitor"].id
    app.button(key="runs_resume").click().run()
    assert not app.exception
    assert app.session_state["run"].record.id == mine
    assert open_store().run(run_id).visitor == ADA.id


def test_the_teachers_word_opens_what_is_anothers_and_a_wrong_one_nothing():
    run_id = ran()
    app = chosen(run_id)
    app.text_input(key="visitor_word").set_value("guess").run()
    assert "not the teacher's word" in app.error[0].value
    assert app.button(key="runs_delete").disabled
    become_teacher(app)
    app.button(key="runs_delete").click().run()
    assert open_store().run(run_id).deleted_at is not None


def test_the_word_cannot_be_guessed_for_ever():
    app = open_page(shell.RUNS)
    for _ in range(visitor.MOST_TRIES):
        app.text_input(key="visitor_word").set_value("guess").run()
    become_teacher(app)
    assert "not the teacher's word" in app.error[0].value


def test_what_nobody_owns_anybody_changes():
    run_id = ran(None)
    app = chosen(run_id)
    app.button(key="runs_delete").click().run()
    assert open_store().run(run_id).deleted_at is not None


def test_anothers_data_cannot_be_deleted_and_ones_own_can():
    pictures = Pictures(np.zeros((30, 4, 4), np.uint8), np.zeros(30, np.int64), ("any",))
    save.save("hers", pictures, owner=ADA.id)
    open_store().sign(ADA)
    app = open_page(shell.DATA)
    assert any("kept by Ada" in text.value for text in app.markdown)
    assert app.button(key="own_delete_hers").disabled
    app.session_state["visitor"] = ADA
    app.run()
    assert not app.button(key="own_delete_hers").disabled  # and pressed in the moment in which it became another's
    app.session_state["visitor"] = BOB
    app.button(key="own_delete_hers").click().run()
    assert REFUSED in app.error[0].value
    assert [one.name for one in save.kept()] == ["hers"]
    save.save("mine", pictures, owner=BOB.id)
    app.run().button(key="own_delete_mine").click().run()
    assert [one.name for one in save.kept()] == ["hers"]
    assert not app.error


def test_anothers_search_cannot_be_continued():
    spec = RunSpec(DatasetSpec("bars_and_stripes"), ModelSpec(4))
    Ledger.create("hers", SweepSpec(spec, (Axis("k", (1, 2)),)), open_store(), ADA)
    assert Ledger("hers", open_store()).visitor == ADA.id
    app = app_test().run()
    app.session_state["sweep_chosen"] = "hers"
    app.switch_page(shell.SWEEP).run()
    app.button(key="sweep_continue").click().run()
    assert REFUSED in app.error[0].value


CHANGES = {"delete", "restore", "set_tags", "set_note", "set_name", "claim", "copy"}


def test_pages_change_the_registry_by_the_rule_alone():
    """By the source: no page calls what changes a run but of ``visitor.registry()``."""
    wrong, seen = [], 0
    for path in ROOT.glob("pages/**/*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        stores = {"open_store()", "store"}
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CHANGES:
                of = ast.unparse(node.func.value)
                seen += of in ("visitor.registry()", "mine")
                if of in stores:
                    wrong.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert seen >= 5
    assert not wrong, "\n".join(wrong)


class SignedIn:
    """What Streamlit tells of somebody whom an OpenID provider has named."""

    is_logged_in = True

    def to_dict(self) -> dict[str, object]:
        return {"is_logged_in": True, "iss": "https://id.invalid", "sub": "4711", "name": "Ada\x00 L."}


def test_where_sign_in_is_set_up_it_takes_the_place_of_name_and_secret(monkeypatch):
    monkeypatch.setattr("streamlit.user", SignedIn())
    first, again = (open_page(shell.TRAIN) for _ in range(2))
    who = first.session_state["visitor"]
    assert who.name == "Ada� L."
    assert again.session_state["visitor"] == who  # another browser, the same person
    assert {button.key for button in first.button} >= {"sign_out"}
    assert "visitor_name" not in {place.key for place in first.text_input}


def test_who_has_not_signed_in_sees_nothing_else(monkeypatch):
    class Nobody:
        is_logged_in = False

    monkeypatch.setattr("streamlit.user", Nobody())
    app = app_test().run()
    assert not app.exception
    assert [button.key for button in app.button] == ["sign_in"]
    assert not app.header


def introduced(scheme: str = "http", **headers: str) -> list[str]:
    """The cookies that come with the answer to a browser's question."""
    told: list[Message] = []
    asked = {"accept": "text/html,*/*", **headers}
    raw = [(name.encode(), value.encode()) for name, value in asked.items()]
    scope = {"type": "http", "method": "GET", "scheme": scheme, "path": "/train", "headers": raw}

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        told.append(message)

    told_all = visitor.Introduction(PlainTextResponse("a page"))(scope, receive, send)
    with ThreadPoolExecutor(1) as apart:  # this thread may have an event loop already: Playwright's
        apart.submit(asyncio.run, told_all).result()
    return [value.decode() for name, value in told[0]["headers"] if name == b"set-cookie"]


def test_a_browser_gets_a_secret_with_its_first_page_and_no_other_after_it(monkeypatch):
    (cookie,) = introduced()
    found = re.fullmatch(r"boltzmann_visitor=([\w-]{43}); Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax", cookie)
    assert found
    assert introduced(cookie=f"boltzmann_visitor={found[1]}") == []
    (another,) = introduced("https", cookie="boltzmann_visitor=no secret")
    assert another.endswith("; Secure")
    assert found[1] not in another
    assert introduced(accept="text/css") == []  # a file of the page
    monkeypatch.setattr(visitor, "_sign_in_is_set_up", lambda: True)
    assert introduced() == []


def test_two_newcomers_at_once_get_two_names(monkeypatch):
    hold = Hold()
    monkeypatch.setattr(Store, "name_for", hold.behind(Store.name_for))
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(visitor._name, visitor_id("first"))
        hold.until_inside()
        second = pool.submit(visitor._name, visitor_id("second"))
        let_overtake(second)
        hold.go()
        assert len({first.result(PATIENCE), second.result(PATIENCE)}) == 2
