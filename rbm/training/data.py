"""Are the rows what the visible units can be? Asked once, when training is set up: no formula notices later.

Grey levels between 0 and 1 are the data of Bernoulli units only where training makes zeros and ones of them.
"""

from torch import Tensor

from rbm.core.language import _
from rbm.datasets.base import Dataset
from rbm.errors import ShapeError
from rbm.units import Unit


def check_dataset(dataset: Dataset, unit: Unit, binarise: str) -> None:
    """ShapeError unless training and validation rows are states of ``unit`` once they are binarised."""
    if binarise != "none" and dataset.kind != "real":
        return  # within [0, 1]: the data set saw to that when it was made
    for part, rows in (("training", dataset.train), ("validation", dataset.validation)):
        check_rows(rows, unit, binarise, f"the {part} part of {dataset.name!r}")


def check_rows(rows: Tensor, unit: Unit, binarise: str, what: str) -> None:
    """ShapeError unless ``rows`` (N, V), called ``what``, are states of ``unit`` once they are binarised."""
    if binarise == "none":
        unit.check_states(rows, what)
        return
    low, high = (float(end) for end in rows.aminmax()) if rows.numel() else (0.0, 0.0)  # NaN if there is one
    if not (low >= 0 and high <= 1):
        wrong = _(
            "{what} holds values from {low:g} to {high:g}, but binarise={binarise!r} makes zeros and ones of "
            "grey levels from 0 to 1: rescale the data to that range, or take gaussian units and "
            "binarise='none'."
        )
        raise ShapeError(wrong.format(what=what, low=low, high=high, binarise=binarise))
