"""Ising data at several temperatures at once: equal shares, each what it is alone, told apart by their labels."""

import json
import math
from argparse import ArgumentParser

import numpy as np
import pytest
import torch

from rbm.checkpoint import from_bytes, to_bytes
from rbm.commands import sweep
from rbm.datasets import load_dataset
from rbm.datasets.entry import ISING_CRITICAL, RING
from rbm.datasets.ising import PARTS
from rbm.datasets.temperatures import checked_temperature
from rbm.errors import ConfigError
from rbm.evaluation import lattice
from rbm.experiment import DatasetSpec, ModelSpec, RunSpec, cached_dataset, make_model
from rbm.lessons import finite_lattice
from rbm.link import code, from_query, to_query
from rbm.report.words import data_title, settings, temperature

THREE = (3.5, 1.8, ISING_CRITICAL)
NO_NUMBER = r"^The temperature is .*; expected a number from 0\.1 to 100\.$"


def test_each_has_an_equal_share_of_every_part_and_is_a_class():
    data = load_dataset("ising_4", temperature=THREE)
    assert data.class_names == ("T = 3.5", "T = 1.8", "T = 2.26919")
    for part, n in PARTS.items():
        labels = getattr(data, f"{part}_labels")
        assert len(getattr(data, part)) == len(labels) == n
        assert labels.bincount().tolist() == [n // 3 + (i < n % 3) for i in range(3)]
        assert labels[:6].tolist() == [0, 1, 2, 0, 1, 2]  # the first rows are a mixture too
    chosen = data.select(classes=(1,), size=1000)
    assert chosen.train_labels.unique().tolist() == [1]


def test_each_share_has_the_mean_energy_of_all_its_states():
    data = load_dataset("ising_4", temperature=THREE)
    for i, t in enumerate(THREE):
        s = lattice.lattices(2 * data.train[data.train_labels == i].numpy() - 1, 4)
        found = lattice.blocked(np.mean, lattice.energies(s))
        assert abs(found.value - finite_lattice.enumerated(t).energy) < 3.5 * found.error
        others = [finite_lattice.enumerated(other).energy for other in THREE if other != t]
        assert min(abs(found.value - other) for other in others) > 10 * found.error  # so that a mixed-up share is seen


@pytest.mark.parametrize("name", ["ising_4", RING])
def test_a_share_is_the_beginning_of_the_data_at_that_temperature_alone(name):
    """From a lattice of its own, with the seed that it has alone."""
    data = load_dataset(name, temperature=(3.5, 1.8))
    for i, t in enumerate((3.5, 1.8)):
        share = data.train[data.train_labels == i]
        assert torch.equal(share, load_dataset(name, temperature=t).train[:5000])


@pytest.mark.parametrize("name", ["ising_4", RING])
def test_one_in_a_list_is_that_number(name):
    assert DatasetSpec(name, temperature=(3.5,)) == DatasetSpec(name, temperature=3.5)
    one, alone = (load_dataset(name, temperature=t) for t in ((3.5,), 3.5))
    assert one.class_names == alone.class_names == ("mostly down", "mostly up")
    for part in ("train", "validation", "test", "train_labels", "validation_labels", "test_labels"):
        assert torch.equal(getattr(one, part), getattr(alone, part))


def test_they_travel_by_json_link_code_checkpoint_and_command():
    spec = RunSpec(DatasetSpec("ising_4", classes=(2,), temperature=THREE), ModelSpec(7))
    assert RunSpec.from_json(spec.to_json()) == spec
    query = to_query(spec)
    assert query["te"] == "3.5_1.8_2.269185314213022"
    assert from_query(query) == (spec, [])
    assert f"temperature={THREE!r}" in code(spec)
    model = make_model(spec, cached_dataset(spec.dataset))
    assert from_bytes(to_bytes(model, spec)).spec == spec
    given = ArgumentParser()
    sweep.add_arguments(given)
    words = ["--set", "dataset=ising_4", "--set", "temperature=3.5,1.8"]
    assert sweep._base(given.parse_args(words)).dataset.temperature == (3.5, 1.8)
    one = json.loads(spec.to_json())
    one["dataset"].update(classes=None, temperature=[3.5])
    assert RunSpec.from_json(json.dumps(one)).dataset == DatasetSpec("ising_4", temperature=3.5)


def test_a_link_s_temperatures_are_brought_into_range_or_left_out():
    opened = from_query({"v": "3", "d": "ising_4", "te": "0_1.8"})
    assert opened.spec.dataset.temperature == (0.1, 1.8)
    assert opened.notes == ["The link's temperature is 0; 0.1 is as far as it goes."]
    for wrong in ("", "1.8_", "1.8_x", "1.8_1.8", "_".join(str(1 + i) for i in range(17)), "nan_2"):
        opened = from_query({"v": "3", "d": "ising_4", "te": wrong})
        assert opened.spec.dataset.temperature is None
        assert opened.notes[0].startswith("The link's temperature is ")
        assert opened.notes[0].endswith("the usual one is taken.")
    beyond = from_query({"v": "3", "d": "ising_4", "te": "1.8_2_3", "c": "3"})
    assert beyond.spec.dataset == DatasetSpec("ising_4", temperature=(1.8, 2.0, 3.0))


def test_words_name_a_few_and_count_many():
    few, many = (RunSpec(DatasetSpec("ising_4", temperature=t)) for t in (THREE, (5.0, 1.0, 2.0, 3.0, 4.0)))
    assert data_title(few) == "Ising spins, 4×4 at T = 3.5, 1.8, 2.26919"
    assert data_title(many) == "Ising spins, 4×4 at 5 temperatures, T = 1 to 5"
    assert temperature(many) == "5, 1, 2, 3, 4"
    told = {one.label: one for one in settings(few)}["Temperature"]
    assert (told.value, told.usual) == ("3.5, 1.8, 2.26919", "2.269, critical")


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ((), r"^The temperatures are an empty list; expected at least one number, such as 2\.269\.$"),
        ([], r"^The temperatures are an empty list"),
        ((1.8, 0), NO_NUMBER),
        ((1.8, "warm"), NO_NUMBER),
        ((1.8, math.nan), NO_NUMBER),
        ((1.8, (2.0,)), NO_NUMBER),
        ((1.8, 2.0, 1.8), r"^The temperature 1\.8 is given twice; give each once\.$"),
        ((2, 2.0000001), r"^The temperature 2 is given twice"),  # whose classes would have one name
        (tuple(1 + i / 10 for i in range(17)), r"^The number of the data's temperatures is 17; expected at most 16, "),
    ],
)
def test_what_are_no_temperatures_is_one_sentence(wrong, sentence):
    for ask in (
        lambda: DatasetSpec("ising_4", temperature=wrong),
        lambda: load_dataset("ising_4", temperature=wrong),
        lambda: checked_temperature(wrong),
    ):
        with pytest.raises(ConfigError, match=sentence):
            ask()
