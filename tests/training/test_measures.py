"""What the numbers of the event stream are said to be is what they are."""

import pytest
import torch

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
        window.timed(5, 1.0)
        found = window.numbers()
        expected = float(tiny_rbm.free_energy(v0).mean() - tiny_rbm.free_energy(vk).mean())
        assert found["cd_loss"] == pytest.approx(expected)
        assert (found["cd_loss"] > 0) == above
    assert MEASURES["cd_loss"].tells.startswith("How much higher the free energy of the images is")


@torch.no_grad()
def test_no_chance_is_in_a_reconstruction(tiny_rbm, images):
    """p(v|⟨h⟩), the mean of the pixels given the mean of the hidden units, whatever the chain drew."""
    window = Window()
    window.add(tiny_rbm, phases(tiny_rbm, images, 1 - images))
    window.timed(len(images), 1.0)
    expected = (tiny_rbm.visible_mean(tiny_rbm.hidden_mean(images)) - images).square().mean()
    assert window.numbers()["reconstruction_error"] == pytest.approx(float(expected))
