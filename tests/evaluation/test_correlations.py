"""Connected correlations against sums written out, and their errors against how widely draws scatter."""

import itertools
import math

import numpy as np
import pytest
import torch

from rbm.errors import ShapeError
from rbm.evaluation import correlations
from rbm.randomness import generator
from tests.helpers import oracles

PAIRS = torch.tensor(list(itertools.combinations(range(oracles.VISIBLE), 2)))
TRIPLES = torch.tensor(list(itertools.combinations(range(oracles.VISIBLE), 3)))


def by_enumeration(states: np.ndarray, p: np.ndarray, of: torch.Tensor) -> np.ndarray:
    """Σ_v p(v) Π (v_i − ⟨v_i⟩) of each group, state by state."""
    mean = sum(weight * row for weight, row in zip(p, states, strict=True))
    found = []
    for group in of.tolist():
        found.append(
            math.fsum(
                weight * math.prod(row[i] - mean[i] for i in group) for weight, row in zip(p, states, strict=True)
            )
        )
    return np.array(found)


@pytest.mark.parametrize("of", [PAIRS, TRIPLES], ids=["pairs", "triples"])
def test_they_are_the_sums_over_all_rows(of, rng):
    rows = torch.randint(0, 3, (11, oracles.VISIBLE), generator=rng).double()
    truth = by_enumeration(rows.numpy(), np.full(11, 1 / 11), of)
    np.testing.assert_allclose(correlations.connected(rows, of).value, truth, atol=1e-14)
    blocks = rows[:10].reshape(5, 2, -1)
    np.testing.assert_allclose(
        correlations.connected(blocks, of).value, correlations.connected(rows[:10], of).value, atol=1e-14
    )


@pytest.mark.parametrize("of", [PAIRS, TRIPLES], ids=["pairs", "triples"])
def test_samples_of_a_machine_have_those_of_enumeration_within_errors_that_are_true(tiny_rbm, of, rng):
    table = oracles.joint(oracles.machine(tiny_rbm))
    truth = by_enumeration(np.array(oracles.binary_states(oracles.VISIBLE), float), table.sum(1), of)
    n, times = 400, 200
    found = [correlations.connected(oracles.draw(table, n, rng)[0], of) for _ in range(times)]
    values = torch.stack([one.value for one in found]).numpy()
    errors = torch.stack([one.standard_error for one in found]).numpy()
    typical = np.sqrt((errors**2).mean(0))
    bias = 3 / n * np.abs(truth).max()  # products of centred numbers are too small by a share of about 3/n at most
    assert (np.abs(values.mean(0) - truth) < 5 * typical / times**0.5 + bias).all()
    np.testing.assert_allclose(values.std(0, ddof=1), typical, rtol=5 / (2 * times) ** 0.5)


def test_rows_of_a_block_that_are_copies_count_once(rng):
    rows = torch.randn(50, 4, generator=rng)
    of = torch.tensor([[0, 1], [2, 3]])
    once, thrice = correlations.connected(rows, of), correlations.connected(rows[:, None].expand(50, 3, 4), of)
    torch.testing.assert_close(once.standard_error, thrice.standard_error)


def test_columns_that_vary_most_and_groups_of_them():
    rows = torch.tensor([[0.0, 1.0, 5.0, 2.0], [0.0, 2.0, -5.0, 2.5]])
    assert correlations.most_varied(rows, 2).tolist() == [1, 2]
    assert correlations.most_varied(rows, 9).tolist() == [1, 2, 3]
    columns = torch.tensor([1, 2, 5])
    assert correlations.groups(columns, 2, 9, generator(1)).tolist() == [[1, 2], [1, 5], [2, 5]]
    some = correlations.groups(torch.arange(9), 3, 20, generator(1))
    assert len({tuple(row) for row in some.tolist()}) == 20
    assert some.tolist() == correlations.groups(torch.arange(9), 3, 20, generator(1)).tolist()
    assert correlations.groups(columns[:1], 2, 9, generator(1)).shape == (0, 2)


def test_agreement_is_pearsons():
    a = torch.tensor([1.0, 2.0, 4.0])
    assert correlations.agreement(a, 3 * a - 7) == pytest.approx(1)
    assert correlations.agreement(a, -a) == pytest.approx(-1)
    assert math.isnan(correlations.agreement(a, torch.ones(3)))


@pytest.mark.parametrize(
    ("rows", "of"), [(torch.ones(1, 3), PAIRS[:1]), (torch.ones(5), PAIRS[:1]), (torch.ones(5, 3), PAIRS[0])]
)
def test_what_has_no_correlations_is_refused(rows, of):
    with pytest.raises(ShapeError, match="Correlations are of two or more rows"):
        correlations.connected(rows, of)
