"""A little of MNIST, for what learns real classes in a second."""

from dataclasses import replace

from rbm.datasets.base import Dataset
from rbm.datasets.catalog import load_dataset


def few_digits() -> Dataset:
    """300 digits of MNIST to learn, 30 and 200 to judge by."""
    digits = load_dataset("mnist", size=300)
    return replace(
        digits, validation=digits.validation[:30], validation_labels=digits.validation_labels[:30],
        test=digits.test[:200], test_labels=digits.test_labels[:200],
    )  # fmt: skip
