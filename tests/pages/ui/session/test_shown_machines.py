"""A page that looks at a machine opens with one that comes with the program, names it, and leads to any other."""

import json

import pytest
import torch
from streamlit.testing.v1 import AppTest

from pages.ui import shell
from pages.ui.session import kept, state
from rbm import bundled
from rbm.checkpoint import to_bytes
from rbm.errors import StoreError
from rbm.experiment import make_dataset, make_model
from rbm.jobs.job import release_all
from rbm.jobs.live import LiveRun
from rbm.jobs.task import Task
from rbm.jobs.training import SHOWN_IMAGES
from rbm.store import Progress, Store, open_store
from rbm.store.owners import Visitor, visitor_id
from rbm.tasks import labels
from tests.helpers.screen import app_test, open_page
from tests.helpers.short_run import SPEC, trained
from tests.helpers.waiting import wait

pytestmark = pytest.mark.usefixtures("clean")
ADA, BOB = (Visitor(visitor_id(name), name.capitalize()) for name in ("ada", "bob"))
OF_RUNS = (shell.FILTERS, shell.EXAMINE, shell.GIBBS, shell.FEATURES, shell.RUNS)
# What each page shows of its machine with no click, and the machine it opens with.
OPENS = {
    shell.FILTERS: ("wall_all_filters", "digits-500"),
    shell.EXAMINE: ("examine_spectrum", "digits-500"),
    shell.GIBBS: ("wall_v", "digits-500"),
    shell.FEATURES: ("features_scatter", "digits-500"),
    shell.RUNS: ("wall_dreams_A", "digits-500"),
    shell.LABELS: ("labels_errors", "labels"),
    shell.DEEP: ("deep_fantasies", "dbn"),
    shell.COLOUR: ("colour_samples", "faces"),
}


@pytest.fixture(autouse=True)
def own_places(tmp_path, monkeypatch):
    monkeypatch.setenv("RBM_RUNS", str(tmp_path / "runs"))
    yield
    release_all()


def elements(app: AppTest) -> dict:
    """What every component was given, by its key."""
    return {one.proto.id.rpartition("-")[2]: json.loads(one.proto.json) for one in app.get("bidi_component")}


def line(app: AppTest) -> str:
    return elements(app)["machine"]["rows"][0][0]


def menu(app: AppTest) -> list[str]:
    return next((one.options for one in app.selectbox if one.key == kept.MENU), [])


def choose(app: AppTest, part: str) -> AppTest:
    (said,) = (said for said in menu(app) if part in said)
    return app.selectbox(key=kept.MENU).select(said).run()


def ran(whose: Visitor) -> str:
    trainer, history = trained()
    at = Progress("paused", trainer.step_number, trainer.total_steps, trainer.epoch)
    run_id = open_store().create(SPEC, "w", at, visitor=whose)
    whole = to_bytes(trainer.model, SPEC, history, state=trainer.state())
    open_store().write(run_id, "w", at, history.events, (at.step, at.epoch, whole))
    return run_id


def come(script: str, who: Visitor = ADA, **query: str) -> AppTest:
    app = app_test()
    app.session_state["visitor"] = who
    app.run()
    app.query_params.update(query)
    return app.switch_page(script).run()


def address(app: AppTest) -> dict[str, str]:
    return {key: value if isinstance(value, str) else value[0] for key, value in app.query_params.items()}


def again(app: AppTest, script: str) -> AppTest:
    """The page opened anew at the address that it has now."""
    return come(script, **address(app))


@pytest.mark.parametrize("script", list(OPENS))
def test_a_page_on_a_fresh_server_shows_a_machine_and_names_it(script):
    app = open_page(script)
    assert not app.exception
    picture, name = OPENS[script]
    assert picture in elements(app)
    assert line(app).endswith(f"· epoch {bundled.load(name).about['epochs']} · comes with the program")
    assert open_store().runs() == []
    assert "run" not in app.session_state


