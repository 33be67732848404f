"""Machines of colour images: what units can say and take back, the faces, and learning as a task."""

import numpy as np
import pytest
import torch

from rbm.datasets._torchvision import import_torchvision
from rbm.errors import ConfigError, DatasetError
from rbm.evaluation.likelihood import pseudo_log_likelihood
from rbm.experiment import DatasetSpec, ModelSpec, RunSpec, cached_dataset, make_trainer
from rbm.models.rbm import RBM
from rbm.randomness import generator
from rbm.tasks.colour import SIDE, encoding, job, pictures


@pytest.fixture(scope="module")
def faces() -> pictures.Images:
    return pictures.faces(300, seed=3)


def test_faces_are_colour_images_and_the_same_for_a_seed(faces):
    assert faces.shape == (300, SIDE, SIDE, 3)
    assert 0 <= faces.min() < faces.max() <= 1
    np.testing.assert_array_equal(faces, pictures.faces(300, seed=3))
    assert not np.array_equal(faces, pictures.faces(300, seed=4))
    assert len({row.tobytes() for row in faces}) == 300
    assert np.abs(faces[..., 0] - faces[..., 2]).mean() > 0.1  # they have colours


@pytest.mark.parametrize("n_states", [2, 8, 64])
def test_levels_come_back_within_half_a_level(faces, n_states):
    code = encoding.make("multinary", faces, n_states)
    rows = code.rows(faces)
    assert rows.unique().tolist() == [n for n in range(n_states) if (rows == n).any()]
    assert np.abs(code.images(rows) - faces).max() <= 0.5 / (n_states - 1) + 1e-6


def test_real_values_come_back_exactly_and_are_standardised(faces):
    code = encoding.make("gaussian", faces, 8)
    rows = code.rows(faces)
    assert float(rows.mean(0).abs().max()) < 1e-4
    assert float(rows.std(0).mean()) == pytest.approx(1, abs=1e-4)
    np.testing.assert_allclose(code.images(rows), faces, atol=1e-5)


def test_a_palette_gives_each_pixel_its_nearest_colour(faces):
    code = encoding.make("categorical", faces, 6)
    rows = code.rows(faces[:20]).reshape(20, SIDE * SIDE, 6)
    assert bool((rows.sum(-1) == 1).all())
    pixels = torch.from_numpy(faces[:20].reshape(20, -1, 3))
    distances = (pixels[:, :, None] - code.colours).square().sum(-1)
    np.testing.assert_array_equal(rows.argmax(-1), distances.argmin(-1))
    few = encoding.make("categorical", faces, 2)
    assert (
        np.square(code.images(code.rows(faces)) - faces).mean() < np.square(few.images(few.rows(faces)) - faces).mean()
    )


def test_a_filter_is_grey_where_there_is_no_influence():
    weight = torch.zeros(12, 2)
    weight[0, 0], weight[11, 0] = 2.0, -4.0
    pictures_of = encoding.ChannelLevels((2, 2), 8).filters(weight)
    assert pictures_of.shape == (2, 2, 2, 3)
    assert pictures_of[0, 0, 0].tolist() == [0.75, 0.5, 0.5]
    assert pictures_of[0, 1, 1].tolist() == [0.5, 0.5, 0.0]
    assert (pictures_of[1] == 0.5).all()


def test_filters_and_which_are_strongest_do_not_depend_on_what_all_states_of_a_pixel_share():
    model = RBM(4, 30, visible="categorical", n_states=3, generator=generator(1))
    code = encoding.Palette((2, 2), torch.rand(3, 3, generator=generator(2)))
    before = job.strongest(model)
    with torch.no_grad():
        shared = torch.randn(4, 1, 30, generator=generator(3)).expand(4, 3, 30)
        model.weight.add_(shared.reshape(12, 30))
        kept = model.weight.clone()
    torch.testing.assert_close(job.strongest(model), before, atol=1e-6, rtol=1e-4)
    np.testing.assert_allclose(code.filters(job.strongest(model)), code.filters(before), atol=1e-3)
    assert torch.equal(model.weight, kept)


