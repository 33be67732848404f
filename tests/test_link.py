"""Links and code: there and back, whatever somebody writes into an address, and the code that does the same run."""

from dataclasses import fields, replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rbm import link
from rbm.checkpoint import load_checkpoint
from rbm.datasets.catalog import CATALOG
from rbm.datasets.temperatures import COLDEST, HOTTEST
from rbm.errors import ConfigError
from rbm.experiment import DatasetSpec, ModelSpec, RunSpec, make_dataset, make_trainer
from rbm.presets import PRESETS
from rbm.training.changes import Change, from_state
from rbm.training.config import TrainConfig, knobs
from tests.helpers.unit_pairs import PAIRS


def values(kind: type) -> st.SearchStrategy:
    """Any valid settings of a dataclass of knobs."""
    made = {}
    for name, k in knobs(kind).items():
        default = getattr(kind(), name)
        if k.choices:
            made[name] = st.sampled_from(k.choices)
        elif isinstance(default, int):
            made[name] = st.integers(int(k.low), int(k.high))
        else:
            made[name] = st.floats(k.low, k.high, allow_subnormal=False)
    return st.builds(kind, **made)


@st.composite
def data_sets(draw: st.DrawFn) -> DatasetSpec:
    name = draw(st.sampled_from(list(CATALOG)))
    several = st.lists(st.floats(COLDEST, HOTTEST), min_size=2, max_size=16, unique_by="{:g}".format).map(tuple)
    temperature = draw(st.none() | st.floats(COLDEST, HOTTEST) | several) if CATALOG[name].thermal else None
    every = range(len(CATALOG[name].classes_at(temperature)))
    classes = draw(st.none() | st.sets(st.sampled_from(every), min_size=1) if every else st.none())
    size = draw(st.none() | st.integers(1, 60_000))
    return DatasetSpec(name, tuple(sorted(classes)) if classes else None, size, temperature)


specs = st.builds(RunSpec, data_sets(), values(ModelSpec), values(TrainConfig), st.integers(0, 2**31 - 1))


@settings(max_examples=300, deadline=None)
@given(specs)
def test_every_spec_survives_its_link(spec):
    opened = link.from_query(link.to_query(spec))
    assert opened.spec == spec
    assert opened.notes == []


@settings(max_examples=300, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(list(link._FIELDS)), st.text(max_size=30) | st.floats(allow_subnormal=False).map(str)
    )
)
def test_whatever_stands_in_an_address_becomes_a_valid_spec(query):
    opened = link.from_query({"v": link.VERSION, **query})
    assert RunSpec.from_json(opened.spec.to_json()) == opened.spec


@pytest.mark.parametrize("name", list(PRESETS))
def test_a_preset_s_link_is_short_and_the_default_s_is_empty(name):
    query = link.to_query(PRESETS[name].spec)
    assert len(link.to_url("", PRESETS[name].spec)) < 100
    assert (len(query) == 1) == (name == "default")


@pytest.mark.parametrize(("visible", "hidden"), PAIRS)
def test_units_of_any_pair_come_through_a_link(visible, hidden):
    spec = RunSpec(DatasetSpec("tiny_digits"), ModelSpec(9, visible=visible, hidden=hidden, n_states=3))
    opened = link.from_query(link.to_query(spec))
    assert (opened.spec, opened.notes) == (spec, [])


def test_every_setting_has_a_place_in_the_link():
    listed = [(part, field) for part, field, _ in link._FIELDS.values()]
    kinds = {"dataset": DatasetSpec, "model": ModelSpec, "training": TrainConfig}
    every = {(part, f.name) for part, kind in kinds.items() for f in fields(kind)} | {("run", "seed")}
    assert len(listed) == len(set(listed))
    assert set(listed) == every


@pytest.mark.parametrize(
    ("query", "field", "value", "note"),
    [
        ({"h": "99999"}, "n_hidden", 1024, "Hidden units (n_hidden) is 99999; 1024 is as far as it goes"),
        ({"lr": "-3"}, "learning_rate", 1e-5, "Learning rate is -3; 1e-05"),
        ({"lr": "nan"}, "learning_rate", 0.05, "Learning rate is 'nan', which is no such value: 0.05"),
        ({"lr": "inf"}, "learning_rate", 10.0, "10 is as far"),
        ({"k": "7.5"}, "k", 1, "k is '7.5', which is no such value"),
        ({"a": "__import__('os')"}, "algorithm", "cd", "Algorithm is"),
        ({"d": "../../etc/passwd"}, "name", "mnist", "data set is '../../etc/passwd'"),
        ({"c": "1.99"}, "classes", None, "classes is '1.99'"),
        ({"n": "0"}, "size", 1, "size is 0; 1 is"),
        ({"s": "-1"}, "seed", 0, "seed is -1; 0 is"),
        ({"hidden": "7", "data": "nope"}, "n_hidden", 100, "does not know and leaves out: data, hidden"),
    ],
)
def test_what_is_wrong_in_a_link_is_put_right_and_told(query, field, value, note):
    opened = link.from_query({"v": link.VERSION, **query})
    spec = opened.spec
    part = next(p for p in (spec.dataset, spec.model, spec.training, spec) if hasattr(p, field))
    assert getattr(part, field) == value
    assert len(opened.notes) == 1
    assert note in opened.notes[0]


