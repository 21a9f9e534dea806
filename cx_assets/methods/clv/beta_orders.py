"""Expected discounted orders when a customer may leave at each order.

Given the rate and p the customer is still there after t with probability exp(-rate * p * t). With
rate ~ Gamma(shape, age) and p ~ Beta(a, b), the expected orders are the mean over p of

    F(p) = int_0^horizon exp(-delta t) shape / age * (1 + p t / age)^-(shape + 1) dt.

The closed form of that mean with a 2F1 (delta = 0) is singular at a = 1 and unstable for large
counts; here it is a Gauss-Legendre sum in a variable in which it is smooth, and so is F with a
discount. For a decreasing F,

    E[F(p); a, b] = E[F(p) - (1 - p) F'(p) / (a + b); a + 1, b]

(integration by parts) takes the heavy tail at p = 0 away without a difference of equals.
"""

import numpy as np
from scipy.special import expit

from cx_assets.methods.clv.chunks import in_chunks
from cx_assets.methods.clv.fitting import FloatArray
from cx_assets.methods.clv.quadrature import gauss_legendre

TAIL_NODES, MIDDLE_NODES, TIME_NODES = 20, 16, 16
DEPTH = 28.0  # what is e^-28 of its peak is nothing
ENDLESS = 36.0  # logit of a p that is 1 in floats
NEWTON_STEPS = 8
ROWS_AT_ONCE = 512


def expected_orders(
    shape: FloatArray,
    age: FloatArray,
    a: float,
    b: FloatArray,
    horizon: FloatArray,
    discount_rate: float,
) -> FloatArray:
    """Orders within `horizon` (n,) of customers (n,) who are there now; inf where it diverges."""

    def of(rows: slice) -> FloatArray:
        return _mean_over_p(shape[rows], age[rows], a, b[rows], horizon[rows], discount_rate)

    result = np.concatenate([np.empty(0), *in_chunks(of, len(shape), ROWS_AT_ONCE)])
    if discount_rate == 0:
        for_ever = np.isinf(horizon)
        # E[1 / p], which is the closed form for ever.
        result[for_ever] = (a + b[for_ever] - 1) / (a - 1) if a > 1 else np.inf
    return result


def _mean_over_p(
    shape: FloatArray,
    age: FloatArray,
    a: float,
    b: FloatArray,
    horizon: FloatArray,
    discount_rate: float,
) -> FloatArray:
    with np.errstate(divide="ignore"):
        ahead = np.minimum(horizon, np.divide(2 * DEPTH, discount_rate)) / age
    logit, weights = _logit_nodes(a, b, shape * np.where(np.isinf(ahead), 1.0, ahead))
    p, stays = expit(logit), expit(-logit)
    if discount_rate == 0:
        orders = _undiscounted(shape, p * ahead, p, stays / (a + b))
    else:
        orders = _discounted(shape, ahead, p, stays / (a + b), discount_rate * age / p)
    return (weights * orders).sum(axis=0) / weights.sum(axis=0)


def _undiscounted(shape: FloatArray, y: FloatArray, p: FloatArray, tail: FloatArray) -> FloatArray:
    """F(p) - tail * F'(p) at the nodes (nodes, n), in closed form; y = p * horizon / age."""
    left = np.exp(-shape * np.log1p(y))
    falls = 1 - left * (1 + shape * (1 - 1 / (1 + y)))
    # For a small y that is a difference of equals; there the series is exact.
    border = 1e-3 / (shape + 1)
    small = np.minimum(y, border)
    series = 1 - (shape + 2) * small * (2 / 3 - (shape + 3) * small / 4)
    falls = np.where(y < border, shape * (shape + 1) / 2 * small**2 * series, falls)
    return (-np.expm1(-shape * np.log1p(y)) + tail * falls / p) / p


def _discounted(
    shape: FloatArray, ahead: FloatArray, p: FloatArray, tail: FloatArray, discount: FloatArray
) -> FloatArray:
    """The same with the discount: with u = log(1 + p t / age) the integrand is

    exp(-shape u - discount (e^u - 1)) du / p, and falls at least as fast as at its start.
    """
    end = np.minimum(np.log1p(p * ahead), DEPTH / (shape + discount))
    nodes, node_weights = gauss_legendre(TIME_NODES)
    u = nodes[:, None, None] ** 2 * end
    grown = np.expm1(u)
    share = tail * (shape + 1) / p
    integrand = np.exp(-shape * u - discount * grown) * (1 + share * grown / (1 + grown))
    return np.tensordot(2 * nodes * node_weights, integrand, axes=1) * end * shape / p


def _logit_nodes(a: float, b: FloatArray, drop: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Nodes in logit(p) and weights (nodes, n) for Beta(a + 1, b), not normalised.

    `drop` says where F bends, at p around 1 / drop; the nodes reach below that.
    """

    def log_density(z: FloatArray) -> FloatArray:
        return (a + 1) * z - (a + 1 + b) * np.logaddexp(0, z)

    peak = np.log((a + 1) / b)
    top = log_density(peak)
    # Between the bend and the peak the integrand falls to the left like p^(a - 1).
    gap = np.clip(peak + np.log1p(drop), 0.0, DEPTH / max(a - 1, 0.1))
    crowd = np.clip((a - 1) * gap / DEPTH, 0.0, 1.0)
    # Right of the root a concave function's Newton steps come down to it and never pass it.
    high = np.minimum((DEPTH - top) / b, np.maximum(ENDLESS, peak + ENDLESS))
    for _ in range(NEWTON_STEPS):
        excess = log_density(high) - top + DEPTH
        slope = (a + 1) - (a + 1 + b) * expit(high)
        high = np.where(excess < 0, high - excess / slope, high)
    tail, tail_weights = (column[:, None] for column in gauss_legendre(TAIL_NODES))
    middle, middle_weights = (column[:, None] for column in gauss_legendre(MIDDLE_NODES))
    left, right = DEPTH / (a + 1), high - peak
    below = peak - middle * (1 + crowd * (middle - 1)) * gap
    z = np.vstack([peak - gap - tail**2 * left, below, peak + tail**2 * right])
    crowded = 2 * tail * tail_weights
    below_spacing = middle_weights * (1 + crowd * (2 * middle - 1)) * gap
    spacing = [crowded * np.full_like(gap, left), below_spacing, crowded * right]
    weights = np.vstack(spacing) * np.exp(log_density(z) - top)
    # Beyond the last node p is 1 and the density a pure exponential.
    rest = np.exp(log_density(high) - top) / ((a + 1 + b) * expit(high) - (a + 1))
    return np.vstack([z, high]), np.vstack([weights, rest])
