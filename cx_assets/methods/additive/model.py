"""What additive models have in common: effects per feature, their sum, and both as JSON."""

import json
from collections.abc import Mapping
from typing import Self

import numpy as np
import pandas as pd

from cx_assets.methods.additive.alike import alike_features
from cx_assets.methods.additive.basis import Basis, Effect, effect_from_dict, fit_basis
from cx_assets.methods.intervals import Floats


class AdditiveModel:
    """eta = intercept + sum over features f of g_f(x_f).

    g_f is piecewise linear for a number (on a logarithmic scale where it is skewed) and one value
    per level for a text; missing has a value of its own, and rare and unseen levels share one
    (Hastie and Tibshirani, Generalized Additive Models, 1990; Eilers and Marx 1996, a penalty on
    splines).

    Attributes, after `fit`:
        features_: names of the columns that say something, in their order.
        effects_: name -> g_f, centred: 0 is the average training row.
        intercept_: eta of the row that is average in every effect.
        base_rate_: weighted mean of y in training.
        penalty_: the ridge penalty chosen.
        importance_: name -> standard deviation of g_f over the training rows, in units of eta.
        alike_: tuples of features that say the same (correlated over .7); every feature is in one.
    """

    features_: tuple[str, ...]
    effects_: Mapping[str, Effect]
    intercept_: float
    base_rate_: float
    penalty_: float
    importance_: Mapping[str, float]
    alike_: tuple[tuple[str, ...], ...]

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
        """What each feature adds to a row's eta, against the average row.

        Returns:
            Shape (n, len(features_)). A row depends on nothing but its own values.
        """
        given = [self.effects_[name](X[name]) for name in self.features_]
        return np.column_stack(given) if given else np.zeros((len(X), 0))

    def linear_predictor(self, X: pd.DataFrame) -> Floats:
        """eta, shape (n,)."""
        # One feature after the other: the sum of a row does not depend on how many rows there are.
        eta = np.full(len(X), self.intercept_)
        for contribution in self.contributions(X).T:
            eta += contribution
        return eta

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


def told_bases(table: pd.DataFrame) -> dict[str, Basis]:
    """The basis of each column that says something."""
    found = {str(name): fit_basis(table[name]) for name in table.columns}
    return {name: basis for name, basis in found.items() if basis}


def design_matrix(table: pd.DataFrame, bases: Mapping[str, Basis]) -> Floats:
    """The columns behind all effects, shape (n, sum of widths)."""
    blocks = [basis.columns(table[name]) for name, basis in bases.items()]
    return np.hstack(blocks) if blocks else np.zeros((len(table), 0))
