import json
import re
from xml.etree import ElementTree

import numpy as np
import pytest

from pages.ui.draw.figures import (
    Bars,
    Series,
    bars,
    bipartite,
    curve_option,
    histogram,
    intervals,
    state_option,
)
from pages.ui.draw.figures import option as plotly_option
from rbm.core.curves import MAX_POINTS

RNG = np.random.default_rng(7)


def option(**more):
    series = [
        Series("training", [1, 2, 3], [-5.0, np.nan, -7.123456789]),
        Series("validation", [1, 3], [-4, -5], dash=True),
    ]
    return curve_option(series, x_title="epoch", y_title="free energy / nats", **more)


def test_curve_option_says_what_is_drawn():
    drawn = option(band=("training", "validation"), line=("exact", 3), log_x=True)
    first, second = drawn["series"]
    assert (first["name"], first["x"], first["y"]) == ("training", [1.0, 2.0, 3.0], [-5.0, None, -7.12346])
    assert [one["line"]["dash"] for one in (first, second)] == ["solid", "dash"]
    assert (first["mode"], second["mode"]) == ("lines+markers", "lines")  # the first has values without a neighbour
    axes = [drawn["layout"][name] for name in ("xaxis", "yaxis")]
    assert [axis["title"]["text"] for axis in axes] == ["epoch", "free energy / nats"]
    assert [axis["type"] for axis in axes] == ["log", "linear"]
    assert option()["layout"]["xaxis"]["range"] == [1.0, 3.0]
    assert option(x_range=(0, 8))["layout"]["xaxis"]["range"] == [0.0, 8.0]
    assert drawn["band"] == [0, 1]
    assert drawn["line"] == {"label": "exact", "value": 3.0}
    json.dumps(drawn, allow_nan=False)


def test_a_band_waits_for_both_of_its_series():
    assert option(band=("training", "test"))["band"] is None
    assert option(line=("exact", np.nan))["line"] is None
    assert curve_option([], x_title="epoch", y_title="nats")["series"] == []


def test_a_chart_of_one_point_spans_a_tenth_around_it_and_not_one_to_either_side():
    one = curve_option([Series("error", [0.5], [0.08])], x_title="epochs", y_title="error")["layout"]
    assert one["yaxis"]["range"] == pytest.approx([0.076, 0.084])
    assert one["xaxis"]["range"] == [0.0, 1.0]
    first = curve_option([Series("KL", [0], [1.2])], x_title="updates", y_title="KL")["layout"]
    assert first["xaxis"]["range"] == [0.0, 1.0]
    two = curve_option([Series("error", [0, 0.5], [0.09, 0.08])], x_title="epochs", y_title="error")
    assert "range" not in two["layout"]["yaxis"]
    assert two["layout"]["xaxis"]["range"] == [0, 0.5]


def test_long_series_are_sent_short():
    drawn = curve_option([Series("a", np.arange(5000), RNG.normal(size=5000))], x_title="step", y_title="nats")
    assert len(drawn["series"][0]["x"]) <= MAX_POINTS
    assert len(json.dumps(drawn)) < 12_000


def test_numbers_keep_their_digits_at_every_size():
    y = [1.23456789e-12, 0.0, -1.23456789e12, np.inf]
    drawn = curve_option([Series("a", [0, 1, 2, 123456789], y)], x_title="step", y_title="nats")
    assert drawn["series"][0]["x"][-1] == 123456789
    assert drawn["series"][0]["y"] == [pytest.approx(1.23457e-12), 0.0, pytest.approx(-1.23457e12), None]


def test_curves_refuse_what_cannot_be_read():
    with pytest.raises(ValueError, match="share a name"):
        curve_option([Series("a", [], []), Series("a", [], [])], x_title="x", y_title="y")


def test_what_can_be_drawn_of_a_curve_is_drawn():
    """One column a moment newer than the other, an x that goes back, an x that is missing: never an error on a page."""

    def drawn(x: list[float], y: list[float]) -> tuple[list[float], list[float]]:
        (one,) = curve_option([Series("a", x, y)], x_title="x", y_title="y")["series"]
        return one["x"], one["y"]

    assert drawn([1, 2, 3], [4, 5]) == ([1, 2], [4, 5])
    assert drawn([1, 2], [4, 5, 6]) == ([1, 2], [4, 5])
    assert drawn([2, 1, 1], [7, 8, 9]) == ([1, 1, 2], [8, 9, 7])
    assert drawn([1, np.nan, 3, np.inf], [4, 5, 6, 7]) == ([1, 3], [4, 6])


