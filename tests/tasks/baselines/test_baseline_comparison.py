"""The competition: the same clock for all, news in the same order, and verdicts that hold against exact values."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from rbm.datasets.catalog import load_dataset
from rbm.errors import ConfigError, DatasetError
from rbm.evaluation import exact
from rbm.evaluation.ais import Bracket, Estimate
from rbm.evaluation.likelihood import log_likelihood
from rbm.studies import rivals as study
from rbm.tasks.baselines import comparison, judging, timed
from rbm.tasks.baselines.comparison import BaselineLook, BaselineVerdict, Opening, Pace

N = 50


@pytest.fixture(scope="module")
def few():
    digits = load_dataset("mnist", size=300)
    return replace(digits, test=digits.test[:100], test_labels=digits.test_labels[:100])


@pytest.fixture(scope="module")
def news(few):
    return list(
        comparison.compare(
            tuple(comparison.MODELS), n_hidden=13, seconds=0.3, n_samples=N, n_temperatures=60, dataset=few
        )
    )


def test_everybody_has_the_same_clock_and_about_the_same_number_of_weights(news):
    assert isinstance(news[0], Opening)
    budget = 784 * 13 + 784 + 13
    assert news[0].weights["rbm"] == budget
    assert all(abs(n / budget - 1) < 0.3 for n in news[0].weights.values())  # one more map of a DCGAN is a large step
    looks = [n for n in news if isinstance(n, BaselineLook)]
    assert [look.model for look in looks] == [*comparison.MODELS] * 3
    assert [look.mark for look in looks[::5]] == [0.0, 0.25, 0.3]
    for look in looks:
        assert look.seconds >= look.mark
        assert look.pictures.shape == (comparison.SHOWN, 784)
        assert look.frechet > 0
        assert 0 <= look.aats <= 1
        assert sum(look.digits) == pytest.approx(1)
    assert all(look.updates == 0 for look in looks[:5])
    assert all(look.updates > 0 for look in looks[-5:])
    done = [n.done for n in news if isinstance(n, Pace)]
    assert done == sorted(done)
    assert done[-1] == 1.0


def test_the_same_news_come_in_the_same_order_when_it_is_begun_again(few):
    def told():
        found = comparison.compare(("gan", "vae"), n_hidden=13, seconds=0.3, n_samples=N, n_temperatures=5, dataset=few)
        return [(type(n), getattr(n, "model", ""), getattr(n, "mark", 0.0)) for n in found]

    first = told()
    assert first == told()
    assert [kind for kind, *_ in first].count(BaselineLook) == 6


def test_only_the_rbm_and_the_vae_have_a_likelihood_and_the_nearest_images_are_training_images(news, few):
    verdicts = {n.model: n for n in news if isinstance(n, BaselineVerdict)}
    assert set(verdicts) == set(comparison.MODELS)
    for name, verdict in verdicts.items():
        assert math.isfinite(verdict.low) == (name in ("rbm", "vae"))
        known = {row.tobytes() for row in (few.train * 255).round().byte().numpy()}
        assert all(row.tobytes() in known for row in verdict.nearest)
    assert verdicts["rbm"].low <= verdicts["rbm"].high < 0
    assert verdicts["vae"].high == math.inf


def test_the_rbms_bracket_holds_its_exact_likelihood(few):
    one = timed.TimedRbm(few, 7, 1, N)
    for _ in range(20):  # of any speed
        one.trainer.step()
    one.pictures()
    bracket = judging.bracket_of(one, few.train, 300, 1)
    bracket.advance(10_000)
    v = judging.held_out(few)
    found = judging.rbm_bound(one, bracket.result, v)
    truth = float(log_likelihood(one.model, v, exact.log_partition(one.model)).mean())
    slack = 4 * (bracket.result.forward.standard_error + bracket.result.reverse.standard_error) + 1e-3
    assert found.low - slack <= truth <= found.high + slack
    assert "unreliable" not in found.mark


def test_a_bracket_on_few_chains_is_marked(few):
    one = timed.TimedRbm(few, 7, 1, N)
    v = judging.held_out(few)
    few_chains = Bracket(Estimate(10.0, 0.5, 2.6, 9.0, 11.0), Estimate(9.0, 0.1, 50.0, 8.7, 9.3))
    assert judging.rbm_bound(one, few_chains, v).mark == "unreliable, crossed"
    assert judging.rbm_bound(one, Bracket(few_chains.reverse, few_chains.reverse), v).mark == ""


def test_yardsticks_are_ordered_and_the_judge_finds_real_images_alike():
    digits = load_dataset("mnist")
    judge = judging.Judge(digits, 300)
    scores = {name: judge.score(v) for name, v in judging.yardsticks(digits, 300).items()}
    distances = [scores[name].frechet for name in ("real digits", "a tenth flipped", "blurred", "noise")]
    assert distances == sorted(distances)
    assert abs(scores["real digits"].aats.value - 0.5) < 4 * scores["real digits"].aats.standard_error
    assert scores["noise"].aats.value > 0.9
    assert scores["real digits"].sure > 0.9 > scores["noise"].sure
    assert np.allclose(scores["real digits"].digits, 0.1, atol=0.07)


def test_an_autoencoders_pictures_follow_its_images(few):
    one = timed.make("autoencoder", few, 13, 1, N)
    one.pictures()
    code = one.model.encode(few.train)
    torch.testing.assert_close(one.model.code_mean, code.mean(0).detach(), rtol=1e-4, atol=1e-5)


def test_who_or_what_cannot_compete_is_told(few):
    with pytest.raises(ConfigError, match="Who competes"):
        next(comparison.compare(("flow",)))
    with pytest.raises(ConfigError, match="Who competes"):
        next(comparison.compare(()))
    with pytest.raises(DatasetError, match="ask for fewer"):
        judging.Judge(few, 101)
    with pytest.raises(DatasetError, match="2 at least"):
        judging.Judge(few, 1)


def test_data_that_the_classifier_of_digits_does_not_know_is_judged_without_it():
    data = load_dataset("shifter")
    news = list(
        comparison.compare(("rbm", "vae"), n_hidden=9, seconds=0.1, n_samples=60, n_temperatures=20, dataset=data)
    )
    assert news[0].yardsticks == {}
    assert news[0].judged == 60
    looks = [n for n in news if isinstance(n, BaselineLook)]
    assert all(math.isnan(look.frechet) and math.isnan(look.sure) and look.digits == () for look in looks)
    assert all(0 <= look.aats <= 1 and look.pictures.shape == (comparison.SHOWN, 16) for look in looks)
    assert not comparison.fits("dcgan", data.image_shape)
    assert comparison.fits("dcgan", (28, 20))


def test_fewer_test_images_than_pictures_are_enough(few):
    data = replace(few, test=few.test[:2], test_labels=few.test_labels[:2])
    news = list(comparison.compare(("rbm",), n_hidden=9, seconds=0.05, n_samples=60, n_temperatures=20, dataset=data))
    assert news[0].judged == 2
    assert all(math.isfinite(n.frechet) for n in news if isinstance(n, BaselineLook))


def test_looks_end_at_the_end():
    assert comparison.marks(0.5) == (0.0, 0.25, 0.5)
    assert comparison.marks(4.0) == (0.0, 0.25, 0.5, 1.0, 2.0, 3.0, 4.0)


def test_the_study_says_whether_the_claim_is_borne_out():
    def looks(*distances):
        return [
            BaselineLook(
                "x", float(mark), float(mark), mark / 4, mark, np.zeros((1, 784), np.uint8), d, 0.5, 0.5, 1.0, ()
            )
            for mark, d in enumerate(distances)
        ]

    slow, quick, never = looks(99.0, 50.0, 9.0), looks(99.0, 9.0, 9.0), looks(99.0, 50.0, 50.0)
    held = study.claim(1, {"rbm": quick, "gan": slow, "dcgan": never}, 14.0)
    assert "It holds here" in held
    assert "the RBM after 1 s, 0.2 epochs, the GAN after 2 s, 0.5 epochs, the DCGAN not in time" in held
    for rbm, gan in ((slow, quick), (quick, quick), (never, never)):
        assert "not borne out" in study.claim(1, {"rbm": rbm, "gan": gan, "dcgan": never}, 14.0)
