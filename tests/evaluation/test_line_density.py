"""log p(v_i | all others) of Gaussian and ReLU pixels against the mixture over all hidden states, written out."""

import pytest
import torch
from torch import Tensor

from rbm.core import kernels, lines
from rbm.errors import ConfigError, ShapeError
from rbm.evaluation import exact, line_density
from rbm.evaluation.likelihood import log_likelihood, mean_pseudo_log_likelihood, pseudo_log_likelihood
from rbm.models.rbm import RBM
from rbm.randomness import generator
from tests.helpers.unit_pairs import PAIRS, UNBOUNDED, M

DENSITIES = [pair for pair in PAIRS if pair[0] in UNBOUNDED]
# Hidden units, their states, and how many they are: as many as a float32 product holds, one less, one more.
COMPILED = [(name, None, n) for name in ("bernoulli", "spin") for n in (1, 63, 64, 131)]
COMPILED += [(name, 3, n) for name in ("multinary", "categorical") for n in (1, 63, 64, 131)]
COMPILED += [(name, m, n) for name in ("multinary", "categorical") for m, n in ((2, 65), (7, 44), (8, 43), (256, 16))]
# Of one pixel: the rule's 5·10⁻¹¹ or 10⁻¹¹, twice the 4·10⁻¹¹ beyond the line's ends, and some panels of e⁻²⁷ = 2·10⁻¹².
RULE = 2e-10


def mixture(model: RBM, v: Tensor) -> Tensor:
    """Σ_i log [Σ_h e^{(Wh + b)·v + c·h} / Σ_h e^{(Wh + b)·v₋ᵢ + c·h} ∫ds e^{(Wh + b)_i s − ½λs²}] − ½λ_i v_i²: (N,)."""
    h = exact.states(model.n_hidden, model.hidden_unit).double()
    field = h @ model.weight.T + model.visible_bias  # (T, V)
    log_mass = model.visible_unit.log_partition(field)
    joint = v @ field.T + h @ model.hidden_bias  # (N, T)
    total = -model.visible_unit.base_energy(v).sum(1)
    for i in range(v.shape[1]):
        others = joint - v[:, i : i + 1] * field[:, i]
        total += joint.logsumexp(1) - (others + log_mass[:, i]).logsumexp(1)
    return total


def machine(visible: str, hidden: str, scale: float = 1.0, bias: float = 0.0, n_visible: int = 3) -> RBM:
    """In float64; W in deviations of the pixels is of the size ``scale``, and b of ``bias``; precisions e^−4 to e⁶·⁹."""
    many = hidden in ("categorical", "multinary")
    model = RBM(n_visible, 3, visible=visible, hidden=hidden, n_states=M if many else None).double()
    draw = generator(5, visible, hidden)
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(torch.randn(p.shape, generator=draw, dtype=torch.float64))
        model.visible_log_precision.copy_(torch.linspace(-4, 6.9, n_visible))
        root = (0.5 * model.visible_log_precision).exp()
        model.weight.mul_(scale * root[:, None])
        model.visible_bias.mul_(scale).add_(bias).mul_(root)
    return model


def images(model: RBM, n: int = 5) -> Tensor:
    """Draws from the machine, and states nowhere near any."""
    draws = exact.sample(model, n, generator(3)).v
    far = 40 * torch.randn(draws.shape, generator=generator(4), dtype=torch.float64)
    far *= (-0.5 * model.visible_log_precision).exp()
    return torch.cat([draws, far.abs() if model.visible_unit.name == "relu" else far]).detach()


def tolerance(model: RBM, v: Tensor) -> float:
    """The rule's, and the rounding of sums that hold each |v_i W_ij|, |v_i b_i| and ½λv²."""
    terms = v.abs() @ (model.weight.abs().sum(1) + model.visible_bias.abs()) + model.visible_unit.base_energy(v).sum(1)
    return model.n_visible * (RULE + 2**-50 * float(terms.max()))


@pytest.mark.parametrize(("visible", "hidden"), DENSITIES)
@torch.no_grad()
def test_it_is_the_mixture_over_the_hidden_states(visible, hidden):
    for scale in (0.0, 0.3, 3.0, 30.0, 1000.0):
        for bias in (0.0, -60.0, 60.0):  # 60 deviations below 0 a ReLU unit is a needle at 0
            model = machine(visible, hidden, scale, bias)
            v = images(model)
            found = pseudo_log_likelihood(model, v)
            assert found.dtype == torch.float64
            torch.testing.assert_close(found, mixture(model, v), rtol=0, atol=tolerance(model, v))


@pytest.mark.parametrize(("visible", "hidden"), DENSITIES)
@torch.no_grad()
def test_of_a_single_pixel_it_is_the_log_likelihood(visible, hidden):
    model = machine(visible, hidden, n_visible=1)
    v = images(model)
    truth = log_likelihood(model, v, exact.log_partition(model))
    torch.testing.assert_close(pseudo_log_likelihood(model, v), truth, rtol=0, atol=tolerance(model, v))


@pytest.mark.parametrize("visible", ["gaussian", "relu"])
@pytest.mark.parametrize("apart", [15.0, 4000.0])
@torch.no_grad()
def test_both_of_two_clusters_far_apart_are_found(visible, apart):
    """Means 2σ and (2 + apart)σ, equally likely where the others say nothing: each has the density of a half."""
    model = RBM(2, 1, visible=visible).double()
    sigma = 0.25
    model.visible_log_precision.fill_(-2 * torch.tensor(sigma).double().log())
    model.weight[:, 0] = torch.tensor([apart / sigma, 0.0])
    model.visible_bias[0] = 2 / sigma
    model.hidden_bias.fill_(-(apart**2) / 2 - 2 * apart)
    v = torch.tensor([[2 * sigma, 0.3], [(2 + apart) * sigma, 0.3], [(2 + apart / 2) * sigma, 0.3]]).double()
    found, truth = pseudo_log_likelihood(model, v), mixture(model, v)
    torch.testing.assert_close(found, truth, rtol=0, atol=tolerance(model, v))
    torch.testing.assert_close(found[0], found[1], rtol=0, atol=2 * tolerance(model, v))