@pytest.mark.parametrize("script", OF_RUNS)
def test_another_machine_is_chosen_kept_by_a_reload_and_by_the_next_page(script):
    app = choose(open_page(script), "100 hidden")
    assert not app.exception
    assert line(app) == "MNIST digits · 100 hidden · CD-1 · epoch 20 · comes with the program"
    assert address(app) == {"run": "digits-100"}
    assert menu(app) == ["MNIST digits · 500 hidden · PCD-1 · with the program"]
    assert line(again(app, script)) == line(app)
    app.switch_page(shell.GIBBS).run()
    assert "100 hidden" in line(app)


def test_a_run_of_the_class_is_looked_at_and_stays_what_it_is():
    run_id = ran(BOB)
    open_store().sign(BOB)
    before = open_store().run(run_id)
    app = choose(come(shell.FILTERS), run_id[:6])
    assert not app.exception
    assert (
        line(app)
        == f"Bars and stripes, 4×4 · 7 hidden · PCD-1 · epoch {before.progress.epoch:.1f} · Bob, kept · {run_id[:6]}"
    )
    assert elements(app)["wall_all_filters"]["n"] == 7
    assert address(app) == {"run": run_id}
    assert "run" not in app.session_state
    for script in OF_RUNS:
        found = come(script, run=run_id)
        assert not found.exception
        assert f"Bob, kept · {run_id[:6]}" in line(found)
        assert not found.warning
    looked = come(shell.TRAIN, run=run_id)
    assert any("Bob’s run, to look at" in one.value for one in looked.markdown)
    assert "run" not in looked.session_state  # which Train would train
    assert open_store().run(run_id) == before


def test_the_visitors_own_run_comes_first_and_is_not_touched_by_a_look_at_another(watched):
    run_id = ran(ADA)
    app = come(shell.FILTERS, run=run_id)
    own: LiveRun = app.session_state["run"]
    wait(lambda: (own.renew(), bool(own.past))[1], what="the run's pictures")
    app.run()
    assert line(app) == "Bars and stripes, 4×4 · 7 hidden · PCD-1 · epoch 2.8 · yours, paused"
    choose(app, "500 hidden")
    assert "comes with the program" in line(app)
    assert address(app) == {"run": run_id, "look": "digits-500"}
    assert app.session_state["run"] is own
    assert (own.status, own.step_number) == ("paused", 11)
    back = again(app, shell.GIBBS)
    assert back.session_state["run"].record.id == run_id
    assert "500 hidden" in line(back)
    app.switch_page(shell.TRAIN).run()
    assert address(app)["run"] == run_id
    app.switch_page(shell.FILTERS).run()
    choose(app, "yours, paused")
    assert "yours" in line(app)
    assert address(app) == {"run": run_id}


def test_a_new_run_of_ones_own_takes_the_place_of_what_was_looked_at(watched):
    app = choose(come(shell.FILTERS), "100 hidden")
    app.switch_page(shell.TRAIN).run()
    app.session_state["draft"].update(state.to_draft(SPEC))
    app.run()
    app.button(key="one_batch").click().run()
    own: LiveRun = app.session_state["run"]
    wait(lambda: (own.renew(), bool(own.past) and not own.active)[1], what="one batch")
    app.switch_page(shell.FILTERS).run()
    assert line(app).startswith("Bars and stripes, 4×4 · 7 hidden · PCD-1 · epoch")
    assert "yours" in line(app)


def test_a_machine_that_is_not_there_is_told_and_the_page_shows_another():
    app = come(shell.FILTERS, look="f" * 12)
    assert any("There is no run ffffffffffff" in one.value for one in app.warning)
    assert "500 hidden" in line(app)
    assert "There is no run" not in "".join(one.value for one in app.run().warning)


def test_a_registry_that_cannot_be_read_leaves_what_comes_with_the_program(tmp_path, monkeypatch):
    monkeypatch.setenv("RBM_DATABASE_URL", f"sqlite:///{tmp_path}/no/such/folder/runs.db")
    app = come(shell.FILTERS, run="f" * 12)
    assert not app.exception
    assert app.warning
    assert "500 hidden" in line(app)
    assert len(menu(app)) == 1


