import tomllib
from itertools import combinations

import numpy as np
import pytest

from pages.ui.draw import theme
from tests.helpers.places import ROOT

CONFIG = tomllib.loads((ROOT / ".streamlit/config.toml").read_text("utf-8"))
MODES = ("light", "dark")
# Linear RGB as seen without red, green or blue cones: Machado, Oliveira and Fernandes (2009), full severity.
VISION = {
    "normal": np.eye(3),
    "protan": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deutan": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritan": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}


def linear(rgb) -> np.ndarray:
    s = np.asarray(rgb, dtype=float) / 255
    return np.where(s <= 0.04045, s / 12.92, ((s + 0.055) / 1.055) ** 2.4)


def oklab(light: np.ndarray) -> np.ndarray:
    to_cone = np.array([[0.4122, 0.5363, 0.0514], [0.2119, 0.6807, 0.1074], [0.0883, 0.2817, 0.6300]])
    to_lab = np.array([[0.2105, 0.7936, -0.0041], [1.9780, -2.4286, 0.4506], [0.0259, 0.7828, -0.8087]])
    return np.cbrt(light @ to_cone.T) @ to_lab.T


def rgb(colour: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(colour[1:]))


def contrast(one: str, other: str) -> float:
    luminance = sorted(float(linear(rgb(colour)) @ [0.2126, 0.7152, 0.0722]) for colour in (one, other))
    return (luminance[1] + 0.05) / (luminance[0] + 0.05)


@pytest.mark.parametrize("mode", MODES)
def test_both_signs_are_equally_light_and_equally_colourful(mode):
    lab = oklab(linear(theme.diverging(mode)))
    chroma = np.hypot(lab[:, 1], lab[:, 2])
    for k in range(1, 128):
        assert lab[128 - k, 0] == pytest.approx(lab[128 + k, 0], abs=0.006)  # the rounding to 8 bits
        assert chroma[128 - k] == pytest.approx(chroma[128 + k], abs=0.012)


@pytest.mark.parametrize("mode", MODES)
def test_zero_is_grey_and_strength_shows(mode):
    lut = theme.diverging(mode)
    assert lut.shape == (256, 3)
    assert lut.dtype == np.uint8
    assert len(set(lut[theme.ZERO_ROW].tolist())) == 1
    np.testing.assert_array_equal(lut[0], lut[1])  # the spare row
    lightness = oklab(linear(lut))[128:, 0] * (-1 if mode == "light" else 1)
    assert (np.diff(lightness) > -0.004).all()
    assert lightness[-1] - lightness[0] > 0.5


@pytest.mark.parametrize("mode", MODES)
def test_blue_is_below_and_red_above(mode):
    lut = theme.diverging(mode).astype(int)
    assert lut[40, 2] > lut[40, 0] + 60
    assert lut[216, 0] > lut[216, 2] + 60


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("mode", MODES)
def test_the_signs_stay_apart_for_every_eye(mode, vision):
    lab = oklab((linear(theme.diverging(mode)) @ VISION[vision].T).clip(0, 1))
    assert np.linalg.norm(lab[192] - lab[64]) > 0.1


def test_greys_are_monotone_and_run_from_end_to_end():
    np.testing.assert_array_equal(theme.grey()[:, 0], np.arange(256))
    paper = theme.grey("ink on paper")
    assert paper[0].tolist() == [250, 249, 246]
    assert (np.diff(paper.astype(int), axis=0) <= 0).all()


def test_the_shared_tables_cannot_be_changed():
    with pytest.raises(ValueError, match="read-only"):
        theme.diverging("light")[0] = 0


@pytest.mark.parametrize("mode", MODES)
def test_config_holds_the_same_colours(mode):
    config = CONFIG["theme"][mode]
    assert config["primaryColor"] == theme.ACCENT[mode]
    assert config["backgroundColor"] == theme.BACKGROUND[mode]
    assert config["textColor"] == theme.TEXT[mode]
    assert tuple(config["chartCategoricalColors"]) == theme.CATEGORICAL[mode]
    rows = np.rint(np.linspace(1, 255, 10)).astype(int)
    assert [rgb(colour) for colour in config["chartDivergingColors"]] == [
        tuple(row) for row in theme.diverging(mode)[rows]
    ]
    assert len(config["chartSequentialColors"]) == 10


@pytest.mark.parametrize("mode", MODES)
def test_contrasts_are_accessible(mode):
    assert contrast(theme.TEXT[mode], theme.BACKGROUND[mode]) > 7
    assert contrast(theme.ACCENT[mode], "#FFFFFF") >= 4.5  # the text of a primary button
    assert contrast(theme.ACCENT[mode], theme.BACKGROUND[mode]) > 4  # sliders, rings; links have their own colour
    assert contrast(CONFIG["theme"][mode]["linkColor"], theme.BACKGROUND[mode]) >= 4.5
    assert all(contrast(colour, theme.BACKGROUND[mode]) >= 3 for colour in theme.CATEGORICAL[mode])


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("mode", MODES)
def test_chart_colours_can_be_told_apart(mode, vision):
    lab = oklab((linear([rgb(colour) for colour in theme.CATEGORICAL[mode]]) @ VISION[vision].T).clip(0, 1))
    assert len(lab) == 10
    assert min(np.linalg.norm(one - other) for one, other in combinations(lab, 2)) > 0.05
    assert min(np.linalg.norm(one - other) for one, other in combinations(lab[:5], 2)) > 0.08


def test_gradient_runs_through_the_neutral_middle():
    gradient = theme.css_gradient(theme.diverging("light"), stops=3)
    assert gradient == "linear-gradient(to right, #06498e, #f3f3f3, #82241e)"


def test_no_font_comes_from_the_network():
    assert "http" not in (ROOT / ".streamlit/config.toml").read_text("utf-8")


@pytest.mark.parametrize("mode", MODES)
def test_words_on_a_tinted_cell_can_be_read(mode):
    """WCAG 2 asks for 4.5 : 1."""
    for end in theme.CATEGORICAL[mode]:
        for part in np.linspace(0, 1, 101):
            ground, ink = theme.tint(part, end, mode)
            mixed = [int(number) for number in ground[4:-1].split(",")]
            assert theme._contrast(theme.rgb(ink), mixed) >= 4.5
