import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rbm.datasets.base import Dataset, binarise, split_rows
from rbm.errors import ConfigError, DatasetError
from rbm.randomness import generator


def make(n_train: int = 110, n_validation: int = 13, n_test: int = 17, **changes: object) -> Dataset:
    """Rows of 2×3 pixels that tell their own number and label: pixel 0 is the row / 1000, pixel 1 the label / 10."""

    def part(n: int, start: int) -> tuple[torch.Tensor, torch.Tensor]:
        labels = torch.arange(n) % 11 % 3  # classes 0, 1, 2 in shares 4 : 4 : 3
        rows = torch.zeros(n, 6)
        rows[:, 0] = (start + torch.arange(n)) / 1000
        rows[:, 1] = labels / 10
        return rows, labels

    train, validation, test = part(n_train, 0), part(n_validation, 300), part(n_test, 600)
    fields = {
        "name": "made",
        "title": "Made",
        "train": train[0],
        "validation": validation[0],
        "test": test[0],
        "train_labels": train[1],
        "validation_labels": validation[1],
        "test_labels": test[1],
        "image_shape": (2, 3),
        "kind": "grey",
        "class_names": ("a", "b", "c"),
    }
    return Dataset(**(fields | changes))  # type: ignore[arg-type]


def numbers(rows: torch.Tensor) -> list[int]:
    return (rows[:, 0] * 1000).round().long().tolist()


def assert_aligned(rows: torch.Tensor, labels: torch.Tensor) -> None:
    assert torch.equal((rows[:, 1] * 10).round().long(), labels)


def test_knows_its_size_and_accepts_empty_validation() -> None:
    data = make(n_validation=0, n_test=0)
    assert data.n_visible == 6
    assert len(data.validation) == 0
    with pytest.raises(dataclasses.FrozenInstanceError):
        data.name = "other"  # type: ignore[misc]


def with_value(value: float) -> torch.Tensor:
    rows = make().test.clone()
    rows[5, 4] = value
    return rows


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n_train": 0}, "no training rows"),
        ({"image_shape": (2, 2)}, r"train part: expected float32 rows of 4 pixels .*\(2, 2\), but got .*\(110, 6\)"),
        ({"validation": torch.zeros(13, 5)}, r"validation part: expected float32 rows of 6 .*\(13, 5\)"),
        ({"test": torch.zeros(17, 6, dtype=torch.float64)}, r"test part: .* got torch.float64"),
        ({"train": torch.zeros(110, 2, 3)}, "flatten the images"),
        ({"train_labels": torch.zeros(109, dtype=torch.int64)}, r"label for each of the 110 rows.*\(109,\)"),
        ({"test_labels": torch.zeros(17)}, "got torch.float32"),
        ({"test_labels": torch.full((17,), 3)}, r"test part: labels must lie in 0 ... 2 .* span 3 ... 3"),
        ({"test_labels": torch.full((17,), -1)}, r"span -1 ... -1"),
        ({"test": with_value(float("nan"))}, "test part: pixels must be finite and within"),
        ({"test": with_value(float("inf"))}, "span 0 ... inf"),
        ({"test": with_value(-0.5)}, "span -0.5 ... "),
        ({"test": with_value(255.0)}, "span 0 ... 255; rescale"),
        ({"kind": "binary"}, "allows only 0 and 1"),
        ({"kind": "sound"}, "'colour' or 'real', but is 'sound'"),
    ],
)
def test_refuses_parts_that_do_not_fit(changes: dict[str, object], message: str) -> None:
    with pytest.raises(DatasetError, match=message):
        make(**changes)


def test_selecting_nothing_copies_nothing() -> None:
    data = make()
    assert data.select() is data
    assert data.select([2, 0, 1, 1], 110) is data


def test_classes_act_on_every_part() -> None:
    chosen = make().select(classes=[2, 0])
    for part in ("train", "validation", "test"):
        rows, labels = getattr(chosen, part), getattr(chosen, f"{part}_labels")
        whole = make()
        expected = [
            n for n, k in zip(numbers(getattr(whole, part)), getattr(whole, f"{part}_labels"), strict=True) if k != 1
        ]
        assert numbers(rows) == expected
        assert_aligned(rows, labels)
    assert chosen.class_names == ("a", "b", "c")
    assert set(chosen.train_labels.tolist()) == {0, 2}


