"""The machines that come with the program: each opens, is what is stated of it, and all together are small."""

import math
import re

import numpy as np
import pytest
import torch

from rbm import bundled, randomness
from rbm.errors import CheckpointError
from rbm.evaluation import verdict
from rbm.experiment import DatasetSpec, RunSpec, cached_dataset, make_dataset
from rbm.models.labelled import LabelledRBM
from rbm.models.parameters import Parameters
from rbm.models.rbm import RBM
from rbm.randomness import generator
from rbm.samplers import from_noise, gibbs
from rbm.studies import bundle
from rbm.studies.measure import exactly, held_out, reconstruction_error
from rbm.tasks import labels
from rbm.tasks.colour import job as colour
from rbm.tasks.deep import job as deep
from rbm.tasks.deep.plan import Bounded, Curve, FilterLook, Learned
from tests.helpers.places import ROOT


def test_all_of_them_together_are_small():
    files = sorted(bundled.FOLDER.iterdir())
    assert [path.name for path in files] == sorted(f"{name}.safetensors" for name in bundled.NAMES)
    assert sum(path.stat().st_size for path in files) <= bundled.MOST_BYTES


@pytest.mark.parametrize("name", bundled.NAMES)
def test_a_machine_opens_is_finite_and_tells_how_it_was_made(name):
    machine = bundled.load(name)
    for layer in machine.layers:
        for array in (layer.weight, layer.visible_bias, layer.hidden_bias):
            assert np.isfinite(array).all()
            np.testing.assert_array_equal(array, array.astype(np.float16))
        assert np.ptp(layer.weight) > 0.5  # it has learnt something
    assert {"title", "kind", "epochs", "seed", "seconds", "news", "likelihood"} <= set(machine.about)
    assert machine.about["spec" if machine.about["kind"] == "run" else "settings"]
    stated = machine.about["likelihood"]
    assert {"of", "images", "value", "error", "ess"} <= set(stated)
    if machine.about["kind"] != "deep":
        assert math.isfinite(stated["reverse"])
        assert bool(stated["doubt"]) == verdict.unreliable(min(stated["ess"], stated["reverse_ess"]))


@pytest.mark.parametrize("name", bundled.NAMES)
def test_its_stated_reconstruction_error_is_obtained_again(name):
    machine = bundled.load(name)
    v = held_out(cached_dataset(DatasetSpec("mnist")), "stochastic") if name == "dbn" else bundle.rows(machine)[0]
    stated = machine.about["reconstruction_error"]
    assert reconstruction_error(machine.model(), v) == pytest.approx(stated, rel=1e-4)


def test_the_machine_of_500_units_is_as_likely_as_its_kind_and_surely_so():
    stated = bundled.load("digits-500").about["likelihood"]
    assert stated["value"] > -90
    assert min(stated["ess"], stated["reverse_ess"]) >= verdict.FEWEST_EFFECTIVE
    assert abs(stated["value"] - stated["reverse"]) < 1
    evaluation = bundled.load("digits-500").about["evaluation"]
    assert verdict.of_result(evaluation).mark == ""
    assert evaluation["test"] == pytest.approx(stated["value"], abs=0.5)  # of another draw of the grey levels


@pytest.mark.slow
@pytest.mark.parametrize("name", bundled.NAMES)
def test_its_stated_likelihood_is_obtained_again(name, monkeypatch):
    """With other random numbers, within three standard errors; of one that is stated to be unreliable those of the images
    are all that can be asked."""
    monkeypatch.setattr(bundle, "SEED", 2)
    stated = bundled.load(name).about["likelihood"]
    found = bundle.measured(bundled.load(name), lambda line: None)["likelihood"]
    errors = [found["error"], stated["error"], *([stated["images_error"]] if stated.get("doubt") else [])]
    assert abs(found["value"] - stated["value"]) < 3 * math.hypot(*errors)


@pytest.mark.parametrize("name", bundled.NAMES)
def test_the_readme_says_of_a_machine_what_its_file_says(name):
    about = bundled.load(name).about
    told = about["likelihood"]
    line = next(one for one in (ROOT / "rbm" / "README.md").read_text().splitlines() if one.startswith(f"| `{name}`"))
    title, *cells, kilobytes = (cell.strip().replace("−", "-") for cell in line.strip("|").split("|"))
    assert f"{about['epochs']} epochs" in title
    doubt = {"unreliable"} if told.get("doubt") else set()
    crossed = {"crossed"} if told.get("reverse", -math.inf) > told["value"] else set()
    marks = lambda cell: set(re.findall("[a-z]+", cell))  # noqa: E731
    number = lambda cell: re.findall(r"-?[\d.]+", cell)[0]  # noqa: E731
    as_shown = lambda value, cell: f"{value:.{len(number(cell).partition('.')[2])}f}"  # noqa: E731
    ais, reverse, chains, rest, seconds = cells
    assert (number(ais), marks(ais)) == (as_shown(told["value"], ais), doubt)
    if "reverse" in told:
        assert (number(reverse), marks(reverse)) == (as_shown(told["reverse"], reverse), doubt | crossed)
    else:
        assert reverse == "–"
    assert chains.split(", ") == [f"{told[key]:.0f}" for key in ("ess", "reverse_ess") if key in told]
    assert number(rest) == as_shown(about["reconstruction_error"], rest)
    assert abs(float(seconds) - about["seconds"]) <= 0.5
    assert kilobytes == f"{(bundled.FOLDER / f'{name}.safetensors').stat().st_size / 1000:.0f}"


