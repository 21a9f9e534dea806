"""What a customer would answer if asked: expectation, uncertainty, and a trial on later answers."""

from cx_assets.methods.expected_score.estimator import (
    FEWEST_ANSWERS,
    ExpectedScore,
    TooFewAnswers,
    expected_scores,
)
from cx_assets.methods.expected_score.history import MOST_ANSWERS, answers_before
from cx_assets.methods.expected_score.mood import Mood
from cx_assets.methods.expected_score.spread import misfit
from cx_assets.methods.expected_score.trial import Trial, try_out

__all__ = [
    "FEWEST_ANSWERS",
    "MOST_ANSWERS",
    "ExpectedScore",
    "Mood",
    "TooFewAnswers",
    "Trial",
    "answers_before",
    "expected_scores",
    "misfit",
    "try_out",
]
