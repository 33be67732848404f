"""The leading singular values beside training: exact, at evenly spaced moments, and what they tell of when modes left."""

import math

import numpy as np
import pytest
import torch

from rbm.evaluation import mode_growth, spectrum
from rbm.experiment import DatasetSpec, ModelSpec, RunSpec, cached_dataset, make_trainer
from rbm.models.rbm import RBM
from rbm.randomness import generator
from rbm.training.config import TrainConfig

SPEC = RunSpec(
    DatasetSpec("bars_and_stripes"), ModelSpec(n_hidden=11), TrainConfig(batch_size=30, epochs=300, learning_rate=0.1)
)


@pytest.mark.parametrize("shape", [(29, 13), (13, 29), (7, 3)])
def test_the_leading_values_are_those_of_a_decomposition(shape: tuple[int, int]):
    model = RBM(*shape, generator=generator(1, "leading"))
    found = mode_growth.leading(model)
    expected = torch.linalg.svdvals(model.weight.detach().double())[: mode_growth.LEADING]
    assert list(found) == list(mode_growth.NAMES[: len(expected)])
    torch.testing.assert_close(torch.tensor(list(found.values())).double(), expected, rtol=1e-3, atol=1e-6)


def test_moments_are_even_in_the_logarithm_of_the_updates():
    measured, before = [], 0
    for step in range(0, 4097):  # an event at each update
        if mode_growth.due(step, before):
            measured.append(step)
        before = step
    assert measured[:4] == [0, 1, 2, 3]
    assert len([step for step in measured if 64 < step <= 4096]) == 6 * mode_growth.A_DOUBLING
    assert mode_growth.due(850, 600)
    assert not mode_growth.due(850, 849)


def test_a_mode_has_left_where_it_stays_beyond_what_noise_reaches():
    limit = spectrum.clearly_beyond(97, 53)
    steps = [0, 1, 2, 4, 8]
    high, low = 1.1 * limit, 0.9 * limit
    values = [[low, low, low], [high, low, low], [low, low, low], [high, high, low], [high, high, math.nan]]
    found = mode_growth.growth(steps, values, 97, 53)
    np.testing.assert_array_equal(found.left, [4, 4, np.nan])
    assert (found.low, found.high) == spectrum.noise_band(97, 53)
    assert found.high < limit


def test_a_mode_planted_ever_stronger_leaves_when_it_passes_the_edge_and_noise_never_does(rng):
    n, m = 97, 53
    noise = 0.01 * torch.randn(n, m, generator=rng)
    u, w = torch.randn(n, generator=rng), torch.randn(m, generator=rng)
    mode = torch.outer(u / u.norm(), w / w.norm())
    model, edge = RBM(n, m, generator=generator(1, "planted")), spectrum.noise_edge(n, m)
    values = []
    for strength in range(6):
        with torch.no_grad():
            model.weight.copy_(noise + strength * edge * mode)
        values.append(list(mode_growth.leading(model).values()))
    found = mode_growth.growth(range(6), values, n, m)
    assert found.left[0] in (1, 2)  # beyond (VH)^¼ σ a planted mode begins to stand out, at 0.49 of the edge
    assert np.isnan(found.left[1:]).all()


def test_a_run_notes_its_modes_which_bars_and_stripes_lift_one_by_one():
    trainer = make_trainer(SPEC, cached_dataset(SPEC.dataset))
    events = [trainer.report(), *trainer.events()]
    model = trainer.model
    found = mode_growth.told([(event.step, event.metrics) for event in events], *model.weight.shape)
    assert found is not None
    assert found.steps[0] == 0
    assert found.steps[-1] == trainer.total_steps
    assert found.values[-1] == pytest.approx(list(mode_growth.leading(model).values()), rel=1e-6)
    assert found.values[0, 0] == pytest.approx(found.high, rel=0.5)
    left = found.left[np.isfinite(found.left)]
    assert len(left) >= 4
    assert (np.diff(left) >= 0).all()  # the strongest leaves first


def test_a_run_that_is_saved_and_goes_on_notes_them_at_the_same_updates():
    whole, first = (make_trainer(SPEC, cached_dataset(SPEC.dataset)) for _ in range(2))
    expected = [e for e in whole.events() if mode_growth.NAMES[0] in e.metrics]
    events = [first.step() for _ in range(137)]
    second = make_trainer(SPEC, cached_dataset(SPEC.dataset))
    second.model.load_state_dict(first.model.state_dict())
    second.load_state(first.state())
    noted = [e for e in (*events, *second.events()) if e is not None and mode_growth.NAMES[0] in e.metrics]
    assert [e.step for e in noted] == [e.step for e in expected]
    for one, other in zip(noted, expected, strict=True):
        assert [one.metrics[name] for name in mode_growth.NAMES] == [other.metrics[name] for name in mode_growth.NAMES]


def test_a_history_of_an_older_program_tells_nothing():
    assert mode_growth.told([(1, {"cd_loss": 0.5})], 7, 3) is None
