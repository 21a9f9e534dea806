"""Thompson sampling over independent normal beliefs, as probabilities instead of draws.

An action is chosen with the probability that it is the best one (Thompson 1933, "On the likelihood
that one unknown probability exceeds another in view of the evidence of two samples", Biometrika 25,
285-294): here with the probability that a draw of its net benefit is the largest of all draws, and
above 0, which is what doing nothing is worth. For independent normal beliefs that is one integral,

    P(i) = integral over x > 0 of  density_i(x) * product over j != i of P(draw of j < x),

and P(none) is the product of all P(draw of j < 0). With the probabilities at hand every choice has
a propensity that is exact, which inverse-propensity weighting rests on.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import special

from cx_assets.methods.intervals import Floats

# A share of the choices is drawn evenly from all that is possible, none included, so that nothing
# starves and no inverse propensity is above (possibilities) / EXPLORATION. It costs at most this
# share of what random choices lose.
EXPLORATION = 0.03

# Standard deviations around each mean that the integral minds; 2e-17 of the mass lies beyond.
_REACH = 8.5
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(10)


def best_probabilities(mean: Floats, sd: Floats, eligible: NDArray[np.bool_]) -> Floats:
    """P(each action is the best of the eligible ones and better than nothing), and P(none is).

    Gauss-Legendre quadrature on panels of at most one standard deviation of whatever changes
    there, so the error is far below 1e-9 however different the spreads are.

    Args:
        mean, sd: of the belief about each action's net benefit, shape (actions,); sd > 0.
        eligible: shape (sets, actions).

    Returns:
        Shape (sets, actions + 1), the last column for none; 0 where an action is not eligible.
        Every row adds up to 1.

    Raises:
        ValueError: a mean or an sd is not finite, or an sd is not above 0.
    """
    if not (np.isfinite(mean).all() and np.isfinite(sd).all() and (sd > 0).all()):
        raise ValueError("a belief needs a finite mean and a finite sd above 0")
    nothing = np.exp(eligible @ special.log_ndtr(-mean / sd))
    x, weight = _panels(mean, sd)
    z = (x[:, None] - mean) / sd
    below = special.log_ndtr(z)
    density = weight[:, None] * np.exp(-(z**2) / 2) / (sd * np.sqrt(2 * np.pi))
    all_below = below @ eligible.T
    best = np.zeros((len(eligible), len(mean) + 1))
    for action in range(len(mean)):
        sets = eligible[:, action]
        others = np.exp(all_below[:, sets] - below[:, [action]])
        best[sets, action] = density[:, action] @ others
    best[:, -1] = nothing
    return best / best.sum(axis=1, keepdims=True)


def propensities(mean: Floats, sd: Floats, eligible: NDArray[np.bool_]) -> Floats:
    """The `best_probabilities`, and a share of EXPLORATION even over all that is possible.

    Shapes as there: (sets, actions + 1), the last column for none.
    """
    possible = np.column_stack([eligible, np.ones(len(eligible), dtype=bool)])
    even = possible / possible.sum(axis=1, keepdims=True)
    return (1 - EXPLORATION) * best_probabilities(mean, sd, eligible) + EXPLORATION * even


def _panels(mean: Floats, sd: Floats) -> tuple[Floats, Floats]:
    """Nodes and weights on x > 0, close together wherever a belief has its mass."""
    steps = np.linspace(-_REACH, _REACH, 18)
    edges = np.unique(np.concatenate([[0.0], (mean[:, None] + sd[:, None] * steps).ravel()]))
    edges = edges[edges >= 0]
    half = np.diff(edges) / 2
    x = edges[:-1, None] + half[:, None] * (1 + _NODES)
    return x.ravel(), (half[:, None] * _WEIGHTS).ravel()
