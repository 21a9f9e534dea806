"""AdditiveLogistic: calibrated probabilities, each the sum of effects that can be told."""

from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from threadpoolctl import threadpool_limits

from cx_assets.methods.additive.logistic import fit_logistic, sigmoid
from cx_assets.methods.additive.model import AdditiveModel, design_matrix, told_bases
from cx_assets.methods.additive.penalty import PENALTIES, best_penalty, folds
from cx_assets.methods.intervals import Floats


class AdditiveLogistic(AdditiveModel):
    """An additive logistic regression: the log-odds of y = 1 are AdditiveModel's eta.

    The ridge penalty on the coefficients behind the effects is the one that predicts best out of
    sample. The likelihood makes the probabilities calibrated: no class is weighted up.
    """

    def __init__(self, penalties: tuple[float, ...] = PENALTIES) -> None:
        self.penalties = penalties

    def fit(
        self,
        X: pd.DataFrame,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        cutoffs: ArrayLike | None = None,
        horizon: Any = 0,
    ) -> Self:
        """Fit on a table of features.

        Args:
            X: one row per customer (and cut-off), one column per feature: numbers, booleans or
                texts, missing values allowed.
            y: 0 or 1, shape (n,).
            sample_weight: at least 0, shape (n,).
            cutoffs: the time of each row's features, shape (n,), in any ordered type. Then the
                penalty is chosen on rows later than those it was fitted on.
            horizon: length of the label's window, in what the difference of two cut-offs is in. A
                row is fitted on only where its window ended before the rows to be predicted.

        Raises:
            ValueError: y is not 0 or 1, or holds one class only.
            TypeError: a column holds times.
        """
        labels = np.asarray(y, dtype=float)
        weights = (
            np.ones(len(labels)) if sample_weight is None else np.asarray(sample_weight, float)
        )
        classes = set(np.unique(labels[weights > 0]).tolist())
        if classes != {0.0, 1.0}:
            raise ValueError(f"y must hold both 0 and 1, but holds {sorted(classes)}")
        told = told_bases(X)
        # The last digits must not depend on which thread adds up first.
        with threadpool_limits(limits=1):
            design = design_matrix(X, told)
            tried = folds(labels, None if cutoffs is None else np.asarray(cutoffs), horizon)
            self.penalty_ = best_penalty(design, labels, weights, tried, self.penalties)
            beta = fit_logistic(design, labels, weights, self.penalty_)
        self.base_rate_ = float(np.average(labels, weights=weights))
        self._centre(X, weights, told, beta)
        return self

    def decision_function(self, X: pd.DataFrame) -> Floats:
        """Log-odds of y = 1, shape (n,)."""
        return self.linear_predictor(X)

    def predict(self, X: pd.DataFrame) -> Floats:
        """Probability of y = 1, shape (n,)."""
        return sigmoid(self.decision_function(X))

    def predict_proba(self, X: pd.DataFrame) -> Floats:
        """Probabilities of y = 0 and y = 1, shape (n, 2)."""
        chance = self.predict(X)
        return np.column_stack([1 - chance, chance])
