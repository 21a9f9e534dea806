"""Weighted maximum likelihood over positive parameters, and its uncertainty.

All models of this package are fitted here, in the logarithms of their parameters: a coarse grid of
starts is screened and polished on a small sample of customers, then Newton steps take the best one
over to all rows. Standard errors come from the curvature at the optimum (Laplace), intervals from a
weighted one-step bootstrap (Davidson and MacKinnon 1999; Andrews 2002).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from cx_assets.methods.clv.chunks import in_chunks

FloatArray = NDArray[np.float64]
Part = TypeVar("Part")
# (parameters, *columns) -> log-likelihood (n,), gradient (k, n) in the parameters themselves
Terms = Callable[..., tuple[FloatArray, FloatArray]]

SCREENED_CUSTOMERS, WARM_CUSTOMERS = 2_000, 40_000
POLISHED_STARTS = 3
DIFFERENCE = 1e-4  # of a log-parameter, in differences of the gradient
GOOD_PROMISE = 1e-6  # of log-likelihood from a Newton step: a thousandth of a standard error
SMALL_GRADIENT = 1e-6  # per customer: what "converged" means
MAX_STEPS = 50
LONGEST_STEP = 2.0  # in any log-parameter
NEAR_BOUND = 0.01


@dataclass(frozen=True)
class Likelihood:
    """A log-likelihood that is a sum over n weighted rows.

    `columns` are arrays of shape (n,), `weights` the customers that each row stands for. Rows are
    worked through `rows_at_once` at a time, so that memory does not grow with n.
    """

    terms: Terms
    columns: tuple[NDArray, ...]
    weights: FloatArray
    rows_at_once: int = 32_768

    @property
    def customers(self) -> float:
        return float(self.weights.sum())

    def parts(self, function: Callable[..., Part]) -> Iterator[Part]:
        """function(weights, *columns) of `rows_at_once` rows after the others."""

        def of(rows: slice) -> Part:
            return function(self.weights[rows], *(column[rows] for column in self.columns))

        return in_chunks(of, len(self.weights), self.rows_at_once)

    def total(self, log_parameters: FloatArray) -> tuple[float, FloatArray]:
        """Weighted log-likelihood and its gradient in the log-parameters, shape (k,)."""
        parameters = np.exp(log_parameters)

        def sums(weights: FloatArray, *columns: NDArray) -> tuple[float, FloatArray]:
            values, gradients = self.terms(parameters, *columns)
            # Not @: BLAS would start threads for these small sums, which cost more than they save.
            value = float(np.einsum("i,i", values, weights))
            return value, np.asarray(np.einsum("ki,i->k", gradients, weights))

        values, gradients = zip(*self.parts(sums), strict=True)
        return sum(values), np.sum(gradients, axis=0) * parameters

    def information(self, log_parameters: FloatArray, gradient: FloatArray) -> FloatArray:
        """Minus the Hessian in the log-parameters (k, k), by differences from this gradient."""
        rows = [
            gradient - self.total(log_parameters + step)[1]
            for step in DIFFERENCE * np.eye(len(log_parameters))
        ]
        information = np.array(rows)
        return (information + information.T) / (2 * DIFFERENCE)

    def sample(self, customers: int) -> "Likelihood":
        """The likelihood of so many random customers; itself, if it has no more rows than that."""
        if len(self.weights) <= customers:
            return self
        rng = np.random.default_rng(customers)
        cumulative = np.cumsum(self.weights)
        drawn = np.searchsorted(cumulative, rng.random(customers) * cumulative[-1], side="right")
        rows, counts = np.unique(drawn, return_counts=True)
        columns = tuple(column[rows] for column in self.columns)
        return Likelihood(self.terms, columns, counts.astype(float), self.rows_at_once)


@dataclass(frozen=True)
class Fit:
    """The maximum, and minus the Hessian of the log-likelihood there, in the log-parameters."""

    parameters: FloatArray
    log_likelihood: float
    information: FloatArray
    converged: bool
    message: str

    @property
    def covariance(self) -> FloatArray:
        """Of the log-parameters (k, k); nan where the information is not positive definite."""
        if np.linalg.eigvalsh(self.information).min() <= 0:
            return np.full(self.information.shape, np.nan)
        return np.asarray(np.linalg.inv(self.information), dtype=np.float64)

    @property
    def standard_errors(self) -> FloatArray:
        """Of the parameters themselves, by the delta method; shape (k,)."""
        return self.parameters * np.sqrt(np.diag(self.covariance))


def maximise(
    likelihood: Likelihood,
    starts: FloatArray,
    bounds: FloatArray,
    names: Sequence[str],
) -> Fit:
    """Maximise from several `starts` (m, k) within `bounds` (2, k), both of the parameters."""
    lower, upper = np.log(bounds)
    small = likelihood.sample(SCREENED_CUSTOMERS)
    theta = _polish_best(small, np.log(starts), lower, upper)
    information = small.information(theta, small.total(theta)[1]) / small.customers
    warm = likelihood.sample(WARM_CUSTOMERS)
    for level in [likelihood] if warm is likelihood else [warm, likelihood]:
        top = _newton(level, theta, information * level.customers, lower, upper)
        theta = top.theta
        information = level.information(theta, top.gradient) / level.customers
    return _judge(likelihood, top, information * likelihood.customers, lower, upper, names)


@dataclass(frozen=True)
class _Top:
    """Where a search ended: log-parameters, log-likelihood and gradient."""

    theta: FloatArray
    value: float
    gradient: FloatArray


def _polish_best(
    likelihood: Likelihood, starts: FloatArray, lower: FloatArray, upper: FloatArray
) -> FloatArray:
    """The best of the most likely starts after L-BFGS-B, as log-parameters."""
    from scipy.optimize import minimize

    def loss(theta: FloatArray) -> tuple[float, FloatArray]:
        value, gradient = likelihood.total(theta)
        return -value / likelihood.customers, -gradient / likelihood.customers

    starts = np.clip(starts, lower, upper)
    likely = np.argsort([loss(start)[0] for start in starts])[:POLISHED_STARTS]
    limits = list(zip(lower, upper, strict=True))
    settings = {"jac": True, "method": "L-BFGS-B", "bounds": limits, "options": {"ftol": 1e-7}}
    polished = [minimize(loss, starts[i], **settings) for i in likely]
    return min(polished, key=lambda result: result.fun).x


def _newton(
    likelihood: Likelihood,
    theta: FloatArray,
    information: FloatArray,
    lower: FloatArray,
    upper: FloatArray,
) -> _Top:
    """Newton steps that keep one Hessian for as long as it helps."""
    value, gradient = likelihood.total(theta)
    before, fresh = np.inf, False
    for _ in range(MAX_STEPS):
        free = ~_outward(theta, gradient, lower, upper)
        step = np.zeros(len(theta))
        step[free] = _ascent(information[np.ix_(free, free)], gradient[free])
        promise = float(step @ gradient)
        if promise <= GOOD_PROMISE:
            break
        moved = False
        if promise < before / 4 or fresh:
            for shrink in (1.0, 0.25, 0.05, 0.002):
                candidate = np.clip(theta + shrink * step, lower, upper)
                new_value, new_gradient = likelihood.total(candidate)
                if new_value >= value - 1e-12 * abs(value):
                    theta, value, gradient = candidate, new_value, new_gradient
                    moved = True
                    break
        if fresh and not moved:
            break
        before, fresh = promise, not moved
        if not moved:
            information = likelihood.information(theta, gradient)
    return _Top(theta, value, gradient)


def _outward(
    theta: FloatArray, gradient: FloatArray, lower: FloatArray, upper: FloatArray
) -> NDArray[np.bool_]:
    """Which log-parameters stand at a bound and would like to pass it."""
    return ((theta <= lower) & (gradient < 0)) | ((theta >= upper) & (gradient > 0))


def _ascent(information: FloatArray, gradient: FloatArray) -> FloatArray:
    """The Newton step, made one that climbs where the curvature is wrong, and not too long."""
    if not gradient.any():
        return np.zeros(len(gradient))
    values, vectors = np.linalg.eigh(information)
    values = np.maximum(np.abs(values), 1e-10 * np.abs(values).max())
    step = vectors @ ((vectors.T @ gradient) / values)
    return step * min(1.0, LONGEST_STEP / np.abs(step).max())


def _judge(
    likelihood: Likelihood,
    top: _Top,
    information: FloatArray,
    lower: FloatArray,
    upper: FloatArray,
    names: Sequence[str],
) -> Fit:
    """One last Newton step if it climbs, then the verdict."""
    theta, value, gradient = top.theta, top.value, top.gradient
    curved = bool(np.linalg.eigvalsh(information).min() > 1e-9 * likelihood.customers)
    if curved:
        candidate = np.clip(theta + _ascent(information, gradient), lower, upper)
        new_value, new_gradient = likelihood.total(candidate)
        if np.abs(new_gradient).max() < np.abs(gradient).max():
            theta, value, gradient = candidate, new_value, new_gradient
    at_bound = (theta - lower < NEAR_BOUND) | (upper - theta < NEAR_BOUND)
    reasons = [
        f"{name} stands at its bound {np.exp(log_parameter):.3g}: the data do not identify it"
        for name, log_parameter, bound in zip(names, theta, at_bound, strict=True)
        if bound
    ]
    if not curved:
        reasons.append("the likelihood is flat around its maximum")
    if np.abs(gradient[~at_bound]).max(initial=0.0) > SMALL_GRADIENT * likelihood.customers:
        reasons.append("the search ended before the gradient vanished")
    message = "; ".join(reasons) or "converged"
    return Fit(np.exp(theta), value, information, not reasons, message)


def bootstrap(likelihood: Likelihood, fit: Fit, draws: int, rng: np.random.Generator) -> FloatArray:
    """Parameters (draws, k) that other samples of customers would have given.

    A row that stands for w customers counts Poisson(w) times in each draw, and each draw makes one
    Newton step in the log-parameters from the optimum, with the curvature of all customers. On
    CDNOW the spread of the draws is 5 to 20 % below that of full refits.
    """
    theta = np.log(fit.parameters)
    gradients = np.zeros((draws, len(theta)))

    def scores(weights: FloatArray, *columns: NDArray) -> tuple[FloatArray, FloatArray]:
        return weights, likelihood.terms(fit.parameters, *columns)[1] * fit.parameters[:, None]

    for weights, of_rows in likelihood.parts(scores):
        gradients += rng.poisson(weights, (draws, len(weights))) @ of_rows.T
    return np.exp(theta + [_ascent(fit.information, gradient) for gradient in gradients])
