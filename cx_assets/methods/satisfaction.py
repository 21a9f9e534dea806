"""Satisfaction figures from counts and sums per group: mean, top two boxes, NPS, intervals."""

import numpy as np
import pandas as pd

from cx_assets.methods.intervals import mean_interval, sample_variance, wilson_interval

# Fewer answers than this say more about who answered than about the group.
FEWEST_ANSWERS = 10


def satisfaction(groups: pd.DataFrame) -> pd.DataFrame:
    """Score each group of answers.

    Args:
        groups: one row per group, with the columns survey, invited, responses, score_sum,
            score_squares (sum of squared scores), top_two, promoters and detractors; other
            columns are carried along.

    Returns:
        The same rows with mean_score, csat_share (answers in the top two boxes; csat only), nps
        (percentage of promoters less that of detractors; nps only), ci_low and ci_high (95 %, of
        the mean), csat_share_low and csat_share_high (95 %), and published (enough answers).
    """
    n = groups["responses"].to_numpy(dtype=float)
    answered = np.where(n > 0, n, np.nan)
    mean = groups["score_sum"].to_numpy(dtype=float) / answered
    squares = groups["score_squares"].to_numpy(dtype=float)
    variance = sample_variance(n, mean, squares)
    low, high = mean_interval(n, mean, np.nan_to_num(variance))

    is_csat = groups["survey"].eq("csat").to_numpy()
    top_two = groups["top_two"].to_numpy(dtype=float)
    share_low, share_high = wilson_interval(top_two, n)
    promoters_less_detractors = (groups["promoters"] - groups["detractors"]).to_numpy(dtype=float)
    return groups.assign(
        mean_score=mean,
        csat_share=np.where(is_csat, top_two / answered, np.nan),
        nps=np.where(
            groups["survey"].eq("nps"), 100 * promoters_less_detractors / answered, np.nan
        ),
        ci_low=low,
        ci_high=high,
        csat_share_low=np.where(is_csat, share_low, np.nan),
        csat_share_high=np.where(is_csat, share_high, np.nan),
        published=n >= FEWEST_ANSWERS,
    )
