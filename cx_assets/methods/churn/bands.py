"""Low, medium or high: a risk against the usual risk."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

BANDS = ("low", "medium", "high", "unknown")
# How many times the usual odds make a risk high; their inverse makes it low.
TIMES = 2.0


def risk_bands(probability: ArrayLike, base_rate: float) -> NDArray[np.object_]:
    """high where the odds are at least twice those of `base_rate`, low where at most half.

    Odds, since a share of churners may be 2 % at a bank and 80 % at a shop for one-time gifts: with
    a base rate of .2, high starts at .333 and low ends at .111; with .6, at .75 and at .429.

    Args:
        probability: shape (n,); NaN gives "unknown".
        base_rate: share of churners, between 0 and 1.
    """
    chance = np.asarray(probability, dtype=float)
    usual = base_rate / (1 - base_rate)
    high, low = (times * usual / (1 + times * usual) for times in (TIMES, 1 / TIMES))
    conditions = [np.isnan(chance), chance >= high, chance <= low]
    return np.select(conditions, ["unknown", "high", "low"], "medium").astype(object)
