"""The rolling origin: what it measures, that it sees no future, and what it chooses."""

import numpy as np
import pandas as pd
import pytest

from cx_assets.methods.demand import HORIZON, MEAN, METHODS, Bands, compare, forecast
from cx_assets.methods.demand.trial import FEWEST_ORIGINS, MOST_ORIGINS
from cx_assets_tests.methods.demand.simulated import seasonal, sold_after, steady


@pytest.mark.slow
def test_the_errors_are_those_of_a_hand() -> None:
    units = steady(50, 90)
    units[:10, :75] = 0
    compared = compare(units)
    for name, method in METHODS.items():
        missed, sold, scaled = [], [], []
        for step in range(1, MOST_ORIGINS + 1):
            origin = 90 - HORIZON * step
            past, made = units[:, :origin], method(units[:, :origin])
            assert made is not None
            for product in np.flatnonzero(past.any(axis=1)):
                error = made[product] - units[product, origin : origin + HORIZON].sum()
                missed.append(error)
                sold.append(units[product, origin : origin + HORIZON].sum())
                totals = [
                    past[product, end - HORIZON : end].sum()
                    for end in range(origin, HORIZON - 1, -HORIZON)
                ]
                change = np.mean(np.abs(np.diff(totals)))
                if change > 0:
                    scaled.append(abs(error) / change)
        row = compared.errors.loc[name]
        assert row["wape"] == pytest.approx(np.abs(missed).sum() / np.sum(sold))
        assert row["bias"] == pytest.approx(np.sum(missed) / np.sum(sold))
        assert row["mase"] == pytest.approx(np.mean(scaled))
        assert row["origins"] == MOST_ORIGINS
    assert compared.chosen == compared.errors["wape"].idxmin()


def test_no_forecast_sees_its_future(monkeypatch: pytest.MonkeyPatch) -> None:
    units = seasonal(60, 120)
    seen: list[np.ndarray] = []

    def spy(past: np.ndarray) -> np.ndarray:
        seen.append(past.copy())
        return past[:, -HORIZON:].sum(axis=1)

    monkeypatch.setattr("cx_assets.methods.demand.trial.METHODS", {"spy": spy})
    before = compare(units).errors.loc["spy"]
    # A flood in the weeks that the newest trial has to foretell.
    flooded = units.copy()
    flooded[:, -HORIZON:] += 1_000_000
    after = compare(flooded).errors.loc["spy"]
    for past, again in zip(seen[:MOST_ORIGINS], seen[MOST_ORIGINS:], strict=True):
        np.testing.assert_array_equal(past, again)
        assert past.shape[1] <= 120 - HORIZON
    assert after["wape"] > before["wape"]


@pytest.mark.slow
def test_a_flood_to_come_moves_no_forecast() -> None:
    units = seasonal(60, 124)
    flooded = units.copy()
    flooded[:, 120:] += 1_000_000
    for name in METHODS:
        np.testing.assert_array_equal(
            forecast(name, units[:, :120]), forecast(name, flooded[:, :120])
        )


@pytest.mark.slow
def test_the_truth_decides_who_is_chosen() -> None:
    errors = compare(seasonal(300, 156)).errors["wape"]
    assert errors["pooled_poisson"] < errors["seasonal_naive"] < errors["exponential_smoothing"]
    # Where every product repeats its year exactly, nothing beats last year.
    year = np.random.default_rng(3).gamma(1, 10, (80, 52))
    exact = compare(np.tile(year, 3))
    assert exact.chosen == "seasonal_naive"
    assert exact.errors.loc["seasonal_naive", "wape"] == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("weeks", "origins", "tried"),
    [
        (0, 0, []),
        (7, 0, []),
        (8, 1, [MEAN]),
        (12, 2, [MEAN]),
        (20, 3, [MEAN, "exponential_smoothing"]),
        (63, 6, [MEAN, "exponential_smoothing", "pooled_poisson"]),
        (64, 3, list(METHODS)),
        (76, 6, list(METHODS)),
    ],
)
def test_methods_are_compared_on_the_same_weeks_or_not_at_all(
    weeks: int, origins: int, tried: list[str]
) -> None:
    compared = compare(steady(60, 156)[:, :weeks])
    measured = compared.errors["wape"].dropna().index
    assert set(measured) == set(tried)
    assert (compared.errors.loc[measured, "origins"] == origins).all()
    assert compared.errors.loc[compared.errors["wape"].isna(), "origins"].eq(0).all()
    assert compared.chosen in (tried or [MEAN])
    assert FEWEST_ORIGINS == 3


def test_a_shop_without_a_sale_is_given_the_mean() -> None:
    compared = compare(np.zeros((5, 60)))
    assert compared.chosen == MEAN
    assert compared.errors["wape"].isna().all()
    assert isinstance(compared.errors, pd.DataFrame)


@pytest.mark.slow
def test_four_of_five_lie_within_the_bands() -> None:
    units = np.concatenate([seasonal(400, 104), steady(400, 104)])
    history, sold = units[:, :-HORIZON], sold_after(units, 104 - HORIZON)
    compared = compare(history)
    low, high = compared.bands.around(forecast(compared.chosen, history))
    assert 0.75 < np.mean((low <= sold) & (sold <= high)) < 0.9
    assert (low >= 0).all()


def test_bands_are_of_forecasts_of_that_size() -> None:
    rng = np.random.default_rng(4)
    small, large = np.full(500, 2.0), np.full(500, 1_000.0)
    sold = np.concatenate([rng.poisson(2, 500), rng.normal(1_000, 10, 500)])
    bands = Bands.of(np.concatenate([small, large]), sold)
    low, high = bands.around(np.array([2.0, 1_000.0]))
    assert low.tolist()[0] < 1
    assert high.tolist()[0] >= 4
    # The tenth and the ninth tenth of the normal distribution: 1.28 standard deviations.
    assert low[1] == pytest.approx(1_000 - 12.8, abs=2.5)
    assert high[1] == pytest.approx(1_000 + 12.8, abs=2.5)
    unknown, _ = Bands.of(small[:49], sold[:49]).around(np.array([2.0]))
    assert np.isnan(unknown).all()
