"""Empirical Bayes for the means of small groups: each is drawn towards the mean of all.

A group's true mean is taken as normal around the mean of all, its observed mean as normal around
the true one. How far true means lie apart is estimated from all groups at once, so a group with
few answers borrows from the others, and one with many keeps its own mean.

Sources: Morris (1983), "Parametric empirical Bayes inference", JASA 78, 47-55, for the estimate
and its interval; Paule and Mandel (1982), J. Res. NBS 87, 377-385, for the variance between groups.
"""

import numpy as np
from scipy import optimize, special

from cx_assets.methods.intervals import Floats

# As many answers' worth of the common variance steadies a group's own: with three answers that
# happen to agree, a group would otherwise seem to be known exactly.
COMMON_ANSWERS = 10
# Stein's effect needs four groups when the common mean is estimated too.
FEWEST_GROUPS = 4


def shrink(
    count: Floats, mean: Floats, variance: Floats, centre: float, confidence: float = 0.95
) -> tuple[Floats, Floats, Floats]:
    """Draw the groups' means towards `centre`, by what each lacks in answers.

    Args:
        count: answers per group, shape (groups,).
        mean: their mean; anything where there are none.
        variance: their sample variance (n - 1); anything where there are fewer than two.
        centre: the mean of all answers, in whatever group.

    Returns:
        The drawn means and both ends of their intervals; nan for a group without answers.

    With fewer than four groups of answers nothing is known of how far groups lie apart: the means
    stay as they are. Without any two answers of a group that differ there is no interval either.
    """
    has = count > 0
    k, n, observed = int(has.sum()), count[has], mean[has]
    sampling = sampling_variance(n, variance[has])
    shrunk, error = observed, np.full(k, np.nan)
    if k and sampling.min() > 0:
        between = between_variance(observed, sampling, centre) if k >= FEWEST_GROUPS else 0.0
        total = sampling + between
        pull = max(k - 3, 0) / max(k - 1, 1) * sampling / total
        shrunk = observed + pull * (centre - observed)
        of_centre = np.sum((n / n.sum()) ** 2 * total)
        of_pull = 2 / max(k - 3, 1) * pull**2 * (sampling.mean() + between) / total
        error = np.sqrt(
            sampling * (1 - pull) + pull**2 * of_centre + of_pull * (observed - centre) ** 2
        )
    half = special.stdtrit(n - 1 + COMMON_ANSWERS, (1 + confidence) / 2) * error
    means, low, high = (np.full(len(count), np.nan) for _ in range(3))
    means[has], low[has], high[has] = shrunk, shrunk - half, shrunk + half
    return means, low, high


def sampling_variance(count: Floats, variance: Floats) -> Floats:
    """Variance of each group's mean; the groups' common variance steadies that of its answers."""
    degrees = count - 1
    squares = np.where(degrees > 0, degrees * variance, 0.0)
    common = squares.sum() / max(degrees.sum(), 1)
    return (squares + COMMON_ANSWERS * common) / (degrees + COMMON_ANSWERS) / count


def between_variance(mean: Floats, sampling: Floats, centre: float) -> float:
    """Paule and Mandel's variance of true means around `centre`; zero where none is needed.

    The variance at which the groups' squared distances from the centre, each over its variance,
    add up to the number of groups less one.
    """
    distances = (mean - centre) ** 2

    def excess(between: float) -> float:
        return float(np.sum(distances / (sampling + between))) - (len(mean) - 1)

    if excess(0.0) <= 0:
        return 0.0
    return float(optimize.brentq(excess, 0.0, distances.sum()))
