"""The lesson pages under AppTest: their experiments set the controls, and what they show is what the engine computes."""

import json

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from pages.learn.cd_bias import gradients, race
from pages.learn.markov import matrix
from pages.learn.slow_motion import stages
from pages.ui import shell
from rbm.datasets.toy import bars_and_stripes
from rbm.jobs.job import release_all
from rbm.lessons import known, two_pixels
from tests.helpers.screen import open_page
from tests.helpers.waiting import PATIENCE, wait

pytestmark = pytest.mark.usefixtures("clean")


def drawn(app: AppTest, alt: str) -> dict:
    """What was sent to the component with these words."""
    (found,) = [data for data in components(app) if data.get("alt", "").startswith(alt)]
    return found


def sent(app: AppTest, channel: str) -> dict:
    """What was sent to the component of this channel."""
    (found,) = [data for data in components(app) if data.get("channel") == channel]
    return found


def components(app: AppTest) -> list[dict]:
    return [json.loads(element.proto.json) for element in app.get("bidi_component")]


def shown(app: AppTest) -> str:
    """All that is drawn, without when it was and what was asked."""
    stamps = ("at", "asked", "address", "feed")
    return json.dumps([{name: value for name, value in one.items() if name not in stamps} for one in components(app)])


def bars(app: AppTest, alt: str) -> dict[str, list[float]]:
    return {one["name"]: one["y"] for one in drawn(app, alt)["series"]}


def press(app: AppTest, key: str) -> AppTest:
    app.button(key=key).click().run()
    assert not app.exception
    wait(lambda: warmed_up(app), what="the machine that slow motion looks into")
    return app


def warmed_up(app: AppTest) -> bool:
    """Whether a worker has made what the page looks into; a browser would be told when."""
    waits = any("Training a machine to look into" in one.value for one in app.caption)
    if waits:
        app.run()
    return not waits


@pytest.mark.parametrize(
    ("script", "key", "count"), [(shell.PIXELS, "pixels", 4), (shell.MARKOV, "markov", 4), (shell.SLOW, "slow", 5)]
)
def test_every_experiment_shows_something_of_its_own_and_the_same_whatever_was_tried_before(script, key, count):
    app = open_page(script)
    assert not app.exception
    wait(lambda: warmed_up(app), what="the machine that slow motion looks into")
    there = [shown(press(app, f"try_{key}_{number}")) for number in range(count)]
    back = [shown(press(app, f"try_{key}_{number}")) for number in reversed(range(count))]
    assert len(set(there)) == count
    assert back[::-1] == there


def test_two_pixels_step_by_step():
    app = open_page(shell.PIXELS)
    for _ in range(3):
        press(app, "pixels_one")
    press(app, "pixels_10")
    assert app.slider(key="pixels_step").value == 13
    p0 = two_pixels.observed(two_pixels.COUNTS)
    shown = bars(app, "Probability of the four patterns")
    np.testing.assert_allclose(shown["data P₀"], p0)
    np.testing.assert_allclose(shown["gradient descent"], two_pixels.descend(p0, 0.2, 13).p[-1], atol=1e-4)
    np.testing.assert_allclose(shown["Hebb"], two_pixels.distribution(two_pixels.hebb(p0)), atol=1e-4)
    app.number_input(key="pixels_count_1").set_value(11).run()
    np.testing.assert_allclose(bars(app, "Probability of the four patterns")["data P₀"], np.array([3, 11, 2, 4]) / 20)
    for i in range(4):
        app.number_input(key=f"pixels_count_{i}").set_value(0)
    app.run()
    assert "at least one pattern" in app.info[0].value


def test_a_count_of_nought_says_that_weights_grow_without_end():
    app = press(open_page(shell.PIXELS), "try_pixels_3")
    assert [row[-1] for row in sent(app, "pixels_table")["rows"][:3]] == ["no", "finite", "values"]


def test_the_chain_moves_only_when_asked_and_a_new_temperature_starts_it_anew():
    app = open_page(shell.MARKOV)
    press(app, "markov_10")
    visits = bars(app, "Shares of visits")
    assert sum(visits["Gibbs"]) == pytest.approx(1, abs=1e-3)
    assert "tempered" not in visits
    exactly = matrix.facts(matrix.MACHINES[0], 2.0, 1.0)
    np.testing.assert_allclose(visits["exact p(v)"], exactly.p, atol=1e-4)
    np.testing.assert_allclose(exactly.p @ exactly.k, exactly.p, atol=1e-12)  # reordered, but the same chain
    app.slider(key="markov_beta").set_value(0.5).run()
    assert sum(bars(app, "Shares of visits")["Gibbs"]) == 0
    app.toggle(key="markov_tempered").set_value(True).run()
    press(app, "markov_1")
    assert sum(bars(app, "Shares of visits")["tempered"]) == pytest.approx(1)


def test_the_walk_through_an_update_shows_more_with_every_click():
    app = press(open_page(shell.SLOW), "try_slow_3")  # nine pixels
    known = stages.stages(1, persistent=False)
    press(app, "slow_reset")
    seen = []
    for stage in known:
        assert any(text.value.startswith(f"**{stage.name}**") for text in app.markdown)
        seen.append(
            drawn(app, "Visible layer")["version"]
            + drawn(app, "Hidden layer")["version"]
            + drawn(app, "new filter")["version"]
        )
        if stage is not known[-1]:
            press(app, "slow_next")
    assert app.button(key="slow_next").disabled
    assert len(set(seen)) >= 7  # six layers, then the new filter
    press(app, "slow_keep")
    assert any("update 402" in text.value for text in app.markdown)


