"""What the Train page's charts say: one axis of epochs, marks on estimates that are not to be trusted, speed averaged."""

from itertools import pairwise

import pytest

from pages.train.live import board, curves
from rbm.experiment import ModelSpec
from rbm.store import likelihoods
from rbm.training.events import MEASURES, TrainEvent
from rbm.training.history import History


def event(epoch: float, seconds: float = 0.0, **numbers: float) -> TrainEvent:
    return TrainEvent(round(32 * epoch), epoch, numbers, seconds)


def bracket(at: float, low: float, high: float, **more: float) -> dict[str, float]:
    return {"log_likelihood_epoch": at, "log_likelihood_low": low, "log_likelihood_high": high, **more}


def test_every_chart_of_a_run_shows_the_same_epochs():
    """The likelihood is known at epochs 1 and 2 of a run that is at epoch 8: its axis goes to 8 all the same."""
    history = History(
        [
            event(0, free_energy_train=1.0),
            event(1.5, **bracket(1.0, -130.0, -120.0, log_likelihood_ess=40.0)),
            event(2.5, **bracket(2.0, -125.0, -119.0, log_likelihood_ess=40.0), reconstruction_error=0.1),
            event(8),
        ]
    )
    options = [curves.likelihood(history), curves.free_energy(history)]
    options += [curves.measure(history, metric) for metric in MEASURES]
    assert all(option["layout"]["xaxis"]["range"] == [0.0, 8.0] for option in options)
    assert curves.likelihood(history)["series"][0]["x"] == [1.0, 2.0]
    assert curves.measure(History(), "cd_loss")["layout"]["xaxis"]["range"] is None


def test_only_a_run_that_estimates_never_says_that_no_likelihood_comes():
    assert curves.likelihood(History())["empty"] == "First estimate soon after epoch 1"
    assert "never" in curves.likelihood(History(), never=True)["empty"]


def test_a_likelihood_s_axis_spans_two_nats_at_least():
    history = History([event(1.5, **bracket(1.0, -120.5, -120.0, log_likelihood_ess=40.0))])
    assert curves.likelihood(history)["layout"]["yaxis"]["autorangeoptions"]["include"] == [-121.25, -119.25]


def test_unreliable_estimates_are_hollow_and_say_so():
    history = History(
        [
            event(1.5, **bracket(1.0, -130.0, -120.0, log_likelihood_ess=40.0)),
            event(2.5, **bracket(2.25, -125.5, -119.03, log_likelihood_ess=1.2)),
        ]
    )
    option = curves.likelihood(history)
    assert [one["hollow"] for one in option["series"]] == [[1], [1]]
    assert option["doubt"] == "unreliable"
    assert option["note"] == "Epoch 2.2: −125.50 to −119.03 (unreliable)"


def test_an_exact_likelihood_is_one_number_and_an_older_estimate_of_unknown_worth_is_marked():
    exact = curves.likelihood(History([event(5.5, **bracket(5.0, -4.5, -4.5))]))
    assert (exact["note"], exact["series"][0]["hollow"]) == ("Epoch 5: −4.50, exact", [])
    older = curves.likelihood(History([event(5.5, **bracket(5.0, -121.0, -120.0))]))
    assert (older["note"], older["series"][0]["hollow"]) == ("Epoch 5: −121.00 to −120.00 (unreliable)", [0])


@pytest.mark.parametrize(
    ("numbers", "mark"),
    [
        (bracket(5.0, -121.0, -120.0, log_likelihood_ess=5.0), ""),
        (bracket(5.0, -121.0, -120.0, log_likelihood_ess=4.9), "unreliable"),
        (bracket(5.0, -121.0, -120.0), "unreliable"),
        (bracket(5.0, -120.0, -121.0), "unreliable"),
        (bracket(5.0, -4.5, -4.5), ""),
    ],
)
def test_the_chart_and_the_table_of_runs_mark_the_same_estimates(numbers, mark):
    option = curves.likelihood(History([event(5.5, **numbers)]))
    assert likelihoods.of_numbers(numbers).verdict.mark == mark
    assert option["series"][0]["hollow"] == ([0] if mark else [])
    assert ("(unreliable)" in option["note"]) == bool(mark)


