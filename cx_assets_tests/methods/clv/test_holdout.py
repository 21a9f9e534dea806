"""The published holdout of CDNOW, number by number, and what a holdout must not get wrong."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cx_assets.methods.clv import BgNbd, MbgNbd, ParetoNbd
from cx_assets.methods.clv.holdout import NAIVE, Histories, naive_orders, validate
from cx_assets_tests.methods.clv.cdnow import histories

WEEKS = 39.0


@pytest.fixture(scope="module")
def cdnow(real_data: Path) -> Histories:
    rows = histories(real_data)
    return Histories(*(rows[name].to_numpy() for name in ("x", "t_x", "T", "ordered", "customers")))


@pytest.fixture(scope="module")
def compared(cdnow: Histories) -> pd.DataFrame:
    models = {
        model.name: model().fit(cdnow.x, cdnow.t_x, cdnow.T, sample_weight=cdnow.customers)
        for model in (BgNbd, MbgNbd, ParetoNbd)
    }
    return validate(cdnow, models, WEEKS).set_index("model")


@pytest.mark.parametrize(
    ("model", "total", "mae"),
    [
        (NAIVE, 2930, 1.024),
        ("bg_nbd", 1653, 0.786),
        ("mbg_nbd", 1577, 0.765),
        ("pareto_nbd", 1666, 0.755),
    ],
)
def test_the_published_totals_and_errors(
    compared: pd.DataFrame, model: str, total: int, mae: float
) -> None:
    row = compared.loc[model]
    assert row["customers"] == 2357
    assert row["actual_orders"] == 1882
    assert row["expected_orders"] == pytest.approx(total, abs=1)
    assert row["mae"] == pytest.approx(mae, abs=0.001)
    assert np.isnan(row["mae_gain"]) == (model == NAIVE)


@pytest.mark.parametrize(
    ("model", "alive", "expected"),
    [("bg_nbd", 0.316, 0.773), ("mbg_nbd", 0.687, 0.773), ("pareto_nbd", 0.726, 0.779)],
)
def test_the_published_auc(
    compared: pd.DataFrame, model: str, alive: float, expected: float
) -> None:
    assert compared.loc[model, "auc_alive"] == pytest.approx(alive, abs=0.001)
    assert compared.loc[model, "auc_expected"] == pytest.approx(expected, abs=0.001)


def test_groups_hold_all_customers(compared: pd.DataFrame) -> None:
    for row in compared.itertuples():
        assert np.mean(row.decile_actual) * 2357 == pytest.approx(1882)
        assert np.mean(row.decile_expected) * 2357 == pytest.approx(row.expected_orders)
        assert row.decile_lift == pytest.approx(row.decile_actual[-1] / np.mean(row.decile_actual))
        assert row.repeats_actual[0] < row.repeats_actual[3] < row.repeats_actual[7]


def test_the_naive_rate_of_a_customer_of_today_is_nothing() -> None:
    today = Histories(*(np.array([value]) for value in (0.0, 0.0, 0.0, 1.0, 5.0)))
    assert naive_orders(today, WEEKS).tolist() == [0.0]
    (row,) = validate(today, {}, WEEKS).to_dict("records")
    assert (row["mae"], row["customers"]) == (1.0, 5)