@pytest.mark.parametrize("visible", ["gaussian", "relu"])
@torch.no_grad()
def test_how_many_are_looked_at_together_changes_nothing(visible, monkeypatch):
    model = machine(visible, "multinary", 3.0)
    v = images(model)
    whole = pseudo_log_likelihood(model, v)
    for block, pairs, panels in ((1, 2**12, 2**14), (50, 7, 5), (2**20, 1, 1)):
        monkeypatch.setattr(line_density, "BLOCK", block)
        monkeypatch.setattr(line_density, "PAIRS", pairs)
        monkeypatch.setattr(line_density, "PANELS", panels)
        torch.testing.assert_close(pseudo_log_likelihood(model, v), whole, rtol=0, atol=tolerance(model, v))


@torch.no_grad()
def test_far_from_0_no_digits_are_lost():
    """Values of a million σ, as years and heights in millimetres have, cost nothing: only differences are taken."""
    model = machine("gaussian", "bernoulli")
    v = images(model)[:5]
    near = pseudo_log_likelihood(model, v)
    shift = 2.0**20 * (-0.5 * model.visible_log_precision).exp()
    model.hidden_bias -= shift @ model.weight
    model.visible_bias += model.visible_log_precision.exp() * shift
    found = pseudo_log_likelihood(model, v + shift)
    # Left are the 2⁻⁵³ of v, b and c themselves, which are a million σ and σ√λ: 2⁻³³ times slopes of up to 10.
    torch.testing.assert_close(found, near, rtol=0, atol=3 * (RULE + 10 * 3 * 2**-33))


@pytest.mark.parametrize("visible", ["gaussian", "relu"])
@pytest.mark.parametrize(("hidden", "states", "n_hidden"), COMPILED)
def test_the_compiled_loop_agrees_with_float64(visible, hidden, states, n_hidden, monkeypatch):
    model = RBM(37, n_hidden, visible=visible, hidden=hidden, n_states=states)
    draw, most = generator(7), (states or 2) - 1 if hidden == "multinary" else 1  # the largest state
    with torch.no_grad():
        model.weight.copy_(torch.randn(model.weight.shape, generator=draw) * 2 / n_hidden**0.5 / most)
        model.visible_bias.copy_(3 * torch.randn(37, generator=draw))
        model.visible_log_precision.copy_(torch.randn(37, generator=draw))
        model.hidden_bias.copy_(torch.randn(model.hidden_bias.shape, generator=draw) / most)
        h = model.hidden_unit.uniform((13, n_hidden), draw)
        v = model.sample_visible(h, draw)
    used = []
    monkeypatch.setattr(lines, "log_density", lambda *a, f=lines.log_density: used.append(1) or f(*a))
    compiled = pseudo_log_likelihood(model, v)
    assert used or not kernels.fits(model.weight)
    # A field x_j = Σ_i v_i W_ij + c_j is right to some 2⁻²⁴ of its terms' root of the sum of squares; the errors of the
    # hidden units and of the pixels' two terms add up as randomly, four deviations of it.
    x = most * ((v.square() @ model.weight.square()).sum(1) + model.hidden_columns / most**2).sqrt().detach()
    atol = float(4 * 2**-24 * (37 * 2) ** 0.5 * x.max() * (v.abs() + 3).max())
    torch.testing.assert_close(compiled, pseudo_log_likelihood(model.double(), v), rtol=0, atol=atol)


@torch.no_grad()
def test_sharp_pixels_have_a_positive_one_and_other_units_another():
    """In millimetres instead of metres each pixel's density is a thousandth."""
    model = machine("gaussian", "bernoulli")
    v = images(model)[:5]
    metres = mean_pseudo_log_likelihood(model, v)
    model.visible_log_precision -= 2 * torch.tensor(1000.0).double().log()
    model.weight /= 1000
    model.visible_bias /= 1000
    millimetres = mean_pseudo_log_likelihood(model, 1000 * v)
    assert metres.value - millimetres.value == pytest.approx(3 * 6.907755278982137, abs=2 * 3 * RULE)
    model.visible_log_precision += 40
    assert mean_pseudo_log_likelihood(model, torch.zeros(2, 3)).value > 0


@pytest.mark.parametrize("visible", ["gaussian", "relu"])
def test_what_has_none_is_refused(visible):
    model = RBM(7, 3, visible=visible)
    v = torch.ones(2, 7)
    for damage in (1e9, float("nan")):
        with torch.no_grad():
            model.weight[3, 1] = damage
        with pytest.raises(ConfigError, match="too far to integrate over: such weights are beyond use"):
            pseudo_log_likelihood(model, v)
    with pytest.raises(ShapeError, match=f"row 1: nan is no state of {visible} unit 6"):
        pseudo_log_likelihood(
            RBM(7, 3, visible=visible), torch.cat([v[:1], v[:1] * torch.tensor([1.0] * 6 + [float("nan")])])
        )
    for dtype in (torch.float32, torch.float64):
        assert pseudo_log_likelihood(RBM(7, 3, visible=visible).to(dtype), v[:0]).shape == (0,)
