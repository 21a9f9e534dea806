"""Partial pooling: what a segment's effect is, given those of the other segments.

The true effects of an action are taken as normal around a centre of their own, the estimated ones
as normal around the true ones. A segment of few customers is drawn towards the centre, one of many
keeps its own effect. Of the centre nothing is assumed; the spread between segments is half-normal,
since three to ten segments say little of it and a handful of odd ones must not let all go their
own way. What is not known of the spread is part of every interval.

Sources: Gelman et al. (2013), Bayesian Data Analysis, 5.4; Röver et al. (2021), "On weakly
informative prior distributions for the heterogeneity parameter in Bayesian random-effects
meta-analysis", Research Synthesis Methods 12, 448-474.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from cx_assets.methods.intervals import Floats
from cx_assets.methods.satisfaction.shrinkage import sampling_variance

# Two segments may lie any distance apart, for all that is seen of them.
FEWEST_SEGMENTS = 3
# Scale of the half-normal, in standard deviations of the outcome: a spread of half of one would be
# large, since hardly an action moves anything by more.
PRIOR_SPREAD = 0.5
# Spreads that are integrated over; the half-normal has nothing beyond four times its scale.
GRID = (np.arange(200) + 0.5) / 50
POOLED = ("pooled_effect", "pooled_se", "pooled_low", "pooled_high")


@dataclass(frozen=True)
class Posterior:
    """Mean and standard deviation of the effect in each segment, and in one never seen."""

    mean: Floats
    sd: Floats
    centre: float
    predictive_sd: float


def partially_pooled(effect: Floats, variance: Floats, prior_spread: float) -> Posterior:
    """The posterior of each effect.

    Given the spread, everything is normal (BDA 5.17, 5.20); over the spread it is a mixture, on a
    grid, weighted by the spread's own posterior (BDA 5.21).

    Args:
        effect: shape (segments,).
        variance: their sampling variances, all over zero.
        prior_spread: scale of the half-normal of the standard deviation between segments.
    """
    between = (prior_spread * GRID[:, None]) ** 2
    precision = 1 / (variance + between)
    centre_variance = 1 / precision.sum(axis=1)
    centre = centre_variance * (precision @ effect)
    misfit = np.sum(precision * (effect - centre[:, None]) ** 2, axis=1)
    log_weight = np.sum(np.log(precision), axis=1) + np.log(centre_variance) - misfit - GRID**2
    weight = special.softmax(log_weight / 2)

    pull = variance * precision
    means = effect + pull * (centre[:, None] - effect)
    variances = variance * (1 - pull) + pull**2 * centre_variance[:, None]
    mean, sd = _mixture(weight, means, variances)
    new, new_sd = _mixture(weight, centre[:, None], centre_variance[:, None] + between)
    return Posterior(mean=mean, sd=sd, centre=float(new[0]), predictive_sd=float(new_sd[0]))


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
    outcome_sd = np.sqrt(np.average(size * variance, weights=size))
    posterior = partially_pooled(own[segment, 0], variance, PRIOR_SPREAD * outcome_sd)
    pooled = np.tile([posterior.centre, posterior.predictive_sd], (len(rows), 1))
    pooled[segment] = np.column_stack([posterior.mean, posterior.sd])
    return pooled


def _mixture(weight: Floats, means: Floats, variances: Floats) -> tuple[Floats, Floats]:
    """Mean and standard deviation of mixtures: weight of shape (n,), the others (n, mixtures)."""
    mean = weight @ means
    return mean, np.sqrt(weight @ (variances + (means - mean) ** 2))
