"""Data of one's own on every page that learns or compares: it trains, or a line says why not; nothing breaks."""

import io
import json
import math
from collections.abc import Iterator
from functools import partial

import numpy as np
import pytest
import streamlit as st
from PIL import Image
from streamlit.testing.v1 import AppTest

from pages.compare.baselines import contest
from pages.compare.features import judging
from pages.generate.labels import learning
from pages.learn.hopfield import recall
from pages.train.deep import few_labels
from pages.ui import shell
from pages.ui.components import wall
from pages.ui.draw import frames
from rbm.datasets.catalog import load_dataset
from rbm.datasets.patterns import digit_patterns, memories
from rbm.datasets.user_datasets import save
from rbm.datasets.user_datasets.pictures import Pictures
from rbm.errors import ConfigError
from rbm.jobs import cluster, job
from rbm.jobs.task import Task
from rbm.store import open_store
from rbm.sweep import at_work, stop_all
from rbm.tasks.deep.plan import LabelsPlan
from rbm.tasks.labels import News
from tests.helpers.databases import let_go
from tests.helpers.screen import open_page
from tests.helpers.waiting import wait

ABC = ("a", "b", "c")
SETS = {
    "letters": (60, (28, 28), ABC, None),
    "plain": (60, (28, 28), ("any",), None),
    "tall": (60, (28, 20), ("yes", "no"), None),
    "rows": (60, (1, 30), ABC, None),
    "few": (
        20,
        (6, 6),
        ABC,
        [0] * 10 + [1] * 9 + [2],
    ),  # a class of a single picture; 36 pixels, as many as slow motion has units
}
# What is learnt at every run; the others wait for a release.
SOME = [name if name in ("letters", "plain", "few") else pytest.param(name, marks=pytest.mark.slow) for name in SETS]
LABELLED = [name for name, (_, _, classes, _) in SETS.items() if len(classes) > 1]


def drawn(n: int, shape: tuple[int, int], classes: tuple[str, ...], labels: list[int] | None) -> Pictures:
    """Noise, brighter in a band of its own for each class."""
    rng = np.random.default_rng(n)
    known = np.arange(n) % len(classes) if labels is None else np.array(labels)
    grey = rng.integers(0, 100, (n, *shape), dtype=np.uint8)
    width = shape[1] // len(classes)
    for picture, label in zip(grey, known, strict=True):
        picture[:, label * width : (label + 1) * width] += 120
    return Pictures(grey, known.astype(np.int64), classes)


@pytest.fixture(scope="module", autouse=True)
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """All sets in a folder of their own, and a worker that knows it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RBM_DATA", str(tmp_path_factory.mktemp("data")))
        patch.setenv("RBM_RUNS", str(tmp_path_factory.mktemp("runs")))
        patch.setattr(contest, "SECONDS", (0.3, 10))
        tiny = LabelsPlan(sizes=(5,), pretraining=1, epochs=1, least_updates=5, labels=(10, 1000), seeds=(1,))
        patch.setattr(few_labels, "PLANS", {"small": tiny, "full": tiny})
        cluster.disconnect()
        for name, one in SETS.items():
            save.save(name, drawn(*one))
        yield
        stop_all(30)
        job.release_all(30)
        let_go(open_store())
        cluster.disconnect()


@pytest.fixture(autouse=True)
def session() -> Iterator[None]:
    yield
    st.cache_resource.clear()


def choose(app: AppTest, key: str, name: str) -> AppTest:
    app.selectbox(key=key).set_value(f"own:{name}").run()
    assert not app.exception
    return app


def over(app: AppTest, found: Task) -> None:
    """Until a task has come to its end, watched as a page watches it."""

    def moved(news: int) -> bool:
        found.renew()
        return not found.active or len(found.news) > news

    while found.active:
        wait(partial(moved, len(found.news)), what=found.function)
    assert found.status == "finished", found.message
    app.run()
    assert not app.exception
    assert not app.error


def walls(app: AppTest) -> dict[str, dict]:
    """All walls of pictures on the page, each of whose cells must be what its picture was drawn for."""
    sent = [json.loads(element.proto.json) for element in app.get("bidi_component")]
    return {one["channel"]: one for one in sent if "cell" in one and "channel" in one}


def words(app: AppTest) -> str:
    """All that the page's tables and lines say which change in place."""
    sent = [json.loads(element.proto.json) for element in app.get("bidi_component")]
    return "\n".join(str(cell) for one in sent for row in one.get("rows", ()) for cell in row)


