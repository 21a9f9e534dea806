"""Confidence intervals from sufficient statistics: counts, sums, sums of squares, histograms.

Functions of counts take arrays (or scalars) of one shape and return a pair of arrays of that shape,
nan where there are too few observations to say anything.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

Floats = NDArray[np.float64]
BOOTSTRAP_DRAWS = 4_000


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
    """Wilson's score interval of a share (Wilson 1927; Brown, Cai and DasGupta 2001).

    Within 0 and 1, which rounding would leave where none or all succeeded.
    """
    x, n = np.asarray(successes, dtype=float), np.asarray(count, dtype=float)
    z = special.ndtri((1 + confidence) / 2)
    safe = np.where(n > 0, n, 1)
    share = x / safe
    centre = (share + z**2 / (2 * safe)) / (1 + z**2 / safe)
    half = z / (1 + z**2 / safe) * np.sqrt(share * (1 - share) / safe + z**2 / (4 * safe**2))
    low, high = np.maximum(centre - half, 0.0), np.minimum(centre + half, 1.0)
    return np.where(n > 0, low, np.nan), np.where(n > 0, high, np.nan)


def net_share_interval(
    positive: ArrayLike, negative: ArrayLike, count: ArrayLike, confidence: float = 0.95
) -> tuple[Floats, Floats]:
    """Adjusted Wald interval of a share less another of the same answers, as in NPS / 100.

    Three answers are added, 3/4 positive, 3/4 negative and the rest neither: AW(3, T) in Rocks
    (2016), "Interval Estimation for the Net Promoter Score", The American Statistician 70, 365-372,
    after Bonett and Price (2012). Within -1 and 1; fewer than two answers give none, since around
    one the interval would not hold the figure itself.
    """
    up, down, n = (np.asarray(values, dtype=float) for values in (positive, negative, count))
    more, less = (up + 0.75) / (n + 3), (down + 0.75) / (n + 3)
    centre = more - less
    half = special.ndtri((1 + confidence) / 2) * np.sqrt((more + less - centre**2) / (n + 3))
    low, high = np.maximum(centre - half, -1), np.minimum(centre + half, 1)
    return np.where(n >= 2, low, np.nan), np.where(n >= 2, high, np.nan)


def bootstrap_interval(
    counts: Floats, values: Floats, seed: int, confidence: float = 0.95
) -> tuple[float, float]:
    """Bootstrap interval of the mean of a histogram: `counts` observations of each of `values`.

    Bias-corrected and accelerated (BCa: Efron 1987, JASA 82, 171-185), and expanded for small n as
    in Hesterberg (2015), The American Statistician 69, 371-386: the normal quantile gives way to
    Student's, times sqrt(n / (n - 1)). Without that it covers less than Student's t at n = 10.

    Args:
        counts: whole numbers, shape (values,); at least two observations that differ.
        values: in any order, which changes nothing.
    """
    ascending = np.argsort(values)
    counts, values = counts[ascending], values[ascending]
    n = counts.sum()
    shares = counts / n
    mean = shares @ values
    deviations = values - mean
    skewness = shares @ deviations**3 / (shares @ deviations**2) ** 1.5
    acceleration = skewness / (6 * np.sqrt(n))
    draws = np.random.default_rng(seed).multinomial(int(n), shares, size=BOOTSTRAP_DRAWS)
    means = draws @ values / n
    same = np.isclose(means, mean, rtol=0, atol=1e-9 * np.abs(values).max())
    bias = special.ndtri(np.mean((means < mean) & ~same) + np.mean(same) / 2)
    wide = special.stdtrit(n - 1, (1 + confidence) / 2) * np.sqrt(n / (n - 1))
    moved = bias + np.array([-wide, wide])
    low, high = np.quantile(means, special.ndtr(bias + moved / (1 - acceleration * moved)))
    return float(low), float(high)
