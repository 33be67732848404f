"""Teacher and student: the samples' covariance, the student's gradient, and the transition, against what is known exactly."""

import math

import numpy as np
import pytest
import torch

from rbm.evaluation import exact
from rbm.models.rbm import RBM
from rbm.randomness import generator
from rbm.tasks import teacher

N = 101


def xi(seed: int = 1, n: int = N) -> torch.Tensor:
    return 2.0 * torch.randint(0, 2, (n,), generator=generator(seed, "xi")) - 1


def overlap(w: torch.Tensor, truth: torch.Tensor) -> float:
    return abs(float(w @ truth)) / float(w.norm() * truth.norm())


def test_samples_are_those_of_the_machine_with_the_teachers_weights():
    n, beta, count = 5, 1.7, 40_000
    truth, draw = xi(n=n), generator(2, "samples")
    model = RBM(n, 1, visible="spin", hidden="spin").double()
    with torch.no_grad():
        model.weight[:, 0] = beta * truth / math.sqrt(n)
    rows = teacher.samples(truth, beta, count, draw)
    assert bool((rows.abs() == 1).all())
    score = exact.gradient(model, rows.double()).weight[:, 0]  # mean 0 where the samples are the model's own
    assert float(score.abs().max()) < 4.5 / math.sqrt(count)  # each |s ⟨h⟩| ≤ 1


def test_their_covariance_has_the_spike_that_the_transition_is_reckoned_from():
    count, beta = 20_000, 1.3
    truth = xi()
    rows = teacher.samples(truth, beta, count, generator(3, "samples"))
    along = (rows @ truth / math.sqrt(N)).square().mean()
    theta = teacher.spike(beta, N)
    assert float(along) == pytest.approx(1 + theta * (1 - 1 / N), rel=4 * math.sqrt(2 / count))
    assert teacher.transition(beta, N) == pytest.approx(beta**-4, rel=0.1)


def test_a_student_comes_to_rest_where_no_turn_of_its_weights_makes_its_samples_likelier():
    n = 17
    rows = teacher.samples(xi(n=n), 2.5, 17 * n, generator(4, "samples"))
    w = teacher.learn(rows, 2.5, generator(5, "student"))
    model = RBM(n, 1, visible="spin", hidden="spin").double()
    with torch.no_grad():
        model.weight[:, 0] = w
    slope, along = exact.gradient(model, rows.double()).weight[:, 0], w.double() / 2.5
    assert float(along.norm()) == pytest.approx(1, rel=1e-6)
    assert float((slope - (slope @ along) * along).norm()) < 1e-3


@pytest.mark.slow  # a small study; the students and the theory are tested apart in every run
def test_students_follow_the_theory_on_both_sides_of_the_transition():
    """Twelve teachers a load: the mean overlap within four standard errors of what is exact for principal components of very
    many spins, and 0.02 for what the likelihood knows beyond them; below the transition no more than two random directions."""
    n, count, beta = 401, 12, 1.4
    edge, by_chance = teacher.transition(beta, n), math.sqrt(2 / (math.pi * n))
    for load in (0.25 * edge, 2 * edge, 4 * edge):
        found = []
        for seed in range(count):
            truth = xi(seed, n)
            rows = teacher.samples(truth, beta, round(load * n), generator(seed, "rows"))
            found.append(overlap(teacher.learn(rows, beta, generator(seed, "student")), truth))
        error = np.std(found, ddof=1) / math.sqrt(count)
        if load < edge:
            assert np.mean(found) < 2 * by_chance + 4 * error
        else:
            assert np.mean(found) == pytest.approx(float(teacher.expected(load, beta, n)), abs=0.02 + 4 * error)


def test_theory_is_zero_to_the_transition_and_rises_to_one():
    edge = teacher.transition(1.0, 784)
    q = teacher.expected([0.5 * edge, edge, 1.01 * edge, 4 * edge, 1e6], 1.0, 784)
    assert q[0] == q[1] == 0
    assert 0 < q[2] < q[3] < q[4] < 1
    assert q[4] == pytest.approx(1, abs=1e-5)


def test_the_principal_component_has_the_overlap_that_is_stated():
    """Twenty Gaussian spiked covariances of 400 dimensions, by their first eigenvector."""
    n, theta, load = 400, 0.9, 3.0
    beta = math.sqrt(n) * math.atanh(math.sqrt(theta / n))
    draw, found = generator(6, "spikes"), []
    for _ in range(20):
        x = torch.randn(round(load * n), n, generator=draw, dtype=torch.float64)
        x[:, 0] *= math.sqrt(1 + theta)
        found.append(abs(float(torch.linalg.eigh(x.T @ x)[1][0, -1])))
    assert np.mean(found) == pytest.approx(float(teacher.expected(load, beta, n)), abs=0.03)


def test_students_come_one_load_after_the_other_and_the_same_again():
    one, again = (list(teacher.teach(2.0, loads=(0.25, 0.5), teachers=2)) for _ in range(2))
    assert [taught.load for taught in one] == [0.25, 0.5]
    for first, second in zip(one, again, strict=True):
        np.testing.assert_array_equal(first.weight, second.weight)
        assert (first.overlap, first.error) == (second.overlap, second.error)
        assert float(first.weight @ first.teacher) >= 0
        assert set(np.unique(first.teacher)) == {-1.0, 1.0}
