"""The page on labels under AppTest: what it shows is what the engine computes from the machine that training sent."""

import json

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

from pages.generate.labels import confusion, dreams, learning, views
from pages.ui import shell
from rbm.datasets.catalog import load_dataset
from rbm.jobs import cluster
from rbm.jobs.task import Task
from rbm.tasks import labels
from tests.helpers.screen import app_test, open_page
from tests.helpers.waiting import wait

pytestmark = pytest.mark.usefixtures("clean")


def told(kind: str) -> Task:
    """A finished training of a small machine, without a worker: its news are the generator's own."""
    task = Task("rbm.tasks.labels:train", labels=kind, n_hidden=30, objective="both", epochs=1, seed=1)
    task.news = list(labels.train(kind, 30, "both", 1, seed=1, size=6400))
    task.status = "finished"
    return task


@pytest.fixture(scope="module")
def names() -> Task:
    return told("softmax")


@pytest.fixture(scope="module")
def tags() -> Task:
    return told("tags")


def open_with(task: Task) -> AppTest:
    kind = task.arguments["labels"]
    app = app_test().run()
    app.session_state["labels_kind"] = next(name for name, value in learning.KINDS.items() if value == kind)
    app.session_state[f"labels_task_{kind}"] = task
    app.switch_page(shell.LABELS).run()
    assert not app.exception
    return app


def drawn(app: AppTest, alt: str) -> dict:
    sent = [json.loads(element.proto.json) for element in app.get("bidi_component")]
    (found,) = [data for data in sent if data.get("alt", "").startswith(alt)]
    return found


def use(app: AppTest, kind: str, what: str) -> AppTest:
    app.segmented_control(key=f"labels_use_{kind}").set_value(what).run()
    assert not app.exception
    return app


def test_errors_are_drawn_in_percent(names):
    app = open_with(names)
    series = {one["name"]: one["y"] for one in drawn(app, "Classification error")["series"]}
    np.testing.assert_allclose(series["test"], [100 * n.test_error for n in names.news[1:]], rtol=1e-5)
    sent = [json.loads(element.proto.json) for element in app.get("bidi_component")]
    (words,) = [one["rows"][0][0] for one in sent if one.get("channel") == "labels_words"]
    assert "All 10,000 test digits after epoch 1" in words


def test_a_digit_is_named_by_the_exact_probabilities(names):
    app = use(open_with(names), "softmax", "Name a digit")
    model = names.news[-1].machine.to_model()
    expected = model.label_probability(load_dataset("mnist").test[:1])[0].detach().numpy()
    (bars,) = drawn(app, "Probability of each label")["series"]
    np.testing.assert_allclose(bars["y"], expected, atol=1e-4)
    app.button(key="labels_other").click().run()
    expected = model.label_probability(load_dataset("mnist").test[20:21])[0].detach().numpy()
    np.testing.assert_allclose(drawn(app, "Probability of each label")["series"][0]["y"], expected, atol=1e-4)


def test_the_matrix_counts_what_test_digits_are_and_what_they_are_called(names):
    app = use(open_with(names), "softmax", "Confusions")
    digits, model = load_dataset("mnist"), names.news[-1].machine.to_model()
    said = model.label_probability(digits.test).argmax(1)
    expected = [[int(((digits.test_labels == i) & (said == j)).sum()) for j in range(10)] for i in range(10)]
    cells = drawn(app, "How many test digits")["cells"]
    counts = np.array([int(cell["text"] or 0) for cell in cells]).reshape(10, 10)
    assert counts.tolist() == expected
    assert cells[13]["words"] == f"1, called 3: {expected[1][3]} of 1,135, {expected[1][3] / 1135:.1%}"
    wrong = counts * (1 - np.eye(10, dtype=int))
    (worst,) = [cell for cell in cells if cell["state"] == "best"]
    assert worst["text"] == str(wrong.max())
    assert drawn(app, "Test digits of the chosen cell")["n"] == min(wrong.max(), confusion.SHOWN)


def test_of_many_classes_the_matrix_shows_those_that_are_misread_most():
    counts = np.diag(np.full(30, 9))
    counts[range(5, 25), 0] = range(1, 21)
    names = tuple(f"kind {k}" for k in range(30))
    shown = confusion.matrix(counts, names, (24, 0), "picture", "dark")
    assert shown["x"]["labels"] == list(names[5:25])
    assert confusion.worst(counts) == (24, 0)


def test_chains_hold_their_labels_and_move_only_when_asked(names):
    app = open_with(names)
    before = app.session_state["labels_chains"].dream
    app.button(key="labels_step_10").click().run()
    assert not app.exception
    after = app.session_state["labels_chains"].dream
    assert (before.chains.step, after.chains.step) == (0, 10)
    y = after.chains.v[:, 784:].argmax(1)
    assert torch.equal(y, torch.arange(10).repeat_interleave(dreams.EACH))
    app.segmented_control(key="labels_held").set_value("7").run()
    app.button(key="labels_step_1").click().run()
    assert bool((app.session_state["labels_chains"].dream.chains.v[:, 784 + 7] == 1).all())
    assert app.session_state["labels_chains"].dream.chains.step == 11
    app.button(key="labels_noise").click().run()
    assert app.session_state["labels_chains"].dream.chains.step == 0


@pytest.mark.parametrize("cover", list(views.COVERS))
def test_a_covered_half_is_completed(names, cover, monkeypatch):
    monkeypatch.setattr(views, "BURN_IN", 5)
    monkeypatch.setattr(views, "SWEEPS", 5)
    app = use(open_with(names), "softmax", "Guess from a half")
    app.segmented_control(key="labels_cover").set_value(cover).run()
    assert not app.exception
    asked, (found, _) = app.session_state["labels_completed"]
    assert asked[-1] == cover
    mask = views.seen_part(cover, (28, 28))
    assert int(mask.sum()) == 392
    seen = (load_dataset("mnist").test[0] > 0.5).float()
    assert torch.equal(found.chains[:, mask], seen[mask].expand(views.CHAINS, -1))
    half = {one["name"]: one["y"] for one in drawn(app, "Probability of each label given half")["series"]}
    assert sum(half["visible half"]) == pytest.approx(1, abs=1e-3)


def test_tags_there_and_back(tags):
    app = open_with(tags)
    held = app.session_state["labels_chains"].dream.held.values[0, 784:].tolist()
    assert held == [1, 0, 1, 0, 0]  # even, a loop
    assert any("belong to 6 and 8" in c.value for c in app.caption)
    use(app, "tags", "Picture to tags")
    assert drawn(app, "Probability of each label")["labels"] == list(views.TAGS)
    assert dreams._which((True, True, True, True, True)).startswith("No digit has exactly")


def test_training_begins_at_a_click_and_can_be_paused():
    cluster.connect()
    app = open_page(shell.LABELS)
    assert app.session_state["labels_chains"].dream.chains.step == dreams.OPENS_AFTER
    app.button(key="labels_noise").click().run()
    assert app.session_state["labels_chains"].dream.chains.step == 0
    app.select_slider(key="labels_hidden").set_value(1)
    app.select_slider(key="labels_epochs").set_value(500)  # it goes on until it is paused
    app.button(key="labels_train").click().run()
    task = app.session_state["labels_task_softmax"]
    wait(lambda: len(task.news) >= 3 or not task.active)
    assert task.active, task.message or task.status
    app.button(key="labels_stop").click().run()
    assert not app.exception
    assert task.status == "paused"
    assert app.session_state["labels_chains"].dream.chains.h.shape[1] == 1
    task.release()
