"""BG/NBD and MBG/NBD: a customer may leave at an order, with a probability of the customer's own.

Orders come at a rate ~ Gamma(r, alpha) while the customer is there; after an order the customer
leaves with probability p ~ Beta(a, b). BG/NBD (Fader, Hardie and Lee 2005) gives the first order
no such chance, MBG/NBD (Batislam, Denizel and Filiztekin 2007; Hoppe and Wagner 2007) does. With m
chances survived by whoever is still there (x, or x + 1), both have the likelihood

    Gamma(r + x) / Gamma(r) * alpha^r / (alpha + T)^(r + x) * B(a, b + m) / B(a, b) * (1 + odds)
    odds of having left = a / (b + m - 1) * ((alpha + T) / (alpha + t_x))^(r + x), 0 if m = 0

and, given that the customer is there at T, rate ~ Gamma(r + x, alpha + T), p ~ Beta(a, b + m).
"""

from itertools import product
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import digamma, expit, gammaln

from cx_assets.methods.clv.beta_orders import expected_orders
from cx_assets.methods.clv.estimator import IntArray, parameter_columns
from cx_assets.methods.clv.fitting import FloatArray
from cx_assets.methods.clv.purchases import PurchaseModel
from cx_assets.methods.clv.rows import of_counts


def _waiting(alpha: float, t_x: FloatArray, T: FloatArray) -> FloatArray:
    return np.log1p((T - t_x) / (alpha + t_x))


class _BetaGeometric(PurchaseModel):
    parameter_names = ("r", "alpha", "a", "b")
    chances_at_first_order: ClassVar[int]

    def _log_odds_left(
        self, parameters: FloatArray, x: IntArray, waiting: FloatArray
    ) -> FloatArray:
        """Log-odds of having left; `waiting` is log((alpha + T) / (alpha + t_x))."""
        r, _, a, b = parameters
        extra = self.chances_at_first_order
        odds = of_counts(lambda n: np.log(a / np.maximum(b + n + extra - 1, b)), x)
        odds += (r + x) * waiting
        return odds if extra else np.where(x > 0, odds, -np.inf)

    def _alive(
        self, parameters: FloatArray, x: IntArray, t_x: FloatArray, T: FloatArray
    ) -> FloatArray:
        return expit(-self._log_odds_left(parameters, x, _waiting(parameters[1], t_x, T)))

    def _terms(
        self, parameters: FloatArray, x: IntArray, t_x: FloatArray, T: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        r, alpha, a, b = parameters
        extra = self.chances_at_first_order
        waiting = _waiting(alpha, t_x, T)
        log_odds = self._log_odds_left(parameters, x, waiting)
        # Expit and log(1 + e^odds) out of one exponential: most of the time of a fit is spent here.
        smaller = np.exp(-np.abs(log_odds))
        left = np.where(log_odds > 0, 1.0, smaller) / (1 + smaller)

        def constant(n: FloatArray) -> FloatArray:
            m = n + extra
            orders = gammaln(r + n) - gammaln(r)
            return orders + gammaln(b + m) - gammaln(b) - gammaln(a + b + m) + gammaln(a + b)

        in_r = of_counts(lambda n: digamma(r + n) - digamma(r), x)
        in_both = of_counts(lambda n: digamma(a + b) - digamma(a + b + n + extra), x)
        in_b = of_counts(lambda n: digamma(b + n + extra) - digamma(b), x)
        log_age = np.log1p(T / alpha)
        values = of_counts(constant, x) - (r + x) * log_age - x * np.log(alpha)
        values += np.maximum(log_odds, 0) + np.log1p(smaller)
        until, since = (r + x) / (alpha + T), (r + x) / (alpha + t_x)
        gradient = np.stack(
            [
                in_r - log_age + left * waiting,
                r / alpha - until + left * (until - since),
                in_both + left / a,
                in_b + in_both - left / np.maximum(b + x + extra - 1, b),
            ]
        )
        return values, gradient

    def _orders_if_alive(
        self, parameters: FloatArray, x: IntArray, T: FloatArray, horizon: FloatArray, rate: float
    ) -> FloatArray:
        r, alpha, a, b = parameters
        survived = x + self.chances_at_first_order
        return expected_orders(r + x, alpha + T, a, b + survived, horizon, rate)

    def draw_futures(
        self,
        x: ArrayLike,
        T: ArrayLike,
        horizon: float,
        rng: np.random.Generator,
        parameters: FloatArray | None = None,
    ) -> tuple[IntArray, FloatArray]:
        orders, age = np.asarray(x, dtype=float), np.asarray(T, dtype=float)
        r, alpha, a, b = parameter_columns(parameters, self.parameter_vector, len(orders))
        rate = rng.gamma(r + orders) / (alpha + age)
        p = rng.beta(a, b + orders + self.chances_at_first_order)
        # Orders that end it and orders that do not are two independent Poisson processes.
        with np.errstate(divide="ignore", over="ignore"):
            leaves = rng.standard_exponential(len(orders)) / (rate * p)
        lifetime = np.minimum(leaves, horizon)
        return rng.poisson(rate * (1 - p) * lifetime) + (leaves <= horizon), lifetime

    def _starts(self, rate: float, mean_age: float) -> FloatArray:
        return np.array(
            [
                (r, r / (faster * rate), *leaving)
                for r, faster, leaving in product(
                    (0.3, 1.0, 4.0), (1.0, 3.0), ((0.3, 0.6), (0.8, 2.5), (1.0, 10.0), (5.0, 15.0))
                )
            ]
        )

    def _units(self, mean_age: float) -> FloatArray:
        return np.array([1.0, mean_age, 1.0, 1.0])


class BgNbd(_BetaGeometric):
    """BG/NBD of Fader, Hardie and Lee (2005): parameters r, alpha (a time), a, b.

    It counts every customer without a repeat order as still there, for certain.
    """

    name = "bg_nbd"
    one_time_buyers_can_leave = False
    chances_at_first_order = 0


class MbgNbd(_BetaGeometric):
    """MBG/NBD, where a customer may leave at the first order too: r, alpha (a time), a, b."""

    name = "mbg_nbd"
    one_time_buyers_can_leave = True
    chances_at_first_order = 1
