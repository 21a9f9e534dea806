"""The variance components by maximum likelihood, from customers who answered more than once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from cx_assets.methods.expected_score.mood import Mood, between, by_count, diagonal
from cx_assets.methods.intervals import Floats

# With fewer customers who answered twice, nothing tells the customer from the moment.
FEWEST_REPEATERS = 50
# Then half of what the experience leaves open is taken to be the answer's error and half to be the
# customer: as much level as mood.
ASSUMED_SHARES, ASSUMED_DAYS = (0.25, 0.25, 0.5), 90.0
# As shares of the residual variance, and in days.
SMALLEST, LARGEST, SHORTEST, LONGEST = 1e-4, 4.0, 3.0, 1095.0
STARTS = (20.0, 90.0, 365.0)
STEP = 1e-4

# Days, residuals and kinds of survey, each of shape (g, n), n the same within a group.
Group = tuple[Floats, Floats, NDArray[np.int64]]
Loss = Callable[[Floats], tuple[float, Floats]]


@dataclass(frozen=True)
class Components:
    """The estimate; standard errors are nan where assumed, or at the edge of what is possible."""

    estimate: Mood
    standard_errors: Mood
    repeaters: int
    assumed: bool


def fit_components(
    days: Floats, residuals: Floats, kinds: NDArray[np.int64], surveys: Sequence[str]
) -> Components:
    """Maximise the exact marginal likelihood of the customers' residuals.

    Args:
        days: when each answer was given, shape (customers, k); nan after a customer's last one.
        residuals: answer less what the experience made expect, shape (customers, k).
        kinds: position in `surveys` of the answer's kind, shape (customers, k).
        surveys: the kinds of survey, the commonest first.
    """
    groups = [
        (days[rows, :count], residuals[rows, :count], kinds[rows, :count])
        for rows, count in by_count(days)
    ]
    repeaters = sum(len(when) for when, _, _ in groups if when.shape[1] > 1)
    variance = max(float(np.nanmean(residuals**2)), 1e-6)
    if repeaters < FEWEST_REPEATERS:
        level, mood, noise = (share * variance for share in ASSUMED_SHARES)
        estimate = Mood(level, mood, ASSUMED_DAYS, dict.fromkeys(surveys, noise))
        return Components(
            estimate, _mood(np.full(3 + len(surveys), np.nan), surveys), repeaters, True
        )
    unit = np.array([variance, variance, 1.0, *[variance] * len(surveys)])
    low = np.log(unit * [SMALLEST, SMALLEST, SHORTEST, *[SMALLEST] * len(surveys)])
    high = np.log(unit * [LARGEST, LARGEST, LONGEST, *[LARGEST] * len(surveys)])

    def loss(logs: Floats) -> tuple[float, Floats]:
        return negative_log_likelihood(np.exp(logs), groups)

    found = [
        minimize(
            loss,
            np.log(unit * [0.3, 0.3, mood_days, *[0.4] * len(surveys)]),
            jac=True,
            method="L-BFGS-B",
            bounds=list(zip(low, high, strict=True)),
        )
        for mood_days in STARTS
    ]
    best = min(found, key=lambda each: float(each.fun)).x
    inside = (best > low + 0.01) & (best < high - 0.01)
    spread = _spread_of_logs(loss, best, inside) * np.exp(best)
    return Components(_mood(np.exp(best), surveys), _mood(spread, surveys), repeaters, False)


def negative_log_likelihood(parameters: Floats, groups: Sequence[Group]) -> tuple[float, Floats]:
    """Of zero-mean Gaussian vectors, and its gradient by the logarithms of the parameters.

    Rasmussen and Williams 2006, eq. 5.8 and 5.9.

    Args:
        parameters: level, mood, mood_days, and the noise of each kind of survey.
    """
    level, mood, mood_days, *_ = parameters
    noise = parameters[3:]
    total, gradient = 0.0, np.zeros(len(parameters))
    for days, residuals, kinds in groups:
        apart = np.abs(between(days)) / mood_days
        fading = mood * np.exp(-apart)
        covariance = level + fading + diagonal(noise[kinds])
        inverse = np.linalg.inv(covariance)
        alpha = (inverse * residuals[:, None, :]).sum(axis=2)
        total += 0.5 * float(
            (alpha * residuals).sum()
            + np.linalg.slogdet(covariance)[1].sum()
            + residuals.size * np.log(2 * np.pi)
        )
        slope = 0.5 * (inverse - alpha[:, :, None] * alpha[:, None, :])
        own = np.diagonal(slope, axis1=1, axis2=2)
        gradient += [
            level * slope.sum(),
            (slope * fading).sum(),
            (slope * fading * apart).sum(),
            *(noise * np.bincount(kinds.ravel(), own.ravel(), len(noise))),
        ]
    return total, gradient


def _mood(parameters: Floats, surveys: Sequence[str]) -> Mood:
    level, mood, mood_days, *noise = parameters.tolist()
    return Mood(level, mood, mood_days, dict(zip(surveys, noise, strict=True)))


def _spread_of_logs(loss: Loss, best: Floats, inside: NDArray[np.bool_]) -> Floats:
    """Standard errors of the logarithms from the curvature at the best; nan at an edge."""
    spread, free = np.full(len(best), np.nan), np.flatnonzero(inside)
    steps = STEP * np.eye(len(best))[free]
    slopes = [(loss(best + step)[1] - loss(best - step)[1])[free] for step in steps]
    curvature = np.array(slopes).reshape(len(free), len(free)) / (2 * STEP)
    eigenvalues, directions = np.linalg.eigh((curvature + curvature.T) / 2)
    if np.all(eigenvalues > 0):
        spread[free] = np.sqrt((directions**2 / eigenvalues).sum(axis=1))
    return spread
