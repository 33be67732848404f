"""The page that learns colours, under AppTest."""

import json

import pytest

from pages.ui import shell
from pages.ui.session import state
from rbm.datasets.entry import CATALOG
from rbm.experiment import DatasetSpec, ModelSpec, RunSpec
from rbm.tasks.colour import SOURCES
from rbm.tasks.colour.job import training
from tests.helpers.screen import draft, open_page

pytestmark = pytest.mark.usefixtures("clean")


def test_the_page_stands_ready_and_its_experiments_set_the_controls():
    app = open_page(shell.COLOUR)
    assert not app.exception
    assert not app.button(key="colour_learn").disabled
    assert app.button(key="colour_pause").disabled


@pytest.mark.parametrize(
    ("set_to", "model"),
    [
        ({"colour_states": 7}, ModelSpec(150, visible="multinary", n_states=7)),
        ({"colour_kind": "categorical"}, ModelSpec(150, visible="categorical", n_states=8)),
        ({"colour_kind": "gaussian"}, ModelSpec(150, visible="gaussian")),
    ],
)
def test_what_is_set_is_carried_to_the_page_train_as_a_run_of_the_same_training(set_to, model):
    app = open_page(shell.COLOUR)
    for key, value in set_to.items():
        {one.key: one for one in [*app.slider, *app.segmented_control, *app.selectbox]}[key].set_value(value).run()
    app.button(key="colour_run").click().run()
    assert not app.exception
    assert app.button(key="train").label == "Train"  # the page Train a machine is there ...
    spec = state.to_spec(draft(app))  # ... with settings that it can train
    assert spec == RunSpec(DatasetSpec("faces"), model, training(model.visible, model.n_states, 30))


def test_every_source_of_pictures_is_a_data_set_that_a_run_can_have():
    app = open_page(shell.COLOUR)
    {one.key: one for one in [*app.segmented_control, *app.selectbox]}["colour_source"].set_value("celeba").run()
    app.button(key="colour_run").click().run()
    assert not app.exception
    assert state.to_spec(draft(app)).dataset == DatasetSpec("celeba")
    assert app.button(key="train").disabled  # not on this machine
    (line,) = (
        one
        for one in map(json.loads, (it.proto.json for it in app.get("bidi_component")))
        if one.get("channel") == "status"
    )
    assert line["words"] == "Not ready yet: a note says what is missing."
    assert set(SOURCES) <= set(CATALOG)


def test_a_palette_is_that_of_the_drawn_faces_and_no_run_of_photographs_has_one():
    app = open_page(shell.COLOUR)
    for key, value in (("colour_source", "cifar10"), ("colour_kind", "categorical")):
        {one.key: one for one in [*app.segmented_control, *app.selectbox]}[key].set_value(value).run()
    button = app.button(key="colour_run")
    assert button.disabled
    assert button.help == "There the palette is that of the drawn faces: choose those, or other visible units."
