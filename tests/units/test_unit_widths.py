"""The learned precision: in which coordinates its gradient is taken, and the exact gradient of all parameters."""

import copy

import pytest
import torch

from rbm import randomness
from rbm.evaluation import exact
from rbm.models.rbm import RBM
from rbm.training.centring import Centring
from rbm.training.config import TrainConfig
from rbm.training.gradients import Phases, ScaledGradient, completed, contrast
from rbm.training.negative import make_negative
from rbm.training.widths import Widths
from tests.helpers.unit_pairs import PAIRS, brute, make

SCALED = [pair for pair in PAIRS if pair[0] in ("gaussian", "relu")]


def test_the_exact_algorithms_gradient_is_the_exact_gradient_whatever_the_units(model):
    data = exact.sample(model, 13, randomness.generator(1)).v
    phase = make_negative(model, TrainConfig(algorithm="exact"), randomness.Coins(randomness.generator(2)))
    phases = phase.phases(data, 1)
    found = completed(contrast(phases), phases, model)
    right = exact.gradient(model, data)
    assert found._fields == right._fields
    for part, truth in zip(found, right, strict=True):
        torch.testing.assert_close(part, truth, atol=1e-10, rtol=0)


def mean_log_likelihood(model: RBM, data: torch.Tensor) -> torch.Tensor:
    return -model.free_energy(data).mean() - brute(model).log_joint.flatten().logsumexp(0)


@pytest.mark.parametrize("offsets", [True, False], ids=["centred", "plain"])
@pytest.mark.parametrize(("visible", "hidden"), SCALED, ids=["-".join(p) for p in SCALED])
def test_log_lambda_is_learnt_where_it_moves_no_mean(visible, hidden, offsets):
    """∂ mean log p / ∂log λ at fixed W/λ, b̃/λ and c̃, by autograd; a step of log λ alone then keeps those three."""
    model = make(visible, hidden)
    data = exact.sample(model, 17, randomness.generator(1)).v
    h = model.hidden_mean(data).detach()
    centring = Centring(model, data.mean(0)) if offsets else None
    gradient = exact.gradient(model, data)
    v0, h0 = torch.zeros(model.visible_columns).double(), torch.zeros(model.hidden_columns).double()
    if centring is not None:
        phases = Phases(data, h, data, h, None)
        gradient = ScaledGradient(*centring.centre(gradient[:3], phases), gradient[3])
        v0, h0 = centring.visible, centring.hidden
    widths, start = Widths(model, centring), copy.deepcopy(model)
    widths.before_step(gradient)

    lam = model.visible_log_precision.detach().exp()
    delta, mean = model.weight.detach() / lam[:, None], (model.visible_bias + model.weight @ h0).detach() / lam
    tilde = (model.hidden_bias + model.weight.T @ v0).detach()

    def at(log_lam: torch.Tensor) -> torch.Tensor:
        weight = log_lam.exp()[:, None] * delta
        b, c = log_lam.exp() * mean - weight @ h0, tilde - weight.T @ v0
        names = ("weight", "visible_bias", "hidden_bias", "visible_log_precision")
        values = dict(zip(names, (weight, b, c, log_lam), strict=True))
        return torch.func.functional_call(_Likelihood(model), {f"model.{k}": p for k, p in values.items()}, (data,))

    right = torch.autograd.functional.jacobian(at, start.visible_log_precision.detach())
    torch.testing.assert_close(gradient.visible_log_precision, right, rtol=1e-6, atol=1e-8)

    with torch.no_grad():
        if centring is not None:
            centring.before_step()
        model.visible_log_precision += torch.tensor([0.7, -1.1])
        widths.after_step()
        if centring is not None:
            centring.after_step()
        lam = model.visible_log_precision.exp()
        torch.testing.assert_close(model.weight / lam[:, None], delta)
        torch.testing.assert_close((model.visible_bias + model.weight @ h0) / lam, mean)
        if centring is not None:
            torch.testing.assert_close(model.hidden_bias + model.weight.T @ v0, tilde)


class _Likelihood(torch.nn.Module):
    def __init__(self, model: RBM) -> None:
        super().__init__()
        self.model = model

    def forward(self, data: torch.Tensor) -> torch.Tensor:
        return mean_log_likelihood(self.model, data)


@pytest.mark.parametrize("visible", ["bernoulli", "spin", "categorical", "multinary"])
@torch.no_grad()
def test_mean_field_counts_what_layers_do_together_next_to_a_gaussian_one(visible):
    """⟨h|v⟩ = vW + c is linear, so ⟨v hᵀ⟩ over v drawn from p(v|⟨h|v₀⟩) is a sum over states without any error."""
    model = make(visible, "gaussian")
    data = exact.sample(model, 5, randomness.generator(1)).v
    phases = make_negative(model, TrainConfig(algorithm="mfcd"), randomness.Coins(randomness.generator(2))).phases(
        data, 1
    )
    states = exact.states(model.n_visible, model.visible_unit)
    p = (model.visible_field(model.hidden_mean(data)) @ states.T).softmax(1).mean(0)  # (S,) over the batch
    right = (p[:, None] * states).T @ model.hidden_mean(states)
    pairs = contrast(phases._replace(v0=torch.zeros_like(data)))
    torch.testing.assert_close(-pairs.weight, right, rtol=0, atol=1e-12)
