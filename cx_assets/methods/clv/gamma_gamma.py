"""Gamma-Gamma: what a customer's orders are worth (Colombo and Jiang 1999; Fader and Hardie 2013).

The values of a customer's orders are Gamma(p, nu), and nu ~ Gamma(q, gamma) differs between
customers, independently of how often they order. A customer with x orders of mean value m has

    nu ~ Gamma(p x + q, gamma + x m), expected value per order p (gamma + x m) / (p x + q - 1).
"""

from itertools import product
from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import digamma, gammaincinv, gammaln

from cx_assets.methods.clv.estimator import IntArray, LikelihoodModel, parameter_columns
from cx_assets.methods.clv.fitting import FloatArray, Likelihood
from cx_assets.methods.clv.rows import columns_of, of_counts, refuse, weights_of

SMALLEST, LARGEST = 1e-4, 1e5
NO_MEAN = (
    "q is {q:.3g}, not above 1, so the mean value of a new customer is infinite: "
    "where p x + q <= 1 expected_value gives the median"
)


class GammaGamma(LikelihoodModel):
    """Gamma-Gamma: parameters p, q and gamma (money)."""

    name = "gamma_gamma"
    parameter_names = ("p", "q", "gamma")

    def fit(
        self, x: ArrayLike, mean_value: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Fit to customers (n,) with x >= 1 orders of the mean value `mean_value` > 0.

        `sample_weight` says how many customers a row stands for (one by default). ValueError for
        other rows or no rows; a search that fails is no error but `converged_` False, and why.
        """
        orders, value = columns_of(x=x, mean_value=mean_value)
        _check_orders(orders, least=1)
        refuse(~(np.isfinite(value) & (value > 0)), "the value is not positive", mean_value=value)
        weights = weights_of(sample_weight, len(orders))
        seen = weights > 0
        orders, value, weights = orders[seen].astype(np.int64), value[seen], weights[seen]
        columns = (orders, value, np.log(orders * value), np.log(value))
        typical = float(np.exp(np.average(columns[3], weights=weights)))
        starts = [
            (p, q, typical * q / p) for p, q in product((0.5, 2.0, 8.0), (1.5, 4.0, 15.0, 60.0))
        ]
        bounds = np.array([[SMALLEST], [LARGEST]]) * np.array([1.0, 1.0, typical])
        self._maximise(Likelihood(_terms, columns, weights), np.array(starts), bounds)
        if self.parameters_["q"] <= 1:
            self.message_ += "; " + NO_MEAN.format(q=self.parameters_["q"])
        return self

    def expected_value(self, x: ArrayLike, mean_value: ArrayLike) -> FloatArray:
        """Expected value of a future order of customers with x orders of mean `mean_value`.

        For x = 0 it is the mean of all customers and `mean_value` is not looked at (it may be
        nan). Where p x + q <= 1 there is no mean and the median takes its place. ValueError for
        a count that is none, or a mean value that is not positive.
        """
        p, q, gamma = self.parameter_vector
        (orders,) = columns_of(x=x)
        _check_orders(orders, least=0)
        orders, value = np.broadcast_arrays(orders, np.asarray(mean_value, dtype=float))
        wrong = (orders > 0) & ~(np.isfinite(value) & (value > 0))
        refuse(wrong, "the value is not positive", x=orders, mean_value=value)
        total = np.where(orders > 0, orders * np.where(orders > 0, value, 0.0), 0.0)
        return p * (gamma + total) / _typical_nu(p * orders + q)

    def draw_relative_values(
        self,
        x: ArrayLike,
        orders: ArrayLike,
        rng: np.random.Generator,
        parameters: FloatArray | None = None,
    ) -> FloatArray:
        """Value of `orders` (n,) future orders together, as a multiple of expected_value, (n,).

        `x` (n,) are the orders whose value has been seen. The multiple depends on nothing else.
        `parameters` (3, n) gives each draw its own, and the multiple is then one of the
        expected_value under those parameters.
        """
        seen, placed = columns_of(x=x, orders=orders)
        p, q, _ = parameter_columns(parameters, self.parameter_vector, len(seen))
        shape = p * seen + q
        return rng.gamma(p * placed) / rng.gamma(shape) * _typical_nu(shape) / p


def _typical_nu(shape: FloatArray) -> FloatArray:
    """1 / E[1 / nu] for nu ~ Gamma(shape, 1), or its median where there is no such mean."""
    typical = np.asarray(shape - 1, dtype=float)
    no_mean = shape <= 1
    typical[no_mean] = gammaincinv(shape[no_mean], 0.5)
    return typical


def _check_orders(orders: FloatArray, least: int) -> None:
    whole = np.isfinite(orders) & (orders >= least) & (orders == np.floor(orders))
    refuse(~whole, f"the number of orders is no whole number from {least}", x=orders)


def _terms(
    parameters: FloatArray,
    x: IntArray,
    value: FloatArray,
    log_total: FloatArray,
    log_value: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Log-likelihood (n,) and its gradient (3, n)."""
    p, q, gamma = parameters
    total = gamma + x * value
    relative = np.log(total) - np.log(gamma)

    def constant(n: FloatArray) -> FloatArray:
        return gammaln(p * n + q) - gammaln(p * n) - gammaln(q)

    # log_total and relative are of one size where a customer's money is: no large differences.
    share = log_total - np.log(total)
    values = of_counts(lambda n: constant(np.maximum(n, 1)), x)
    values += p * x * share - q * relative - log_value
    posterior = of_counts(lambda n: digamma(p * n + q), x)
    gradient = np.stack(
        [
            x * (posterior - of_counts(lambda n: digamma(p * np.maximum(n, 1)), x) + share),
            posterior - digamma(q) - relative,
            q / gamma - (p * x + q) / total,
        ]
    )
    return values, gradient
