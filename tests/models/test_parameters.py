"""Parameters on their way from a worker to the screen: any machine comes back as it was."""

import subprocess
import sys
from dataclasses import dataclass

import numpy as np
import pytest
import torch

from rbm.models.labelled import LabelledRBM
from rbm.models.parameters import Parameters
from rbm.models.rbm import RBM
from rbm.randomness import generator
from rbm.units import MANY_STATES, UNITS

UNBOUNDED = ("gaussian", "relu", "drelu")
PAIRS = [(v, h) for v in UNITS if v != "drelu" for h in UNITS if v not in UNBOUNDED or h not in UNBOUNDED]


def drawn(model: RBM) -> RBM:
    """The model with every parameter drawn, so that none is zero by itself."""
    with torch.no_grad():
        for p in model.parameters():
            p.normal_(0.0, 0.3, generator=generator(1, *p.shape))
    return model


@pytest.mark.parametrize(("visible", "hidden"), PAIRS)
@torch.no_grad()
def test_every_pair_of_unit_types_comes_back_with_the_same_distribution(visible, hidden):
    n_states = 3 if {visible, hidden} & set(MANY_STATES) else None
    model = drawn(RBM(5, 4, visible=visible, hidden=hidden, n_states=n_states))
    again = Parameters.of(model).to_model()
    assert (again.n_visible, again.n_hidden) == (5, 4)
    assert (again.visible_unit.name, again.hidden_unit.name) == (visible, hidden)
    for (name, p), q in zip(model.named_parameters(), again.parameters(), strict=True):
        assert torch.equal(p, q), name
    v = model.visible_unit.uniform((7, model.n_visible), generator(2, "v"))
    assert torch.equal(model.free_energy(v), again.free_energy(v))


@pytest.mark.parametrize("labels", ["softmax", "tags"])
@torch.no_grad()
def test_a_machine_of_labels_comes_back_as_one(labels):
    model = drawn(LabelledRBM(7, 3, 5, labels=labels))
    again = Parameters.of(model).to_model()
    x = torch.rand(4, 7, generator=generator(3, "x"))
    assert torch.equal(model.label_probability(x), again.label_probability(x))


def test_half_precision_costs_three_digits_of_the_weights_alone_and_a_subclass_keeps_what_it_adds():
    @dataclass(frozen=True, eq=False, kw_only=True)
    class Moment(Parameters):
        epoch: float

    model = drawn(RBM(7, 3))
    moment = Moment.of(model, epoch=2.5).halved()
    assert (moment.weight.dtype, moment.epoch) == (np.float16, 2.5)
    again = moment.to_model()
    assert again.weight.dtype == torch.float32
    torch.testing.assert_close(again.weight, model.weight, rtol=1e-3, atol=0)
    assert torch.equal(again.hidden_bias, model.hidden_bias)


def test_what_was_sent_does_not_move_with_the_model():
    model = drawn(RBM(7, 3))
    sent = Parameters.of(model)
    before = sent.weight.copy()
    with torch.no_grad():
        model.weight.add_(1.0)
    np.testing.assert_array_equal(sent.weight, before)


def test_reading_them_needs_no_torch():
    code = "import sys, rbm.models.parameters, rbm.jobs.snapshots; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
