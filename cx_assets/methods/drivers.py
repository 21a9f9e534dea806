"""What moves satisfaction: effects in score points, and how much of the variance is whose."""

from itertools import combinations
from math import comb

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import special

from cx_assets.methods.intervals import Floats


class TooFewAnswers(ValueError):
    """There are no more answers, or customers, than columns to tell apart."""


def driver_effects(
    drivers: pd.DataFrame,
    controls: pd.DataFrame,
    y: ArrayLike,
    weights: ArrayLike,
    clusters: ArrayLike,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Weighted least squares of the score on all drivers together, the controls held equal.

    Intervals are from the sandwich estimator with one cluster per customer (Liang and Zeger 1986;
    Student's t with as many degrees of freedom as clusters less one). The explained variance is
    shared out by averaging over all orders in which the drivers can enter, after the controls
    (Lindeman, Merenda and Gold 1980; Grömping 2007).

    Args:
        drivers: shape (n, k), numbers, at most about ten of them.
        controls: numbers or texts, shape (n, any); a text becomes one column per level.
        y: scores, shape (n,).
        weights: for how many of the asked an answer stands, above 0, shape (n,).
        clusters: whose answer it is, shape (n,).

    Returns:
        One row per driver that varies: driver, effect (points of y per unit of the driver), ci_low,
        ci_high, share_of_variance (of what the drivers explain; they add up to 1) and
        variance_explained (of all variance of y; they add up to what the drivers explain beyond
        the controls).

    Raises:
        TooFewAnswers: saying how many there are.
    """
    moving = drivers.loc[:, drivers.nunique() > 1].astype(float)
    fixed = pd.get_dummies(controls, drop_first=True).astype(float)
    w = np.asarray(weights, dtype=float)
    target = np.asarray(y, dtype=float)
    columns = np.column_stack([moving, fixed])
    columns = columns - w @ columns / w.sum()
    target = target - w @ target / w.sum()
    k = moving.shape[1]
    customers = len(np.unique(np.asarray(clusters)))
    if customers <= columns.shape[1] + 1:
        raise TooFewAnswers(f"{customers} customers are too few for {columns.shape[1]} columns")
    gram, moments = columns.T @ (columns * w[:, None]), columns.T @ (w * target)
    inverse = np.linalg.pinv(gram, hermitian=True)
    effect = inverse @ moments
    errors, count = _clustered_errors(columns, w * (target - columns @ effect), inverse, clusters)
    half = special.stdtrit(count - 1, (1 + confidence) / 2) * errors
    explained = shared_out(gram, moments, k) / (w @ target**2)
    total = explained.sum()
    return pd.DataFrame(
        {
            "driver": moving.columns,
            "effect": effect[:k],
            "ci_low": (effect - half)[:k],
            "ci_high": (effect + half)[:k],
            "share_of_variance": explained / total if total > 0 else np.nan,
            "variance_explained": explained,
        }
    )


def shared_out(gram: Floats, moments: Floats, drivers: int) -> Floats:
    """The explained sum of squares of the first columns, shared out by Lindeman, Merenda and Gold.

    Args:
        gram: columns.T @ W @ columns of the centred columns, shape (p, p).
        moments: columns.T @ W @ y, shape (p,).
        drivers: how many of the columns are drivers; the others are always there.

    Returns:
        Shape (drivers,): what each adds to the explained sum of squares, averaged over all orders.
    """
    always = list(range(drivers, len(moments)))

    def explained(chosen: tuple[int, ...]) -> float:
        among = [*chosen, *always]
        if not among:
            return 0.0
        solution = np.linalg.lstsq(gram[np.ix_(among, among)], moments[among], rcond=1e-10)[0]
        return float(solution @ moments[among])

    everyone = range(drivers)
    value = {
        chosen: explained(chosen)
        for size in range(drivers + 1)
        for chosen in combinations(everyone, size)
    }
    shares = np.zeros(drivers)
    for driver in everyone:
        others = [other for other in everyone if other != driver]
        for size in range(drivers):
            weight = 1 / (drivers * comb(drivers - 1, size))
            for before in combinations(others, size):
                after = tuple(sorted((*before, driver)))
                shares[driver] += weight * (value[after] - value[before])
    return shares


def _clustered_errors(
    columns: Floats, residuals: Floats, inverse: Floats, clusters: ArrayLike
) -> tuple[Floats, int]:
    """Standard errors of the coefficients, and the number of clusters."""
    codes, found = pd.factorize(np.asarray(clusters))
    sums = np.zeros((len(found), columns.shape[1]))
    np.add.at(sums, codes, columns * residuals[:, None])
    (n, p), count = columns.shape, len(found)
    small: float = count / (count - 1) * (n - 1) / (n - p)
    variance = inverse @ (sums.T @ sums) @ inverse * small
    return np.sqrt(np.diag(variance)), count
