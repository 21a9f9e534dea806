"""The forecasts that need no model, which a model has to beat."""

import numpy as np

from cx_assets.methods.demand.history import HORIZON, SEASON, first_weeks, mean_week
from cx_assets.methods.intervals import Floats

MEAN, SEASONAL_NAIVE = "mean", "seasonal_naive"
# A quarter: long enough to be steady, short enough to be of now.
RECENT = 13


def recent_mean(units: Floats) -> Floats:
    """The mean of the last 13 weeks, or of as many as there are, goes on."""
    return HORIZON * mean_week(units, RECENT)


def seasonal_naive(units: Floats) -> Floats | None:
    """What the same weeks of last year sold; the recent mean of what was not for sale then.

    None with less than a year of history.
    """
    weeks = units.shape[1]
    if weeks < SEASON:
        return None
    start = weeks - SEASON
    last_year = units[:, start : start + HORIZON].sum(axis=1)
    return np.where(first_weeks(units) <= start, last_year, recent_mean(units))
