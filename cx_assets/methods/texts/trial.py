"""How good a model of texts is, on comments of people it does not know."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cx_assets.methods.texts.agreement import MODEST, rank_correlation
from cx_assets.methods.texts.sentiment import FEWEST_OF_SCRIPT


@dataclass(frozen=True)
class Trial:
    """Figures out of fold; nan where predictions or scores are all the same.

    `length_correlation` is the baseline: how well the length of the comment alone orders the
    scores, the sign apart. `baseline_error` is that of always saying the other folds' mean.
    `scripts` has script, comments and the rank correlation with its interval.
    """

    rank_correlation: float
    rank_low: float
    rank_high: float
    length_correlation: float
    error: float
    baseline_error: float
    scripts: list[dict[str, Any]]

    @property
    def note(self) -> str | None:
        """What is to be said against the model."""
        if not np.isfinite(self.rank_correlation):
            return "all comments are predicted the same"
        if self.rank_correlation < MODEST:
            return f"the rank correlation is under {MODEST}: the texts tell little of the scores"
        if self.rank_correlation <= self.length_correlation:
            return "the model orders the scores no better than the length of the text"
        return None


def try_out(comments: pd.DataFrame) -> Trial:
    """Judge the out-of-fold predictions.

    Args:
        comments: text, person, script, score, fold and predicted.
    """
    score, fold = comments["score"], comments["fold"]
    r, low, high = _agreement(comments, comments["predicted"])
    others = (score.sum() - score.groupby(fold).transform("sum")) / (
        len(score) - score.groupby(fold).transform("size")
    )
    return Trial(
        rank_correlation=r,
        rank_low=low,
        rank_high=high,
        length_correlation=abs(_agreement(comments, comments["text"].str.len())[0]),
        error=_root_mean_square(score - comments["predicted"]),
        baseline_error=_root_mean_square(score - others),
        scripts=[
            _of_script(str(script), group)
            for script, group in comments.groupby("script")
            if len(group) >= FEWEST_OF_SCRIPT
        ],
    )


def _of_script(script: str, comments: pd.DataFrame) -> dict[str, Any]:
    figures = _agreement(comments, comments["predicted"])
    rounded = [round(value, 4) if np.isfinite(value) else None for value in figures]
    named = zip(("rank_correlation", "rank_low", "rank_high"), rounded, strict=True)
    return {"script": script, "comments": len(comments), **dict(named)}


def _agreement(comments: pd.DataFrame, predicted: pd.Series) -> tuple[float, float, float]:
    people = comments["person"].nunique()
    return rank_correlation(comments["score"], predicted, comments["fold"], people)


def _root_mean_square(errors: pd.Series) -> float:
    return float(np.sqrt((errors**2).mean()))
