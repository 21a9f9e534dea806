"""For how many of the asked an answer stands."""

import numpy as np
from numpy.typing import ArrayLike

from cx_assets.methods.intervals import Floats

# No answer stands for more than so many times what the average answer stands for.
MOST_TIMES_AVERAGE = 5.0


def trimmed_weights(propensity: ArrayLike, response_rate: float) -> Floats:
    """Inverse-probability weights, trimmed (Horvitz and Thompson 1952; Potter 1990).

    Args:
        propensity: probability to answer, above 0, shape (n,).
        response_rate: share of the invitations that were answered.

    Returns:
        1 / propensity, at most 5 / response_rate, shape (n,). Trimming trades a little bias for
        the variance of a few answers that would decide everything.
    """
    chance = np.asarray(propensity, dtype=float)
    return 1 / np.maximum(chance, response_rate / MOST_TIMES_AVERAGE)