def warned(app: AppTest, about: str) -> bool:
    return any(about in one.value for one in app.warning)


@pytest.mark.parametrize("name", SOME)
def test_labels(name):
    app = choose(open_page(shell.LABELS), "labels_dataset", name)
    if name not in LABELLED:
        assert warned(app, "has no classes")
        assert app.button(key="labels_train").disabled
        return
    app.session_state["labels_hidden"], app.session_state["labels_epochs"] = 50, 20
    app.run()
    app.button(key="labels_train").click().run()
    over(app, app.session_state["labels_task_softmax"])
    n, shape, classes, _ = SETS[name]
    assert walls(app)["labels_dream"]["cell"] == list(frames.drawn_shape(shape))
    assert walls(app)["labels_dream"]["n"] == len(classes) * 10
    assert f"All {n // 10} test pictures after epoch" in words(app)
    app.segmented_control(key=f"labels_held_own:{name}").set_value("1").run()
    app.button(key="labels_step_10").click().run()
    for use in ("Name a picture", "Guess from a half"):
        app.segmented_control(key="labels_use_softmax_other").set_value(use).run()
        assert not app.exception
    bars = [json.loads(one.proto.json) for one in app.get("bidi_component")]
    assert [one["labels"] for one in bars if one.get("alt", "").startswith("Probability")] == [list(classes)]
    app.segmented_control(key="labels_kind").set_value("tags").run()
    assert warned(app, "digits 0 to 9")
    assert not app.exception


