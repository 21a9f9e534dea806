"""Partial pooling: what a segment's effect is, given those of the other segments.

The true effects of an action are taken as normal around a centre of their own, the estimated ones
as normal around the true ones. A segment of few customers is drawn towards the centre, one of many
keeps its own effect.

Sources: Morris (1983), "Parametric empirical Bayes inference", JASA 78, 47-55; Paule and Mandel
(1982), J. Res. NBS 87, 377-385; Viechtbauer (2007), "Confidence intervals for the amount of
heterogeneity in meta-analysis", Statistics in Medicine 26, 37-52.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from cx_assets.methods.intervals import Floats
from cx_assets.methods.satisfaction.shrinkage import between_variance, sampling_variance

# Two segments may lie any distance apart, for all that is seen of them.
FEWEST_SEGMENTS = 3
# With fewer levels the long upper tail of a few segments is cut, and the interval is too short.
LEVELS = (np.arange(200) + 0.5) / 200
POOLED = ("pooled_effect", "pooled_se", "pooled_low", "pooled_high")


@dataclass(frozen=True)
class Posterior:
    """Mean and standard deviation of the effect in each segment, and in one never seen."""

    mean: Floats
    sd: Floats
    centre: float
    predictive_sd: float


def partially_pooled(effect: Floats, variance: Floats) -> Posterior:
    """The posterior of each effect.

    A segment's is Morris's: the pull towards the centre is reduced, and the variance enlarged, by
    how little a few segments tell of the variance between them; fewer than four are not pulled at
    all. The predictive variance for another segment takes the variance between segments as its
    average over the levels of the Q-profile (Viechtbauer), and not as its best guess, which is
    often zero.

    Args:
        effect: shape (segments,), at least FEWEST_SEGMENTS.
        variance: their sampling variances, all over zero.
    """
    k = len(effect)
    between, centre = _centre(effect, variance)
    total = variance + between
    pull = max(k - 3, 0) / (k - 1) * variance / total
    of_pull = 2 / max(k - 3, 1) * pull**2 * (variance.mean() + between) / total
    spread = variance * (1 - pull) + pull**2 / np.sum(1 / total) + of_pull * (effect - centre) ** 2
    likely = _mean_between_variance(effect, variance, centre)
    return Posterior(
        mean=effect + pull * (centre - effect),
        sd=np.sqrt(spread),
        centre=centre,
        predictive_sd=float(np.sqrt(1 / np.sum(1 / (variance + likely)) + likely)),
    )


def pool(effects: pd.DataFrame, confidence: float = 0.95) -> pd.DataFrame:
    """Add the posterior to every row of effects.

    Args:
        effects: one row per action, outcome and segment_id (null: all), with effect,
            standard_error, treated_size and control_size (customers).

    Returns:
        The same rows with pooled_effect, pooled_se, pooled_low and pooled_high. The row of all has
        the mean over segments and the predictive standard deviation for a segment never seen; a
        segment without a standard error has the same, since nothing more is known of it. With
        fewer than three segments to compare, the row of all has its own effect. NaN where no effect
        has a standard error.
    """
    found = pd.DataFrame(np.nan, effects.index, ["pooled_effect", "pooled_se"])
    for _, rows in effects.groupby(["action", "outcome"]):
        found.loc[rows.index] = _pooled(rows)
    half = special.ndtri((1 + confidence) / 2) * found["pooled_se"]
    return effects.assign(
        pooled_effect=found["pooled_effect"],
        pooled_se=found["pooled_se"],
        pooled_low=found["pooled_effect"] - half,
        pooled_high=found["pooled_effect"] + half,
    )


def _pooled(rows: pd.DataFrame) -> Floats:
    """pooled_effect and pooled_se of one action and outcome, shape (rows, 2)."""
    own = rows[["effect", "standard_error"]].to_numpy(dtype=float)
    known = np.isfinite(own[:, 1])
    segment = known & rows["segment_id"].notna().to_numpy()
    if segment.sum() < FEWEST_SEGMENTS:
        return np.where(known[:, None], own, np.nan)
    sizes = rows.loc[segment, ["treated_size", "control_size"]].to_numpy(dtype=float)
    size = 1 / np.sum(1 / sizes, axis=1)
    # A control group of ten knows its own variance badly: that of all segments steadies it.
    variance = sampling_variance(size, size * own[segment, 1] ** 2)
    posterior = partially_pooled(own[segment, 0], variance)
    pooled = np.tile([posterior.centre, posterior.predictive_sd], (len(rows), 1))
    pooled[segment] = np.column_stack([posterior.mean, posterior.sd])
    return pooled


def _centre(effect: Floats, variance: Floats) -> tuple[float, float]:
    """Variance between segments and the mean of their true effects, which depend on each other."""
    between = 0.0
    for _ in range(100):
        centre = float(np.average(effect, weights=1 / (variance + between)))
        before, between = between, between_variance(effect, variance, centre)
        if abs(between - before) <= 1e-9 * variance.mean():
            break
    return between, centre


def _mean_between_variance(effect: Floats, variance: Floats, centre: float) -> float:
    """The variance between segments, averaged over its confidence distribution.

    At each level it is the one at which the weighted squared distances from the centre are that
    quantile of chi-squared with segments - 1 degrees of freedom; zero where they are fewer.
    """
    quantile = special.chdtri(len(effect) - 1, LEVELS)
    distances = (effect - centre) ** 2
    low, high = np.zeros(len(LEVELS)), distances.sum() / quantile
    for _ in range(60):
        middle = (low + high) / 2
        above = np.sum(distances / (variance + middle[:, None]), axis=1) > quantile
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return float(low.mean())
