"""The features page under AppTest, and its figure and map as values."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from pages.compare.features import judging, maps, scatter
from pages.ui import shell
from pages.ui.draw import frames
from pages.ui.session.kept import MENU
from rbm.checkpoint import to_bytes
from rbm.experiment import DatasetSpec, ModelSpec, RunSpec, make_dataset, make_trainer
from rbm.jobs import cluster
from rbm.jobs.task import Task
from rbm.models.parameters import Parameters
from rbm.store import Progress, Store, open_store
from rbm.tasks.features import Map, Score
from rbm.training.config import TrainConfig
from tests.helpers.screen import app_test, open_page
from tests.helpers.waiting import wait

SCORES = [
    Score(name, count, number, base + 0.02 * number, 1.0)
    for count in (100, 1000)
    for number in range(3)
    for name, base in (("pixels", 0.7), ("PCA", 0.6), ("hidden units", 0.8))
]


pytestmark = pytest.mark.usefixtures("clean")


def finished(function: str, news: list) -> Task:
    task = Task(f"rbm.tasks.features:{function}")
    task.news, task.status = news, "finished"
    return task


def test_the_figure_shows_means_and_their_standard_errors():
    mean, error = maps.mean_error(SCORES, "pixels", 100)
    assert mean == pytest.approx(0.72)
    assert error == pytest.approx(0.02 / np.sqrt(3))
    figure = maps.accuracy_figure(SCORES)
    pixels = next(trace for trace in figure.data if trace.name == "pixels")
    assert list(pixels.x) == ["100", "1,000"]
    np.testing.assert_allclose(pixels.y, [72, 72])
    np.testing.assert_allclose(pixels.error_y.array, 2 / np.sqrt(3))
    assert maps.table(SCORES)[2] == {"input": "hidden units", "100": "82.0±1.2", "1,000": "82.0±1.2", "10,000": ""}


def test_points_fill_their_box_and_keep_their_pictures():
    xy = np.array([[-3.0, 5.0], [1.0, 5.0], [0.0, 5.0]])
    pictures = frames.Tiles(np.zeros((3, 4, 6), np.uint8), np.zeros((256, 3), np.uint8))
    shown = scatter.points(xy, np.array([0, 1, 1]), ["a", "b"], pictures, ["#000", "#fff"])
    assert shown["x"] == [0, 1, 0.75]
    assert shown["y"] == [0, 0, 0]
    assert (shown["cell"], shown["columns"], shown["group"]) == ([4, 6], 3, [0, 1, 1])
    with pytest.raises(ValueError, match="each of 3 points"):
        scatter.points(xy, np.array([0]), ["a"], pictures, ["#000"])


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Store]:
    """A registry with one run of a few updates on MNIST."""
    monkeypatch.setenv("RBM_RUNS", str(tmp_path))
    store = open_store()
    spec = RunSpec(DatasetSpec("mnist", size=640), ModelSpec(11), TrainConfig(epochs=1))
    trainer = make_trainer(spec, make_dataset(spec.dataset))
    events = [trainer.report(), trainer.step(report=True)]
    run_id = store.create(spec, "me", Progress("paused", 1, 10, 0.1))
    at = Progress("paused", 1, 10, 0.1)
    store.write(run_id, "me", at, events, (1, 0.1, to_bytes(trainer.model, spec, state=trainer.state())))
    yield store
    store.close()


def test_the_page_shows_what_the_tasks_told(kept):
    rng = np.random.default_rng(1)
    judged = judging.JudgedMachine(
        "a machine", DatasetSpec(), Parameters(*(np.zeros(n, np.float32) for n in ((784, 3), 784, 3)))
    )
    maps = [Map("hidden units", "t-SNE", rng.normal(size=(1000, 2)).astype(np.float32), 0.93)]
    app = app_test().run()
    app.session_state[judging.SCORES] = finished("score", SCORES), judged
    app.session_state[judging.PLACES] = finished("maps", maps), judged
    app.switch_page(shell.FEATURES).run()
    assert not app.exception
    assert any("11 hidden" in said for said in app.selectbox(key=MENU).options)
    sent = [json.loads(element.proto.json) for element in app.get("bidi_component")]
    (drawn,) = [data for data in sent if data.get("alt", "").startswith("Test images as points")]
    assert len(drawn["x"]) == 1000
    assert drawn["names"] == [str(d) for d in range(10)]
    assert any("**93%** of the points" in c.value for c in app.caption)
    app.segmented_control(key="features_how").set_value("PCA").run()
    assert any("1 of 4 maps" in c.value for c in app.caption)


@pytest.mark.slow  # tests/tasks judges one in every run
def test_a_kept_run_is_judged_by_a_worker(kept):
    cluster.connect()
    app = open_page(shell.FEATURES)
    (said,) = (said for said in app.selectbox(key=MENU).options if "11 hidden" in said)
    app.selectbox(key=MENU).select(said).run()
    app.button(key="features_map").click().run()
    assert not app.exception
    task, judged = app.session_state[judging.PLACES]
    assert judged.parameters.weight.shape == (784, 11)
    wait(lambda: bool(task.news) or not task.active)
    assert task.status != "failed", task.message
    assert (task.news[0].input, task.news[0].how) == judging.MAPS[0]
    assert task.news[0].points.shape == (1000, 2)
    task.pause()
    task.release()
