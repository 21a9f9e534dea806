"""Whether probabilities are near what happens, and mean what they say."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from cx_assets.methods.intervals import Floats
from cx_assets.methods.ranking import equal_groups

BINS = 10
# A bin of fewer rows shows chance more than calibration.
FEWEST_PER_BIN = 100


def brier(y: ArrayLike, probability: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
    """Mean squared distance of probability and outcome; NaN without rows."""
    labels, chances, weights = _arrays(y, probability, sample_weight)
    total = weights.sum()
    return float(weights @ (chances - labels) ** 2 / total) if total > 0 else np.nan


def log_loss(y: ArrayLike, probability: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
    """Mean negative log-likelihood, in nats; NaN without rows."""
    labels, chances, weights = _arrays(y, probability, sample_weight)
    kept = np.clip(chances, 1e-15, 1 - 1e-15)
    loss = -(labels * np.log(kept) + (1 - labels) * np.log1p(-kept))
    total = weights.sum()
    return float(weights @ loss / total) if total > 0 else np.nan


def reliability(
    y: ArrayLike, probability: ArrayLike, sample_weight: ArrayLike | None = None
) -> pd.DataFrame:
    """What was predicted beside what happened, in bins of equal size by predicted probability.

    Ten bins, fewer where one would hold less than 100 rows. Equal probabilities are spread evenly
    over the bins that they lie in, so that no figure depends on the order of the rows.

    Returns:
        One row per bin: bin (from 1), predicted (mean probability), observed (share of y = 1) and
        customers (weight of its rows, which may be a fraction); none without rows.
    """
    labels, chances, weights = _arrays(y, probability, sample_weight)
    bins = min(BINS, max(1, len(labels) // FEWEST_PER_BIN))
    predicted, observed, customers = equal_groups(chances, labels, weights, groups=bins)
    return pd.DataFrame(
        {
            "bin": np.arange(1, len(predicted) + 1),
            "predicted": predicted,
            "observed": observed,
            "customers": customers,
        }
    )


def calibration_error(
    y: ArrayLike, probability: ArrayLike, sample_weight: ArrayLike | None = None
) -> float:
    """Expected calibration error: mean distance of predicted and observed over the equal bins of
    `reliability` (ten, where there are 1,000 rows); NaN without rows.
    """
    table = reliability(y, probability, sample_weight)
    return float((table["predicted"] - table["observed"]).abs().mean())


def _arrays(
    y: ArrayLike, probability: ArrayLike, sample_weight: ArrayLike | None
) -> tuple[Floats, Floats, Floats]:
    labels = np.asarray(y, dtype=float)
    weights = np.ones_like(labels) if sample_weight is None else np.asarray(sample_weight, float)
    return labels, np.asarray(probability, dtype=float), weights