def test_size_acts_on_training_alone_and_small_choices_are_part_of_larger_ones() -> None:
    data = make()
    small, large = data.select(size=23), data.select(size=71)
    assert numbers(small.train) == numbers(large.train)[:23]
    assert len(set(numbers(large.train))) == 71
    assert_aligned(large.train, large.train_labels)
    assert small.validation is data.validation
    assert small.test_labels is data.test_labels
    assert numbers(small.train) != sorted(numbers(small.train)), "the order should be mixed"


def test_every_size_keeps_the_shares_of_the_classes() -> None:
    data = make()
    share = torch.bincount(data.train_labels) / 110
    for size in range(1, 110):
        counts = torch.bincount(data.select(size=size).train_labels, minlength=3)
        assert (counts - size * share).abs().max() <= 1.5


def test_selection_does_not_depend_on_the_run() -> None:
    torch.manual_seed(1)
    first = make().select([0, 1], 19)
    torch.manual_seed(2)
    assert torch.equal(make().select([1, 0], np.int64(19)).train, first.train)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("classes", "size", "message"),
    [
        ([0, 3], None, r"classes 0 ... 2, but got \[3\]"),
        ([-1], None, r"got \[-1\]"),
        ([0.5], None, r"got \[0.5\]"),
        ([], None, r"None of the training pictures of data set 'made' is of the classes chosen \(none\)"),
        (None, 0, "from 1 to 110.* but got 0"),
        (None, -3, "but got -3"),
        (None, 2.5, "but got 2.5"),
        (None, 111, "from 1 to 110, the training rows that data set 'made' has in all, but got 111"),
        ([2], 31, "from 1 to 30, .* in these classes, but got 31"),
    ],
)
def test_refuses_impossible_choices(classes: list[int] | None, size: int | None, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make().select(classes, size)


@given(n=st.integers(0, 500))
@settings(max_examples=40, deadline=None)
def test_split_is_a_partition(n: int) -> None:
    train, validation = split_rows(n, "some set")
    assert sorted(train.tolist() + validation.tolist()) == list(range(n))
    assert len(validation) == n // 10
    assert train.tolist() == sorted(train.tolist())


def test_split_depends_on_the_name_and_nothing_else() -> None:
    torch.manual_seed(1)
    first = split_rows(1000, "one")[1]
    torch.manual_seed(2)
    assert torch.equal(split_rows(1000, "one")[1], first)
    assert not torch.equal(split_rows(1000, "two")[1], first)
    assert abs(first.double().mean() - 499.5) < 4 * 1000 / (12 * 100) ** 0.5, "spread over all rows"


def test_stochastic_binarisation_has_the_grey_levels_as_probabilities() -> None:
    p = torch.tensor([0.0, 0.1, 0.5, 0.93, 1.0])
    draws = binarise(p.expand(20_000, 5), "stochastic", generator(3, "binarise"))
    assert set(draws.unique().tolist()) == {0.0, 1.0}
    assert draws.dtype == torch.float32
    error = (draws.mean(0) - p).abs()
    assert bool((error <= 4 * (p * (1 - p) / 20_000).sqrt()).all())
    again = binarise(p.expand(20_000, 5), "stochastic", generator(3, "binarise"))
    assert torch.equal(draws, again)


def test_threshold_puts_one_half_at_zero() -> None:
    x = torch.tensor([0.0, 0.4999, 0.5, 0.5001, 1.0])
    assert binarise(x, "threshold").tolist() == [0, 0, 0, 1, 1]
    assert binarise(x.double(), "threshold").dtype == torch.float64


def test_none_returns_the_very_same() -> None:
    x = torch.rand(3, generator=generator(0))
    assert binarise(x, "none") is x


def test_binarise_refuses() -> None:
    with pytest.raises(ConfigError, match="'dither'; expected one of stochastic, threshold, none"):
        binarise(torch.zeros(1), "dither")
    with pytest.raises(ConfigError, match=r"needs a torch\.Generator"):
        binarise(torch.zeros(1), "stochastic")
