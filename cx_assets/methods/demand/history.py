"""What a history says before any model: since when a product sells, and its mean week."""

import numpy as np
from numpy.typing import NDArray

from cx_assets.methods.intervals import Floats

# Weeks: about the time between an order to a supplier and its goods.
HORIZON = 4
# Weeks: whole ones, so that a day of the week stays what it is.
SEASON = 52

Ints = NDArray[np.int64]


def first_weeks(units: Floats) -> Ints:
    """The week of each product's first sale; the number of weeks where there is none.

    The weeks before it say nothing of demand: the product was not for sale.
    """
    never = np.ones((len(units), 1), dtype=bool)
    return np.hstack([units > 0, never]).argmax(axis=1)


def mean_week(units: Floats, weeks: int) -> Floats:
    """Units per week of each product over the last `weeks`, or since its first sale if later."""
    end = units.shape[1]
    on_sale = np.clip(end - first_weeks(units), 1, weeks)
    return units[:, max(0, end - weeks) :].sum(axis=1) / on_sale