def test_bars_over_states_carry_values_and_pictures():
    two = [Bars("data", [0.25, 0.75], outline=True), Bars("model", np.array([0.5, 1 / 3]))]
    drawn = state_option(two, ["01", "all others"], x_title="state", y_title="probability", pictures=(1, 2), marked=1)
    assert [one["outline"] for one in drawn["series"]] == [True, False]
    assert drawn["series"][1]["y"] == [0.5, 0.33333]
    assert drawn["glyph"] == {"rows": 1, "columns": 2, "bits": ["01", ""]}  # what is no picture is written
    json.dumps(drawn, allow_nan=False)
    with pytest.raises(ValueError, match="'data' has 2 values for 1 states"):
        state_option(two, ["01"], x_title="state", y_title="probability")


def test_histogram_counts_every_finite_value_once():
    figure = histogram(np.append(RNG.normal(size=997), np.nan), x_title="free energy / nats", y_title="images")
    assert sum(figure.data[0].y) == 997
    assert figure.layout.xaxis.title.text == "free energy / nats"
    assert figure.layout.yaxis.title.text == "images"
    assert figure.layout.showlegend is False


def test_a_figure_becomes_plain_json():
    figure = bars(["0", "1"], {"a": [1.0, np.nan]}, x_title="digit", y_title="nats", errors={"a": np.array([1, 2])})
    drawn = plotly_option(figure)
    assert drawn["series"][0]["x"] == ["0", "1"]
    assert drawn["series"][0]["y"] == [1.0, None]
    assert drawn["series"][0]["error_y"]["array"] == [1, 2]
    assert drawn["layout"]["xaxis"]["type"] == "category"
    json.dumps(drawn, allow_nan=False)
    ends = plotly_option(intervals(["A", "B"], [1, 2], [0, 1], [2, 3], x_title="run", y_title="nats"))
    assert ends["series"][0]["customdata"] == [[0, 2], [1, 3]]


def test_histogram_of_groups_shares_bins_and_compares_shares():
    groups = {"data": RNG.normal(size=13), "noise": RNG.normal(5, 1, size=701)}
    figure = histogram(groups, x_title="nats", y_title="share", share=True)
    assert [bar.name for bar in figure.data] == ["data", "noise"]
    np.testing.assert_array_equal(figure.data[0].x, figure.data[1].x)
    assert [sum(bar.y) for bar in figure.data] == [pytest.approx(1), pytest.approx(1)]
    assert figure.layout.showlegend is True


@pytest.mark.parametrize("values", [[], [3.0, 3.0], {"a": [], "b": [1.0]}])
def test_histogram_of_hardly_anything(values):
    assert histogram(values, x_title="x", y_title="y").data


def test_bars_carry_values_and_errors():
    figure = bars(
        ["0", "1"], {"test": [-3, -4], "train": [-2, -1]}, x_title="digit", y_title="nats", errors={"test": [1, 2]}
    )
    assert figure.layout.xaxis.type == "category"
    np.testing.assert_array_equal(figure.data[0].y, [-3, -4])
    np.testing.assert_array_equal(figure.data[0].error_y.array, [1, 2])
    assert figure.data[1].error_y.array is None


def test_bipartite_joins_the_layers_and_nothing_within_them():
    svg = ElementTree.fromstring(bipartite(6, 4))
    space = "{http://www.w3.org/2000/svg}" if svg.tag.startswith("{") else ""
    lines = [line for line in svg.iter(f"{space}line") if "stroke-dasharray" not in line.attrib]
    assert len(lines) == 6 * 4
    assert {(line.get("y1"), line.get("y2")) for line in lines} == {("236", "86")}
    assert len({(line.get("x1"), line.get("x2")) for line in lines}) == 6 * 4
    texts = {"".join(text.itertext()) for text in svg.iter(f"{space}text")}
    assert texts == {f"{a}{i}" for a in "vb" for i in range(1, 7)} | {f"{a}{j}" for a in "hc" for j in range(1, 5)} | {
        "W"
    }
    assert "no edges within a layer" in svg.findtext(f"{space}title")


def test_bipartite_takes_the_colour_of_the_page():
    assert 'fill="currentColor"' in bipartite()
    assert not re.search(r"(white|black)", bipartite())
