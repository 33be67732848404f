"""The class board: everyone's runs side by side, a copy by one click, and the teacher's room."""

import json
import time
from base64 import b64decode
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from starlette.requests import Request
from streamlit.testing.v1 import AppTest

from pages.compare.board import element, gather, room
from pages.ui import shell
from pages.ui.server import download, feed
from pages.ui.session import state, visitor
from rbm.checkpoint import to_bytes
from rbm.errors import NotYoursError, StoreError
from rbm.experiment import RunSpec
from rbm.jobs import room as rooms
from rbm.jobs.job import release_all
from rbm.jobs.live import LiveRun
from rbm.jobs.recording import Record
from rbm.presets import PRESETS
from rbm.store import Progress, Run, Store, open_store
from rbm.store.owners import Visitor, visitor_id
from tests.helpers.screen import app_test
from tests.helpers.short_run import SPEC, trained
from tests.helpers.waiting import finished

pytestmark = pytest.mark.usefixtures("clean")
ADA, BOB, CAT = (Visitor(visitor_id(name), name) for name in ("Ada", "Bob", "Cat"))
TEACHER = CAT


@pytest.fixture(autouse=True)
def own_places(tmp_path, monkeypatch):
    monkeypatch.setenv("RBM_RUNS", str(tmp_path / "runs"))
    monkeypatch.setattr(gather, "FRESH_SECONDS", 0.0)
    monkeypatch.setattr(visitor, "_teachers", {TEACHER.id})
    yield
    rooms.close_room()
    release_all()


def ran(who: Visitor, spec: RunSpec = SPEC, **numbers: float) -> str:
    trainer, history = trained(spec)
    at = Progress("paused", trainer.step_number, trainer.total_steps, trainer.epoch)
    run_id = open_store().create(spec, "w", at, visitor=who)
    event = history.events[-1]
    told = event._replace(metrics={f"log_likelihood_{name}": one for name, one in numbers.items()})
    whole = to_bytes(trainer.model, spec, history, state=trainer.state())
    open_store().write(run_id, "w", at, [told], (at.step, at.epoch, whole))
    return run_id


def come(who: Visitor, script: str = shell.BOARD, **query: str) -> AppTest:
    app = app_test()
    app.session_state["visitor"] = who
    app.run()
    for name, value in query.items():
        app.query_params[name] = value
    app = app.switch_page(script).run()
    assert not app.exception
    return app


def cards(app: AppTest) -> list[dict]:
    sent = [json.loads(one.proto.json) for one in app.get("bidi_component")]
    (board,) = [one for one in sent if one.get("channel") == "class_board"]
    return board["cards"]


def test_a_card_tells_the_k_of_now():
    run_id = ran(ADA)
    before = open_store().run(run_id).progress
    open_store().write(run_id, "w", before._replace(knobs={**before.knobs, "k": 4}))
    (card,) = cards(come(BOB))
    assert card["what"].endswith("-4")


def test_trouble_of_a_run_stands_on_its_card_and_that_of_the_registry_over_all(monkeypatch):
    run_id, other = ran(ADA), ran(BOB)
    live = LiveRun(SPEC, Record(SPEC, run_id=run_id))
    live.record.problem = "The registry is read-only; make it writable."
    look = gather.today()
    told = {card["id"]: card["trouble"] for card in gather.cards(look.runs, look, "t", "", "light")["cards"]}
    assert told == {run_id: live.record.problem, other: ""}
    live.notice = "The training process was lost; going on from epoch 3.2."
    told = gather.troubles()  # others' may be there: tests of one process leave some behind for a moment
    assert (told[run_id], told.get(other)) == (live.notice, None)

    def locked(self: Store, **asked: float) -> list[Run]:
        raise StoreError("The registry of runs cannot be read: it is locked.")

    with monkeypatch.context() as broken:
        broken.setattr(Store, "runs", locked)
        look = gather.today()
    assert {run.id for run in look.runs} == {run_id, other}
    assert "locked" in gather.cards(look.runs, look, "t", "", "light")["trouble"]
    assert gather.today().trouble == ""


