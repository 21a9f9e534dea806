"""How well answers are predicted that the model has not seen."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from cx_assets.methods.expected_score.estimator import ExpectedScore, expected_scores
from cx_assets.methods.expected_score.history import answers_before
from cx_assets.methods.intervals import Floats, mean_interval

# With fewer, the figures say more of chance than of the model.
FEWEST_TESTED = 50
BINS = 10
# Whole numbers stretched to 1..5 are not exact.
TOLERANCE = 1e-6


@dataclass(frozen=True)
class Trial:
    """The figures are nan, and there are no bins, where too few answers could be tested.

    Attributes:
        tested: how many answers were predicted.
        r_squared: share of the variance of the answers that was predicted.
        naive_r_squared: that of the customer's last answer, or else the mean.
        coverage: share of the answers within their 95 % intervals.
        bins: tenths by prediction: predicted, stated, low, high (95 % of the mean), answers.
    """

    tested: int = 0
    r_squared: float = np.nan
    naive_r_squared: float = np.nan
    coverage: float = np.nan
    bins: pd.DataFrame = field(default_factory=pd.DataFrame)


def try_out(model: ExpectedScore, tested: pd.DataFrame, answers: pd.DataFrame) -> Trial:
    """Predict each answer from what was known before it.

    Args:
        model: fitted on other answers.
        tested: moment_id (unique), customer_id, at, score and the model's features.
        answers: the same columns, of these customers' answers at any time; each is used only for
            the moments after it.
    """
    if len(tested) < FEWEST_TESTED:
        return Trial(len(tested))
    score = tested["score"].to_numpy(dtype=float)
    before = answers_before(tested, answers)
    found = expected_scores(model, tested, before)
    last = before.sort_values("at", kind="stable").groupby("moment_id")["score"].last()
    naive = last.reindex(tested["moment_id"]).fillna(model.experience_.base_rate_)
    covered = score.clip(found["low"] - TOLERANCE, found["high"] + TOLERANCE) == score
    return Trial(
        tested=len(tested),
        r_squared=r_squared(score, found["expected"].to_numpy()),
        naive_r_squared=r_squared(score, naive.to_numpy(dtype=float)),
        coverage=float(covered.mean()),
        bins=_tenths(score, found["expected"]),
    )


def r_squared(score: Floats, predicted: Floats) -> float:
    """1 - (sum of squared errors) / (sum of squares about the mean); nan where all are the same."""
    spread = ((score - score.mean()) ** 2).sum()
    return float(1 - ((score - predicted) ** 2).sum() / spread) if spread > 0 else np.nan


def _tenths(score: Floats, expected: pd.Series) -> pd.DataFrame:
    place = (expected.rank(method="first") - 1) * BINS // len(score)
    grouped = pd.DataFrame({"predicted": expected.to_numpy(), "stated": score}).groupby(
        place.to_numpy()
    )
    bins = grouped.mean()
    low, high = mean_interval(grouped.size(), bins["stated"], grouped["stated"].var())
    return bins.assign(low=low, high=high, answers=grouped.size())
