"""The numbers that lessons read from a file are those that the engine computes."""

import numpy as np
import pytest
import torch

from rbm.errors import CheckpointError
from rbm.evaluation.associative_memory import capacity
from rbm.lessons import known, machines, retrieval_theory
from rbm.lessons.known import CAPACITY_SEED, CAPACITY_UNITS, GRADIENTS, KS, LOADS, RULES
from rbm.studies import lessons


@pytest.mark.parametrize(
    "lesson", [next(iter(GRADIENTS)), *(pytest.param(n, marks=pytest.mark.slow) for n in [*GRADIENTS][1:])]
)
def test_the_compass_is_what_exact_learning_finds(lesson):
    made, kept = lessons.path(GRADIENTS[lesson]), known.compass(lesson)
    assert [one.step for one in kept] == [one.step for one in made]
    for mine, theirs in zip(made, kept, strict=True):
        assert len(theirs.cd_angle) == len(KS)
        for one, other in zip(mine, theirs, strict=True):
            np.testing.assert_allclose(other, one, rtol=1e-4, atol=1e-3)  # angles near 0 are ill-conditioned


def test_the_phase_diagram_lies_where_the_theory_says():
    lines = known.retrieval()
    np.testing.assert_array_equal(lines.glass, retrieval_theory.glass(lines.loads))
    inside = lines.retrieval > 0.1
    for line, there in ((0.97, True), (1.03, False)):
        found = retrieval_theory.solve(lines.loads[inside], line * lines.retrieval[inside], retrieved=True)
        assert (found.m > retrieval_theory.REMEMBERS).all() == there


@pytest.mark.parametrize("rule", RULES)
def test_capacities_are_measured_again(rule):
    few = LOADS[:3]
    assert known.capacities()[rule][:3] == pytest.approx(
        capacity(rule, CAPACITY_UNITS, few, CAPACITY_SEED, trials=1), abs=1e-9
    )


def test_a_file_that_is_gone_says_how_to_make_it(monkeypatch, tmp_path):
    monkeypatch.setattr(known, "FILE", tmp_path / "nothing")
    with pytest.raises(CheckpointError, match="python -m rbm bundle lessons"):
        known._arrays.__wrapped__()


def test_the_learnt_bars_are_the_end_of_exact_learning():
    made, kept = machines.learnt_bars(), known.learnt_bars()
    for name, p in made.named_parameters():
        torch.testing.assert_close(kept.get_parameter(name), p, rtol=1e-6, atol=1e-8)
