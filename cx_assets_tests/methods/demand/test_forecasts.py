"""Each forecast by itself: against statsmodels and a hand, and where there is little to go by."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cx_assets.methods.demand import HORIZON, METHODS, SEASON, forecast
from cx_assets.methods.demand import pooled as module
from cx_assets.methods.demand.baselines import recent_mean, seasonal_naive
from cx_assets.methods.demand.history import first_weeks, mean_week
from cx_assets.methods.demand.pooled import features, pooled
from cx_assets.methods.demand.smoothing import ALPHAS, exponential_smoothing, smooth
from cx_assets.methods.intervals import Floats
from cx_assets_tests.methods.demand.simulated import seasonal, sold_after, steady

HISTORIES = arrays(
    float,
    st.tuples(st.integers(0, 6), st.integers(0, 70)),
    elements=st.integers(0, 50).map(float),
)


@pytest.mark.slow
def test_smoothing_is_that_of_statsmodels() -> None:
    # Imported here, since it takes seconds that only the slow tests have.
    from statsmodels.tsa.holtwinters import SimpleExpSmoothing

    units = steady(12, 60)
    levels, missed = smooth(units, ALPHAS)
    errors = np.zeros(len(ALPHAS))
    for product, first in enumerate(first_weeks(units)):
        sold = units[product, first:]
        start = sold[:HORIZON].mean()
        model = SimpleExpSmoothing(
            sold[HORIZON:], initialization_method="known", initial_level=start
        )
        for place, alpha in enumerate(ALPHAS):
            fitted = model.fit(smoothing_level=alpha, optimized=False)
            assert levels[place, product] == pytest.approx(fitted.forecast(1)[0], rel=1e-12)
            errors[place] += np.abs(fitted.resid).sum()
    np.testing.assert_allclose(missed, errors, rtol=1e-12)


def test_the_alpha_of_the_least_error_is_used_for_all() -> None:
    # A level that jumps is followed by a high alpha, one that only trembles by a low one.
    jumps = np.repeat([[5.0, 50.0]], [30, 30], axis=1) * np.ones((4, 1))
    for units, least, most in ((jumps, 0.8, 0.8), (steady(40, 80), 0.02, 0.1)):
        levels, missed = smooth(units, ALPHAS)
        best = missed.argmin()
        assert least <= ALPHAS[best] <= most
        np.testing.assert_array_equal(exponential_smoothing(units), HORIZON * levels[best])


def test_seasonal_naive_repeats_last_year_and_a_new_product_its_own_weeks() -> None:
    units = np.zeros((3, 60))
    units[0] = np.arange(60)
    units[1, 20:] = 3
    made = seasonal_naive(units)
    assert made is not None
    # The weeks 60 to 63 of a year ago are 8 to 11.
    assert made.tolist() == [8 + 9 + 10 + 11, 4 * 3, 0]
    assert seasonal_naive(units[:, : SEASON - 1]) is None


def test_weeks_before_the_first_sale_say_nothing() -> None:
    units = np.zeros((2, 40))
    units[0, 38:] = 6
    assert first_weeks(units).tolist() == [38, 40]
    assert mean_week(units, 13).tolist() == [6, 0]
    assert recent_mean(units).tolist() == [24, 0]
    made = exponential_smoothing(units)
    assert made is not None
    assert made.tolist() == [24, 0]


@pytest.mark.slow
def test_the_pooled_model_is_a_poisson_regression(monkeypatch: pytest.MonkeyPatch) -> None:
    # Statsmodels' own, on the same rows, without a penalty.
    import statsmodels.api as sm

    monkeypatch.setattr(module, "PENALTY", 1e-9)
    units = steady(80, 40)
    starts = range(36, 12, -4)
    known = [np.flatnonzero(first_weeks(units) < start) for start in starts]
    pairs = list(zip(starts, known, strict=True))
    X = np.concatenate(
        [features(units[rows, :at], units[:, :at].sum(axis=0)) for at, rows in pairs]
    )
    y = np.concatenate([sold_after(units[rows], at) for at, rows in pairs])
    varies = X.std(axis=0) > 0
    fitted = sm.GLM(y, sm.add_constant(X[:, varies]), family=sm.families.Poisson()).fit(tol=1e-12)
    now = features(units, units.sum(axis=0))[:, varies]
    oracle = fitted.predict(sm.add_constant(now, has_constant="add"))
    np.testing.assert_allclose(pooled(units), oracle, rtol=3e-3)


@pytest.mark.slow
def test_the_pooled_model_knows_the_season() -> None:
    units = seasonal(300, 156)
    history, sold = units[:, :-HORIZON], sold_after(units, 156 - HORIZON)
    made = {name: method(history) for name, method in METHODS.items()}
    errors = {name: np.abs(each - sold).sum() / sold.sum() for name, each in made.items()}
    assert errors["pooled_poisson"] < 0.13
    assert errors["pooled_poisson"] < errors["seasonal_naive"] < errors["exponential_smoothing"]
    assert made["pooled_poisson"].sum() == pytest.approx(sold.sum(), rel=0.05)


@pytest.mark.slow
def test_a_dead_product_is_not_expected_to_sell() -> None:
    units = steady(300, 60)
    units[:30, 30:] = 0
    made = pooled(units)
    assert made is not None
    assert made[:30].max() < 1


@pytest.mark.slow
def test_a_bounded_sample_says_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    units = steady(600, 60)
    everything = pooled(units)
    monkeypatch.setattr(module, "MOST_ROWS", 2_000)
    drawn: list[int] = []
    whole = module.features

    def counted(rows: Floats, shop: Floats) -> Floats:
        drawn.append(len(rows))
        return whole(rows, shop)

    monkeypatch.setattr(module, "features", counted)
    some = pooled(units)
    assert everything is not None
    assert some is not None
    # The last call is for the forecast, of all products.
    assert sum(drawn[:-1]) <= 2_000
    assert np.abs(some - everything).sum() < 0.05 * everything.sum()


@pytest.mark.slow
@given(HISTORIES)
def test_any_history_has_a_forecast_of_at_least_nothing(units: Floats) -> None:
    for method in METHODS:
        made = forecast(method, units)
        assert made.shape == (len(units),)
        assert (made >= 0).all()
        assert np.isfinite(made).all()
