"""What a customer's earlier answers say about now: a level that lasts and a mood that fades.

Beside what the experience explains, a customer's satisfaction is a Gaussian process u(t) with

    Cov(u(t), u(s)) = level + mood * exp(-|t - s| / mood_days),

and an answer shows it with an independent error, whose variance depends on the kind of survey: a
scale of five whole numbers is coarser than one of eleven. The best linear unbiased prediction from
the residuals r of n earlier answers, and its mean squared error, are

    k' K^-1 r    and    level + mood - k' K^-1 k,

K the residuals' covariance, k theirs with u now (Robinson 1991, That BLUP is a good thing;
Rasmussen and Williams 2006, Gaussian Processes for Machine Learning, eq. 2.25 and 2.26).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cx_assets.methods.intervals import Floats


@dataclass(frozen=True)
class Mood:
    """The variance components, in points squared, and how long a mood lasts, in days.

    `noise` is the variance of an answer's error by kind of survey, the commonest kind first.
    """

    level: float
    mood: float
    mood_days: float
    noise: Mapping[str, float]

    @property
    def satisfaction(self) -> float:
        """Variance of the satisfaction itself, of a customer who has never answered."""
        return self.level + self.mood

    def noise_of(self, surveys: pd.Series) -> Floats:
        """The error's variance of each answer; an unknown kind is taken for the commonest."""
        commonest = next(iter(self.noise.values()))
        return np.array([self.noise.get(survey, commonest) for survey in surveys], dtype=float)

    def shared(self, days: Floats) -> Floats:
        """Covariance of the satisfaction at two moments so many days apart; same shape."""
        return self.level + self.mood * np.exp(-np.abs(days) / self.mood_days)

    def carried(self, days: Floats, residuals: Floats, noise: Floats) -> tuple[Floats, Floats]:
        """What earlier answers add to the expectation of now, and the variance that is left.

        Args:
            days: since each earlier answer, shape (g, k); nan where there are fewer than k, after
                those that there are.
            residuals: answer less what the experience made expect, shape (g, k).
            noise: the variance of the answer's error, shape (g, k).

        Returns:
            The prediction of u and its mean squared error, both of shape (g,). A row depends on
            nothing but its own answers.
        """
        mean, variance = np.zeros(len(days)), np.full(len(days), self.satisfaction)
        for rows, count in by_count(days):
            since, known = days[rows, :count], residuals[rows, :count]
            with_now = self.shared(since)
            covariance = self.shared(between(since)) + diagonal(noise[rows, :count])
            weights = np.linalg.solve(covariance, with_now[:, :, None])[:, :, 0]
            mean[rows] = (weights * known).sum(axis=1)
            variance[rows] -= (weights * with_now).sum(axis=1)
        return mean, np.maximum(variance, 0)


def by_count(days: Floats) -> Iterator[tuple[NDArray[np.int64], int]]:
    """Row numbers of the rows with the same number of values that are not nan, 1 at least."""
    counts = np.isfinite(days).sum(axis=1)
    for count in np.unique(counts[counts > 0]):
        yield np.flatnonzero(counts == count), int(count)


def between(days: Floats) -> Floats:
    """Days between any two of n moments in each of g rows: (g, n) -> (g, n, n)."""
    return days[:, :, None] - days[:, None, :]


def diagonal(values: Floats) -> Floats:
    """A diagonal matrix per row: (g, n) -> (g, n, n)."""
    return values[:, :, None] * np.eye(values.shape[1])
