"""What an action did: the difference between the two arms of a randomised assignment."""

import numpy as np
import pandas as pd
from scipy import special

from cx_assets.methods.intervals import Floats, sample_variance


def difference_of_means(arms: pd.DataFrame, confidence: float = 0.95) -> pd.DataFrame:
    """Intention to treat: treated mean less control mean, with Welch's interval and test.

    Welch (1947), with the Welch-Satterthwaite degrees of freedom: the arms may have different
    sizes and variances.

    Args:
        arms: one row per comparison, with treated, control (observations per arm), treated_sum,
            control_sum, treated_squares and control_squares (sums of squared observations).

    Returns:
        The same rows with treated_mean, control_mean, effect, ci_low, ci_high and p_value
        (two-sided); nan where an arm has fewer than two observations or nothing varies.
    """
    n1, mean1, variance1 = _moments(arms, "treated")
    n0, mean0, variance0 = _moments(arms, "control")
    enough = (n1 >= 2) & (n0 >= 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        part1, part0 = variance1 / n1, variance0 / n0
        error = np.sqrt(part1 + part0)
        degrees = (part1 + part0) ** 2 / (part1**2 / (n1 - 1) + part0**2 / (n0 - 1))
        effect = mean1 - mean0
        usable = enough & (error > 0)
        half = special.stdtrit(degrees, (1 + confidence) / 2) * error
        p_value = 2 * special.stdtr(degrees, -np.abs(effect) / error)
    return arms.assign(
        treated_mean=mean1,
        control_mean=mean0,
        effect=np.where(enough, effect, np.nan),
        ci_low=np.where(usable, effect - half, np.nan),
        ci_high=np.where(usable, effect + half, np.nan),
        p_value=np.where(usable, p_value, np.nan),
    )


def _moments(arms: pd.DataFrame, arm: str) -> tuple[Floats, Floats, Floats]:
    """Count, mean and sample variance of an arm; nan where there is too little for one."""
    n = arms[arm].to_numpy(dtype=float)
    total = arms[f"{arm}_sum"].to_numpy(dtype=float)
    squares = arms[f"{arm}_squares"].to_numpy(dtype=float)
    mean = total / np.where(n > 0, n, np.nan)
    return n, mean, sample_variance(n, mean, squares)
