"""From long frames of answers to one row of arrays per customer or moment, the newest first."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cx_assets.methods.intervals import Floats

# More answers, or older ones, move an expectation by less than it is uncertain.
MOST_ANSWERS = 5
DAY = np.timedelta64(1, "D")


def day_numbers(times: pd.Series) -> Floats:
    """Times as days since 1970, with their fractions."""
    return (times.to_numpy(dtype="datetime64[us]") - np.datetime64(0, "us")) / DAY


def newest_first(
    rows: NDArray[np.int64], days: Floats, values: tuple[Floats, ...], size: int
) -> tuple[Floats, ...]:
    """The newest five answers of each row.

    Args:
        rows: to which of the `size` rows each answer belongs, shape (n,).
        days: when it was given, shape (n,); of two at once the first one in the order counts first.
        values: what is to be known of it, each of shape (n,).

    Returns:
        The days and each of the values, of shape (size, 5), nan where there are fewer answers.
    """
    order = np.lexsort((-days, rows))
    owner = rows[order]
    place = np.arange(len(rows)) - np.searchsorted(owner, owner)
    kept = place < MOST_ANSWERS
    wide = np.full((1 + len(values), size, MOST_ANSWERS), np.nan)
    for filled, column in zip(wide, (days, *values), strict=True):
        filled[owner[kept], place[kept]] = column[order][kept]
    return tuple(wide)


def answers_before(moments: pd.DataFrame, answers: pd.DataFrame) -> pd.DataFrame:
    """The earlier answers of each moment, as `expected_scores` takes them.

    Args:
        moments: moment_id, customer_id, at.
        answers: customer_id, at, score and features; those without a customer are nobody's.

    Returns:
        moment_id and the columns of `answers`, one row per moment and answer given before it.
    """
    asked = moments[["moment_id", "customer_id", "at"]].rename(columns={"at": "asked_at"})
    named = answers.dropna(subset="customer_id").drop(columns="moment_id", errors="ignore")
    found = asked.merge(named, on="customer_id")
    return found[found["at"] < found["asked_at"]].drop(columns="asked_at")
