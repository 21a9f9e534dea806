"""From those who were asked to all customers: strata weighted as they are in the population."""

import numpy as np
import pandas as pd
from scipy import special

FEWEST_ANSWERS = 10


def poststratified(
    strata: pd.DataFrame, rest: pd.Series, confidence: float = 0.95
) -> tuple[float, float, float]:
    """The mean over all customers (Holt and Smith 1979), with its interval.

    Args:
        strata: one row per stratum with customers (in the population), answered, and
            adjusted_mean, adjusted_low, adjusted_high at the same confidence.
        rest: the same columns over all strata together: what a stratum with fewer than ten answers
            is taken to be.

    Returns:
        Mean, lower and upper end; nan where there are no customers or too few answers at all.
    """
    columns = ["adjusted_mean", "adjusted_low", "adjusted_high"]
    if rest["answered"] < FEWEST_ANSWERS or not strata["customers"].sum():
        return np.nan, np.nan, np.nan
    figures = strata[columns].to_numpy(dtype=float)
    enough = strata["answered"].to_numpy() >= FEWEST_ANSWERS
    share = strata["customers"].to_numpy(dtype=float) / strata["customers"].sum()
    z = special.ndtri((1 + confidence) / 2)

    def variance(figure: np.ndarray) -> np.ndarray:
        return ((figure[..., 2] - figure[..., 1]) / (2 * z)) ** 2

    pooled = rest[columns].to_numpy(dtype=float)
    # The small strata share one estimate, so their errors add up before they are squared.
    together = share[~enough].sum()
    mean = share[enough] @ figures[enough, 0] + together * pooled[0]
    total = share[enough] ** 2 @ variance(figures[enough]) + together**2 * variance(pooled)
    half = z * np.sqrt(total)
    return float(mean), float(mean - half), float(mean + half)
