import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageSequence

from pages.ui.components import wall
from pages.ui.draw import frames, theme
from rbm.experiment import ModelSpec

RNG = np.random.default_rng(11)


def decoded(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGBA"))


def test_tile_puts_each_picture_where_it_belongs():
    pictures = np.arange(7 * 3 * 5, dtype=float).reshape(7, 3, 5)
    wall = frames.tile(pictures, columns=3, gap=2)
    assert wall.shape == (3 * 3 + 2 * 2, 3 * 5 + 2 * 2)
    for n in range(7):
        top, left = (n // 3) * 5, (n % 3) * 7
        np.testing.assert_array_equal(wall[top : top + 3, left : left + 5], pictures[n])
    assert np.isnan(wall).sum() == wall.size - pictures.size  # gaps, and the two places left over


def test_tile_of_rows_equals_tile_of_pictures():
    pictures = RNG.normal(size=(5, 3, 7))
    expected = frames.tile(pictures, 2)
    np.testing.assert_array_equal(frames.tile(pictures.reshape(5, 21), 2, shape=(3, 7)), expected)


def test_one_picture_needs_no_empty_columns():
    assert frames.tile(np.ones((1, 3, 5)), columns=10).shape == (3, 5)


@pytest.mark.parametrize(("columns", "gap"), [(0, 1), (3, -1)])
def test_tile_refuses_a_grid_that_cannot_be(columns, gap):
    with pytest.raises(ValueError, match="columns >= 1 and gap >= 0"):
        frames.tile(np.ones((3, 2, 2)), columns, gap)


def test_pictures_of_the_wrong_size_are_named():
    with pytest.raises(ValueError, match="3 x 7 pixels, got 20"):
        frames.tile(np.ones((5, 20)), 2, shape=(3, 7))
    with pytest.raises(ValueError, match="expected pictures"):
        frames.colour_weights(np.ones(7))


def test_colours_are_symmetric_and_zero_is_exactly_neutral():
    values = np.array([[[-2.0, -1.0, 0.0, 1.0, 2.0]]])
    coloured = frames.colour_weights(values)
    lut = theme.diverging()
    np.testing.assert_array_equal(coloured.limit, [2.0])
    np.testing.assert_array_equal(coloured.tiles.rgb()[0, 0], lut[[1, 64, 128, 192, 255]])
    mirrored = frames.colour_weights(-values).tiles.rgb()[0, 0, ::-1]
    np.testing.assert_array_equal(mirrored, coloured.tiles.rgb()[0, 0])


def test_a_picture_of_zeros_is_neutral_on_any_scale():
    pictures = np.stack([np.zeros((3, 3)), np.full((3, 3), 5.0)])
    for shared in (True, False):
        assert (frames.colour_weights(pictures, shared=shared).tiles.rgb()[0] == theme.diverging()[128]).all()
    assert (frames.colour_weights(np.zeros((2, 3, 3))).tiles.rgb() == theme.diverging()[128]).all()


def test_shared_scale_compares_pictures_and_own_scale_does_not():
    pictures = np.stack([np.full((2, 2), 1.0), np.full((2, 2), -4.0)])
    shared, own = frames.colour_weights(pictures), frames.colour_weights(pictures, shared=False)
    np.testing.assert_array_equal(shared.limit, [4.0, 4.0])
    np.testing.assert_array_equal(own.limit, [1.0, 4.0])
    assert (shared.tiles.rgb()[0] == theme.diverging()[128 + 32]).all()
    assert (own.tiles.rgb()[0] == theme.diverging()[255]).all()


def test_a_given_limit_clips():
    coloured = frames.colour_weights(np.array([[[-9.0, 1.0]]]), limit=2.0)
    np.testing.assert_array_equal(coloured.limit, [2.0])
    np.testing.assert_array_equal(coloured.tiles.rgb()[0, 0], theme.diverging()[[1, 128 + 64]])


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("colour", [frames.colour_weights, frames.colour_probabilities])
def test_a_diverged_model_is_never_drawn(colour, bad):
    with pytest.raises(ValueError, match="diverged"):
        colour(np.array([[[0.0, bad]]]))


def test_probabilities_are_greys():
    pixels = frames.colour_probabilities(np.array([[[0.0, 0.5, 1.0, 1.5]]])).rgb()
    np.testing.assert_array_equal(pixels[0, 0], [[0] * 3, [128] * 3, [255] * 3, [255] * 3])


@pytest.mark.parametrize("colours", [200, 3000], ids=["palette", "true colour"])
def test_png_holds_the_very_pixels(colours):
    choice = RNG.integers(0, 256, size=(colours, 3), dtype=np.uint8)
    pixels = choice[RNG.integers(0, colours, size=(7, 11, 13))]
    wall = decoded(frames.grid_png(pixels, columns=3, gap=2, background=(1, 2, 3, 255)))
    assert wall.shape == (3 * 11 + 4, 3 * 13 + 4, 4)
    for n in range(7):
        top, left = (n // 3) * 13, (n % 3) * 15
        np.testing.assert_array_equal(wall[top : top + 11, left : left + 13, :3], pixels[n])
    np.testing.assert_array_equal(wall[11, 0], [1, 2, 3, 255])
    np.testing.assert_array_equal(wall[-1, -1], [1, 2, 3, 255])


def test_png_gaps_are_transparent_and_scale_repeats_pixels():
    pixels = np.array([[[[255, 0, 0]]], [[[0, 0, 255]]]], dtype=np.uint8)
    wall = decoded(frames.grid_png(pixels, columns=2, gap=1, scale=3))
    assert wall.shape == (3, 9, 4)
    assert (wall[:, :3] == [255, 0, 0, 255]).all()
    assert (wall[:, 3:6, 3] == 0).all()
    assert (wall[:, 6:] == [0, 0, 255, 255]).all()


def test_png_refuses_what_is_not_8_bit_colour():
    with pytest.raises(ValueError, match="8-bit colours"):
        frames.grid_png(np.zeros((2, 3, 3)), 1)
    with pytest.raises(ValueError, match="whole scale"):
        frames.grid_png(np.zeros((1, 1, 1, 3), np.uint8), 1, scale=0)


@pytest.mark.parametrize(("asked", "shown"), [(120, 120), (124, 120), (3, 20)])
def test_gif_counts_frames_and_time(asked, shown):
    film = frames.colour_probabilities(RNG.uniform(size=(5, 7, 11))).rgb()
    image = Image.open(io.BytesIO(frames.gif(film, asked, scale=2)))
    stills = [(still.info["duration"], np.asarray(still.convert("RGB"))) for still in ImageSequence.Iterator(image)]
    assert [duration for duration, _ in stills] == [shown] * 5
    assert image.info["loop"] == 0
    for (_, still), frame in zip(stills, film, strict=True):
        np.testing.assert_array_equal(still, frame.repeat(2, axis=0).repeat(2, axis=1))


def test_gif_of_many_colours_stays_close():
    film = RNG.integers(0, 256, size=(3, 32, 32, 1), dtype=np.uint8).repeat(3, axis=3)
    film[..., 1] //= 2
    film[..., 2] = film[:, ::-1, :, 2]
    image = Image.open(io.BytesIO(frames.gif(film, 100)))
    stills = np.stack([np.asarray(still.convert("RGB"), dtype=float) for still in ImageSequence.Iterator(image)])
    assert np.abs(stills - film).mean() < 12


def test_gif_of_equal_frames_keeps_its_length():
    image = Image.open(io.BytesIO(frames.gif(np.zeros((4, 3, 3, 3), np.uint8), 100)))
    assert sum(still.info["duration"] for still in ImageSequence.Iterator(image)) == 400
    with pytest.raises(ValueError, match="at least one frame"):
        frames.gif([], 100)


def test_grid_pixels_is_a_frame():
    pixels = np.stack([np.full((2, 2, 3), shade, np.uint8) for shade in (10, 20, 30)])
    frame = frames.grid_pixels(pixels, 2, gap=1, background=(7, 8, 9))
    assert frame.shape == (5, 5, 3)
    np.testing.assert_array_equal(frame[[0, 0, 2, 4, 4], [0, 4, 2, 0, 4]][:, 0], [10, 20, 7, 30, 7])


@pytest.mark.parametrize("n", [1, 2, 3, 7, 12, 13, 30, 64, 101, 128, 500, 1024])
def test_near_square_holds_all_units_and_wastes_less_than_a_row(n):
    rows, columns = frames.near_square(n)
    assert n <= rows * columns < n + columns
    assert columns <= max(2, 1.5 * np.sqrt(n))


def test_layer_pictures_pad_at_the_end():
    pictures = frames.layer_pictures(np.arange(14.0).reshape(2, 7), fill=-1)
    assert pictures.shape == (2, 3, 3)
    np.testing.assert_array_equal(pictures[1].ravel(), [7, 8, 9, 10, 11, 12, 13, -1, -1])
    with pytest.raises(ValueError, match="at least one unit"):
        frames.near_square(0)


def test_sequences_are_written_in_letters_and_their_weights_are_logos():
    model = ModelSpec(3, visible="categorical", n_states=4)
    painter = frames.Painter(model, (1, 8), letters=True)
    rows = np.eye(4)[[[0, 1, 2, 3, 3, 2, 1, 0], [0] * 8]].reshape(2, 32)
    shown = painter.visible(rows, told=True)
    assert shown.read == ("ACGUUGCA", "AAAAAAAA")
    by_number = frames.Painter(replace(model, visible="multinary"), (1, 8), letters=True).visible(
        [[0, 1, 2, 3, 3, 2, 1, 0]]
    )
    np.testing.assert_array_equal(by_number.rows[0], shown.rows[0])
    weight = painter.filters(np.random.default_rng(1).normal(size=(32, 3)) + 5)  # 5 to every letter is to none
    np.testing.assert_allclose(weight.reshape(8, 4, 3).sum(1), 0, atol=1e-12)
    logos = frames.filter_pictures(weight, (1, 8), np.arange(3), shared=False, limit=None, mode="dark")
    assert len(logos) == 3
    assert logos.lut[0].tolist() == [0x0E, 0x11, 0x16]  # the page's ground
    news = wall.pictures(shown, 2)
    assert news["read"]
    assert news["labels"] == ["ACGUUGCA", "AAAAAAAA"]
    assert wall.changed(shown, 2)["labels"] == news["labels"]
    assert "labels" not in wall.changed(logos, 2)
