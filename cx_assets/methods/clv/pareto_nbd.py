"""Pareto/NBD of Schmittlein, Morrison and Colombo (1987).

Orders come at a rate ~ Gamma(r, alpha) until the customer leaves, at a hazard ~ Gamma(s, beta) that
has nothing to do with the orders. With y the time of leaving, the likelihood is

    Gamma(r + x) / Gamma(r) * alpha^r beta^s / ((alpha + T)^(r + x) (beta + T)^s) * (1 + odds)
    odds of having left = s int_{t_x}^T ((alpha + T) / (alpha + y))^(r + x)
                                        ((beta + T) / (beta + y))^s dy / (beta + y).

With the smaller of alpha and beta as `near` and y = (near + t_x) e^u - near, the integrand is
log-concave in u and analytic for |Im u| < pi, so a short Gauss-Legendre sum over where it is not
nothing is enough, and its gradient is the same sum of f d log f. The usual 2F1 (Fader and Hardie
2005) is slower, has no simple gradient and overflows for large counts.
"""

from itertools import product

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import digamma, expit, exprel, gammaln

from cx_assets.methods.clv.estimator import IntArray, parameter_columns
from cx_assets.methods.clv.fitting import FloatArray
from cx_assets.methods.clv.purchases import PurchaseModel
from cx_assets.methods.clv.quadrature import gauss_legendre
from cx_assets.methods.clv.rows import of_counts

NODES, FUTURE_NODES = 20, 48
DEPTH = 34.0  # an integrand e^-34 below its start is nothing
NEWTON_STEPS = 3


