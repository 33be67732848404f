"""The baselines against exact values: bounds by quadrature, divergences in closed form, sizes counted."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from rbm.errors import ConfigError, ShapeError
from rbm.models.autoencoder import Autoencoder
from rbm.models.baseline import n_weights
from rbm.models.baselines import KINDS, make_baseline, width_for
from rbm.models.gan import DCGAN, GAN, discriminator_loss, generator_loss
from rbm.models.vae import VAE, kl_to_normal
from rbm.randomness import generator
from tests.helpers.oracles import binary_states

SHAPE = (2, 3)  # 6 pixels: 64 pictures


def exact_log_likelihood(model: VAE, v: torch.Tensor) -> torch.Tensor:
    """log p(v) of a VAE with a 1-d code: the integral over z from −8 to 8 by the trapezoidal rule, which for a smooth
    integrand that vanishes at both ends converges faster than any power of the step."""
    z = torch.linspace(-8, 8, 2001, dtype=torch.float64)
    log_prior = -0.5 * z.square() - 0.5 * math.log(2 * math.pi)
    field = model.logits(z[:, None])  # (grid, V)
    log_conditional = v @ -(1 + (-field).exp()).log().T + (1 - v) @ -(1 + field.exp()).log().T  # (N, grid)
    return (log_conditional + log_prior).logsumexp(1) + math.log(16 / 2000)


def small_vae() -> VAE:
    model = VAE(5, SHAPE, n_code=1, generator=generator(3, "vae")).double()
    with torch.no_grad():
        for p in model.parameters():
            p.mul_(0.7)
    return model


def test_the_vaes_bound_lies_below_its_exact_log_likelihood_for_every_picture():
    model = small_vae()
    v = torch.tensor(binary_states(6), dtype=torch.float64)
    with torch.no_grad():
        exact = exact_log_likelihood(model, v)
        assert float(exact.exp().sum()) == pytest.approx(1.0, abs=1e-9)  # the oracle is a distribution
        draw = generator(4, "bound")
        draws = torch.stack([model.bound(v, draw) for _ in range(4000)])
    mean, error = draws.mean(0), draws.std(0) / math.sqrt(len(draws))
    assert (mean <= exact + 4 * error).all()
    assert (exact - mean).max() > 0.1  # and the bound is one: an untrained encoder leaves a gap


def test_the_gap_of_the_bound_is_the_divergence_of_the_encoder_from_the_true_posterior():
    model = small_vae()
    v = torch.tensor([[1.0, 0, 0, 1, 1, 0]], dtype=torch.float64)
    z = torch.linspace(-8, 8, 4001, dtype=torch.float64)
    with torch.no_grad():
        mean, log_variance = model.posterior(v)
        q = (-0.5 * (z - mean[0]) ** 2 / log_variance[0].exp()).exp()
        q /= q.sum()
        log_joint = model.log_conditional(v.expand(len(z), -1), z[:, None]) - 0.5 * z.square()
        posterior = (log_joint - log_joint.logsumexp(0)).exp()
        gap = float((q * (q / posterior).clamp(min=1e-300).log()).sum())
        draw = generator(5, "bound")
        draws = model.bound(v.expand(40_000, -1), draw)
        error = float(draws.std()) / 200
        assert float(exact_log_likelihood(model, v) - draws.mean()) == pytest.approx(gap, abs=4 * error)


def test_the_divergence_to_the_normal_agrees_with_monte_carlo():
    draw = generator(6, "kl")
    mean, log_variance = torch.randn(1, 3, generator=draw), torch.randn(1, 3, generator=draw)
    z = mean + (log_variance / 2).exp() * torch.randn(100_000, 3, generator=draw)
    ratio = -0.5 * ((z - mean) ** 2 / log_variance.exp() + log_variance - z**2).sum(1).double()
    error = float(ratio.std()) / math.sqrt(len(ratio))
    assert kl_to_normal(mean, log_variance).item() == pytest.approx(float(ratio.mean()), abs=4 * error)
    assert kl_to_normal(torch.zeros(2, 3), torch.zeros(2, 3)).tolist() == [0, 0]


def test_the_losses_at_the_optimal_discriminator_are_the_jensen_shannon_divergence():
    """Real pictures in the shares 1 2 5, made ones in 4 3 1: Goodfellow 2014, propositions 1 and 2."""
    real, made = torch.tensor([1.0, 2, 5]).double(), torch.tensor([4.0, 3, 1]).double()
    p, q = real / 8, made / 8
    middle = (p + q) / 2
    jsd = float(0.5 * (p * (p / middle).log()).sum() + 0.5 * (q * (q / middle).log()).sum())
    logits = nn.Parameter(torch.zeros(3, dtype=torch.float64))  # a discriminator that can be any function

    def loss():
        return discriminator_loss(logits.repeat_interleave(real.long()), logits.repeat_interleave(made.long()))

    assert loss().item() == pytest.approx(2 * math.log(2))
    optimizer = torch.optim.LBFGS([logits], max_iter=200, tolerance_grad=1e-12)

    def closure():
        optimizer.zero_grad()
        value = loss()
        value.backward()
        return value

    optimizer.step(closure)
    assert loss().item() == pytest.approx(2 * math.log(2) - 2 * jsd, abs=1e-8)
    torch.testing.assert_close(logits.detach(), (p / q).log(), atol=1e-4, rtol=0)
    expected = -float((q * (p / (p + q)).log()).sum())
    assert generator_loss(logits.repeat_interleave(made.long())).item() == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n_hidden", [32, 500])
def test_baselines_have_about_the_rbms_number_of_weights(kind, n_hidden):
    budget = 784 * n_hidden + 784 + n_hidden
    model = make_baseline(kind, budget, (28, 28), generator(1, kind))
    assert n_weights(model) == sum(p.numel() for p in model.parameters())
    wider = n_weights(KINDS[kind](model.width + 1, (28, 28)))
    narrower = n_weights(KINDS[kind](model.width - 1, (28, 28)))
    assert abs(n_weights(model) - budget) <= min(abs(wider - budget), abs(narrower - budget))  # the nearest there is
    assert abs(n_weights(model) / budget - 1) < 0.1


def test_sizes_and_names_that_do_not_exist_are_refused_in_a_sentence():
    with pytest.raises(ConfigError, match="choose one of: gan"):
        width_for("flow", 1000, (28, 28))
    with pytest.raises(ConfigError, match="take a larger RBM"):
        width_for("gan", 100, (28, 28))
    with pytest.raises(ConfigError, match="multiples of 4"):
        DCGAN(2, (6, 8))
    with pytest.raises(ConfigError, match="at least one unit"):
        GAN(0, (28, 28))
    with pytest.raises(ShapeError, match=r"\(N, 6\)"):
        VAE(5, SHAPE).posterior(torch.zeros(2, 7))


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_noise_makes_the_same_pictures_within_grey_levels(kind):
    model = KINDS[kind](3, (8, 12), generator=generator(2, "rival"))
    made = model.generate(11, generator(7, "noise"))
    assert made.shape == (11, 96)
    assert 0 <= float(made.min()) <= float(made.max()) <= 1
    assert torch.equal(made, model.generate(11, generator(7, "noise")))
    assert not torch.equal(made, model.generate(11, generator(8, "noise")))
    assert torch.equal(
        made, KINDS[kind](3, (8, 12), generator=generator(2, "rival")).generate(11, generator(7, "noise"))
    )


def test_an_autoencoders_codes_are_drawn_with_the_mean_and_covariance_of_the_images_codes():
    model = Autoencoder(5, SHAPE, n_code=2, generator=generator(9, "ae"))
    v = torch.rand(200, 6, generator=generator(9, "images"))
    model.settle(v)
    code = model.encode(v).detach().numpy()
    np.testing.assert_allclose(model.code_mean.numpy(), code.mean(0), atol=1e-5)
    factor = model.code_factor.numpy()
    np.testing.assert_allclose(factor @ factor.T, np.cov(code.T), rtol=1e-3, atol=1e-5)
