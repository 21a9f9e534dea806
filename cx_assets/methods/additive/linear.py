"""AdditiveLinear: an expected value, the sum of effects that can be told."""

from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from threadpoolctl import threadpool_limits

from cx_assets.methods.additive.model import AdditiveModel, design_matrix, told_bases
from cx_assets.methods.additive.penalty import PENALTIES
from cx_assets.methods.intervals import Floats


class AdditiveLinear(AdditiveModel):
    """An additive regression by weighted least squares: E[y] is AdditiveModel's eta.

    The ridge penalty is the one with the lowest generalised cross-validation (Golub, Heath and
    Wahba 1979), so no row has to be left out to find it.
    """

    def __init__(self, penalties: tuple[float, ...] = PENALTIES) -> None:
        self.penalties = penalties

    def fit(self, X: pd.DataFrame, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Fit on a table of features.

        Args:
            X: one row per observation, one column per feature: numbers, booleans or texts,
                missing values allowed.
            y: numbers, shape (n,).
            sample_weight: at least 0, shape (n,); only its proportions matter.

        Raises:
            ValueError: no row has a weight.
            TypeError: a column holds times.
        """
        values = np.asarray(y, dtype=float)
        weights = np.ones(len(values)) if sample_weight is None else np.asarray(sample_weight)
        if not weights.sum() > 0:
            raise ValueError("no row has a weight, so there is nothing to learn from")
        weights = weights / weights[weights > 0].mean()
        bases = told_bases(X)
        # The last digits must not depend on which thread adds up first.
        with threadpool_limits(limits=1):
            design = design_matrix(X, bases)
            beta, self.penalty_ = fit_ridge(design, values, weights, self.penalties)
        self.base_rate_ = float(np.average(values, weights=weights))
        self._centre(X, weights, bases, beta)
        return self

    def predict(self, X: pd.DataFrame) -> Floats:
        """Expected value, shape (n,)."""
        return self.linear_predictor(X)


def fit_ridge(
    design: Floats, y: Floats, weights: Floats, penalties: tuple[float, ...]
) -> tuple[Floats, float]:
    """Minimise  sum_i w_i (y_i - beta[0] - design_i @ beta[1:])^2 + penalty * |beta[1:]|^2.

    Args:
        design: shape (n, p).
        y, weights: shape (n,); the weights average 1 over the rows that count.
        penalties: those to choose from, above 0.

    Returns:
        beta, shape (p + 1,), and the penalty with the lowest generalised cross-validation
        n RSS / (n - degrees of freedom)^2.
    """
    n = np.count_nonzero(weights)
    centre, mean = weights @ design / weights.sum(), weights @ y / weights.sum()
    columns, target = design - centre, y - mean
    curvature, directions = np.linalg.eigh(columns.T @ (columns * weights[:, None]))
    curvature = np.maximum(curvature, 0)
    along = directions.T @ (columns.T @ (weights * target))
    total = weights @ target**2

    def cross_validation(penalty: float) -> float:
        shrunk = along / (curvature + penalty)
        residual = total - 2 * shrunk @ along + shrunk**2 @ curvature
        left = n - 1 - np.sum(curvature / (curvature + penalty))
        return float(n * residual / left**2) if left > 0 else np.inf

    penalty = min(penalties, key=cross_validation)
    slopes = directions @ (along / (curvature + penalty))
    return np.concatenate([[mean - centre @ slopes], slopes]), penalty
