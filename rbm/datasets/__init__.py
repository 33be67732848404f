"""Data sets: what can be learnt from, by name. ``load_dataset("mnist")`` is all that most callers need."""

from typing import TYPE_CHECKING, Any

from rbm.datasets.catalog import CATALOG, DatasetEntry, is_available, load_dataset

if TYPE_CHECKING:
    from rbm.datasets.base import Dataset, binarise

__all__ = ["CATALOG", "Dataset", "DatasetEntry", "binarise", "is_available", "load_dataset"]


def __getattr__(name: str) -> Any:
    """Dataset and binarise bring torch with them, so they come when asked for: the catalogue alone stays light."""
    if name in ("Dataset", "binarise"):
        from rbm.datasets import base

        return getattr(base, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