def test_what_a_page_learns_itself_comes_first_and_the_bundled_one_stays_in_reach():
    app = open_page(shell.LABELS)
    told = labels.told(bundled.load("labels"))
    app.session_state["labels_task_softmax"] = Task.told(told[-1:], n_hidden=77, epochs=3)
    app.run()
    assert line(app) == "MNIST digits and labels · 77 hidden · PCD-1 · yours, finished"
    choose(app, "with the program")
    assert "200 hidden" in line(app)
    choose(app, "yours")
    assert "77 hidden" in line(app)
    app.segmented_control(key="labels_kind").set_value("tags").run()
    assert any("There is no machine yet" in one.value for one in app.info)  # none of tags comes with the program
    assert not app.exception


def test_ticked_runs_are_named_in_the_line_and_a_bundled_one_is_in_no_registry():
    run_id = ran(ADA)
    app = come(shell.RUNS, BOB)
    assert "comes with the program" in line(app)
    assert list(app.dataframe[0].value["id"]) == [run_id]
    assert not any(one.key == "runs_delete" for one in app.button)
    app.session_state["runs_chosen"] = [run_id]
    app.run()
    assert line(app) == "Bars and stripes, 4×4 · 7 hidden · PCD-1 · ticked below"
    assert not app.exception


def test_whoever_comes_back_without_an_address_sees_the_newest_run_that_they_kept():
    ran(ADA)
    newest = ran(ADA)
    ran(BOB)
    app = come(shell.FILTERS)
    assert line(app).endswith(f"yours, kept · {newest[:6]}")
    assert newest[:6] not in " ".join(menu(app))
    assert address(app) == {}  # nothing was chosen
    app = choose(app, "500 hidden")
    assert "comes with the program" in line(app)
    assert "comes with the program" in line(come(shell.FILTERS, Visitor(visitor_id("eve"), "Eve")))


def test_a_kept_run_that_cannot_be_opened_is_told_and_another_machine_shown():
    run_id = ran(ADA)
    path = open_store().checkpoint_path(run_id)
    path.write_bytes(path.read_bytes()[:100])
    app = come(shell.FILTERS)
    assert "comes with the program" in line(app)
    (said,) = (one.value for one in app.warning)
    assert run_id[:6] in said
    assert str(path.parent) not in said  # where things are on the server is nobody's affair
    older = ran(ADA)
    broken = ran(ADA)
    open_store().checkpoint_path(broken).write_bytes(b"x")
    kept._runs.clear()  # read once in two seconds for all
    assert line(come(shell.FILTERS)).endswith(f"yours, kept · {older[:6]}")  # the newest that is whole


def test_a_run_that_trains_is_opened_though_its_newest_checkpoint_is_replaced_meanwhile(monkeypatch):
    run_id, look = ran(BOB), Store.checkpoints
    stale = [look(open_store(), run_id)[-1]._replace(step=1, file="gone")]
    looks = iter([stale])
    monkeypatch.setattr(Store, "checkpoints", lambda self, key: next(looks, None) or look(self, key))
    assert kept._newest(run_id).step_number == look(open_store(), run_id)[-1].step
    open_store().checkpoint_path(run_id).unlink()
    kept._at_rest.clear()
    with pytest.raises(StoreError, match="cannot be read"):
        kept._newest(run_id)


def test_a_kept_run_has_its_reconstructions_too():
    """As on Train, where another's run is looked at: test images, and what the machine made of them before training and now."""
    run_id = ran(BOB)
    at_rest = kept._newest(run_id)
    trainer, _history = trained()
    originals, before, now = at_rest.snapshot.pictures
    data = make_dataset(SPEC.dataset, SPEC.model)
    assert (originals == data.test[[i % len(data.test) for i in SHOWN_IMAGES]].numpy()).all()
    for made, model in ((before, make_model(SPEC, data)), (now, trainer.model)):
        found = model.visible_mean(model.hidden_mean(torch.from_numpy(originals)))
        torch.testing.assert_close(torch.from_numpy(made), found.detach())
