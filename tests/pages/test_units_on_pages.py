"""Machines of every pair of unit types on every page that shows a machine: pictures are there, and nothing breaks."""

import json
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

from pages.compare.runs import files
from pages.ui import shell
from pages.ui.session import state
from rbm.checkpoint import from_bytes
from rbm.datasets.catalog import CATALOG
from rbm.datasets.user_datasets import save
from rbm.datasets.user_datasets.pictures import Pictures
from rbm.experiment import DatasetSpec, ModelSpec, RunSpec
from rbm.jobs.training import TrainingJob
from rbm.store import Progress, importing, open_store
from rbm.store.owners import Visitor, visitor_id
from rbm.training.config import TrainConfig
from tests.helpers.databases import let_go
from tests.helpers.screen import app_test
from tests.helpers.unit_pairs import PAIRS_IN_TURN, M

pytestmark = pytest.mark.usefixtures("clean")
BOB = Visitor(visitor_id("bob"), "Bob")  # whose runs others look at and do not take up
HIDDEN, SHAPE, GREY = 7, (5, 6), "own:grey"


@pytest.fixture(scope="module", autouse=True)
def grey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Sixty pictures of thirty grey levels in three classes, which every type of visible unit fits, and a registry."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RBM_RUNS", str(tmp_path_factory.mktemp("runs")))
        patch.setenv("RBM_DATA", str(tmp_path_factory.mktemp("data")))
        levels = np.random.default_rng(1).integers(0, 256, (60, *SHAPE), dtype=np.uint8)
        save.save("grey", Pictures(levels, np.arange(60) % 3, ("a", "b", "c")), "a test")
        yield
        let_go(open_store())


def kept(visible: str, hidden: str, name: str = GREY, columns: int | None = None, states: int = M) -> str:
    """A run of a few updates in the registry, as the Train page leaves one."""
    model = ModelSpec(HIDDEN, visible=visible, hidden=hidden, n_states=states)
    size = None if name == GREY else 60
    spec = RunSpec(DatasetSpec(name, size=size), model, TrainConfig(learning_rate=0.01, batch_size=10, epochs=2))
    slice_ = TrainingJob(spec.to_json()).advance(60.0, until=6, snapshot=True, checkpoint=True)
    assert slice_.status == "running"
    assert slice_.snapshot.pictures.shape == (3, 10, columns or 30 * (M if visible == "categorical" else 1))
    at = Progress("paused", slice_.step, slice_.total_steps, slice_.epoch)
    run_id = open_store().create(spec, "w", at, visitor=BOB)
    open_store().write(run_id, "w", at, slice_.events, (at.step, at.epoch, slice_.checkpoint))
    return run_id


def elements(app: AppTest) -> dict:
    """What every component was given, by its key."""
    assert not app.exception
    assert not app.error
    return {one.proto.id.rpartition("-")[2]: json.loads(one.proto.json) for one in app.get("bidi_component")}


@pytest.fixture(scope="module")
def app(grey: None) -> AppTest:
    """A visitor who looks at one machine after the other, the second unit close up."""
    found = app_test().run()
    found.session_state["unit"] = 1
    return found


@pytest.mark.parametrize(("visible", "hidden"), PAIRS_IN_TURN)
def test_every_page_shows_a_machine_of_any_pair(visible: str, hidden: str, app: AppTest) -> None:
    app.session_state[state.LOOKED] = kept(visible, hidden)
    gibbs = look_through(app, visible, hidden, SHAPE)
    assert (gibbs["wall_v"]["legend"] is None) == (visible == "bernoulli")


@pytest.mark.parametrize("visible", CATALOG["faces"].units)
def test_every_page_shows_a_machine_of_colours(visible: str, app: AppTest) -> None:
    app.session_state[state.LOOKED] = kept(visible, "bernoulli", "faces", 16 * 16 * 3)  # as many with M = 3 colours
    gibbs = look_through(app, visible, "bernoulli", (16, 16))
    assert gibbs["wall_v"]["lut"] == gibbs["wall_mean"]["lut"] == ""  # each pixel has a colour of its own


def test_every_page_shows_sequences_in_letters(app: AppTest) -> None:
    app.session_state[state.LOOKED] = kept("categorical", "bernoulli", "potts", 8 * 4, states=4)
    gibbs = look_through(app, "categorical", "bernoulli", (40, 60), logo=(53, 112))
    assert all(len(word) == 8 and set(word) <= set("ACGU") for word in gibbs["wall_v"]["labels"])
    assert gibbs["wall_v"]["read"]


def look_through(
    app: AppTest, visible: str, hidden: str, shape: tuple[int, int], logo: tuple[int, int] | None = None
) -> dict:
    """All pages that show the machine, one after the other; what the Gibbs page shows."""
    filters = elements(app.switch_page(shell.FILTERS).run())
    columns = HIDDEN * (M if hidden == "categorical" else 1)
    assert f"{visible} × {hidden}" in filters["machine"]["rows"][0][0] or visible == hidden == "bernoulli"
    assert filters["wall_all_filters"]["n"] == columns
    assert {"wall_unit", "wall_best", "histogram_unit"} < set(filters)
    gibbs = elements(app.switch_page(shell.GIBBS).run())
    assert [gibbs[key]["n"] for key in ("wall_v", "wall_mean", "wall_h")] == [16] * 3
    assert gibbs["wall_v"]["cell"] == list(shape)
    app.button(key="step").click().run()
    assert not app.exception
    examine = elements(app.switch_page(shell.EXAMINE).run())
    assert examine["examine_modes"]["cell"] == list(logo or shape)
    assert {"examine_spectrum", "examine_noise"} < set(examine)
    assert "features_scatter" in elements(app.switch_page(shell.FEATURES).run())
    runs = elements(app.switch_page(shell.RUNS).run())
    assert [runs[f"wall_{part}_A"]["n"] for part in ("filters", "back", "dreams")] == [columns, 10, 10]
    return gibbs


@pytest.mark.parametrize(("visible", "hidden"), PAIRS_IN_TURN)
def test_a_run_of_any_pair_is_handed_on_with_its_pictures_and_goes_on_elsewhere(visible: str, hidden: str) -> None:
    store = open_store()
    run = store.run(kept(visible, hidden))
    added = store.run(importing.add(store, "run.zip", files.everything(run)))
    assert added.spec == run.spec
    assert added.progress.step == 6
    parts = [
        from_bytes(
            TrainingJob(run.spec.to_json(), store.checkpoint(one.id)).advance(60.0, until=8, checkpoint=True).checkpoint
        )
        for one in (run, added)
    ]
    for name, p in parts[0].model.named_parameters():
        assert torch.equal(p, parts[1].model.get_parameter(name))
