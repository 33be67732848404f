import itertools
import math

import pytest
import torch

from rbm.datasets.toy import bars_and_stripes, entropy, shifter, shifter_shown, tiny_digits, two_pixels
from rbm.errors import ConfigError


@pytest.mark.parametrize("side", [2, 3, 4])
def test_bars_and_stripes_are_all_of_them_once(side: int) -> None:
    data = bars_and_stripes(side)
    found = {tuple(row): int(k) for row, k in zip(data.train.int().tolist(), data.train_labels, strict=True)}
    assert len(found) == len(data.train) == 2 * 2**side - 2
    # The oracle looks at every picture there is, and knows nothing of how ours are built.
    for picture in itertools.product((0, 1), repeat=side * side):
        grid = [picture[i * side : (i + 1) * side] for i in range(side)]
        bars = all(row == grid[0] for row in grid)
        stripes = all(len(set(row)) == 1 for row in grid)
        assert (picture in found) == (bars or stripes)
        if picture in found:
            assert data.class_names[found[picture]] == ("both" if bars and stripes else "bars" if bars else "stripes")
    assert entropy(data.train) == pytest.approx(math.log(2 * 2**side - 2), abs=1e-12)


def test_bars_and_stripes_names_and_limits() -> None:
    assert bars_and_stripes().name == "bars_and_stripes"
    assert bars_and_stripes(3).name == "bars_and_stripes_3x3"
    assert bars_and_stripes(5).title == "Bars and stripes, 5×5"
    assert bars_and_stripes(8).train.shape == (510, 64)
    for side in (1, 9, 2.5):
        with pytest.raises(ConfigError, match=f"must be 2 ... 8, but got {side}"):
            bars_and_stripes(side)  # type: ignore[arg-type]


def test_shifter_shifts() -> None:
    data = shifter()
    assert data.train.shape == (768, 16)
    assert data.image_shape == (2, 8)
    cases = set()
    for row, label in zip(data.train.int().tolist(), data.train_labels.tolist(), strict=True):
        above, below = row[:8], row[8:]
        step = {"left": 1, "none": 0, "right": -1}[data.class_names[label]]
        assert below == [above[(i + step) % 8] for i in range(8)]
        cases.add((tuple(above), label))
    assert len(cases) == 768
    assert len(data.train.unique(dim=0)) == 762
    assert entropy(data.train) == pytest.approx(math.log(768) - (6 * math.log(3) + 4 * math.log(2)) / 768, abs=1e-12)
    assert data.train.mean(0).tolist() == [0.5] * 16, "no pixel says anything alone"


def test_the_small_shifter_shows_its_move() -> None:
    data = shifter_shown()
    found = {tuple(row): int(k) for row, k in zip(data.train.int().tolist(), data.train_labels, strict=True)}
    assert len(found) == len(data.train) == 24
    # The oracle looks at every picture there is: one move is named, and it leads from the first row to the second.
    for picture in itertools.product((0, 1), repeat=9):
        above, below, named = picture[:3], picture[3:6], picture[6:]
        moved = {"left": above[1:] + above[:1], "none": above, "right": above[-1:] + above[:-1]}
        right = sum(named) == 1 and below == list(moved.values())[named.index(1)]
        assert (picture in found) == right
        if right:
            assert data.class_names[found[picture]] == list(moved)[named.index(1)]
    assert entropy(data.train) == pytest.approx(math.log(24), abs=1e-12)


def test_tiny_digits_are_ten_different_pictures() -> None:
    data = tiny_digits()
    assert data.train_labels.tolist() == list(range(10))
    assert len(data.train.unique(dim=0)) == 10
    assert entropy(data.train) == pytest.approx(math.log(10), abs=1e-12)
    four = ["".join(".#"[int(dot)] for dot in row) for row in data.train[4].reshape(5, 3)]
    assert four == ["#.#", "#.#", "###", "..#", "..#"]
    assert data.train.sum(1).long().tolist() == [12, 8, 11, 10, 9, 11, 12, 7, 13, 12]


def test_two_pixels_come_in_the_stated_proportions() -> None:
    data = two_pixels()
    assert sorted(map(tuple, data.train.int().tolist())) == [(0, 0)] * 3 + [(0, 1)] + [(1, 0)] * 2 + [(1, 1)] * 4
    assert [data.class_names[k] for k in data.train_labels] == [f"{a:.0f}{b:.0f}" for a, b in data.train]
    assert entropy(data.train) == pytest.approx(-sum(p * math.log(p) for p in (0.3, 0.1, 0.2, 0.4)), abs=1e-12)


@pytest.mark.parametrize(
    "data", [bars_and_stripes(3), shifter(), shifter_shown(), tiny_digits(), two_pixels()], ids=lambda d: d.name
)
def test_validation_and_test_are_the_known_distribution_itself(data) -> None:  # type: ignore[no-untyped-def]
    assert torch.equal(data.validation, data.train)
    assert torch.equal(data.test_labels, data.train_labels)
    assert data.kind == "binary"


def test_entropy_counts_repetitions() -> None:
    assert entropy(torch.tensor([[0.0, 1.0]] * 7)) == 0
    assert entropy(torch.tensor([[0.0], [1.0], [1.0], [1.0]])) == pytest.approx(0.5623351446188083, abs=1e-12)