def test_a_link_of_another_version_is_refused():
    with pytest.raises(ConfigError, match="is of version '4'; this program reads versions up to 3"):
        link.from_query({"v": "4"})


def test_a_link_of_an_older_version_keeps_its_meaning():
    small = ModelSpec(33)
    constant = TrainConfig(schedule="constant")
    assert link.from_query({"v": "1", "h": "33"}) == (
        RunSpec(model=small, training=replace(constant, learning_rate=0.1)),
        [],
    )
    assert link.from_query({"v": "2", "h": "33"}) == (RunSpec(model=small, training=constant), [])
    assert link.from_query({"v": "2", "sh": "linear"}) == (RunSpec(training=TrainConfig(schedule="linear")), [])


def test_what_a_link_leaves_out_is_the_default_of_today():
    """Else the code, which leaves out the program's defaults, would do another run than the link."""
    assert link.from_query({"v": link.VERSION}) == (RunSpec(), [])


SHORT = RunSpec(DatasetSpec("mnist", (1, 7), 300), ModelSpec(13), TrainConfig(algorithm="pcd", epochs=2, k=2), 5)


TURNED = (Change(0, {"momentum": 0.5}), Change(3, {"learning_rate": 1 / 3, "k": 1}), Change(7, {"weight_decay": 0.001}))


@pytest.mark.parametrize(
    ("spec", "changes"),
    [
        (SHORT, ()),
        pytest.param(
            replace(SHORT, training=TrainConfig(epochs=2, optimizer="adam", learning_rate=0.003)),
            (),
            marks=pytest.mark.slow,
        ),
        (SHORT, TURNED),
        (SHORT, (*TURNED, Change(10, {"epochs": 3, "k": 2}))),  # trained further when it was finished
        pytest.param(
            SHORT, (Change(10, {"k": 5}),), marks=pytest.mark.slow
        ),  # turned when there was nothing left to train
        (replace(SHORT, model=ModelSpec(13, visible="multinary", hidden="spin", n_states=4)), ()),
        pytest.param(replace(SHORT, model=ModelSpec(5, visible="categorical", n_states=3)), (), marks=pytest.mark.slow),
    ],
)
def test_the_code_does_the_same_run_bit_for_bit(spec, changes, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    threads = torch.get_num_threads()
    try:
        text = link.code(spec, changes)
        exec(compile(text, "shown code", "exec"), {})
        trainer = make_trainer(spec, make_dataset(spec.dataset, spec.model))
        for change in (*changes, None):
            while not trainer.finished and (change is None or trainer.step_number < change.step):
                trainer.step()
            if change is not None:
                trainer.lengthen(change.knobs.get("epochs", 0))
                trainer.change(**{name: value for name, value in change.knobs.items() if name != "epochs"})
        while not trainer.finished:
            trainer.step()
    finally:
        torch.set_num_threads(threads)
    saved = load_checkpoint("run.safetensors")
    assert saved.spec == spec
    assert from_state(saved.state) == trainer.changes == list(changes)
    for name, p in trainer.model.named_parameters():
        assert torch.equal(saved.model.get_parameter(name), p)
    assert "epoch 2.00" in capsys.readouterr().out
    assert len(text.strip().splitlines()) < 34


def test_a_link_opens_the_start_and_says_what_was_turned_when():
    query = link.to_query(SHORT, TURNED)
    assert query["t"] == "0~mo~0.5_3~lr~0.3333333333333333_3~k~1_7~wd~0.001"
    assert "t=0~mo~0.5_3~lr" in link.to_url("", SHORT, TURNED)  # nothing in it needs another spelling
    opened = link.from_query(query)
    assert opened.spec == SHORT
    (note,) = opened.notes
    assert (
        "Momentum 0.8 → 0.5 after update 0; Learning rate 0.05 → 0.333333, Gibbs steps k 2 → 1 after update 3; "
        "Weight decay 0.0001 → 0.001 after update 7." in note
    )


@pytest.mark.parametrize("text", ["", "3", "3~lr", "3~lr~nan", "3~lr~99", "3~b~5", "-3~lr~0.1", "x~lr~0.1", "3~k~1.5"])
def test_turns_that_make_no_sense_are_told_and_cost_no_link(text):
    opened = link.from_query({**link.to_query(SHORT), "t": text})
    assert opened.spec == SHORT
    assert "the changes cannot be read" in opened.notes[0]


def test_the_code_of_a_machine_without_several_states_names_no_number_of_them():
    spec = RunSpec(model=ModelSpec(visible="spin", n_states=4))
    assert "n_states" not in link.code(spec)
    assert "n_states=4" in link.code(replace(spec, model=ModelSpec(visible="categorical", n_states=4)))
