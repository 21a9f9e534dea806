"""What a good or bad text reads like: ridge regression of scores on character n-grams."""

import json
from collections import Counter
from collections.abc import Sequence
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from sklearn.linear_model import Ridge

from cx_assets.methods.intervals import Floats
from cx_assets.methods.texts.agreement import FEWEST_PEOPLE
from cx_assets.methods.texts.folds import FOLDS, folds_of
from cx_assets.methods.texts.tokens import character_ngrams, plain, script_of
from cx_assets.methods.texts.vectors import DECIMALS, TermVectors

MOST_NGRAMS = 3_000
STRENGTHS = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
# A script that fewer comments are written in has not been taught.
FEWEST_OF_SCRIPT = 20
LOWEST, HIGHEST = 1.0, 5.0


class TooFewComments(ValueError):
    """There is nothing to learn from; the message says why."""


class TextSentiment:
    """The score that a text speaks of, 1 to 5, learned from comments that came with a score.

    A comment is TF-IDF of its character n-grams (one to four, within words), which needs no
    language to be known. The terms and their rarity are learned from all comments once, without the
    scores. Six ridge regressions are fitted: one on all comments, and one per fold without the
    people of that fold. Each takes the strength with which the folds, its own left out, were
    predicted best.

    Attributes:
        vectors_: the n-grams.
        coefficients_: (6, n-grams); row 0 is the model of all comments, row k that without fold k.
        intercepts_, strengths_: (6,).
        scripts_: script -> comments.
        errors_: the 2.5 % and 97.5 % quantiles of true less out-of-fold score.
        learned_: the comments that were learned from, with the columns script, fold and predicted
            (out of fold) added; after `fit` only.
    """

    vectors_: TermVectors
    coefficients_: Floats
    intercepts_: Floats
    strengths_: Floats
    scripts_: dict[str, int]
    errors_: tuple[float, float]
    learned_: pd.DataFrame

    def fit(self, comments: pd.DataFrame) -> Self:
        """Learn from text, person (who wrote it) and score (1 to 5).

        Raises:
            TooFewComments: fewer than 100 people, scores that are all the same, or no n-gram that
                five people wrote.
        """
        told = comments[comments["text"].map(plain) != ""].reset_index(drop=True)
        people = told["person"].tolist()
        if len(set(people)) < FEWEST_PEOPLE:
            raise TooFewComments(
                f"{len(set(people))} people have commented, and below {FEWEST_PEOPLE} a modest "
                "correlation cannot be told from none"
            )
        if told["score"].nunique() == 1:
            raise TooFewComments("all scores are the same")
        texts = told["text"].tolist()
        scripts = [script_of(text) for text in texts]
        self.scripts_ = dict(Counter(scripts).most_common())
        self.vectors_, rows = TermVectors.learn(
            character_ngrams, texts, people, scripts, MOST_NGRAMS
        )
        if not self.vectors_.terms_:
            raise TooFewComments("no part of a word was written by five people")
        scores, fold = told["score"].to_numpy(dtype=float), folds_of(people)
        self._fit_folds(rows, scores, fold)
        predicted = self._scores(rows, fold)
        low, high = np.quantile(scores - predicted, (0.025, 0.975), method="weibull")
        self.errors_ = (round(float(low), DECIMALS), round(float(high), DECIMALS))
        self.learned_ = told.assign(script=scripts, fold=fold, predicted=predicted)
        return self

    def _fit_folds(self, rows: sparse.csr_matrix, scores: Floats, fold: NDArray[np.int64]) -> None:
        every = range(1, FOLDS + 1)
        tried = [
            [_ridge(rows[fold != one], scores[fold != one], strength) for one in every]
            for strength in STRENGTHS
        ]
        errors = np.array(
            [
                [_squares(rows[fold == one], scores[fold == one], ridges[one - 1]) for one in every]
                for ridges in tried
            ]
        )
        # For model 0 all errors count, for model k those of the other folds.
        counted = errors.sum(axis=1, keepdims=True) - np.insert(errors, 0, 0.0, axis=1)
        best = counted.argmin(axis=0)
        self.strengths_ = np.array(STRENGTHS)[best]
        models = [
            _ridge(rows, scores, self.strengths_[0]),
            *(tried[best[one]][one - 1] for one in every),
        ]
        self.coefficients_ = np.round([model.coef_ for model in models], DECIMALS)
        self.intercepts_ = np.round([model.intercept_ for model in models], DECIMALS)

    def _scores(self, rows: sparse.csr_matrix, model: NDArray[np.int64]) -> Floats:
        every = rows @ self.coefficients_.T + self.intercepts_
        chosen = every[np.arange(len(model)), model]
        return np.round(np.clip(chosen, LOWEST, HIGHEST), DECIMALS)

    def predict(self, texts: Sequence[str], people: Sequence[str | None]) -> pd.DataFrame:
        """Score texts; each row depends on its own text and person alone.

        Args:
            people: who wrote the text, where it is one of the comments and is to be scored by the
                model that knows none of that person's; None for any other text.

        Returns:
            script, predicted_score, predicted_low and predicted_high (95 % for the score that the
            writer would give), with the index 0, 1, ...; nan where the text has no n-gram that is
            known or its script was not taught.
        """
        rows = self.vectors_.transform(texts)
        model = np.zeros(len(texts), dtype=np.int64)
        named = np.array([person is not None for person in people], dtype=bool)
        model[named] = folds_of(person for person in people if person is not None)
        scripts = pd.Series([script_of(text) for text in texts], dtype=object)
        taught = [script for script, size in self.scripts_.items() if size >= FEWEST_OF_SCRIPT]
        read = scripts.isin(taught).to_numpy(dtype=bool) & (np.diff(rows.indptr) > 0)
        score = np.where(read, self._scores(rows, model), np.nan)
        low, high = self.errors_
        return pd.DataFrame(
            {
                "script": scripts,
                "predicted_score": score,
                "predicted_low": np.round(np.clip(score + low, LOWEST, HIGHEST), DECIMALS),
                "predicted_high": np.round(np.clip(score + high, LOWEST, HIGHEST), DECIMALS),
            }
        )

    def to_json(self) -> str:
        return json.dumps(
            {
                "ngrams": self.vectors_.terms_,
                "idf": self.vectors_.idf_.tolist(),
                "coefficients": self.coefficients_.tolist(),
                "intercepts": self.intercepts_.tolist(),
                "strengths": self.strengths_.tolist(),
                "scripts": self.scripts_,
                "errors": self.errors_,
            },
            ensure_ascii=False,
        )

    @classmethod
    def from_json(cls, stored: str) -> Self:
        """The model as it was stored: it predicts what it did."""
        values, model = json.loads(stored), cls()
        model.vectors_ = TermVectors(character_ngrams, values["ngrams"], values["idf"])
        model.coefficients_ = np.array(values["coefficients"])
        model.intercepts_ = np.array(values["intercepts"])
        model.strengths_ = np.array(values["strengths"])
        model.scripts_ = values["scripts"]
        model.errors_ = tuple(values["errors"])
        return model


def _ridge(rows: sparse.csr_matrix, scores: Floats, strength: float) -> Ridge:
    return Ridge(strength, solver="sparse_cg", tol=1e-4).fit(rows, scores)


def _squares(rows: sparse.csr_matrix, scores: Floats, ridge: Ridge) -> float:
    return float(((scores - rows @ ridge.coef_ - ridge.intercept_) ** 2).sum())
