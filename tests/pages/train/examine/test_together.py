"""What the charts of correlations say."""

import json
import math

import numpy as np

from pages.train.examine import together
from rbm.tasks.examine import Group, Together

PAIRS = Group(
    np.array([0.1, -0.2], np.float32),
    np.array([0.12, -0.1], np.float32),
    np.array([0.01, 0.02], np.float32),
    0.98,
    0.99,
    0.2,
)
TRIPLES = PAIRS._replace(agreement=math.nan, coupling=0.0001)


def test_each_group_is_a_dot_with_its_error_over_the_line_of_equality():
    drawn = together.option(PAIRS, "⟨uᵢuⱼ⟩")
    json.dumps(drawn)
    dots, line = drawn["series"]
    np.testing.assert_allclose(line["x"], [-0.2, 0.12], rtol=1e-6)
    assert line["x"] == line["y"]
    np.testing.assert_allclose(dots["x"], PAIRS.images)
    np.testing.assert_allclose(dots["y"], PAIRS.chains)
    np.testing.assert_allclose(dots["error_y"]["array"], PAIRS.error)


def test_words_give_agreement_what_images_reach_and_the_couplings_where_they_are_known():
    told = together.words(Together(PAIRS, TRIPLES))
    assert "pairs: r = 0.980, of as many test images 0.990" in told
    assert "triples: r = unknown" in told
    assert "mean |J| in p(v) 0.200 a pair, below 0.001 a triple" in told
    unknown = Together(PAIRS._replace(coupling=math.nan), TRIPLES)
    assert "mean |J|" not in together.words(unknown)


def test_a_contact_map_numbers_its_places_says_whose_it_is_and_shares_its_scale():
    strength = np.array([[0, 1.5], [1.5, 0]], np.float32)
    drawn = together.contact_map(strength, together.MADE, 3.0, "light")
    json.dumps(drawn)
    assert drawn["x"]["labels"] == drawn["y"]["labels"] == ["1", "2"]
    assert [cell["text"] for cell in drawn["cells"]] == ["", "1.5", "1.5", ""]
    assert drawn["cells"][1]["words"] == "places 1 and 2, what made the data: 1.50"
    stronger = together.contact_map(strength, together.MACHINE, 1.5, "light")
    assert drawn["cells"][0]["colour"] == stronger["cells"][0]["colour"]
    assert drawn["cells"][1]["colour"] != stronger["cells"][1]["colour"]
