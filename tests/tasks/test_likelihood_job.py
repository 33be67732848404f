"""The likelihood's job and its verdict: reverse chains that come from few ancestors are few, whatever their weights say."""

from typing import Any

import pytest
import torch

from rbm.checkpoint import to_bytes
from rbm.evaluation.ais import WIDEST_GAP
from rbm.evaluation.verdict import FEWEST_EFFECTIVE, UNRELIABLE, of_result
from rbm.experiment import DatasetSpec, ModelSpec, RunSpec
from rbm.models.rbm import RBM
from rbm.randomness import generator
from rbm.tasks.likelihood import Effort, LikelihoodJob
from rbm.training.config import TrainConfig

SPEC = RunSpec(
    DatasetSpec(size=100), ModelSpec(23), TrainConfig(epochs=1)
)  # three hidden units more than are enumerated
CHAINS = 6  # one more than are wanted: two that die out in the population are one too many


@pytest.fixture(scope="module")
def results() -> list[dict[str, Any]]:
    """The same machine of weak random weights, measured from six seeds."""
    model = RBM(784, 23)
    with torch.no_grad():
        model.weight.copy_(0.02 * torch.randn(784, 23, generator=generator(1, "few families")))
    data = to_bytes(model, SPEC)
    found = [LikelihoodJob(data, Effort(CHAINS, 10, 0, seed)).advance(float("inf")).result for seed in range(1, 7)]
    return [result for result in found if result is not None]


def fine_but_for_families(result: dict[str, Any]) -> bool:
    return min(result["ess"], result["ess_reverse"]) >= FEWEST_EFFECTIVE and abs(result["gap"]) <= WIDEST_GAP


def test_a_likelihood_whose_population_collapsed_to_few_families_is_marked(results):
    collapsed = [one for one in results if fine_but_for_families(one) and one["families"] < FEWEST_EFFECTIVE]
    assert collapsed
    for result in collapsed:
        assert not result["trustworthy"]
        assert f"come from only {result['families']} of the {CHAINS} chains" in result["reason"]
        mark, sentences = of_result(result)
        assert mark == UNRELIABLE
        assert result["reason"] in sentences


def test_one_of_enough_families_is_not(results):
    fine = [one for one in results if fine_but_for_families(one) and one["families"] >= FEWEST_EFFECTIVE]
    assert fine
    for result in fine:
        assert result["trustworthy"]
        assert of_result(result).mark == ""
