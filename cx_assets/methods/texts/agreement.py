"""How well predicted scores order the true ones, when each comes from a model of its fold."""

import numpy as np
from numpy.typing import ArrayLike
from scipy import special, stats

from cx_assets.methods.intervals import Floats

# A model that orders the scores worse than this is warned about.
MODEST = 0.3
# What it takes to tell a rank correlation of 0.3 from none (level 5 %, power 80 %) is 85; and a
# few more.
FEWEST_PEOPLE = 100


def rank_correlation(
    truth: ArrayLike, predicted: ArrayLike, fold: ArrayLike, people: int, confidence: float = 0.95
) -> tuple[float, float, float]:
    """Spearman's rank correlation and its interval.

    It is reckoned within each fold and averaged by size: between folds the predictions of a model
    that knows nothing run against the truth, since its mean leaves out just the fold that it is
    tried on. The interval is Bonett and Wright's (2000), with the number of different people for
    that of observations, as if all that one person wrote said the same: so it is rather wide.

    Returns:
        Correlation, lower and upper end; nan where truth or prediction is all the same.
    """
    y, score, part = np.asarray(truth), np.asarray(predicted), np.asarray(fold)
    within = [_spearman(y[part == one], score[part == one]) for one in np.unique(part)]
    sizes = np.array([np.sum(part == one) for one in np.unique(part)])
    known = np.isfinite(within)
    freedom = people - 3 * known.sum()
    if not known.any() or freedom < 1:
        return float("nan"), float("nan"), float("nan")
    r = float(np.average(np.array(within)[known], weights=sizes[known]))
    centre = np.arctanh(np.clip(r, -0.999999, 0.999999))
    half = special.ndtri((1 + confidence) / 2) * np.sqrt((1 + r**2 / 2) / freedom)
    return r, float(np.tanh(centre - half)), float(np.tanh(centre + half))


def _spearman(x: Floats, y: Floats) -> float:
    if len(x) < 2 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return float("nan")
    return float(np.corrcoef(stats.rankdata(x), stats.rankdata(y))[0, 1])
