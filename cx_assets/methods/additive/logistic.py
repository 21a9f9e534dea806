"""Logistic regression with a ridge penalty, by Newton's method."""

import numpy as np

from cx_assets.methods.intervals import Floats

TOLERANCE = 1e-8
MOST_STEPS = 100
BLOCK = 4096


def fit_logistic(
    design: Floats, y: Floats, weights: Floats, penalty: float, start: Floats | None = None
) -> Floats:
    """Minimise  sum_i w_i (log(1 + exp(eta_i)) - y_i eta_i) + penalty / 2 * |beta[1:]|^2.

    eta = beta[0] + design @ beta[1:]; the intercept is not penalised. The same minimum as
    scikit-learn's LogisticRegression(C=1 / penalty). The objective is strictly convex for a
    positive penalty and two classes, so there is one minimum.

    Args:
        design: shape (n, p).
        y: 0 or 1, shape (n,), with both classes.
        weights: shape (n,), at least 0.
        penalty: above 0.
        start: beta to start from, shape (p + 1,).

    Returns:
        beta, shape (p + 1,).

    Raises:
        ArithmeticError: no convergence within 100 steps.
    """
    columns = np.column_stack([np.ones(len(y)), design])
    ridge = np.full(columns.shape[1], penalty)
    ridge[0] = 0.0
    if start is None:
        share = np.average(y, weights=weights)
        beta = np.zeros(columns.shape[1])
        beta[0] = np.log(share / (1 - share))
    else:
        beta = start
    loss = _loss(columns, y, weights, ridge, beta)
    for _ in range(MOST_STEPS):
        chance = sigmoid(columns @ beta)
        gradient = columns.T @ (weights * (chance - y)) + ridge * beta
        # A little on the diagonal keeps it solvable where all chances are almost 0 or 1.
        hessian = _gram(columns, weights * chance * (1 - chance)) + np.diag(ridge + 1e-10)
        step = np.linalg.solve(hessian, gradient)
        decrement = gradient @ step
        if decrement <= TOLERANCE * (1 + abs(loss)):
            return beta - step
        size = 1.0
        while (lower := _loss(columns, y, weights, ridge, beta - size * step)) > loss:
            size /= 2
            if size < 1e-10:
                return beta
        beta, loss = beta - size * step, lower
    raise ArithmeticError(f"the logistic regression did not converge in {MOST_STEPS} steps")


def sigmoid(eta: Floats) -> Floats:
    """1 / (1 + exp(-eta)), without overflow."""
    small = np.exp(-np.abs(eta))
    return np.where(eta >= 0, 1.0, small) / (1 + small)


def _gram(columns: Floats, curvature: Floats) -> Floats:
    """columns.T @ diag(curvature) @ columns, block by block: no second copy of the columns."""
    total = np.zeros((columns.shape[1], columns.shape[1]))
    for start in range(0, len(columns), BLOCK):
        block = columns[start : start + BLOCK]
        total += block.T @ (block * curvature[start : start + BLOCK, None])
    return total


def _loss(columns: Floats, y: Floats, weights: Floats, ridge: Floats, beta: Floats) -> float:
    eta = columns @ beta
    return float(weights @ (np.logaddexp(0, eta) - y * eta) + ridge @ beta**2 / 2)