def test_digits_come_from_noise():
    """Chains of the 500 units end where test images lie, and not where noise does."""
    model, draw = bundled.load("digits-500").model(), generator(3, "noise")
    chains = from_noise(model, 20, draw)
    noise = model.free_energy(chains.v).mean()
    with torch.no_grad():
        for _ in range(200):
            chains, _ = gibbs.sweep(model, chains, draw)
        images = held_out(cached_dataset(DatasetSpec("mnist")), "stochastic")[:1000]
        own, data = model.free_energy(chains.v).mean(), model.free_energy(images).mean()
    assert abs(own - data) < 0.1 * abs(noise - data)


def test_the_machine_of_labels_reads_as_its_training_told():
    news = labels.told(bundled.load("labels"))
    model, data = news[-1].machine.to_model(), cached_dataset(DatasetSpec("mnist"))
    assert isinstance(model, LabelledRBM)
    assert [one.machine for one in news[:-1]] == [None] * (len(news) - 1)
    error = model.error(data.test, data.test_labels)
    assert error == pytest.approx(news[-1].whole_error, abs=0.001)  # parameters were rounded since
    assert error < 0.04


def test_faces_and_the_belief_net_tell_what_their_pages_show():
    looks = colour.told(bundled.load("faces"))
    assert [look.epoch for look in looks] == sorted(look.epoch for look in looks)
    last = looks[-1]
    error = float(np.square(last.reconstructions - last.originals).mean())
    assert error == pytest.approx(last.reconstruction_error, rel=0.02)
    assert {look.shape for look in (last.originals, last.samples)} == {(10, 16, 16, 3)}
    news = deep.told(bundled.load("dbn"))
    assert {type(one) for one in news} == {Curve, FilterLook, Learned, Bounded}
    first, second = (one for one in news if isinstance(one, Learned))
    (_, above) = (one for one in news if isinstance(one, FilterLook))
    through = first.weight @ second.weight[:, :64]
    np.testing.assert_allclose(above.filters, through, atol=0.05)


def test_a_machine_is_read_as_it_was_written_in_half_precision(tmp_path):
    layer = Parameters.of(RBM(5, 3, visible="multinary", n_states=4, generator=generator(1, "layer")))
    bundled.write(tmp_path / "x.safetensors", {"title": "a β"}, [layer], {"beside": np.arange(3, dtype=np.uint8)})
    found = bundled.read(tmp_path / "x.safetensors")
    assert (found.name, found.about) == ("x", {"title": "a β"})
    np.testing.assert_array_equal(found.layers[0].weight, bundled.rounded(layer).weight)
    assert (found.layers[0].visible, found.layers[0].n_states) == ("multinary", 4)
    assert found.beside["beside"].tolist() == [0, 1, 2]


def test_a_name_or_a_file_that_is_none_is_told_in_a_sentence(tmp_path):
    with pytest.raises(CheckpointError, match="No machine called 'x'"):
        bundled.load("x")
    with pytest.raises(CheckpointError, match="python -m rbm bundle makes it again"):
        bundled.read(tmp_path / "missing.safetensors")
    (tmp_path / "broken.safetensors").write_bytes(b"no tensors")
    with pytest.raises(CheckpointError, match="cannot be read"):
        bundled.read(tmp_path / "broken.safetensors")


def test_a_run_that_is_made_for_the_bundle_keeps_the_running_mean_of_its_last_parameters():
    spec = RunSpec.from_json(bundled.load("digits-500").about["spec"])
    assert (spec.model.n_hidden, spec.training.algorithm, spec.training.schedule) == (500, "pcd", "linear")
    small = RunSpec.from_json(
        '{"version": 2, "dataset": {"name": "bars_and_stripes"}, "model": {"n_hidden": 5},'
        ' "training": {"algorithm": "pcd", "epochs": 400, "batch_size": 10}}'
    )
    last, mean = (bundle.digits(small, memory, lambda line: None) for memory in (0.0, 0.99))
    assert not np.array_equal(last.layers[0].weight, mean.layers[0].weight)
    data = make_dataset(small.dataset).test
    start = exactly(RBM(data.shape[1], 5, generator=randomness.generator(1, "model")), data)
    for made in (last, mean):
        assert exactly(made.layers[0].to_model(), data) > start
        assert made.about["steps"] == made.about["news"][-1][0]
        assert made.beside["activity"].shape == (5,)