@pytest.mark.parametrize(("kind", "epochs"), [("multinary", 4), ("categorical", 40), ("gaussian", 4)])
def test_every_kind_of_unit_learns_the_faces_and_says_the_same_again(kind, epochs):
    told = {"kind": kind, "n_states": 4, "n_hidden": 30, "epochs": epochs, "count": 400, "looks": 2}
    looks = list(job.learn(**told))
    assert looks[0].epoch == 0
    assert looks[-1].epoch == epochs
    assert looks[-1].reconstruction_error < 0.9 * looks[0].reconstruction_error
    for images in (looks[-1].originals, looks[-1].reconstructions, looks[-1].samples, looks[-1].filters):
        assert images.shape[1:] == (SIDE, SIDE, 3)
        assert images.min() >= 0
        assert images.max() <= 1
    again = list(job.learn(**told))
    np.testing.assert_array_equal(again[-1].samples, looks[-1].samples)


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        ({"source": "horses"}, "no colour images called 'horses'"),
        ({"count": 0}, "At least one image"),
        ({"kind": "quantum", "count": 20}, "no encoding called 'quantum'"),
        ({"n_states": 1, "count": 20}, "2 to 64 states, got 1"),
    ],
)
def test_what_cannot_be_learnt_is_told_in_a_sentence(ask, words):
    with pytest.raises(ConfigError, match=words):
        next(job.learn(**ask))


def test_without_a_network_a_download_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("RBM_DATA", str(tmp_path))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    with pytest.raises(
        DatasetError, match=r"CIFAR-10.* could not be fetched.*use Faces in colour, 16×16 .'faces'., which needs none"
    ):
        pictures.load("cifar10", 10)


def test_cifar_s_own_files_are_read_where_they_are(tmp_path, monkeypatch):
    """Files as torchvision keeps them, made small: five batches of pickled rows, with their checksums in its own list."""
    import hashlib
    import pickle

    torchvision = import_torchvision()
    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir(parents=True)
    rows = np.random.default_rng(1).integers(0, 256, (4, 3072), dtype=np.uint8)

    def write(name: str, content: object) -> list[str]:
        data = pickle.dumps(content)
        (folder / name).write_bytes(data)
        return [name, hashlib.md5(data, usedforsecurity=False).hexdigest()]

    batches = [write(f"data_batch_{i}", {"data": rows, "labels": [0] * 4}) for i in range(1, 6)]
    meta = write("batches.meta", {"label_names": ["any"]})
    monkeypatch.setattr(torchvision.CIFAR10, "train_list", batches)
    monkeypatch.setattr(torchvision.CIFAR10, "test_list", [write("test_batch", {"data": rows, "labels": [0] * 4})])
    monkeypatch.setattr(torchvision.CIFAR10, "meta", {"filename": meta[0], "key": "label_names", "md5": meta[1]})
    monkeypatch.setenv("RBM_DATA", str(tmp_path))
    images = pictures.load("cifar10", 3)
    np.testing.assert_allclose(images, rows[:3].reshape(3, 3, 32, 32).transpose(0, 2, 3, 1) / 255, atol=1e-6)


@pytest.mark.parametrize(
    ("kind", "n_states"),
    [
        ("multinary", 2),
        pytest.param("multinary", 8, marks=pytest.mark.slow),
        pytest.param("categorical", 8, marks=pytest.mark.slow),
        pytest.param("categorical", 12, marks=pytest.mark.slow),
    ],
)
def test_at_its_own_rate_a_machine_fits_the_faces_better_and_better(kind, n_states):
    """By the pseudo-likelihood, which free energies do not replace: they fall without end where learning goes wrong too. The
    rates before these made it fall from the fifth epoch on, and from the first."""
    spec = RunSpec(
        DatasetSpec("faces"), ModelSpec(60, visible=kind, n_states=n_states), job.training(kind, n_states, 10)
    )
    data = cached_dataset(spec.dataset, spec.model)
    trainer = make_trainer(spec, data)
    part, fits = trainer.total_steps // 4, []
    while not trainer.finished:
        trainer.step()
        if trainer.step_number % part == 0:
            fits.append(float(pseudo_log_likelihood(trainer.model, data.test).mean()))
    assert fits == sorted(fits)