class ParetoNbd(PurchaseModel):
    """Pareto/NBD: parameters r, alpha (a time), s, beta (a time)."""

    name = "pareto_nbd"
    parameter_names = ("r", "alpha", "s", "beta")
    one_time_buyers_can_leave = True
    rows_at_once = 2_048

    def _alive(
        self, parameters: FloatArray, x: IntArray, t_x: FloatArray, T: FloatArray
    ) -> FloatArray:
        return expit(-_Leaving(parameters, x, t_x, T).log_odds)

    def _terms(
        self, parameters: FloatArray, x: IntArray, t_x: FloatArray, T: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        r, alpha, s, beta = parameters
        leaving = _Leaving(parameters, x, t_x, T)
        left = expit(leaving.log_odds)
        stayed = 1 - left
        log_alpha, log_beta, per_alpha, per_beta = leaving.means()
        values = of_counts(lambda n: gammaln(r + n) - gammaln(r), x) - x * np.log(alpha)
        values -= (r + x) * np.log1p(T / alpha) + s * np.log1p(T / beta)
        values += np.logaddexp(0, leaving.log_odds)
        gradient = np.stack(
            [
                of_counts(lambda n: digamma(r + n) - digamma(r), x)
                - stayed * np.log1p(T / alpha)
                - left * (log_alpha - np.log(alpha)),
                r / alpha - (r + x) * (stayed / (alpha + T) + left * per_alpha),
                left * (1 / s - log_beta + np.log(beta)) - stayed * np.log1p(T / beta),
                s / beta - stayed * s / (beta + T) - left * (s + 1) * per_beta,
            ]
        )
        return values, gradient

    def _orders_if_alive(
        self, parameters: FloatArray, x: IntArray, T: FloatArray, horizon: FloatArray, rate: float
    ) -> FloatArray:
        r, alpha, s, beta = parameters
        return (r + x) / (alpha + T) * _discounted_lifetime(s, beta + T, horizon, rate)

    def draw_futures(
        self,
        x: ArrayLike,
        T: ArrayLike,
        horizon: float,
        rng: np.random.Generator,
        parameters: FloatArray | None = None,
    ) -> tuple[IntArray, FloatArray]:
        orders, age = np.asarray(x, dtype=float), np.asarray(T, dtype=float)
        r, alpha, s, beta = parameter_columns(parameters, self.parameter_vector, len(orders))
        rate = rng.gamma(r + orders) / (alpha + age)
        hazard = rng.gamma(s, size=len(orders)) / (beta + age)
        with np.errstate(divide="ignore", over="ignore"):
            leaves = rng.standard_exponential(len(orders)) / hazard
        lifetime = np.minimum(leaves, horizon)
        return rng.poisson(rate * lifetime), lifetime

    def _starts(self, rate: float, mean_age: float) -> FloatArray:
        return np.array(
            [
                (r, r / (faster * rate), s, s * longer * mean_age)
                for r, faster, s, longer in product(
                    (0.4, 1.5), (1.0, 3.0), (0.4, 1.5, 6.0), (0.3, 1.0, 4.0)
                )
            ]
        )

    def _units(self, mean_age: float) -> FloatArray:
        return np.array([1.0, mean_age, 1.0, mean_age])


class _Leaving:
    """The time y at which a customer left between t_x and T: its odds and its distribution."""

    def __init__(self, parameters: FloatArray, x: IntArray, t_x: FloatArray, T: FloatArray) -> None:
        r, alpha, s, beta = parameters
        self.alpha_is_near = alpha <= beta
        order_power, leave_power = r + x, np.full(len(x), s + 1)
        near_power, far_power = (
            (order_power, leave_power) if self.alpha_is_near else (leave_power, order_power)
        )
        self.near, self.far = min(alpha, beta) + t_x, max(alpha, beta) + t_x
        ratio = self.near / self.far
        end = np.log1p((T - t_x) / self.near)
        fall = near_power - 1 + far_power * ratio
        reach = _reach(near_power - 1, far_power, ratio, end)
        # Nodes crowd at the start where the integrand falls from there.
        crowd = np.clip(fall * reach / DEPTH, 0.0, 1.0)
        nodes, weights = (column[:, None] for column in gauss_legendre(NODES))
        self.u = nodes * (1 + crowd * (nodes - 1)) * reach
        grown = np.expm1(self.u)
        self.near_growth, self.far_growth = 1 + grown, 1 + ratio * grown
        self.log_far_growth = np.log(self.far_growth)
        exponent = -(near_power - 1) * self.u - far_power * self.log_far_growth
        self.density = np.exp(exponent) * weights * (1 + crowd * (2 * nodes - 1))
        self.mass = self.density.sum(axis=0)
        with np.errstate(divide="ignore"):
            self.log_odds = (
                np.log(s * reach)
                + np.log(self.mass)
                + (r + x) * np.log1p((T - t_x) / (alpha + t_x))
                + s * np.log1p((T - t_x) / (beta + t_x))
                + np.log(self.near / (beta + t_x))
            )

    def means(self) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """Mean log(alpha + y), log(beta + y), 1 / (alpha + y) and 1 / (beta + y), each (n,)."""
        log_near = np.log(self.near) + self._mean(self.u)
        log_far = np.log(self.far) + self._mean(self.log_far_growth)
        per_near = self._mean(1 / self.near_growth) / self.near
        per_far = self._mean(1 / self.far_growth) / self.far
        if self.alpha_is_near:
            return log_near, log_far, per_near, per_far
        return log_far, log_near, per_far, per_near

    def _mean(self, values: FloatArray) -> FloatArray:
        return np.einsum("ij,ij->j", self.density, values) / self.mass


def _reach(
    near_power: FloatArray, far_power: FloatArray, ratio: FloatArray, end: FloatArray
) -> FloatArray:
    """A u beyond which e^(-near_power u) (1 + ratio (e^u - 1))^-far_power is nothing."""
    start_slope = near_power + far_power * ratio
    with np.errstate(divide="ignore"):
        reach = np.where(start_slope > 0, DEPTH / start_slope, np.inf)
    reach = np.minimum(reach, (DEPTH - far_power * np.log(ratio)) / (near_power + far_power))
    reach = np.minimum(reach, end)
    # Right of the root a concave function's Newton steps come down to it and never pass it.
    for _ in range(NEWTON_STEPS):
        grown = 1 + ratio * np.expm1(reach)
        excess = DEPTH - near_power * reach - far_power * np.log(grown)
        slope = near_power + far_power * (grown + ratio - 1) / grown
        reach = np.where(excess < 0, reach + excess / slope, reach)
    return reach


def _discounted_lifetime(
    s: float, age: FloatArray, horizon: FloatArray, discount_rate: float
) -> FloatArray:
    """int_0^horizon exp(-discount_rate t) (1 + t / age)^-s dt; with u = log(1 + t / age)."""
    end = np.log1p(horizon / age)
    if discount_rate == 0:
        for_ever = 1 / (s - 1) if s > 1 else np.inf
        finite = np.where(np.isinf(end), 0.0, end)
        return age * np.where(np.isinf(end), for_ever, finite * exprel(-(s - 1) * finite))
    end = np.minimum(end, np.log1p(2 * DEPTH / (discount_rate * age)))
    if s > 1:
        end = np.minimum(end, DEPTH / (s - 1))
    nodes, weights = gauss_legendre(FUTURE_NODES)
    u = nodes[:, None] * end
    integrand = np.exp(-discount_rate * age * np.expm1(u) - (s - 1) * u)
    return age * end * (weights @ integrand)
