"""How well a churn model does on a table of one moment: out-of-fold figures."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from cx_assets.methods.additive import AdditiveLogistic
from cx_assets.methods.additive.penalty import FOLDS, deal
from cx_assets.methods.calibration import brier, calibration_error
from cx_assets.methods.intervals import Floats
from cx_assets.methods.ranking import auc


@dataclass(frozen=True)
class CrossValidation:
    """Attributes:
    probability: out-of-fold probability of each row, shape (n,).
    auc, brier, calibration_error: of these against the labels.
    baseline_brier: of always predicting the share of y = 1.
    """

    probability: Floats
    auc: float
    brier: float
    calibration_error: float
    baseline_brier: float


def cross_validate(
    X: pd.DataFrame,
    y: ArrayLike,
    sample_weight: ArrayLike | None = None,
    seed: int = 0,
) -> CrossValidation:
    """Five folds: each is predicted by a model that was fitted, with its penalty, on the others.

    For a table with one row per customer and no time, such as a public snapshot. Where there is a
    time, test on a later cut-off instead.

    Args:
        X: features, one row per customer.
        y: 0 or 1, shape (n,).
        sample_weight: at least 0, shape (n,).
        seed: of the shuffling into folds.

    Raises:
        ValueError: the rows outside some fold hold one class only.
    """
    labels = np.asarray(y, dtype=float)
    weights = np.ones(len(labels)) if sample_weight is None else np.asarray(sample_weight, float)
    dealt = deal(labels, seed=seed)
    probability = np.empty(len(labels))
    for fold in range(FOLDS):
        out = dealt == fold
        model = AdditiveLogistic().fit(X.loc[~out], labels[~out], weights[~out])
        probability[out] = model.predict(X.loc[out])
    share = np.full(len(labels), np.average(labels, weights=weights))
    return CrossValidation(
        probability=probability,
        auc=auc(probability, labels, weights),
        brier=brier(labels, probability, weights),
        calibration_error=calibration_error(labels, probability, weights),
        baseline_brier=brier(labels, share, weights),
    )
