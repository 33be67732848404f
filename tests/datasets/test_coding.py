"""Pictures become states of every type of visible unit, and states become pictures again."""

import numpy as np
import pytest
import torch

from rbm.datasets import palette
from rbm.datasets.catalog import CATALOG, load_dataset
from rbm.datasets.coding import PARTS, Coding
from rbm.datasets.faces import faces
from rbm.errors import ConfigError
from rbm.experiment import UNIT_NAMES, DatasetSpec, ModelSpec, RunSpec, cached_dataset, coding_of, make_dataset
from rbm.link import from_query, to_query
from rbm.models.rbm import RBM
from rbm.randomness import generator
from rbm.units import MANY_STATES, unit

M = 5
X = torch.rand(11, 7, generator=generator(3, "pictures"))


def states(name: str) -> int | None:
    return M if name in MANY_STATES else None


@pytest.mark.parametrize("name", UNIT_NAMES)
def test_rows_are_states_and_pixels_are_the_nearest_picture(name: str) -> None:
    coding, x = Coding(name, M), X.round() if name == "bernoulli" else X
    rows = coding.rows(x)
    assert rows.shape == (11, 7 * coding.width)
    unit(name, states(name)).check_states(rows, "rows")
    steps = {"spin": 1, "bernoulli": 1, "categorical": M - 1, "multinary": M - 1}
    wanted = x if name not in steps else (x * steps[name]).round() / steps[name]
    np.testing.assert_allclose(coding.pixels(rows), 2 * wanted - 1 if name == "spin" else wanted, atol=1e-6)
    assert coding.pixels(coding.rows(torch.zeros_like(X)))[0, 0] == coding.lowest


@pytest.mark.parametrize("name", UNIT_NAMES)
def test_a_filter_says_where_more_of_a_hidden_unit_moves_the_picture(name: str) -> None:
    """Weights that pull one pixel up, drawn, are a filter of that pixel alone; so it is for one-hot columns too."""
    coding = Coding(name, M)
    model = RBM(7, 2, visible=name, n_states=states(name), generator=generator(4, "filters"))
    with torch.no_grad():
        model.weight.zero_()
        column = torch.linspace(0.5, 2, coding.width)  # what all states of a unit share says nothing
        model.weight[3 * coding.width : 4 * coding.width, 1] = column
    found = coding.filters(model.weight.detach().numpy())
    assert found.shape == (7, 2)
    assert (found != 0).sum() == 1
    assert found[3, 1] > 0
    off, on = (coding.pixels(model.visible_mean(torch.tensor([[0.0, h]])).detach().numpy()) for h in (0.0, 1.0))
    assert on[0, 3] > off[0, 3]


def test_a_held_pixel_holds_all_its_columns() -> None:
    assert Coding("categorical", 3).of_pixels(torch.tensor([True, False]), 6).tolist() == [True] * 3 + [False] * 3
    assert Coding("spin").of_pixels(torch.tensor([True, False]), 2).tolist() == [True, False]


@pytest.mark.parametrize("name", ["spin", "categorical", "multinary"])
def test_a_data_set_of_states_keeps_everything_but_its_rows(name: str) -> None:
    plain, model = load_dataset("tiny_digits"), ModelSpec(visible=name, n_states=3)
    found = cached_dataset(DatasetSpec("tiny_digits"), model)
    assert found is cached_dataset(DatasetSpec("tiny_digits"), model)
    assert found.kind == "real"
    assert torch.equal(found.test_labels, plain.test_labels)
    for part in PARTS:
        assert torch.equal(getattr(found, part), model.coding.rows(getattr(plain, part)))
        assert torch.equal(getattr(found, part), getattr(make_dataset(DatasetSpec("tiny_digits"), model), part))
    assert model.coding.dataset(found) is found  # it is states already


@pytest.mark.parametrize("name", ["bernoulli", "gaussian", "relu"])
def test_pictures_that_are_states_already_are_not_copied(name: str) -> None:
    assert cached_dataset(DatasetSpec(), ModelSpec(visible=name)) is cached_dataset(DatasetSpec())


def test_a_palette_of_colours_gives_each_pixel_the_nearest_and_its_filters_are_in_colour() -> None:
    coding = coding_of(ModelSpec(visible="categorical", n_states=8), "faces")
    colours, images = palette.of_data(8), torch.from_numpy(faces(20, seed=5)).flatten(1)
    rows, x = coding.rows(images), images.numpy().reshape(-1, 1, 3)
    unit("categorical", 8).check_states(rows, "rows")
    assert rows.shape == (20, coding.columns(16 * 16 * 3)) == (20, 256 * 8)
    nearest = np.square(x - colours).sum(-1).argmin(1)
    assert (rows.numpy().reshape(-1, 8).argmax(1) == nearest).mean() > 0.999  # but for ties
    np.testing.assert_allclose(coding.pixels(rows).reshape(-1, 3), colours[rows.numpy().reshape(-1, 8).argmax(1)])
    assert np.sqrt(np.square(coding.pixels(rows) - images.numpy()).mean()) < 0.08
    weight = np.zeros((256 * 8, 2), np.float32)
    weight[5 * 8 : 6 * 8, 1] = 2.0  # what all states share says nothing
    weight[5 * 8 + 3, 1] += 1
    found = coding.filters(weight)
    np.testing.assert_allclose(found[15:18, 1], colours[3] - colours.mean(0), atol=1e-6)
    np.testing.assert_allclose(np.delete(found[:, 1], [15, 16, 17]), 0, atol=1e-6)
    np.testing.assert_array_equal(np.rint(255 * colours) / np.float32(255), colours)
    spec = RunSpec(DatasetSpec("faces", size=50), ModelSpec(3, visible="categorical", n_states=8))
    assert spec.coding == RunSpec.from_json(spec.to_json()).coding == from_query(to_query(spec)).spec.coding == coding
    data = cached_dataset(spec.dataset, spec.model)
    assert data.image_shape == (16, 16, 8)
    assert torch.equal(data.train, coding.rows(cached_dataset(spec.dataset).train))


def test_one_hot_rows_that_would_fill_the_memory_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"219,520,000 numbers of the data set 'mnist'; at most 67,108,864 are held"):
        Coding("categorical", 4).dataset(load_dataset("mnist"))
    Coding("categorical", 4).dataset(load_dataset("mnist", classes=(1,), size=100))


def test_every_data_set_names_the_units_that_fit_it() -> None:
    assert "categorical" in CATALOG["faces"].units
    for entry in CATALOG.values():
        assert set(entry.units) <= set(UNIT_NAMES)
        if entry.states is not None:  # letters
            assert entry.units == ("categorical", "multinary")  # those of older runs too
            assert entry.offered == ("categorical",)
            continue
        assert "bernoulli" in entry.units
        assert ("gaussian" in entry.units) == (entry.kind in ("grey", "colour"))
        small = (
            not entry.thermal and entry.image_shape != (28, 28) and entry.name not in ("cifar10", "celeba")
        )  # whose palette is the faces'
        assert ("categorical" in entry.units) == small
    assert CATALOG["ising_8"].units == ("spin", "bernoulli")
