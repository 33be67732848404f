"""Letters as pictures: which letter stands where, how strong it is, and how high it stands in a logo."""

import numpy as np
import pytest

from rbm.core import glyphs
from rbm.core.colours import CATEGORICAL, rgb

HEIGHT, WIDTH = glyphs.CELL
SPAN = glyphs.RULE // 4  # rows of the scale of each of four letters


def cell(picture: np.ndarray, line: int, column: int) -> np.ndarray:
    top, left = glyphs.MARGIN + line * HEIGHT, glyphs.MARGIN + column * WIDTH
    return picture[top : top + HEIGHT, left : left + WIDTH]


def test_each_cell_holds_its_likeliest_letter_in_its_own_colour_as_strong_as_it_is_likely():
    p = np.zeros((1, 5, 4))
    p[0, range(5), [0, 1, 2, 3, 0]] = [1, 1, 1, 1, 0.5]
    (picture,) = glyphs.sequences(p, 3)
    assert picture.shape == (2 * HEIGHT + 2 * glyphs.MARGIN, 3 * WIDTH + 2 * glyphs.MARGIN)
    for place, letter in enumerate([0, 1, 2, 3, 0]):
        found = cell(picture, *divmod(place, 3)).astype(int) - letter * SPAN
        assert found.min() == 0  # paper, in that letter's part of the scale
        assert found.max() == (SPAN - 1 if place < 4 else (SPAN - 1) / 2)
    assert not cell(picture, 1, 2).any()  # the last line is not full
    assert len({(cell(picture, *divmod(i, 3)) % SPAN).tobytes() for i in range(4)}) == 4  # four shapes
    assert glyphs.read(p) == ["ACGUA"]


def test_a_logo_is_as_high_as_its_weights_and_the_strongest_letter_stands_outermost():
    weight = np.zeros((2, 3, 4))
    weight[0, 0] = [0.5, 0.25, -0.75, 0.0]
    weight[1, 2, 3] = -1.0
    np.testing.assert_allclose(glyphs.reach(weight), [0.75, 1.0])
    first, second = glyphs.logos(weight, np.array([1.0, 1.0]))
    line = glyphs.MARGIN + glyphs.HALF
    assert (first[line, glyphs.MARGIN : -glyphs.MARGIN] == glyphs.RULE).all()
    above, below = first[:line], first[line + 1 :]
    assert set(np.unique(above // SPAN)) == {0, 1}  # A and C
    assert set(np.unique(below // SPAN)) == {0, 2}  # G, and the paper around it
    inked = np.flatnonzero(above.any(1))
    assert line - inked[0] == round(0.75 * glyphs.HALF)
    assert (above[inked[0]] // SPAN == 0).all()  # A is stronger than C
    assert np.flatnonzero(below.any(1))[-1] + 1 == round(0.75 * glyphs.HALF)
    assert not second[:line].any()
    assert np.flatnonzero(second[line + 1 :].any(1))[-1] + 1 == glyphs.HALF
    assert not glyphs.logos(np.zeros((1, 3, 4)), np.zeros(1))[0, :line].any()  # no weights, no letters


@pytest.mark.parametrize(("q", "letters"), [(4, "ACGU"), (20, "ACDEFGHIKLMNPQRSTVWY"), (3, "ABC")])
def test_the_scale_has_a_colour_for_every_letter_of_the_alphabet(q, letters):
    assert glyphs.alphabet(q) == letters
    scale, m, colours = glyphs.scale(q, "light"), glyphs.RULE // q, CATEGORICAL["light"]
    assert scale[glyphs.RULE].tolist() == [141, 144, 146]  # half way from white to the ink
    for a in range(q):
        assert scale[a * m].tolist() == [255, 255, 255]
        assert scale[(a + 1) * m - 1].tolist() == list(rgb(colours[a % len(colours)]))
