"""What the numbers of the event stream are said to be is what they are."""

from dataclasses import replace

import pytest
import torch

from rbm.datasets.base import binarise
from rbm.evaluation import ais
from rbm.experiment import make_dataset, make_trainer
from rbm.presets import PRESETS
from rbm.randomness import generator
from rbm.training import gradients
from rbm.training.events import MEASURES
from rbm.training.window import Window


def phases(model, v0: torch.Tensor, vk: torch.Tensor) -> gradients.Phases:
    return gradients.Phases(v0, model.hidden_mean(v0), vk, model.hidden_mean(vk), None)


@torch.no_grad()
def test_cd_loss_is_how_much_higher_the_free_energy_of_the_images_is(tiny_rbm):
    every = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * tiny_rbm.n_visible).to(tiny_rbm.weight)
    order = tiny_rbm.free_energy(every).argsort()
    likely, unlikely = every[order[:5]], every[order[-5:]]
    for v0, vk, above in ((unlikely, likely, True), (likely, unlikely, False)):
        window = Window()
        window.add(tiny_rbm, phases(tiny_rbm, v0, vk))
        found = window.numbers(5.0)
        expected = float(tiny_rbm.free_energy(v0).mean() - tiny_rbm.free_energy(vk).mean())
        assert found["cd_loss"] == pytest.approx(expected)
        assert (found["cd_loss"] > 0) == above
    assert MEASURES["cd_loss"].tells.startswith("How much higher the free energy of the images is")


@torch.no_grad()
def test_no_chance_is_in_a_reconstruction(tiny_rbm, images):
    """p(v|⟨h⟩), the mean of the pixels given the mean of the hidden units, whatever the chain drew."""
    window = Window()
    window.add(tiny_rbm, phases(tiny_rbm, images, 1 - images))
    expected = (tiny_rbm.visible_mean(tiny_rbm.hidden_mean(images)) - images).square().mean()
    assert window.numbers(1.0)["reconstruction_error"] == pytest.approx(float(expected))


@pytest.mark.slow  # a minute: 25 sweeps an update
def test_the_presets_that_compare_k_differ_in_likelihood_and_hardly_in_reconstructions():
    """What both say of themselves: errors 0.0379 and 0.0373, log-likelihoods −145 and −122 nats (±1 by the estimate)."""
    errors, likelihoods = [], []
    for name in ("k1", "k25"):
        spec = PRESETS[name].spec
        data = make_dataset(spec.dataset)
        trainer = make_trainer(replace(spec, training=replace(spec.training, likelihood="never")), data)
        while not trainer.finished:
            trainer.step()
        model, v = trainer.model, binarise(data.validation, "stochastic", generator(1, "images"))
        base = ais.base_biases(v, model.visible_unit)
        log_z = ais.log_partition(model, n_chains=100, n_temperatures=1000, generator=generator(1, "ais"), base=base)
        with torch.no_grad():
            errors.append(float((model.visible_mean(model.hidden_mean(v)) - v).square().mean()))
            likelihoods.append(-float(model.free_energy(v).double().mean()) - log_z.value)
    assert errors[0] == pytest.approx(errors[1], rel=0.05)
    assert likelihoods[1] > likelihoods[0] + 10
