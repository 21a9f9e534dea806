"""The mean score of all who were asked, from the answers of those who answered."""

import numpy as np
import pandas as pd
from scipy import special

from cx_assets.methods.intervals import Floats


def corrected(groups: pd.DataFrame, confidence: float = 0.95) -> pd.DataFrame:
    """Correct each group's mean for who answered, and say between which bounds it must lie.

    The doubly robust mean (Robins, Rotnitzky and Zhao 1994; survey statistics' generalised
    regression estimator, Särndal, Swensson and Wretman 1992): what the asked were expected to
    answer, on average, plus the weighted mean of what the answers were above that. It is right
    where either the propensity or the expectation is. Both know only what is recorded; where
    answering depends on the feeling itself beyond that, part of the error stays, and no interval
    shows it.

    The interval is about the mean of those who were asked, had all of them answered: it has no
    width where everybody did. The bounds (Manski 1989) hold whatever the silent feel: all of them
    at the lowest score, or all at the highest.

    Args:
        groups: one row per group, with asked (invitations), expected (sum over the asked of the
            expected score), answered, score_sum (of the answers), weight (sum of the answers'
            weights w), residual (sum of w * (score - expected)); spare, spare_residual and
            spare_squares (sums of w (w - 1), times the residual to the power 0, 1 and 2), scale_min
            and scale_max.

    Returns:
        The same rows with adjusted_mean, adjusted_low, adjusted_high (Student's t, no interval
        under two answers), bound_low and bound_high; nan where nobody was asked or has answered.
    """
    column = {name: groups[name].to_numpy(dtype=float) for name in groups if name in USED}
    asked, answered, weight = (_positive(column[name]) for name in ("asked", "answered", "weight"))
    mean_residual = column["residual"] / weight
    mean = column["expected"] / asked + mean_residual
    squares = (
        column["spare_squares"]
        - 2 * mean_residual * column["spare_residual"]
        + mean_residual**2 * column["spare"]
    )
    degrees = np.where(answered > 1, answered - 1, np.nan)
    variance = np.maximum(squares, 0) / weight**2 * answered / degrees
    half = special.stdtrit(degrees, (1 + confidence) / 2) * np.sqrt(variance)
    silent = column["asked"] - column["answered"]
    lowest, highest = column["scale_min"], column["scale_max"]
    return groups.assign(
        adjusted_mean=np.clip(mean, lowest, highest),
        adjusted_low=np.clip(mean - half, lowest, highest),
        adjusted_high=np.clip(mean + half, lowest, highest),
        bound_low=np.where(answered > 0, (column["score_sum"] + silent * lowest) / asked, np.nan),
        bound_high=np.where(answered > 0, (column["score_sum"] + silent * highest) / asked, np.nan),
    )


USED = frozenset(
    {
        *("asked", "expected", "answered", "score_sum", "weight", "residual"),
        *("spare", "spare_residual", "spare_squares", "scale_min", "scale_max"),
    }
)


def _positive(values: Floats) -> Floats:
    return np.where(values > 0, values, np.nan)
