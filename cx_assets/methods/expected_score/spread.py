"""How far the expectation by experience may be off for many customers at once.

One customer's error is part of the variances in `Mood`; but customers share the errors of f, so
those of a group's mean do not cancel out.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cx_assets.methods.additive import AdditiveLinear
from cx_assets.methods.additive.basis import Basis, CategoryBasis, NumberBasis
from cx_assets.methods.additive.model import design_matrix, told_bases
from cx_assets.methods.intervals import Floats


@dataclass(frozen=True)
class Spread:
    """The coefficients' posterior covariance, the ridge penalty being their prior.

        C = deff s^2 (X'WX + penalty I)^-1,    X centred,

    which also covers what the data do not tell apart, and the penalty's bias on average (Nychka
    1988). s^2 is the residual variance; the design effect deff is that of answers of unequal
    weight, several of them by one customer (Liang and Zeger 1986, for the intercept).

    Attributes:
        bases: from the features to the p columns behind f.
        centre: their weighted means, shape (p,).
        covariance: C, shape (p, p).
        intercept: variance at the centre.
    """

    bases: Mapping[str, Basis]
    centre: Floats
    covariance: Floats
    intercept: float

    @classmethod
    def of(
        cls,
        experience: AdditiveLinear,
        table: pd.DataFrame,
        score: Floats,
        weights: Floats,
        owner: NDArray[np.int64],
    ) -> Self:
        """Of an `experience` fitted on these rows; `owner` numbers the customers from 0."""
        weights = weights / weights.mean()
        bases = told_bases(table)
        design = design_matrix(table, bases)
        centre = weights @ design / weights.sum()
        columns = design - centre
        error = weights * (score - experience.predict(table))
        # s^2 times the design effect, at once.
        variance = float((np.bincount(owner, error) ** 2).sum() / weights.sum())
        precision = columns.T @ (columns * weights[:, None])
        precision += experience.penalty_ * np.eye(len(centre))
        inverse = np.linalg.inv(precision)
        covariance = variance * (inverse + inverse.T) / 2
        return cls(bases, centre, covariance, variance / float(weights.sum()))

    def of_mean(self, rows: pd.DataFrame) -> float:
        """Variance of the error of f's mean over some customers' rows of features."""
        away = design_matrix(rows, self.bases).mean(axis=0) - self.centre
        return float(away @ self.covariance @ away) + self.intercept

    def to_dict(self) -> dict[str, Any]:
        return {
            "bases": {name: _plain(asdict(basis)) for name, basis in self.bases.items()},
            "centre": self.centre.tolist(),
            "lower_triangle": self.covariance[np.tril_indices(len(self.centre))].tolist(),
            "intercept": self.intercept,
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        bases = {name: _basis(fields) for name, fields in stored["bases"].items()}
        centre = np.array(stored["centre"], dtype=float)
        covariance = np.zeros((len(centre), len(centre)))
        rows, columns = np.tril_indices(len(centre))
        covariance[rows, columns] = covariance[columns, rows] = stored["lower_triangle"]
        return cls(bases, centre, covariance, stored["intercept"])


def misfit(mean_error: Floats, variance: Floats) -> float:
    """Variance of what the model misses of whole groups, from groups whose answers are known.

    The mean over groups of (squared mean error - its sampling variance), 0 at least: a moment
    estimate as in DerSimonian and Laird (1986), about the prediction and not about a common mean.

    Args:
        mean_error: mean of answer less expectation of each group; nan where there is none.
        variance: sampling variance of that mean; groups where it is nan do not count.
    """
    known = np.isfinite(mean_error) & np.isfinite(variance)
    if not known.any():
        return 0.0
    return max(0.0, float(np.mean(mean_error[known] ** 2 - variance[known])))


def _plain(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value.tolist() if isinstance(value, np.ndarray) else value
        for name, value in fields.items()
    }


def _basis(fields: Mapping[str, Any]) -> Basis:
    if "levels" in fields:
        return CategoryBasis(**{**fields, "levels": tuple(fields["levels"])})
    return NumberBasis(**{**fields, "points": np.array(fields["points"], dtype=float)})
