"""What an action did: treated less control of a randomised assignment, from sums per customer.

Intention to treat, as a difference of weighted means with the covariate of before taken out (CUPED:
Deng, Xu, Kohavi and Walker 2013, "Improving the sensitivity of online controlled experiments by
utilizing pre-experiment data", WSDM). The standard error is the linearised one of a ratio of
weighted sums (Binder 1983, "On the variances of asymptotically normal estimators from complex
surveys", International Statistical Review 51, 279-292), added up per customer before it is squared,
so that customers who were assigned more than once count as one.
"""

from itertools import combinations_with_replacement

import numpy as np
import pandas as pd
from scipy import special

from cx_assets.methods.intervals import Floats

ARMS = ("treated", "control")
# What is added up per customer and arm, over the assignments: w, w * y and w * x.
PARTS = ("weight", "outcome", "covariate")
TOTALS = tuple(f"{arm}_{part}" for arm in ARMS for part in PARTS)
# The sums over customers of the product of two such totals.
PRODUCTS = {f"{a}_by_{b}": (a, b) for a, b in combinations_with_replacement(TOTALS, 2)}
# The sums over assignments of w * x * x and w * x * y.
MOMENTS = tuple(f"{arm}_{of}" for of in ("covariate_square", "covariate_outcome") for arm in ARMS)
# With fewer customers in an arm, Student's t cannot be relied on for answers on five points.
FEWEST = 10


def compare(sums: pd.DataFrame, confidence: float = 0.95) -> pd.DataFrame:
    """The effect per comparison, with its interval and test, with and without the covariate.

    theta, the slope of outcome on covariate, is that within the arms, the same for both. The
    interval is Student's, with the degrees of freedom of Welch and Satterthwaite, each arm counted
    as its effective number of customers, (sum w)^2 / sum w^2 (Kish 1965): the control group is
    often small, and then a normal interval is too short. With equal weights, one assignment per
    customer and no covariate it is Welch's (1947).

    Args:
        sums: one row per comparison, with treated and control (assignments measured), the TOTALS
            (over all customers), the PRODUCTS and the MOMENTS. Weights are at least 0, a missing
            covariate has been given one and the same value in both arms.

    Returns:
        The same rows with treated_mean, control_mean, raw_effect (their difference), effect,
        standard_error, ci_low, ci_high, p_value (two-sided), variance_reduction (of the effect
        against the raw one), treated_size and control_size (effective customers). NaN: means and
        effects where an arm is empty; the rest where an arm has fewer than FEWEST effective
        customers or nothing varies.
    """
    total = sums[list(TOTALS)].to_numpy(dtype=float).reshape(-1, 2, 3)
    product = _products(sums)
    weight = np.where(total[:, :, 0] > 0, total[:, :, 0], np.nan)
    mean, covariate = total[:, :, 1] / weight, total[:, :, 2] / weight
    theta = _slope(sums, mean, covariate, weight)
    raw_effect = mean[:, 0] - mean[:, 1]
    effect = raw_effect - theta * (covariate[:, 0] - covariate[:, 1])
    size = weight**2 / np.stack([product[:, arm, 0, arm, 0] for arm in (0, 1)], axis=1)
    enough = (size >= FEWEST).all(axis=1)
    raw_variance, _ = _variance(product, mean, covariate, weight, size, np.zeros_like(theta))
    variance, degrees = _variance(product, mean, covariate, weight, size, theta)
    usable = enough & (variance > 0)
    error = np.where(usable, np.sqrt(np.where(usable, variance, 1)), np.nan)
    half = special.stdtrit(degrees, (1 + confidence) / 2) * error
    return sums.assign(
        treated_mean=mean[:, 0],
        control_mean=mean[:, 1],
        raw_effect=raw_effect,
        effect=effect,
        standard_error=error,
        ci_low=effect - half,
        ci_high=effect + half,
        p_value=2 * special.stdtr(degrees, -np.abs(effect) / error),
        variance_reduction=1 - error**2 / np.where(usable, raw_variance, np.nan),
        treated_size=size[:, 0],
        control_size=size[:, 1],
    )


def _products(sums: pd.DataFrame) -> Floats:
    """The PRODUCTS as a symmetric matrix per comparison: (row, arm, part, arm, part)."""
    matrix = np.empty((len(sums), len(TOTALS), len(TOTALS)))
    for name, (one, other) in PRODUCTS.items():
        i, j = TOTALS.index(one), TOTALS.index(other)
        matrix[:, i, j] = matrix[:, j, i] = sums[name].to_numpy(dtype=float)
    return matrix.reshape(-1, 2, 3, 2, 3)


def _slope(sums: pd.DataFrame, mean: Floats, covariate: Floats, weight: Floats) -> Floats:
    """Slope of outcome on covariate within the arms, shape (rows,); 0 where that says nothing."""
    moments = sums[list(MOMENTS)].to_numpy(dtype=float).reshape(-1, 2, 2)
    squares, both = moments[:, 0], moments[:, 1]
    spread = (squares - weight * covariate**2).sum(axis=1)
    known = spread > 1e-9 * squares.sum(axis=1)
    together = (both - weight * covariate * mean).sum(axis=1)
    return np.where(known, together / np.where(known, spread, 1), 0.0)


def _variance(
    product: Floats, mean: Floats, covariate: Floats, weight: Floats, size: Floats, theta: Floats
) -> tuple[Floats, Floats]:
    """Variance of the effect and its degrees of freedom, each of shape (rows,).

    What a customer adds to the error of an arm's mean, (w (y - mean) - theta w (x - mean of x)) /
    sum w, is a sum of the customer's totals times the coefficients here.
    """
    slope = theta[:, None]
    per_total = np.stack([slope * covariate - mean, np.ones_like(mean), -slope + 0 * mean], axis=2)
    per_total /= weight[:, :, None]
    between = np.einsum("nai,naibj,nbj->nab", per_total, product, per_total)
    moments = np.einsum("nai,naiai,nai->na", per_total, product, per_total)
    degrees = np.where(size > 1, size - 1, np.nan)
    own = np.stack([between[:, 0, 0], between[:, 1, 1]], axis=1) * size / degrees
    # Where all outcomes are the same, rounding leaves a tiny difference of either sign.
    own = np.where(own > 1e-9 * moments, own, 0.0)
    variance = own.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        freedom = variance**2 / (own**2 / degrees).sum(axis=1)
    # Customers who were in either arm at one time or the other tie the arms together.
    return variance - 2 * between[:, 0, 1], freedom
