"""Pictures of long sequences: as many reconstructions and logos of filters beside each other as can be read."""

import numpy as np
import pytest

from pages.train.filters import closeup
from pages.ui import cards
from pages.ui.draw import frames
from rbm.experiment import ModelSpec
from rbm.jobs.snapshots import Snapshot


@pytest.mark.parametrize(("places", "beside"), [(8, 10), (53, 3)])
def test_of_long_sequences_few_stand_beside_each_other(places, beside):
    """Before training nothing but the ground; then originals, untrained and now, each read out under its own name."""
    painter = frames.Painter(ModelSpec(3, visible="categorical", n_states=4), (1, places), letters=True)
    blank = cards.reconstruction_pixels(None, painter)
    assert len(blank) == 3 * beside
    assert not blank.rows.any()
    draw = np.random.default_rng(1)
    letters = draw.integers(4, size=(3, 10, places))
    pictures = np.eye(4, dtype=np.float32)[letters].reshape(3, 10, -1)
    zeros = np.zeros(3, np.float32)
    machine = Snapshot(
        weight=np.zeros((4 * places, 3), np.float32), visible_bias=np.zeros(4 * places, np.float32), hidden_bias=zeros,
        visible="categorical", n_states=4, step=1, epoch=1.0, activity=zeros, pictures=pictures,
    )  # fmt: skip
    shown = cards.reconstruction_pixels(machine, painter)
    words = ["".join("ACGU"[one] for one in word) for row in letters[:, :beside] for word in row]
    names = [f"{row} {i + 1}" for row in ("original", "before training", "now") for i in range(beside)]
    assert shown.read == tuple(f"{name}: {word}" for name, word in zip(names, words, strict=True))


@pytest.mark.parametrize(("places", "wanted"), [(8, (100, 10)), (53, (10, 1))])
def test_and_each_logo_of_a_long_sequence_has_a_row_of_the_filters(places, wanted):
    painter = frames.Painter(ModelSpec(3, visible="categorical", n_states=4), (1, places), letters=True)
    assert closeup.on_a_page(painter) == wanted
    assert closeup.on_a_page(frames.Painter(ModelSpec(3), (7, 8))) == (100, 10)
