"""Satisfaction of groups from the histograms of their answers: scores with their uncertainty."""

from hashlib import sha256

import numpy as np
import pandas as pd

from cx_assets.methods.intervals import (
    Floats,
    bootstrap_interval,
    mean_interval,
    net_share_interval,
    wilson_interval,
)
from cx_assets.methods.satisfaction.shrinkage import shrink

# Fewer answers than this say more about who answered than about the group.
FEWEST_ANSWERS = 10
# Fewer than this are to be read with care.
FEW_ANSWERS = 30
# Beyond this, Student's t is wrong on one side; the bootstrap needs some answers to draw from.
SKEWED = 1.0
GROUP = ["survey", "dimension", "value"]
COUNTS = ["invited", "responses", "score_sum", "top_two", "promoters", "detractors"]


def satisfaction(bins: pd.DataFrame) -> pd.DataFrame:
    """Score each group of answers.

    Args:
        bins: the histograms, one row per group (survey, dimension, value) and score: invited,
            responses, score_sum (of the bin's answers), top_two, promoters and detractors. A row
            without answers carries invitations alone. Every survey has a group of dimension `all`.

    Returns:
        One row per group, sorted: its counts, mean_score, csat_share (answers in the top boxes;
        csat only), nps (percentage of promoters less that of detractors; nps only), ci_low and
        ci_high (of the mean) by interval_method (`t` or `bootstrap`, null where there is none),
        csat_share_low/high, nps_low/high, shrunk_mean, shrunk_low/high, few_answers and published.
        All intervals are 95 %.
    """
    groups = bins.groupby(GROUP, as_index=False)[COUNTS].sum()
    n = groups["responses"].to_numpy(dtype=float)
    answered = np.where(n > 0, n, np.nan)
    groups["mean_score"] = groups["score_sum"].to_numpy(dtype=float) / answered
    variance = _add_mean_intervals(groups, bins)
    _add_shares(groups, answered)
    _add_shrunk(groups, variance)
    return groups.assign(few_answers=n < FEW_ANSWERS, published=n >= FEWEST_ANSWERS)


def _add_mean_intervals(groups: pd.DataFrame, bins: pd.DataFrame) -> Floats:
    """Add the means' intervals; the answers' sample variance comes back."""
    answers = bins[bins["responses"] > 0].merge(
        groups[[*GROUP, "mean_score"]].reset_index(names="group"), on=GROUP
    )
    of = answers["group"].to_numpy(dtype=int)
    counts = answers["responses"].to_numpy(dtype=float)
    scores = answers["score_sum"].to_numpy(dtype=float) / counts
    deviations = np.round(scores - answers["mean_score"].to_numpy(dtype=float), 9)
    n, squares, cubes = (
        np.bincount(of, counts * deviations**power, minlength=len(groups)) for power in (0, 2, 3)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = squares / (n - 1)
        skewness = cubes / n / (squares / n) ** 1.5
    low, high = mean_interval(n, groups["mean_score"], np.nan_to_num(variance))
    skewed = (n >= FEWEST_ANSWERS) & (np.abs(skewness) > SKEWED)
    for group in np.flatnonzero(skewed):
        own = of == group
        name = "|".join(str(part) for part in groups[GROUP].iloc[group])
        low[group], high[group] = bootstrap_interval(counts[own], scores[own], seed(name))
    method = np.select([skewed, np.isfinite(low)], ["bootstrap", "t"], "")
    groups["ci_low"], groups["ci_high"] = low, high
    groups["interval_method"] = pd.Series(method, groups.index, dtype=object).replace("", None)
    return variance


def seed(name: str) -> int:
    """A seed that is a group's own, wherever its row stands."""
    return int.from_bytes(sha256(name.encode()).digest()[:8], "big")


def _add_shares(groups: pd.DataFrame, answered: Floats) -> None:
    is_csat, is_nps = (groups["survey"].eq(kind).to_numpy() for kind in ("csat", "nps"))
    n, top_two, promoters, detractors = (
        groups[name].to_numpy(dtype=float)
        for name in ("responses", "top_two", "promoters", "detractors")
    )
    share = (top_two / answered, *wilson_interval(top_two, n))
    net = ((promoters - detractors) / answered, *net_share_interval(promoters, detractors, n))
    for end, of_csat, of_nps in zip(("", "_low", "_high"), share, net, strict=True):
        groups[f"csat_share{end}"] = np.where(is_csat, of_csat, np.nan)
        groups[f"nps{end}"] = np.where(is_nps, 100 * of_nps, np.nan)


def _add_shrunk(groups: pd.DataFrame, variance: Floats) -> None:
    """Draw the groups of a survey and dimension towards the survey's mean; that one stays."""
    n, mean = (groups[name].to_numpy(dtype=float) for name in ("responses", "mean_score"))
    is_all = groups["dimension"] == "all"
    centre = groups["survey"].map(groups[is_all].set_index("survey")["mean_score"]).to_numpy(float)
    figures = groups[["mean_score", "ci_low", "ci_high"]].to_numpy(dtype=float, copy=True)
    for labels in groups[~is_all].groupby(["survey", "dimension"]).groups.values():
        rows = labels.to_numpy(dtype=int)
        shrunk = shrink(n[rows], mean[rows], variance[rows], centre[rows[0]])
        figures[rows] = np.column_stack(shrunk)
    groups[["shrunk_mean", "shrunk_low", "shrunk_high"]] = figures