@pytest.mark.parametrize(("k", "persistent", "layers"), [(1, False, 6), (3, False, 14), (1, True, 7), (2, True, 11)])
def test_there_is_one_click_for_every_layer_and_seven_for_the_update(k, persistent, layers):
    known = stages.stages(k, persistent)
    assert len(known) == layers + 7
    assert [stage.pictures for stage in known] == [*range(1, layers + 1), *[layers] * 7]
    assert [stage.parts for stage in known] == [*[0] * layers, *range(2, 9)]


def test_hidden_probabilities_are_drawn_from_the_click_on_that_gives_them():
    app = press(open_page(shell.SLOW), "try_slow_3")  # nine pixels
    press(app, "slow_reset")
    shown = []
    for _ in stages.stages(1, persistent=False)[:-1]:
        shown.append([any(y) for y in bars(app, "Probabilities of the hidden").values()])
        press(app, "slow_next")
    # v₀ | p(h|v₀) h₀ p(v|h₀) v₁ | p(h|v₁) and the update
    assert shown == [[False, False], *[[True, False]] * 4, *[[True, True]] * 7]


def test_a_longer_chain_leaves_the_walk_at_what_it_showed():
    app = press(open_page(shell.SLOW), "try_slow_4")  # the decay, of CD-1
    app.slider(key="slow_k").set_value(3).run()
    assert any(text.value.startswith("**decay**") for text in app.markdown)
    app.slider(key="slow_k").set_value(1).run()
    assert any(text.value.startswith("**decay**") for text in app.markdown)
    short, long = stages.stages(1, persistent=False), stages.stages(4, persistent=True)
    for i, stage in enumerate(short):
        there = long[stages.moved(i, short, long)]
        assert there.parts == stage.parts
        assert there.name.rstrip("₁₂₃₄)") == stage.name.rstrip("₁₂₃₄)")


def test_the_compass_agrees_with_its_own_limits():
    seen = gradients.compass("2×2 bars and stripes", 20)
    assert seen.cd_angle[0] > seen.cd_angle[-1]
    assert abs(seen.cd_length[-1] - seen.exact_length) < abs(seen.cd_length[0] - seen.exact_length)
    assert seen.log_likelihood < seen.best
    app = open_page(shell.CD_BIAS)
    press(app, "try_follows_3")
    first, half = (gradients.compass("2×2 bars and stripes", at) for at in (0, app.session_state["follows_place"]))
    assert (
        0.4 < (half.log_likelihood - first.log_likelihood) / (half.best - first.log_likelihood) < 0.7
    )  # "half learnt"
    app.select_slider(key="follows_k").set_value(7).run()
    assert not app.exception
    assert sent(app, "follows_numbers")["head"][2] == "CD-7: angle"


@pytest.mark.parametrize("patterns", list(gradients.LESSONS))
def test_exact_learning_climbs_and_early_on_cd_agrees_with_it(patterns):
    seen = known.compass(patterns)
    climbed = np.diff([one.log_likelihood for one in seen])
    assert climbed.min() > 0  # "a small rate": at a larger one the shifter's learning leaps over the valley
    early = seen[len(seen) // 2]
    assert early.cd_length[0] == pytest.approx(early.exact_length, rel=0.01)
    assert early.cd_angle[0] < 12
    assert seen[-1].cd_angle[0] > 35
    assert seen[-1].cd_angle[0] > 3 * seen[-1].pcd_angle[0]  # whose chains keep up


def test_later_the_length_of_cds_gradient_tells_little():
    """What the page says: longer than the exact one on the bars, a fifth too short half way on the shifter."""
    bars_, shifter = (
        [one.cd_length[0] / one.exact_length for one in known.compass(name)]
        for name in ("3×3 bars and stripes", "shifter")
    )
    assert bars_[-1] == pytest.approx(1.3, abs=0.1) == max(bars_)
    assert min(shifter) == pytest.approx(0.8, abs=0.05)
    assert shifter[-1] > 1.1


def test_the_shifter_is_learnt_and_raced_too():
    app = press(open_page(shell.CD_BIAS), "try_follows_4")
    assert sent(app, "follows_numbers")["about"][0].endswith("−3.178.")
    assert app.session_state["follows_patterns"] == "shifter"
    app.segmented_control(key="race_patterns").set_value(race.SHIFTER).run()
    assert not app.exception
    assert bars(app, "The learnt distribution")["data"] == pytest.approx([1 / 24] * 24, abs=1e-5)


@pytest.mark.slow  # tests/tasks/test_races.py runs one in every run
def test_a_race_is_asked_for_by_a_button_and_its_distribution_sums_to_one():
    app = open_page(shell.CD_BIAS)
    assert bars(app, "The learnt distribution")["machine"] == [0.0] * 14
    try:
        app.select_slider(key="race_updates").set_value(500).run()
        press(app, "race_start")
        running = app.session_state["race"]
        wait(lambda: bool(running.legs["CD-1"]), what="the first leg")
        data, model, names = race.distribution(bars_and_stripes(3).train, running.legs["CD-1"][-1])
        assert data.sum() == pytest.approx(1)
        assert model.sum() == pytest.approx(1)
        assert len(names) == 14 + race.OTHERS + 1 == len(data)
        app.run()
        assert not app.exception
    finally:
        release_all(PATIENCE)
