"""How well a score orders what happened, and whether its size is right.

Every function takes one entry per row with the number of customers that the row stands for.
"""

import numpy as np
from numpy.typing import ArrayLike

from cx_assets.methods.intervals import Floats


def auc(score: ArrayLike, happened: ArrayLike, weight: ArrayLike | None = None) -> float:
    """Area under the ROC curve: how often a case that happened has the higher score; a tie is half.

    Computed by ranks (Mann and Whitney 1947), exact under ties and weights; nan where all or none
    happened.
    """
    s, y, w = _columns(score, happened, weight)
    distinct, place = np.unique(s, return_inverse=True)
    positive = np.bincount(place, w * y, len(distinct))
    negative = np.bincount(place, w * (1 - y), len(distinct))
    pairs = positive.sum() * negative.sum()
    if not pairs:
        return float("nan")
    below = np.cumsum(negative) - negative
    return float((positive * (below + negative / 2)).sum() / pairs)


def equal_groups(
    score: ArrayLike, outcome: ArrayLike, weight: ArrayLike | None = None, groups: int = 10
) -> tuple[Floats, Floats, Floats]:
    """Mean score, mean outcome and customers of `groups` groups of equal size, the lowest first.

    A row that lies across a border belongs to both groups by its parts, and rows of equal score are
    spread evenly, so that the order of the rows does not matter. Each array has shape (groups,);
    there are no groups where there are no customers.
    """
    s, y, w = _columns(score, outcome, weight)
    if not w.sum():
        return np.empty(0), np.empty(0), np.empty(0)
    distinct, place = np.unique(s, return_inverse=True)
    size = np.bincount(place, w, len(distinct))
    mean = np.bincount(place, w * y, len(distinct)) / size
    ends = np.cumsum(size)
    borders = ends[-1] * np.arange(groups + 1) / groups

    def running(values: Floats) -> Floats:
        """The total of `values` over the customers up to each border."""
        totals = np.concatenate([[0.0], np.cumsum(values * size)])
        return np.interp(borders, np.concatenate([[0.0], ends]), totals)

    customers = np.diff(borders)
    return np.diff(running(distinct)) / customers, np.diff(running(mean)) / customers, customers


def _columns(
    score: ArrayLike, outcome: ArrayLike, weight: ArrayLike | None
) -> tuple[Floats, Floats, Floats]:
    s, y = np.asarray(score, dtype=float), np.asarray(outcome, dtype=float)
    w = np.ones(len(s)) if weight is None else np.asarray(weight, dtype=float)
    return s, y, w
