"""ExpectedScore: what a customer would answer now, and how sure that is."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from threadpoolctl import threadpool_limits

from cx_assets.methods.additive import AdditiveLinear
from cx_assets.methods.additive.linear import fit_ridge
from cx_assets.methods.additive.model import design_matrix, told_bases
from cx_assets.methods.additive.penalty import PENALTIES
from cx_assets.methods.expected_score.components import Components, fit_components
from cx_assets.methods.expected_score.history import day_numbers, newest_first
from cx_assets.methods.expected_score.mood import Mood
from cx_assets.methods.expected_score.spread import Spread
from cx_assets.methods.intervals import Floats

LOWEST, HIGHEST = 1.0, 5.0
Z = 1.959963984540054
FOLDS = 5
# Below, no model: there is hardly more to say than the mean.
FEWEST_ANSWERS = 50


class TooFewAnswers(Exception):
    """There are not enough answers to learn from."""


class ExpectedScore:
    """The answer of customer i at time t, on 1..5:  y = f(x) + u_i(t) + e.

    f is an additive regression on what was on record (`AdditiveLinear`); u_i, what is the
    customer's own, and e, the answer's error, are those of `Mood`. The variances are learned from
    residuals of an f that has not seen the customer (five folds of customers), so the uncertainty
    of f is part of them.

    Attributes, after `fit`:
        experience_: f.
        mood_: the variances.
        spread_: the uncertainty of f, where many customers share it.
        components_: how they were found; not stored.
    """

    experience_: AdditiveLinear
    mood_: Mood
    spread_: Spread
    components_: Components

    def fit(
        self, answers: pd.DataFrame, features: Sequence[str], sample_weight: ArrayLike | None = None
    ) -> Self:
        """Fit on answers, all those of each customer who is in it.

        Args:
            answers: customer_id (null: anonymous), at, score (1..5), survey (its kind) and the
                features.
            features: columns of `answers`, none of them made of the customer's own answers.
            sample_weight: inverse probabilities of an answer, shape (n,).

        Raises:
            TooFewAnswers: there are fewer than 50.
        """
        if len(answers) < FEWEST_ANSWERS:
            raise TooFewAnswers(f"{len(answers)} answers, and {FEWEST_ANSWERS} are needed")
        table, score = answers[list(features)], answers["score"].to_numpy(dtype=float)
        weights = (
            np.ones(len(score)) if sample_weight is None else np.asarray(sample_weight, dtype=float)
        )
        codes, known = pd.factorize(answers["customer_id"])
        anonymous = codes < 0
        owner = np.where(anonymous, len(known) + np.cumsum(anonymous) - 1, codes)
        residuals = _unseen_residuals(table, score, weights, owner % FOLDS)
        surveys = _common_kinds(answers["survey"])
        kinds = np.maximum(pd.Index(surveys).get_indexer(pd.Index(answers["survey"])), 0)
        days, residual, kind = newest_first(
            owner,
            day_numbers(answers["at"]),
            (residuals, kinds.astype(float)),
            len(known) + int(anonymous.sum()),
        )
        self.components_ = fit_components(
            days, residual, np.nan_to_num(kind).astype(np.int64), surveys
        )
        self.mood_ = self.components_.estimate
        self.experience_ = AdditiveLinear().fit(table, score, weights)
        self.spread_ = Spread.of(self.experience_, table, score, weights, owner)
        return self

    def to_json(self) -> str:
        """All that scoring needs, as JSON text."""
        return json.dumps(
            {
                "experience": json.loads(self.experience_.to_json()),
                "mood": asdict(self.mood_),
                "spread": self.spread_.to_dict(),
            }
        )

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The fitted model that `to_json` wrote; its scores are equal to the last digit."""
        stored = json.loads(text)
        model = cls()
        model.experience_ = AdditiveLinear.from_json(json.dumps(stored["experience"]))
        model.mood_ = Mood(**stored["mood"])
        model.spread_ = Spread.from_dict(stored["spread"])
        return model


def expected_scores(
    model: ExpectedScore, moments: pd.DataFrame, earlier: pd.DataFrame
) -> pd.DataFrame:
    """What would be answered at each moment, by the experience then and the answers before.

    Args:
        model: fitted.
        moments: one row per moment: moment_id (unique), at, survey (the kind that would be sent)
            and the other features of the model.
        earlier: the answers given before each moment, one row per moment and answer: moment_id, at
            (when it was answered), score (1..5), survey, and the features of its own invitation.
            Of more than five the newest count.

    Returns:
        One row per moment, with its index: expected (within 1..5), uncertainty (the variance of the
        satisfaction itself, points squared), low and high (95 % interval of the answer, within
        1..5), by_experience (f alone). A row depends on nothing but its own moment and answers.
    """
    by_experience = model.experience_.predict(moments)
    places = pd.Index(moments["moment_id"]).get_indexer(pd.Index(earlier["moment_id"]))
    earlier, places = earlier[places >= 0], places[places >= 0]
    residuals = earlier["score"].to_numpy(dtype=float) - model.experience_.predict(earlier)
    given, residual, noise = newest_first(
        places,
        day_numbers(earlier["at"]),
        (residuals, model.mood_.noise_of(earlier["survey"])),
        len(moments),
    )
    since = day_numbers(moments["at"])[:, None] - given
    own, uncertainty = model.mood_.carried(since, residual, noise)
    expected = np.clip(by_experience + own, LOWEST, HIGHEST)
    half = Z * np.sqrt(uncertainty + model.mood_.noise_of(moments["survey"]))
    return pd.DataFrame(
        {
            "expected": expected,
            "uncertainty": uncertainty,
            "low": np.maximum(expected - half, LOWEST),
            "high": np.minimum(expected + half, HIGHEST),
            "by_experience": by_experience,
        },
        index=moments.index,
    )


def _unseen_residuals(
    table: pd.DataFrame, score: Floats, weights: Floats, fold: NDArray[np.int64]
) -> Floats:
    """Each answer less what the experience makes expect, by a regression on the other folds."""
    residuals = np.zeros(len(score))
    # The answers have no part in the columns, so all folds can share them.
    design = design_matrix(table, told_bases(table))
    with threadpool_limits(limits=1):
        for number in range(FOLDS):
            held = fold == number
            share = weights[~held] / weights[~held].mean()
            beta, _ = fit_ridge(design[~held], score[~held], share, PENALTIES)
            residuals[held] = score[held] - beta[0] - design[held] @ beta[1:]
    return residuals


def _common_kinds(surveys: pd.Series) -> list[str]:
    """Kinds with enough answers to have a noise of their own, the commonest first."""
    counts = surveys.value_counts().sort_index().sort_values(ascending=False, kind="stable")
    return [str(kind) for kind in counts.index[: max(1, int((counts >= FEWEST_ANSWERS).sum()))]]
