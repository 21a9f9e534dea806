"""Confidence intervals from sufficient statistics: counts, sums and sums of squares.

All functions take arrays (or scalars) of one shape and return a pair of arrays of that shape, nan
where there are too few observations to say anything.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

Floats = NDArray[np.float64]


def sample_variance(count: Floats, mean: Floats, squares: Floats) -> Floats:
    """Sample variance (n - 1) from a sum of squares; nan for fewer than two observations.

    Where all observations are the same, rounding leaves a tiny difference of either sign: zero.
    """
    spread = squares - count * mean**2
    spread = np.where(spread > 1e-9 * squares, spread, 0.0)
    return spread / np.where(count > 1, count - 1, np.nan)


def mean_interval(
    count: ArrayLike, mean: ArrayLike, variance: ArrayLike, confidence: float = 0.95
) -> tuple[Floats, Floats]:
    """Student's t interval of a mean; `variance` is the sample variance (n - 1).

    Fewer than two observations, or none that differ, give no interval: nan.
    """
    n, centre, s2 = (np.asarray(values, dtype=float) for values in (count, mean, variance))
    enough = (n >= 2) & (s2 > 0)
    degrees = np.where(enough, n - 1, 1)
    half = special.stdtrit(degrees, (1 + confidence) / 2) * np.sqrt(s2 / np.where(enough, n, 1))
    return np.where(enough, centre - half, np.nan), np.where(enough, centre + half, np.nan)


def wilson_interval(
    successes: ArrayLike, count: ArrayLike, confidence: float = 0.95
) -> tuple[Floats, Floats]:
    """Wilson's score interval of a share (Wilson 1927; Brown, Cai and DasGupta 2001)."""
    x, n = np.asarray(successes, dtype=float), np.asarray(count, dtype=float)
    z = special.ndtri((1 + confidence) / 2)
    safe = np.where(n > 0, n, 1)
    share = x / safe
    centre = (share + z**2 / (2 * safe)) / (1 + z**2 / safe)
    half = z / (1 + z**2 / safe) * np.sqrt(share * (1 - share) / safe + z**2 / (4 * safe**2))
    return np.where(n > 0, centre - half, np.nan), np.where(n > 0, centre + half, np.nan)
