"""The machine of pictures and labels against its definition in loops over every state."""

import math
from itertools import product

import pytest
import torch

from rbm.errors import ConfigError, ShapeError, TooLargeError
from rbm.evaluation import exact
from rbm.models.labelled import LabelledRBM
from rbm.models.rbm import RBM
from rbm.randomness import generator
from tests.helpers.labelled import HIDDEN, LABELS, PIXELS, every, label_states, labelled, table


@pytest.fixture(params=["softmax", "tags"])
def model(request) -> LabelledRBM:
    return labelled(request.param)


def test_energy_and_free_energy_of_every_state(model):
    x, y, h, score = table(model)
    torch.testing.assert_close(model.energy(model.join(x, y), h).detach(), -score)
    free = model.free_energy(model.join(x, y)).detach()[:: 2**HIDDEN]
    torch.testing.assert_close(free, -score.view(-1, 2**HIDDEN).logsumexp(1))


def test_log_partition_with_labels(model):
    assert exact.log_partition(model) == pytest.approx(float(table(model)[3].logsumexp(0)), abs=1e-10)


def test_moments_with_labels(model):
    x, y, h, score = table(model)
    p, v = score.softmax(0), torch.cat([x, y], 1)
    found = exact.moments(model)
    torch.testing.assert_close(found.weight, (v * p[:, None]).T @ h)
    torch.testing.assert_close(found.visible_bias, p @ v)
    torch.testing.assert_close(found.hidden_bias, p @ h)


def test_the_label_given_the_picture_is_exact(model):
    x, y, _, score = table(model)
    states = label_states(model.labels)
    joint = score.exp().view(2**PIXELS, len(states), 2**HIDDEN).sum(2)
    expected = joint / joint.sum(1, keepdim=True)
    pictures = x.view(2**PIXELS, -1, PIXELS)[:, 0]
    assert model.label_states.int().tolist() == [list(s) for s in states]
    torch.testing.assert_close(model.label_log_probability(pictures).detach().exp(), expected)
    marginal = expected @ torch.tensor(states, dtype=torch.float64)
    torch.testing.assert_close(model.label_probability(pictures).detach(), marginal)
    assert float(y.sum()) > 0


def test_the_blocks_of_many_pictures_are_put_together_in_order(monkeypatch):
    model, x = labelled(), every("softmax")[0]
    whole = model.label_log_probability(x)
    monkeypatch.setattr("rbm.models.labelled.BLOCK", 7 * LABELS * HIDDEN)
    torch.testing.assert_close(model.label_log_probability(x), whole)


def test_conditionals_of_the_visible_layer(model):
    x, y, h, score = table(model)
    v, p = torch.cat([x, y], 1), score.softmax(0)
    for state in product((0.0, 1.0), repeat=HIDDEN):
        here = (h == torch.tensor(state, dtype=torch.float64)).all(1)
        expected = (p[here] / p[here].sum()) @ v[here]
        torch.testing.assert_close(model.visible_mean(torch.tensor([state]).double())[0].detach(), expected)


def test_a_drawn_label_is_one_hot_and_drawn_tags_are_free():
    h = torch.ones(200, HIDDEN).double()
    draws = {kind: labelled(kind).sample_visible(h, generator(1, "draw"))[:, PIXELS:] for kind in ("softmax", "tags")}
    assert bool((draws["softmax"].sum(1) == 1).all())
    assert len(draws["tags"].sum(1).unique()) > 1


def test_with_tags_it_is_a_plain_rbm_of_as_many_units():
    model, plain = labelled("tags"), RBM(PIXELS + LABELS, HIDDEN).double()
    plain.load_state_dict(model.state_dict())
    assert exact.log_partition(model) == pytest.approx(exact.log_partition(plain), abs=1e-12)
    v = exact.states(PIXELS + LABELS, plain.visible_unit)
    torch.testing.assert_close(model.free_energy(v), plain.free_energy(v))


def test_error_counts_wrong_labels_and_wrong_tags():
    model, x = labelled(), every("softmax")[0][::7]
    best = model.label_probability(x).argmax(1)
    assert model.error(x, best) == 0
    wrong = best.clone()
    wrong[:3] = (wrong[:3] + 1) % LABELS
    assert model.error(x, wrong) == pytest.approx(3 / len(x))
    tags = labelled("tags")
    likely = (tags.label_probability(x) > 0.5).double()
    likely[0, 1] = 1 - likely[0, 1]
    assert tags.error(x, likely) == pytest.approx(1 / likely.numel())


def test_free_energy_over_labels_gives_the_free_energy_of_the_picture_alone():
    model = labelled()
    x, _, _, score = table(model)
    pictures = x.view(2**PIXELS, -1, PIXELS)[:, 0]
    expected = score.view(2**PIXELS, -1).logsumexp(1)
    found = model.label_score(pictures).detach().logsumexp(1) + pictures @ model.visible_bias[:PIXELS].detach()
    torch.testing.assert_close(found, expected)
    assert math.isfinite(float(found.sum()))


def test_what_it_refuses():
    with pytest.raises(ConfigError, match="softmax, tags"):
        LabelledRBM(3, 2, 2, labels="words")
    with pytest.raises(ConfigError, match="2 classes or more"):
        LabelledRBM(3, 1, 2)
    with pytest.raises(ConfigError, match="1 to 10 tags"):
        LabelledRBM(3, 11, 2, labels="tags")
    with pytest.raises(ConfigError, match="at least one pixel"):
        LabelledRBM(0, 3, 2)
    with pytest.raises(ShapeError, match="Labels run from 0 to 3, expected 0 to 2"):
        labelled().join(torch.zeros(2, PIXELS), torch.tensor([0, 3]))
    with pytest.raises(ShapeError, match=r"y has shape \(2, 5\), expected \(N, 3\)"):
        labelled().join(torch.zeros(2, PIXELS), torch.zeros(2, 5))
    with pytest.raises(ShapeError, match=r"y has shape \(2,\)"):
        labelled("tags").join(torch.zeros(2, PIXELS), torch.tensor([0, 1]))
    with pytest.raises(TooLargeError):
        exact.visible_distribution(labelled())