def test_everyones_runs_of_today_stand_side_by_side_with_what_tells_them_apart():
    ada = ran(ADA, epoch=1.0, low=-9.0, high=-8.5, ess=50.0)
    bob = ran(BOB, replace(SPEC, training=replace(SPEC.training, k=5)), epoch=1.0, low=-8.5, high=-8.0, ess=2.0)
    cat = ran(CAT, replace(SPEC, seed=9))
    app = come(BOB)
    by_id = {card["id"]: card for card in cards(app)}
    assert list(by_id) == [cat, bob, ada]  # the newest first
    assert [by_id[i]["who"] for i in (ada, bob, cat)] == ["Ada", "Bob", "Cat"]
    assert [by_id[i]["mine"] for i in (ada, bob, cat)] == [False, True, False]
    assert by_id[ada]["differ"] == ["Gibbs steps k 1", "Seed 1"]
    assert by_id[bob]["differ"] == ["Gibbs steps k 5", "Seed 1"]
    assert by_id[ada]["likelihood"] == "−9.00 to −8.50 nats"
    assert by_id[bob]["likelihood"] == "−8.50 to −8.00 nats (unreliable)"
    assert by_id[cat]["likelihood"] == "no likelihood yet"
    assert by_id[ada]["status"].startswith("paused · epoch")
    assert by_id[ada]["src"].endswith(f"/{ada}/11.json?light")
    app.segmented_control(key="board_sort").set_value("likelihood").run()
    assert [card["id"] for card in cards(app)] == [ada, bob, cat]  # an unreliable one ranks below
    app.segmented_control(key="board_sort").set_value("name").run()
    assert [card["who"] for card in cards(app)] == ["Ada", "Bob", "Cat"]
    app.text_input(key="board_search").set_value("bob").run()
    assert [card["id"] for card in cards(app)] == [bob]
    app.text_input(key="board_search").set_value("").run()
    app.segmented_control(key="board_whose").set_value("mine").run()
    assert [card["id"] for card in cards(app)] == [bob]


def test_what_was_trained_yesterday_is_not_on_it(monkeypatch):
    ran(ADA)
    assert len(gather.today().runs) == 1
    tomorrow = time.time() + 24 * 3600

    class Tomorrow(gather.datetime):
        @classmethod
        def now(cls, tz=None):
            return cls.fromtimestamp(tomorrow, tz)

    monkeypatch.setattr(gather, "datetime", Tomorrow)
    assert gather.today().runs == []
    assert "Nobody has trained" in come(BOB).info[0].value


@pytest.mark.parametrize("who", [ADA, BOB])
def test_one_click_opens_a_copy_of_anothers_run_and_ones_own_itself(who, monkeypatch):
    run_id = ran(ADA)
    app = come(who)
    clicks = [(None, run_id)]
    monkeypatch.setattr(element, "show", lambda data, key: clicks.pop() if clicks else (None, None))
    app.run()
    assert not app.exception
    opened = app.session_state["run"].record.id
    assert (opened == run_id) == (who == ADA)
    assert open_store().run(opened).visitor == who.id
    assert app.session_state["run"].step_number == 11
    assert len(open_store().runs()) == (1 if who == ADA else 2)


def test_one_run_is_shown_large():
    run_id = ran(ADA, epoch=1.0, low=-9.0, high=-8.5, ess=50.0)
    app = come(TEACHER)
    app.session_state["board_shown"] = run_id
    app.run()
    assert not app.exception
    assert app.subheader[0].value.startswith("Ada: Bars and stripes")
    told = [json.loads(one.proto.json) for one in app.get("bidi_component")]
    drawn = {one["channel"]: one for one in told if "channel" in one}
    assert {"wall_board", "chart_board"} <= drawn.keys()
    spans = drawn["chart_board"]["layout"]["yaxis"]["autorangeoptions"]["include"]
    assert spans == [-9.75, -7.75]  # two nats, so that half of one does not fill the chart
    app.button(key="board_close").click().run()
    assert not app.subheader


def test_a_picture_is_made_once_for_all_and_only_for_a_page_that_is_open():
    run_id = ran(ADA)
    ours = feed.Feed()
    ours.picture = partial(gather.picture, mode="light")
    feed._shown[ours.shown] = ours

    def get(token: str, run: str, step: int) -> tuple[int, bytes]:
        scope = {"type": "http", "method": "GET", "headers": [], "path": "/"}
        request = Request({**scope, "path_params": {"token": token, "name": run, "version": step}})
        answer = finished(download.serve_picture(request))
        return answer.status_code, answer.body

    status, first = get(ours.shown, run_id, 11)
    assert status == 200
    assert get(ours.shown, run_id, 11)[1] is first
    assert get("guessed", run_id, 11)[0] == 404
    assert get(ours.shown, run_id, 10)[1] is first  # a page that was told of the checkpoint before
    assert get(ours.shown, run_id, 12)[0] == 404
    assert get(ours.shown, "f" * 12, 11)[0] == 404
    ours.picture = partial(gather.picture, mode="dark")
    light, dark = (json.loads(one) for one in (first, get(ours.shown, run_id, 11)[1]))
    assert light["cells"] == dark["cells"]  # the numbers are the same, the colours are not
    assert (light["n"], light["cell"]) == (7, [4, 4])
    day, night = (np.frombuffer(b64decode(one["lut"]), np.uint8).mean() for one in (light, dark))
    assert day > night  # weights near zero are nearly as bright, or as dark, as the page