def test_crossed_estimates_are_said_to_be_crossed():
    option = curves.likelihood(History([event(5.5, **bracket(5.0, -118.0, -119.0, log_likelihood_ess=30.0))]))
    assert option["note"] == "Epoch 5: −118.00 to −119.00, crossed"


def test_the_chart_says_which_epoch_is_being_estimated_and_when_that_rests():
    history = History(
        [
            event(1.5, **bracket(1.0, -130.0, -120.0, log_likelihood_ess=40.0)),
            event(5.1, log_likelihood_estimating=5.03),
        ]
    )
    known = "Epoch 1: −130.00 to −120.00 · "
    assert curves.likelihood(history, moving=True)["note"] == known + "estimating epoch 5 …"
    assert curves.likelihood(history)["note"] == known + "epoch 5: once training goes on"
    assert curves.likelihood(History([event(0)]), moving=True)["note"] == ""


@pytest.mark.parametrize("visible", ["bernoulli", "gaussian", "relu"])
def test_pixels_of_every_type_have_a_chart_of_the_pseudo_likelihood(visible):
    option = curves.measure(History(), "pseudo_log_likelihood", ModelSpec(visible=visible))
    assert option == curves.measure(History(), "pseudo_log_likelihood")


def test_images_per_second_are_averaged_over_seconds():
    """1,000 a second for four seconds and 9,000 for one tenth: 4,900 images in 4.1 seconds."""
    history = History([event(0), event(1, 4.0, samples_per_second=1000.0), event(2, 4.1, samples_per_second=9000.0)])
    (speed,) = curves.measure(history, "samples_per_second")["series"]
    assert speed["y"] == pytest.approx([1000.0, 4900 / 4.1], rel=1e-4)


def test_the_first_chart_falls_when_learning_goes_well_and_the_cd_loss_is_among_the_others():
    from rbm.experiment import DatasetSpec, ModelSpec, RunSpec, make_dataset, make_trainer
    from rbm.training.config import TrainConfig

    assert "cd_loss" in board._OTHERS
    spec = RunSpec(DatasetSpec(size=2000), ModelSpec(50), TrainConfig(epochs=5, likelihood="never"))
    trainer = make_trainer(spec, make_dataset(spec.dataset))
    events = [trainer.step(report=True) for _ in range(trainer.total_steps)]
    by_epoch = [[e.metrics[board.FIRST] for e in events if n < e.epoch <= n + 1] for n in range(5)]
    means = [sum(values) / len(values) for values in by_epoch]
    assert all(later < earlier for earlier, later in pairwise(means))
    assert means[-1] < 0.75 * means[0]


def test_a_smoothed_curve_has_what_was_measured_faintly_behind_it():
    history = History([event(n, reconstruction_error=float(n % 2)) for n in range(5)])
    plain = curves.measure(history, "reconstruction_error")
    assert [one["name"] for one in plain["series"]] == ["Reconstruction error"]
    option = curves.measure(history, "reconstruction_error", smoothing=0.5)
    smoothed, raw = option["series"]
    assert raw["y"] == plain["series"][0]["y"] == [0, 1, 0, 1, 0]
    assert smoothed["y"] == pytest.approx([0, 2 / 3, 2 / 7, 10 / 15, 10 / 31], rel=1e-5)
    assert (raw["behind"], raw["colour"], smoothed["colour"]) == (smoothed["name"], 0, 0)
    assert raw["opacity"] < 0.5
    assert not option["layout"]["showlegend"]


def test_smoothed_free_energies_keep_their_band_and_their_two_names():
    history = History([event(n, free_energy_train=-n, free_energy_validation=n % 2) for n in range(5)])
    option = curves.free_energy(history, 0.9)
    assert option["band"] == [0, 1]
    assert option["layout"]["showlegend"]
    assert [one["name"] for one in option["series"] if not one.get("behind")] == ["training", "validation"]
    assert [one["colour"] for one in option["series"]] == [0, 1, 0, 1]
