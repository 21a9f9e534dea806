"""What an action did: the difference between the two arms of a randomised assignment."""

import numpy as np
import pandas as pd
from scipy import special


def difference_of_means(arms: pd.DataFrame, confidence: float = 0.95) -> pd.DataFrame:
    """Intention to treat: treated mean less control mean, with Welch's interval and test.

    Welch (1947), with the Welch-Satterthwaite degrees of freedom: the arms may have different
    sizes and variances.

    Args:
        arms: one row per comparison, with treated, control (observations per arm), treated_mean,
            control_mean, treated_variance and control_variance (sample variances, n - 1).

    Returns:
        The same rows with effect, ci_low, ci_high and p_value (two-sided); nan where an arm has
        fewer than two observations or nothing varies.
    """
    n1, n0 = (arms[f"{arm}"].to_numpy(dtype=float) for arm in ("treated", "control"))
    enough = (n1 >= 2) & (n0 >= 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        part1 = arms["treated_variance"].to_numpy(dtype=float) / n1
        part0 = arms["control_variance"].to_numpy(dtype=float) / n0
        error = np.sqrt(part1 + part0)
        degrees = (part1 + part0) ** 2 / (part1**2 / (n1 - 1) + part0**2 / (n0 - 1))
        effect = (arms["treated_mean"] - arms["control_mean"]).to_numpy(dtype=float)
        usable = enough & (error > 0)
        half = special.stdtrit(degrees, (1 + confidence) / 2) * error
        p_value = 2 * special.stdtr(degrees, -np.abs(effect) / error)
    return arms.assign(
        effect=np.where(enough, effect, np.nan),
        ci_low=np.where(usable, effect - half, np.nan),
        ci_high=np.where(usable, effect + half, np.nan),
        p_value=np.where(usable, p_value, np.nan),
    )