def test_a_dark_page_s_cards_ask_for_pictures_of_their_own():
    run_id, (look, modes) = ran(ADA), (gather.today(), ("light", "dark"))
    asked = [gather.cards(look.runs, look, "t", "", mode)["cards"][0]["src"] for mode in modes]
    assert asked == [f"picture/t/{run_id}/11.json?{mode}" for mode in modes]


def test_only_the_teacher_opens_a_room_and_moves_it():
    student = come(ADA)
    keys = {button.key for button in student.button}
    assert "room_open" not in keys
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(visitor, "current", lambda: ADA)
        with pytest.raises(NotYoursError, match="Only whoever has the teacher's word"):
            room._as_teacher(rooms.open_room)
    assert rooms.current() is None
    teacher = come(TEACHER)
    teacher.button(key="room_open").click().run()
    assert not teacher.exception
    code = rooms.current().code
    assert teacher.text_input(key=f"room_address_{code}").value.endswith(f"/board?room={code}")
    assert room.qr("http://a/board?room=x").startswith(b"\x89PNG")


def test_who_comes_in_is_asked_for_a_name_once():
    newcomer = Visitor("c" * 32, "Visitor 3")
    room = rooms.open_room()
    app = come(newcomer, room=room.code)
    app.text_input(key="room_name").set_value(" ").run()
    assert [one.value for one in app.error] == ["A name has at least one letter."]
    app.text_input(key="room_name").set_value("Grace").run()
    assert not app.exception
    assert not app.error
    asked = [place.key for place in app.text_input]
    assert "room_name" not in asked
    assert app.text_input(key="visitor_name").value == app.session_state["visitor"].name == "Grace"
    assert open_store().names()[newcomer.id] == "Grace"
    assert "room_name" not in [place.key for place in come(ADA, room=room.code).text_input]  # who said it before


def test_a_preset_is_started_for_all_who_came_by_the_link_and_all_are_paused():
    teacher = come(TEACHER)
    teacher.button(key="room_open").click().run()
    code = rooms.current().code
    stranger = come(BOB, room="wrong")
    student = come(ADA, room=code)
    assert any("You are in the teacher's room" in text.value for text in student.caption)
    student.switch_page(shell.MAP).run()
    assert "run" not in student.session_state
    teacher.run().selectbox(key="room_preset").set_value("pcd").run()
    teacher.button(key="room_start").click().run()
    assert not teacher.exception
    student.run()  # as its page does by itself when the room's order has come
    run = student.session_state["run"]
    assert run.spec == PRESETS["pcd"].spec
    assert run.record.visitor.id == ADA.id
    assert PRESETS["pcd"].title in student.toast[0].value
    student.run()
    assert student.session_state["run"] is run
    stranger.switch_page(shell.MAP).run()
    assert "run" not in stranger.session_state
    assert "run" not in teacher.session_state
    run.status = "running"
    teacher.button(key="room_pause").click().run()
    assert run.status == "paused"
    teacher.button(key="room_close").click().run()
    assert rooms.current() is None
    late = come(BOB, room=code)
    assert any("is closed" in text.value for text in late.caption)


def test_a_run_that_was_on_its_way_when_all_were_paused_pauses_too(monkeypatch):
    here = rooms.open_room()
    student = come(ADA, room=here.code)
    begin = state.new_run
    monkeypatch.setattr(state, "new_run", lambda spec: (begin(spec), here.pause_all())[0])
    here.start_all("pcd")
    student.run()
    assert student.session_state["run"].status == "paused"


def test_the_page_of_a_member_hears_of_an_order_by_the_feed():
    here = rooms.open_room()
    ours = feed.Feed()
    part = ours.watch("room", state=lambda: here.order)
    part.news()
    woken = []
    with ours.listen(lambda: woken.append(True)):
        here.watch(ours)
        here.enter(ADA.id)
        here.start_all("pcd")
    assert woken
    assert part.due == 0.0
    part.news()
    part._new_since = 0.0  # the script has not drawn it by itself
    assert "turn_room" in part.news()
