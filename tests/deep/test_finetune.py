"""The unrolled classifier, and the comparison of starts, on small real data."""

from dataclasses import replace

import pytest
import torch

from rbm.datasets.base import Dataset
from rbm.datasets.catalog import load_dataset
from rbm.errors import ConfigError, DivergenceError, ShapeError
from rbm.randomness import generator
from rbm.tasks.deep import kept
from rbm.tasks.deep.few_labels import chosen, few_labels, tuning
from rbm.tasks.deep.plan import LabelsPlan, Result, Working
from rbm.training.finetune import Classifier, Dropout, FinetuneConfig, error_rate, finetune
from rbm.training.greedy import make_dbn

SMALL = LabelsPlan(sizes=(7, 5), pretraining=1, epochs=1, least_updates=5, labels=(20, 50), seeds=(1,))


@pytest.fixture(scope="module")
def few() -> Dataset:
    digits = load_dataset("mnist", size=300)
    return replace(
        digits, validation=digits.validation[:30], validation_labels=digits.validation_labels[:30],
        test=digits.test[:200], test_labels=digits.test_labels[:200],
    )  # fmt: skip


def test_an_unrolled_net_passes_the_means_up():
    dbn = make_dbn(11, (7, 5), 1).double()
    network = Classifier.unroll(dbn, 3, generator(2, "c"))
    v = torch.rand(13, 11, generator=generator(3, "v"), dtype=torch.float64)
    torch.testing.assert_close(network(v), network.layers[-1](dbn.means(v)[-1]))


def test_dropout_keeps_the_mean_and_drops_its_share():
    drop = Dropout(FinetuneConfig(dropout_input=0.2, dropout_hidden=0.5), generator(1, "drop"))
    x = torch.full((400, 500), 3.0)
    for layer, share in ((0, 0.2), (1, 0.5), (2, 0.5)):
        y = drop(x, layer)
        error = (share * (1 - share) / x.numel()) ** 0.5
        assert abs(float((y == 0).double().mean()) - share) < 4 * error
        assert abs(float(y.double().mean()) / 3 - 1) < 4 * error / (1 - share)


@pytest.mark.parametrize(("optimizer", "rate"), [("sgd", 0.2), ("adam", 0.01)])
def test_a_classifier_learns_its_images_and_keeps_weights_within_their_norm(few, optimizer, rate):
    draw = generator(1, "classifier")
    network = Classifier((784, 30), 10, draw)
    assert error_rate(network, few.train, few.train_labels) > 0.7
    config = FinetuneConfig(
        epochs=30,
        dropout_input=0,
        dropout_hidden=0,
        optimizer=optimizer,
        learning_rate=rate,
        batch_size=30,
        max_norm=3.0,
    )
    events = list(finetune(network, few.train, few.train_labels, config, draw))
    assert (events[-1].step, events[-1].done) == (300, 1.0)
    assert events[-1].loss < 0.2 * events[0].loss
    assert error_rate(network, few.train, few.train_labels) < 0.02
    assert error_rate(network, few.test, few.test_labels) < 0.35
    assert float(network.layers[0].weight.detach().norm(dim=1).max()) <= 3.0 + 1e-5


def test_bad_sizes_and_rates_are_refused(few):
    draw = generator(1, "bad")
    with pytest.raises(ConfigError, match="hidden layer and two classes"):
        Classifier((784,), 10, draw)
    with pytest.raises(ShapeError, match="a label for each image"):
        list(finetune(Classifier((784, 3), 10, draw), few.train, few.test_labels, FinetuneConfig(), draw))
    network = Classifier((784, 3), 10, draw)
    with torch.no_grad():
        network.layers[0].weight.fill_(float("nan"))
    with pytest.raises(DivergenceError, match="Lower its learning rate"):
        list(finetune(network, few.train, few.train_labels, FinetuneConfig(epochs=1), draw))
    with pytest.raises(ConfigError, match="10 or more"):
        LabelsPlan(labels=(3,))


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
