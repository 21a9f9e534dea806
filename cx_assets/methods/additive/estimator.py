"""AdditiveLogistic: calibrated probabilities, each the sum of effects that can be told."""

import json
from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from threadpoolctl import threadpool_limits

from cx_assets.methods.additive.alike import alike_features
from cx_assets.methods.additive.basis import Basis, Effect, effect_from_dict, fit_basis
from cx_assets.methods.additive.logistic import fit_logistic, sigmoid
from cx_assets.methods.additive.penalty import PENALTIES, best_penalty, folds
from cx_assets.methods.intervals import Floats


class AdditiveLogistic:
    """An additive logistic regression: log-odds = intercept + sum over features f of g_f(x_f).

    g_f is piecewise linear for a number (on a logarithmic scale where it is skewed) and one value
    per level for a text; missing has a value of its own, and rare and unseen levels share one. The
    ridge penalty on the coefficients behind the g_f is the one that predicts best out of sample.
    The likelihood makes the probabilities calibrated: no class is weighted up (Hastie and
    Tibshirani, Generalized Additive Models, 1990; Eilers and Marx 1996, a penalty on splines).

    Attributes, after `fit`:
        features_: names of the columns that say something, in their order.
        effects_: name -> g_f, centred: 0 is the average training row.
        intercept_: log-odds of the row that is average in every effect.
        base_rate_: share of y = 1 in training.
        penalty_: the ridge penalty chosen.
        importance_: name -> standard deviation of g_f over the training rows, in log-odds.
        alike_: tuples of features that say the same (correlated over .7); every feature is in one.
    """

    features_: tuple[str, ...]
    effects_: Mapping[str, Effect]
    intercept_: float
    base_rate_: float
    penalty_: float
    importance_: Mapping[str, float]
    alike_: tuple[tuple[str, ...], ...]

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
        bases = {str(name): fit_basis(X[name]) for name in X.columns}
        told = {name: basis for name, basis in bases.items() if basis}
        # The last digits must not depend on which thread adds up first.
        with threadpool_limits(limits=1):
            design = _design(X, told)
            tried = folds(labels, None if cutoffs is None else np.asarray(cutoffs), horizon)
            self.penalty_ = best_penalty(design, labels, weights, tried, self.penalties)
            beta = fit_logistic(design, labels, weights, self.penalty_)
        self.base_rate_ = float(np.average(labels, weights=weights))
        self._centre(X, weights, told, beta)
        return self

    def _centre(
        self, table: pd.DataFrame, weights: Floats, bases: Mapping[str, Basis], beta: Floats
    ) -> None:
        effects, importance, given, at = {}, {}, [], 1
        intercept = float(beta[0])
        for name, basis in bases.items():
            effect = basis.effect(beta[at : at + basis.width])
            at += basis.width
            contribution = effect(table[name])
            mean = float(np.average(contribution, weights=weights))
            intercept += mean
            effects[name] = effect.shifted(mean)
            given.append(contribution - mean)
            importance[name] = float(np.sqrt(np.average(given[-1] ** 2, weights=weights)))
        self.features_ = tuple(bases)
        self.effects_ = effects
        self.intercept_ = intercept
        self.importance_ = importance
        self.alike_ = alike_features(table, dict(zip(bases, given, strict=True)))

    def contributions(self, X: pd.DataFrame) -> Floats:
        """What each feature adds to a row's log-odds, against the average row.

        Returns:
            Shape (n, len(features_)). A row depends on nothing but its own values.
        """
        given = [self.effects_[name](X[name]) for name in self.features_]
        return np.column_stack(given) if given else np.zeros((len(X), 0))

    def decision_function(self, X: pd.DataFrame) -> Floats:
        """Log-odds of y = 1, shape (n,)."""
        # One feature after the other: the sum of a row does not depend on how many rows there are.
        log_odds = np.full(len(X), self.intercept_)
        for contribution in self.contributions(X).T:
            log_odds += contribution
        return log_odds

    def predict(self, X: pd.DataFrame) -> Floats:
        """Probability of y = 1, shape (n,)."""
        return sigmoid(self.decision_function(X))

    def predict_proba(self, X: pd.DataFrame) -> Floats:
        """Probabilities of y = 0 and y = 1, shape (n, 2)."""
        chance = self.predict(X)
        return np.column_stack([1 - chance, chance])

    def to_json(self) -> str:
        """All that scoring needs, as JSON text."""
        return json.dumps(
            {
                "intercept": self.intercept_,
                "base_rate": self.base_rate_,
                "penalty": self.penalty_,
                "effects": {name: effect.to_dict() for name, effect in self.effects_.items()},
                "importance": self.importance_,
                "alike": self.alike_,
            }
        )

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The fitted model that `to_json` wrote; its scores are equal to the last digit."""
        stored = json.loads(text)
        model = cls()
        model.features_ = tuple(stored["effects"])
        model.effects_ = {
            name: effect_from_dict(effect) for name, effect in stored["effects"].items()
        }
        model.intercept_ = stored["intercept"]
        model.base_rate_ = stored["base_rate"]
        model.penalty_ = stored["penalty"]
        model.importance_ = stored["importance"]
        model.alike_ = tuple(map(tuple, stored["alike"]))
        return model


def _design(table: pd.DataFrame, bases: Mapping[str, Basis]) -> Floats:
    blocks = [basis.columns(table[name]) for name, basis in bases.items()]
    return np.hstack(blocks) if blocks else np.zeros((len(table), 0))
