"""Features that say the same, so that a list of reasons names one of them."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from cx_assets.methods.additive.basis import holds_numbers, numbers
from cx_assets.methods.intervals import Floats

SAME = 0.7
MOST_ROWS = 20_000


def alike_features(
    table: pd.DataFrame, contributions: Mapping[str, Floats]
) -> tuple[tuple[str, ...], ...]:
    """Sort features into sets: two of them are together where |correlation| > .7, by ranks.

    A text is taken at what it contributes; a missing number at the median. Each feature joins the
    first set all of whose members it is alike, so that no chain links what differs.

    Args:
        table: the training rows.
        contributions: name -> log-odds that the feature adds, shape (n,).

    Returns:
        Tuples of names, each name in one of them, in the order of the first member.
    """
    if not contributions:
        return ()
    step = max(1, len(table) // MOST_ROWS)
    ranks = np.column_stack(
        [
            pd.Series(_values(table[name].iloc[::step], given[::step])).rank().to_numpy()
            for name, given in contributions.items()
        ]
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        alike = np.abs(np.atleast_2d(np.corrcoef(ranks, rowvar=False))) > SAME
    sets: list[list[int]] = []
    for feature in range(len(contributions)):
        joined = next((members for members in sets if alike[feature, members].all()), None)
        if joined is None:
            sets.append([feature])
        else:
            joined.append(feature)
    names = list(contributions)
    return tuple(tuple(names[feature] for feature in members) for members in sets)


def _values(column: pd.Series, contribution: Floats) -> Floats:
    if not holds_numbers(column):
        return contribution
    values = numbers(column)
    known = values[~np.isnan(values)]
    return np.where(np.isnan(values), np.median(known) if len(known) else 0.0, values)
