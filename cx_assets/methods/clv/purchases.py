"""What the three purchase models have in common.

A customer is (x, t_x, T): x orders after the first one, the last of them at t_x, seen until T, both
counted from the first order. Any unit of time will do if it is the same everywhere.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cx_assets.methods.clv.chunks import in_chunks
from cx_assets.methods.clv.estimator import IntArray, LikelihoodModel
from cx_assets.methods.clv.fitting import FloatArray, Likelihood
from cx_assets.methods.clv.rows import columns_of, equal_rows, refuse, weights_of

# Bounds of a shape parameter, and of a rate parameter as a multiple of the mean age.
SMALLEST, LARGEST = 1e-5, 1e5

RowFunction = Callable[..., FloatArray]


class PurchaseModel(LikelihoodModel, ABC):
    """Orders come at a rate of the customer's own until the customer leaves, unseen.

    Arguments called x, t_x, T and horizon are numbers or arrays that broadcast; results have their
    common shape. ValueError for a history that cannot be: a nan, a negative or infinite value, an
    x that is no whole number, t_x > T, or t_x > 0 without a repeat order.
    """

    one_time_buyers_can_leave: ClassVar[bool]
    rows_at_once: ClassVar[int] = 32_768

    def fit(
        self, x: ArrayLike, t_x: ArrayLike, T: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Fit to rows (n,) that stand for `sample_weight` customers each (one by default).

        Without weights, equal rows are merged first. ValueError for an impossible history or an
        empty input; a search that fails is no error but `converged_` False, with a `message_`.
        """
        orders, last, age, _ = history(x, t_x, T)
        weights = weights_of(sample_weight, len(orders))
        if sample_weight is None:
            first, group = equal_rows(orders, last, age)
            weights = np.bincount(group).astype(float)
            orders, last, age = orders[first], last[first], age[first]
        seen = weights > 0
        columns = (orders[seen], last[seen], age[seen])
        likelihood = Likelihood(self._terms, columns, weights[seen], self.rows_at_once)
        mean_age = float(np.average(columns[2], weights=likelihood.weights)) or 1.0
        mean_orders = float(np.average(columns[0], weights=likelihood.weights))
        rate = max(mean_orders, 1 / likelihood.customers) / mean_age
        shape_bounds = np.array([[SMALLEST], [LARGEST]]) * np.ones(len(self.parameter_names))
        bounds = shape_bounds * self._units(mean_age)
        self._maximise(likelihood, self._starts(rate, mean_age), bounds)
        return self

    def log_likelihood(self, x: ArrayLike, t_x: ArrayLike, T: ArrayLike) -> FloatArray:
        """Log-likelihood of each customer."""
        orders, last, age, shape = history(x, t_x, T)
        return self._rowwise(lambda *c: self._terms(*c)[0], orders, last, age).reshape(shape)

    def p_alive(self, x: ArrayLike, t_x: ArrayLike, T: ArrayLike) -> FloatArray:
        """Probability that the customer has not left at T."""
        orders, last, age, shape = history(x, t_x, T)
        return self._rowwise(self._alive, orders, last, age).reshape(shape)

    def expected_orders(
        self, horizon: ArrayLike, x: ArrayLike, t_x: ArrayLike, T: ArrayLike
    ) -> FloatArray:
        """Orders expected in (T, T + horizon] given the history; inf where that diverges."""
        return self.discounted_orders(horizon, 0.0, x, t_x, T)

    def discounted_orders(
        self,
        horizon: ArrayLike,
        discount_rate: float,
        x: ArrayLike,
        t_x: ArrayLike,
        T: ArrayLike,
    ) -> FloatArray:
        """Expected orders in (T, T + horizon], one at T + t counting exp(-discount_rate * t).

        The discount rate is continuous, per unit of time, and not negative. `horizon` may be inf;
        the result is inf where the sum does not converge.
        """
        return self.p_alive(x, t_x, T) * self.orders_if_alive(horizon, x, T, discount_rate)

    def orders_if_alive(
        self, horizon: ArrayLike, x: ArrayLike, T: ArrayLike, discount_rate: float = 0.0
    ) -> FloatArray:
        """Discounted orders in (T, T + horizon] of a customer who is known to be there at T."""
        if not (np.isfinite(discount_rate) and discount_rate >= 0):
            raise ValueError(f"discount_rate must be finite and not negative, not {discount_rate}")
        ahead, orders, age = columns_of(horizon=horizon, x=x, T=T)
        shape = ahead.shape
        refuse(ahead < 0, "the horizon is negative", horizon=ahead)
        _check_counts(orders, age)
        counts, age, ahead = orders.ravel().astype(np.int64), age.ravel(), ahead.ravel()
        first, group = equal_rows(counts, age, ahead)
        unique = self._orders_if_alive(
            self.parameter_vector, counts[first], age[first], ahead[first], discount_rate
        )
        return unique[group].reshape(shape)

    def expected_orders_of_new_customer(self, t: ArrayLike) -> FloatArray:
        """Repeat orders that a customer is expected to place within t of the first one."""
        return self.expected_orders(t, 0, 0.0, 0.0)

    @abstractmethod
    def draw_futures(
        self,
        x: ArrayLike,
        T: ArrayLike,
        horizon: float,
        rng: np.random.Generator,
        parameters: FloatArray | None = None,
    ) -> tuple[IntArray, FloatArray]:
        """Futures of customers who are there at T: (orders, lifetime), both of shape (n,).

        x and T have one entry per draw. `orders` are those in (T, T + horizon]; `lifetime` is the
        time from T until the customer leaves, at most the (finite) horizon. `parameters` (k, n)
        gives each draw its own, otherwise all have the model's.
        """

    @abstractmethod
    def _terms(
        self, parameters: FloatArray, x: IntArray, t_x: FloatArray, T: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Log-likelihood (n,) and its gradient (k, n) in the parameters."""

    @abstractmethod
    def _alive(
        self, parameters: FloatArray, x: IntArray, t_x: FloatArray, T: FloatArray
    ) -> FloatArray:
        """Probability to be alive (n,)."""

    @abstractmethod
    def _orders_if_alive(
        self, parameters: FloatArray, x: IntArray, T: FloatArray, horizon: FloatArray, rate: float
    ) -> FloatArray:
        """Discounted orders given alive (n,)."""

    @abstractmethod
    def _starts(self, rate: float, mean_age: float) -> FloatArray:
        """A grid of starts (m, k) around the mean order rate and age."""

    @abstractmethod
    def _units(self, mean_age: float) -> FloatArray:
        """The scale of each parameter (k,): the mean age for times, 1 for shapes."""

    def _rowwise(self, function: RowFunction, *columns: NDArray) -> FloatArray:
        vector = self.parameter_vector

        def of(rows: slice) -> FloatArray:
            return function(vector, *(column[rows] for column in columns))

        parts = in_chunks(of, len(columns[0]), self.rows_at_once)
        return np.concatenate([np.empty(0), *parts])


def history(
    x: ArrayLike, t_x: ArrayLike, T: ArrayLike
) -> tuple[IntArray, FloatArray, FloatArray, tuple[int, ...]]:
    """Checked x, t_x and T as flat arrays, and their common shape."""
    orders, last, age = columns_of(x=x, t_x=t_x, T=T)
    _check_counts(orders, age)
    refuse(last < 0, "the last order is before the first", t_x=last)
    refuse(last > age, "the last order is after the end", t_x=last, T=age)
    refuse((orders == 0) & (last > 0), "a last repeat order, but none is counted", x=orders)
    return orders.ravel().astype(np.int64), last.ravel(), age.ravel(), orders.shape


def _check_counts(orders: FloatArray, age: FloatArray) -> None:
    whole = np.isfinite(orders) & (orders >= 0) & (orders == np.floor(orders))
    refuse(~whole, "the number of orders is no whole number from 0", x=orders)
    refuse(~(np.isfinite(age) & (age >= 0)), "the age is negative or infinite", T=age)