@pytest.mark.parametrize("name", SOME)
def test_deep(name):
    app = choose(open_page(shell.DEEP), "deep_dataset", name)
    for key, value in (("deep_size_1", 3), ("deep_size_2", 1), ("deep_epochs", 1)):
        app.select_slider(key=key).set_value(value)
    app.run()
    app.button(key="deep_train").click().run()
    over(app, app.session_state["deep_task"])
    cell = list(frames.drawn_shape(SETS[name][1]))
    assert {walls(app)[key]["cell"] == cell for key in ("deep_filters_1", "deep_filters_2", "deep_fantasies")} == {True}
    app.segmented_control(key="deep_start").set_value("test images").run()
    app.button(key="deep_sweep_10").click().run()
    assert app.session_state["deep_dream"].pixels.shape == (40, math.prod(SETS[name][1]))
    if name not in LABELLED:
        assert warned(app, "has no classes")
        return
    app.button(key="deep_labels_start").click().run()
    found = app.session_state["deep_labels"]
    n = SETS[name][0]
    assert found.arguments["plan"].labels == (10, n - n // 10)  # never more than there are
    over(app, found)
    assert app.button(key="deep_labels_start").disabled  # all is known


def test_a_deep_boltzmann_machine_of_one_unit_a_layer():
    app = choose(open_page(shell.DEEP), "deep_dataset", "few")
    app.segmented_control(key="deep_kind").set_value("Boltzmann machine").run()
    for key, value in (("deep_size_1", 1), ("deep_size_2", 1), ("deep_epochs", 1), ("deep_together", 1)):
        app.select_slider(key=key).set_value(value)
    app.run()
    app.button(key="deep_train").click().run()
    over(app, app.session_state["deep_task"])
    app.segmented_control(key="deep_start").set_value("test images").run()
    assert app.session_state["deep_dream"].pixels.shape == (40, 36)
    assert not app.exception


@pytest.mark.slow
@pytest.mark.parametrize("name", SETS)
def test_rivals(name):
    app = choose(open_page(shell.RIVALS), "rivals_dataset", name)
    app.session_state["rivals_seconds"], app.session_state["rivals_hidden"] = 0.3, 64
    if name not in ("rows", "few"):  # a machine of each way of learning is enough for large pictures
        app.session_state["rivals_who"] = ["rbm", "dcgan"]
    app.run()
    shape = SETS[name][1]
    assert any("DCGAN is left out" in one.value for one in app.caption) == bool(shape[0] % 4 or shape[1] % 4)
    app.button(key="rivals_start").click().run()
    found = app.session_state["rivals"]
    over(app, found)
    assert any("no Fréchet distance" in one.value for one in app.info)
    shown = walls(app)
    assert len([key for key in shown if key.startswith("rivals_wall_")]) == len(found.arguments["models"])
    cell = list(frames.drawn_shape(shape))
    assert all(one["cell"] == cell for key, one in shown.items() if key.startswith("rivals_"))
    (table,) = (one for one in map(json.loads, (e.proto.json for e in app.get("bidi_component"))) if one.get("head"))
    assert "Fréchet" not in table["head"]
    assert "log-likelihood" in table["head"]


@pytest.mark.parametrize("name", SETS)
def test_slow_motion(name):
    app = open_page(shell.SLOW)
    app.segmented_control(key="slow_subject").set_value("another data set").run()
    choose(app, "slow_dataset", name)
    for algorithm in ("CD", "PCD"):
        app.segmented_control(key="slow_algorithm").set_value(algorithm).run()
        # A worker warms the machine up.
        wait(lambda: any(one.key == "slow_keep" for one in app.run().button), what="the machine")
        app.button(key="slow_keep").click().run()
        assert not app.exception
    assert app.session_state["slow_machine"].updates == 401
    assert walls(app)["slow_wall_v"]["cell"] == list(frames.drawn_shape(SETS[name][1]))
    assert walls(app)["slow_wall_v"]["n"] == 3  # v₀, p(v|h₀) and v₁, whatever the number of hidden units


@pytest.mark.parametrize("name", SETS)
def test_hopfield(name):
    app = choose(open_page(shell.HOPFIELD), "hopfield_dataset", name)
    shelf = recall.shelf(f"own:{name}")
    assert app.session_state["hopfield_digits"] == [0, 1]
    everything = list(range(len(shelf.pictures)))
    for rule in recall.RULES:
        app.segmented_control(key="hopfield_rule").set_value(rule)
        app.button_group(key="hopfield_digits").set_value(everything).run()
        assert not app.exception
    assert walls(app)["hopfield_stored"]["cell"] == list(frames.drawn_shape(shelf.shape))
    assert walls(app)["hopfield_stored"]["n"] == len(everything)
    app.button(key="try_hopfield_0").click().run()  # back to digits
    assert not app.exception
    assert len(app.session_state["hopfield_start"]) == 196


@pytest.mark.parametrize(
    ("name", "n_hidden"),
    [
        ("letters", 3),
        pytest.param("plain", 2, marks=pytest.mark.slow),
        pytest.param("tall", 1, marks=pytest.mark.slow),
        ("rows", 3),
        pytest.param("few", 1, marks=pytest.mark.slow),
    ],
)
def test_a_run_of_few_units_and_all_pages_that_look_at_it(name, n_hidden):
    app = choose(open_page(shell.TRAIN), "draft_dataset", name)
    app.slider(key="draft_n_hidden").set_value(n_hidden).run()
    app.session_state["draft"].update(epochs=2, batch_size=5)
    app.run()
    app.button(key="train").click().run()
    run = app.session_state["run"]
    wait(lambda: (run.renew(), not run.active)[1], what="training")
    assert run.status == "finished", run.message
    cell = list(frames.drawn_shape(SETS[name][1]))
    for script in (shell.TRAIN, shell.FILTERS, shell.GIBBS, shell.EXAMINE, shell.FEATURES, shell.RUNS):
        app.switch_page(script).run()
        assert not app.exception, script
        assert not app.error, script
    app.switch_page(shell.TRAIN).run()
    assert walls(app)["wall_filters"]["cell"] == cell
    assert walls(app)["wall_reconstructions"]["cell"] == cell
    app.switch_page(shell.GIBBS).run()
    assert walls(app)["wall_v"]["cell"] == cell
    app.segmented_control(key="gibbs_start").set_value("data").run()
    app.selectbox(key="gibbs_held").set_value("left half").run()
    assert ("top half" in app.selectbox(key="gibbs_held").options) == (SETS[name][1][0] > 1)
    app.button(key="step_10").click().run()
    assert not app.exception
    app.switch_page(shell.EXAMINE).run()
    app.button(key="examine").click().run()
    (found,) = (
        one for one in job.all_jobs() if getattr(one, "function", "") == "rbm.tasks.examine:examine" and one.active
    )
    over(app, found)
    assert walls(app)["examine_modes"]["n"] == n_hidden
    app.switch_page(shell.FEATURES).run()
    app.button(key="features_map").click().run()
    over(app, app.session_state[judging.PLACES][0])
    if name in LABELLED:
        app.button(key="features_judge").click().run()
        over(app, app.session_state[judging.SCORES][0])
    else:
        assert warned(app, "has no classes")
        assert any("no classes" in one.value for one in app.caption)
        assert not any(one.key == "features_judge" for one in app.button)


def test_a_search_of_few_units_on_few_pictures():
    app = open_page(shell.SWEEP)
    app.session_state["draft"].update(dataset="own:few", batch_size=5)
    app.run()
    assert any("few (own data)" in one.value for one in app.caption)
    app.text_input(key="sweep_values_n_hidden").set_value("1, 2, 3").run()
    app.text_input(key="sweep_values_k").set_value("1").run()
    app.select_slider(key="sweep_epochs").set_value(1).run()
    app.button(key="sweep_start").click().run()
    assert not app.exception
    wait(lambda: not at_work(), what="the search")
    app.run()
    assert not app.exception
    assert not app.error


@pytest.mark.parametrize("script", [shell.COLOUR, shell.CD_BIAS, shell.BOLTZMANN])
def test_pages_that_cannot_use_them_say_so(script):
    app = open_page(script)
    assert any("of your own" in one.value or "Your own data" in one.value for one in app.caption)


def test_a_choice_of_classes_without_pictures_in_a_part_is_told():
    with pytest.raises(ConfigError, match="pictures of data set 'own:few' is of the classes chosen"):
        load_dataset("own:few", classes=[2])


def test_a_set_that_was_deleted_gives_way_to_mnist():
    save.save("gone", drawn(*SETS["few"]))
    app = choose(open_page(shell.DEEP), "deep_dataset", "gone")
    app.switch_page(shell.HOME).run()
    save.remove("gone")
    app.switch_page(shell.DEEP).run()
    assert not app.exception
    assert app.selectbox(key="deep_dataset").value == "mnist"


def test_long_rows_are_drawn_as_stripes_in_their_order():
    assert frames.drawn_shape((28, 28)) == (28, 28)
    assert frames.drawn_shape((28, 20)) == (28, 20)
    assert frames.drawn_shape((1, 300)) == (54, 300)
    assert frames.drawn_shape((30, 1)) == (30, 8)
    values = np.linspace(0, 1, 300)[None]
    pixels = frames.colour_probabilities(values, shape=(1, 300)).rgb()
    assert pixels.shape == (1, 54, 300, 3)
    np.testing.assert_array_equal(pixels[0, 0], pixels[0, -1])
    np.testing.assert_array_equal(pixels[0, 7, :, 0], np.rint(255 * values[0]))
    assert frames.colour_weights(values, shape=(1, 300)).tiles.rows.shape == (1, 54, 300)
    height, width = frames.drawn_shape((1, 4096))
    assert (height * width <= frames.DRAWN_PIXELS, width) == (True, 4096)


def test_memories_are_the_most_typical_pictures_and_coarse():
    tiny = memories(load_dataset("tiny_digits"))
    assert tiny.shape == (5, 3)
    assert tiny.names == tuple("0123456789")
    assert memories(load_dataset("own:rows")).shape == (1, 15)
    assert memories(load_dataset("own:tall")).shape == (14, 10)
    assert memories(load_dataset("own:plain")).patterns.shape == (10, 196)
    assert digit_patterns().shape == (10, 196)


def test_a_test_part_that_is_named_rightly_throughout_is_still_drawn():
    news = [News(float(epoch), 0.25, error, None, None) for epoch, error in enumerate((0.5, 0.25, 0.125, 0.0))]
    kinds = [learning.error_option(some)["layout"]["yaxis"]["type"] for some in (news, news[:3])]
    assert kinds == ["linear", "log"]  # a zero has no logarithm
    assert learning.error_option(news)["series"][1]["y"][-1] == 0


def test_broad_pictures_keep_apart_in_png_and_wall_alike():
    shape = frames.drawn_shape((1, 300))
    gap = frames.gap_between(shape)
    assert (gap, frames.gap_between((28, 28)), frames.gap_between((64, 64))) == (4, 1, 1)
    png = frames.grid_png(np.zeros((4, *shape, 3), np.uint8), 2)
    assert Image.open(io.BytesIO(png)).size == (2 * 300 + gap, 2 * shape[0] + gap)
    assert wall.pictures(frames.colour_probabilities(np.zeros((4, *shape))), 2)["gap"] == gap
