"""A customer's own margin counts as much as it should: known truth, and the edges."""

import math

import numpy as np
import pytest

from cx_assets.methods.clv.credibility import credibility


def test_k_is_recovered_and_the_estimate_is_the_best_linear_one() -> None:
    rng = np.random.default_rng(1)
    customers, between, within = 20_000, 0.02, 0.10
    orders = rng.integers(1, 12, customers)
    truth = rng.normal(0.3, np.sqrt(between), customers)
    own = truth + rng.normal(0, np.sqrt(within / orders))
    fitted = credibility(0.3, within, float(own.var(ddof=1)), float((1 / orders).mean()))
    assert fitted.k == pytest.approx(within / between, rel=0.05)

    def error(weight: np.ndarray) -> float:
        return float(np.mean(((1 - weight) * 0.3 + weight * own - truth) ** 2))

    z = fitted.weight(orders)
    assert error(z) < min(error(0.8 * z), error(np.minimum(1.2 * z, 1)), error(1.0 + 0 * z))


def test_more_orders_more_weight() -> None:
    z = credibility(0.3, 0.1, 0.05, 0.3).weight([0, 1, 5, 50, 5_000])
    assert z[0] == 0
    assert np.all(np.diff(z) > 0)
    assert z[-1] < 1


@pytest.mark.parametrize(
    ("within", "variance"), [(0.1, 0.01), (math.nan, 0.5), (0.1, math.nan), (0.0, 0.0)]
)
def test_where_customers_differ_by_chance_or_nothing_is_known_all_have_the_companys(
    within: float, variance: float
) -> None:
    fitted = credibility(0.3, within, variance, 0.5)
    assert math.isinf(fitted.k)
    assert fitted.weight([1, 1_000]).tolist() == [0, 0]


def test_margins_without_any_chance_are_believed_at_once() -> None:
    assert credibility(0.3, 0.0, 0.04, 0.5).weight([1, 3]).tolist() == [1, 1]
