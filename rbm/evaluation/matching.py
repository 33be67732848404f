"""Which hidden units of two machines do the same: filters matched one to one, whatever their order and their sign.

Letters: P pixels; A and B hidden columns of the first and of the second machine; K = min(A, B) pairs.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rbm.core.language import _
from rbm.errors import ShapeError

Filters = NDArray[np.float64]  # (P, A) or (P, B)


class MatchedFilters(NamedTuple):
    """Pairs in the order of the first machine's columns: ``first`` (K,), ``second`` (K,), and ``cosine`` (K,), signed.

    A negative cosine is a pair of opposite filters: light where the other is dark.
    """

    first: NDArray[np.intp]
    second: NDArray[np.intp]
    cosine: NDArray[np.float64]

    def difference(self, a: Filters, b: Filters) -> Filters:
        """a_i − sign(cos) b_j of each pair, (P, K): opposite filters are turned before they are compared."""
        found: Filters = a[:, self.first] - np.where(self.cosine < 0, -1.0, 1.0) * b[:, self.second]
        return found


def match(a: Filters, b: Filters) -> MatchedFilters:
    """The pairs that make Σ |cos(a_i, b_j)| as large as it can be, by the assignment of Kuhn and Munkres (1955, 1957).

    A filter of zeros has no direction: its cosine with any other is 0. ShapeError where the pixels are not as many.
    """
    from scipy.optimize import linear_sum_assignment

    if a.ndim != 2 or b.ndim != 2 or len(a) != len(b):
        wrong = _("The filters have shapes {first} and {second}; expected (P, A) and (P, B) of as many pixels.")
        raise ShapeError(wrong.format(first=a.shape, second=b.shape))
    cosine = _unit(a).T @ _unit(b)
    first, second = linear_sum_assignment(np.abs(cosine), maximize=True)
    return MatchedFilters(first, second, cosine[first, second])


def _unit(filters: Filters) -> Filters:
    """Each column at length 1, or at 0."""
    columns = np.asarray(filters, dtype=np.float64)
    length = np.linalg.norm(columns, axis=0)
    found: Filters = columns / np.where(length > 0, length, 1.0)
    return found
