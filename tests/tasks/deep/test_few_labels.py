"""The comparison of starts, trained with few labels and pre-trained, on small real data."""

from dataclasses import replace

import pytest
import torch

from rbm.datasets.base import Dataset
from rbm.errors import ConfigError
from rbm.tasks.deep import kept
from rbm.tasks.deep.few_labels import chosen, few_labels, tuning
from rbm.tasks.deep.plan import LabelsPlan, Result, Working
from tests.helpers.few_digits import few_digits

SMALL = LabelsPlan(sizes=(7, 5), pretraining=1, epochs=1, least_updates=5, labels=(20, 50), seeds=(1,))


@pytest.fixture(scope="module")
def few() -> Dataset:
    return few_digits()


def test_a_choice_of_labels_is_even_and_part_of_a_larger_one(few):
    small, large = chosen(few, 50, 1), chosen(few, 200, 1)
    assert torch.equal(large[:50], small)
    assert not torch.equal(small, chosen(few, 50, 2))
    share = few.train_labels.bincount(minlength=10) / 300 * 50
    assert bool(((few.train_labels[small].bincount(minlength=10) - share).abs() < 1.5).all())
    assert sorted(chosen(few, 9999, 1).tolist()) == list(range(300))


def test_the_comparison_yields_every_result_once_the_same_again_and_leaves_out_what_is_known(few):
    news = list(few_labels(SMALL, few))
    results = [x for x in news if isinstance(x, Result)]
    assert {r.key for r in results} == {(1, n, start) for n in (20, 50) for start in (True, False)}
    assert all(0 < r.error < 1 for r in results)
    assert any(isinstance(x, Working) and "layer 2" in x.what for x in news)
    again = [x._replace(seconds=0) if isinstance(x, Result) else x for x in few_labels(SMALL, few)]
    assert again == [x._replace(seconds=0) if isinstance(x, Result) else x for x in news]
    known = {r.key for r in results if r.pretrained}
    rest = list(few_labels(SMALL, few, known))
    assert not any(isinstance(x, Working) and "layer" in x.what for x in rest)  # nothing needs the pre-training
    assert [x.error for x in rest if isinstance(x, Result)] == [r.error for r in results if not r.pretrained]
    assert list(few_labels(SMALL, few, {r.key for r in results})) == []


def test_results_are_kept_by_recipe_and_a_damaged_file_holds_none(monkeypatch, tmp_path):
    monkeypatch.setenv("RBM_RUNS", str(tmp_path))
    one, two = Result(1, 20, True, 0.25, 1.5), Result(1, 50, False, 0.5, 2.0)
    assert kept.load(SMALL) == []
    kept.keep(SMALL, [one])
    kept.keep(SMALL, [two, one._replace(error=0.125)])
    kept.keep(replace(SMALL, epochs=2), [two])
    assert kept.load(SMALL) == [one._replace(error=0.125), two]
    assert kept.load(replace(SMALL, labels=(50,))) == [two]
    assert kept.load(SMALL, "fashion_mnist") == []
    (tmp_path / kept.FILE).write_text("{")
    assert kept.load(SMALL) == []
    kept.keep(SMALL, [one])
    assert kept.load(SMALL) == [one]


def test_both_starts_choose_from_the_same_rates_and_differ_in_nothing_else():
    """Neither is given a rate that the other may not have; with few labels both learn slowly, with all of MNIST's both fast."""
    plan = LabelsPlan()
    pairs = [[tuning(plan, n, start) for start in (True, False)] for n in plan.labels]
    rates = [{config.learning_rate for config in side} for side in zip(*pairs, strict=True)]
    assert rates[0] == rates[1]
    for pretrained, random in pairs:
        assert replace(pretrained, learning_rate=random.learning_rate) == random


def test_too_few_labels_for_ten_classes_are_refused():
    with pytest.raises(ConfigError, match="10 or more"):
        LabelsPlan(labels=(3,))
