"""Lifetime value in the warehouse: CDNOW's published figures out of the tables, and the edges."""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import numpy as np
import pytest

from cx_assets.defs.analyze.clv_holdout import clv_holdout, holdout_days
from cx_assets.defs.analyze.clv_model import clv_model
from cx_assets.defs.analyze.purchase_outlook import purchase_outlook
from cx_assets.defs.sql_models import loaded_models, model_asset
from cx_assets.settings import Settings
from cx_assets.warehouse.duckdb import DuckDBWarehouse
from cx_assets.warehouse.names import table_sql
from cx_assets_tests.methods.clv.cdnow import PURCHASES

ASSETS = (
    "features.purchase_history",
    "analyze.clv_holdout",
    "analyze.clv_model",
    "analyze.purchase_outlook",
)
# The day of CDNOW that becomes the last day of the tests' last period.
LAST_DAY, PERIOD = date(2024, 6, 30), "2024-06-01"

ORDERS = """
create table process.orders as
select
    date_trunc('month', ordered_at)::date as period,
    customer_id || '/' || ordered_at as order_id,
    *,
    'delivered' as status,
    true as is_purchase,
    cast(revenue * 0.3 as decimal(28, 4)) as profit
from orders
"""


def put(settings: Settings, orders: str) -> None:
    """Fill process.orders with customer_id, ordered_at and revenue of the query `orders`."""
    settings.warehouse.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(settings.warehouse)) as connection:
        connection.execute("create schema process")
        connection.execute(
            f"create temp table orders as select customer_id, ordered_at, "
            f"cast(revenue as decimal(28, 4)) as revenue from ({orders})"
        )
        connection.execute(ORDERS)


def cdnow(real_data: Path, last_day: date) -> str:
    path = f"'{real_data / 'cdnow' / 'CDNOW_sample.txt'}'"
    purchases = PURCHASES.replace("$path", path).replace(
        "select distinct", "select words[5] as revenue,"
    )
    days = (LAST_DAY - last_day).days
    return (
        f"select customer_id, cast(day as timestamp) + interval {days} day as ordered_at, revenue "
        f"from ({purchases})"
    )


def materialise(settings: Settings) -> dg.ExecuteInProcessResult:
    history = next(model for model in loaded_models() if model.table == ASSETS[0])
    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize(
            [model_asset(history), clv_holdout, clv_model, purchase_outlook],
            instance=instance,
            partition_key=PERIOD,
            resources={
                "settings": settings,
                "warehouse": DuckDBWarehouse.at(settings.warehouse),
            },
        )
        assert result.success
        return result


def run(settings: Settings) -> dict[str, list[dict[str, Any]]]:
    materialise(settings)
    with DuckDBWarehouse.at(settings.warehouse).connect() as session:
        return {
            name: session.frame(f"select * from {table_sql(name)}")
            .astype(object)
            .to_dict("records")
            for name in ASSETS
        }


def by_model(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {row["model"]: row for row in rows}


@pytest.mark.slow
def test_the_published_parameters_come_out_of_the_warehouse(
    real_data: Path, settings: Settings
) -> None:
    put(settings, cdnow(real_data, date(1997, 9, 30)))
    models = by_model(run(settings)["analyze.clv_model"])
    published = {
        "bg_nbd": ({"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}, -9582.43),
        "mbg_nbd": ({"r": 0.525, "alpha": 6.183, "a": 0.891, "b": 1.614}, None),
        "pareto_nbd": ({"r": 0.553, "alpha": 10.578, "s": 0.606, "beta": 11.669}, -9594.98),
        "gamma_gamma": ({"p": 6.25, "q": 3.74, "gamma": 15.44}, -4055.92),
    }
    for name, (parameters, log_likelihood) in published.items():
        row = models[name]
        fitted = json.loads(row["parameters"])
        for parameter, value in parameters.items():
            digits = 2 if name == "gamma_gamma" else 3
            assert fitted[parameter] == pytest.approx(value, abs=1.1 * 10**-digits), name
        if log_likelihood:
            assert row["log_likelihood"] == pytest.approx(log_likelihood, abs=0.01)
        assert row["converged"]
        errors = json.loads(row["standard_errors"])
        assert errors.keys() == parameters.keys()
        assert all(0 < error < 10 for error in errors.values())
    assert models["bg_nbd"]["customers"] == 2357
    assert models["gamma_gamma"]["customers"] == 946
    assert [name for name, row in models.items() if row["chosen"]] == [
        "pareto_nbd",
        "gamma_gamma",
        "margin",
    ]
    assert "alive for certain" in models["bg_nbd"]["reason"]
    assert models["pareto_nbd"]["holdout_gain"] > 0
    assert json.loads(models["margin"]["parameters"])["company"] == pytest.approx(0.3, abs=1e-4)


@pytest.mark.slow
def test_the_published_holdout_comes_out_of_the_warehouse(
    real_data: Path, settings: Settings
) -> None:
    put(settings, cdnow(real_data, date(1998, 6, 30)))
    tables = run(settings)
    rows = by_model(tables["analyze.clv_holdout"])
    # Half of the 546 days: the 39 weeks of the papers.
    assert {row["holdout_days"] for row in rows.values()} == {273}
    totals = {name: round(row["expected_orders"]) for name, row in rows.items()}
    assert totals == pytest.approx(
        {"naive": 2930, "bg_nbd": 1653, "mbg_nbd": 1577, "pareto_nbd": 1666}, abs=1
    )
    errors = {name: row["mae"] for name, row in rows.items()}
    assert errors == pytest.approx(
        {"naive": 1.024, "bg_nbd": 0.786, "mbg_nbd": 0.765, "pareto_nbd": 0.755}, abs=0.001
    )
    assert {row["actual_orders"] for row in rows.values()} == {1882}

    outlook = tables["analyze.purchase_outlook"]
    assert sum(row["customers"] for row in outlook) == 2357
    silent = {row["days_observed"]: row for row in outlook if row["repeat_orders"] == 0}
    for row in outlook:
        assert row["value_low"] <= row["discounted_orders"] + 1e-9
        assert row["expected_orders_low"] <= row["expected_orders_12m"]
        if row["repeat_orders"] == 1 and row["days_observed"] in silent:
            # Whoever came back is never ranked below who did not, of the same age.
            never = silent[row["days_observed"]]
            assert row["discounted_orders"] >= never["discounted_orders"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "orders",
    [
        "select 'a' as customer_id, timestamp '2024-06-30 23:59:59' as ordered_at, 5 as revenue",
        "select 'a' as customer_id, timestamp '2024-07-01' as ordered_at, 5 as revenue",
        "select 'c' || i, timestamp '2024-06-01' + interval (i % 20) day, 5 from range(300) t(i)",
        "select 'c' || i, timestamp '2024-06-01' + interval (i % 20) day, 5 from range(10) t(i)",
    ],
    ids=["one order a second ago", "nothing yet", "no repeat at all", "few customers"],
)
def test_too_little_for_a_model_is_no_failure(settings: Settings, orders: str) -> None:
    put(settings, f"select * from ({orders}) as t(customer_id, ordered_at, revenue)")
    tables = run(settings)
    assert tables["analyze.clv_model"] == tables["analyze.purchase_outlook"] == []
    assert tables["analyze.clv_holdout"] == []


@pytest.mark.slow
def test_a_business_that_has_taken_no_money_yet(settings: Settings) -> None:
    put(
        settings,
        """
        select 'c' || i as customer_id,
            timestamp '2024-02-01' + interval (j * (9 + i % 20)) day as ordered_at,
            0 as revenue
        from range(100) a(i), range(6) b(j) where j <= i % 6
        """,
    )
    outlook = run(settings)["analyze.purchase_outlook"]
    assert outlook
    assert {(row["value_base"], row["value_weight"]) for row in outlook} == {(0.0, 0.0)}
    assert {row["company_margin"] for row in outlook} == {settings.default_margin}


@pytest.mark.slow
def test_customers_of_every_kind_get_a_sensible_outlook(settings: Settings) -> None:
    """Regulars, one-time buyers, gifts only, an order a second ago: all finite, none absurd."""
    put(
        settings,
        """
        select 'r' || i as customer_id,
            timestamp '2024-01-01' + interval (7 * j + i % 5) day as ordered_at,
            20 + i % 7 as revenue
        from range(120) a(i), range(20) b(j) where (i * 7 + j * 13) % (2 + i % 9) = 0
        union all
        select 'o' || i, timestamp '2024-01-01' + interval (i) day, 15 from range(180) a(i)
        union all
        select 'g' || i, timestamp '2024-02-01' + interval (9 * j) day, 0
        from range(5) a(i), range(3) b(j)
        union all
        select 'now', timestamp '2024-06-30 23:59:59', 30
        """,
    )
    tables = run(settings)
    outlook = tables["analyze.purchase_outlook"]
    histories = tables["features.purchase_history"]
    assert sum(row["customers"] for row in outlook) == len(histories)
    for row in outlook:
        numbers = [value for value in row.values() if isinstance(value, float)]
        assert np.isfinite(numbers).all(), row
        assert row["value_low"] <= row["value_high"]
    (now,) = [row for row in outlook if row["days_observed"] == 0]
    assert now["p_alive"] > 0.9
    (spend,) = [row for row in tables["analyze.clv_model"] if row["model"] == "gamma_gamma"]
    repeats = [row for row in histories if row["repeat_orders"] and row["repeat_value"] > 0]
    assert spend["customers"] == len(repeats)


@pytest.mark.slow
def test_a_model_that_is_no_better_than_the_naive_rate_is_a_warning(settings: Settings) -> None:
    """Everybody buys like clockwork, each at a pace of their own: x / T is all there is to know."""
    put(
        settings,
        """
        select 'c' || i as customer_id,
            timestamp '2024-01-01' + interval (j * (7 + i % 30)) day as ordered_at,
            10 as revenue
        from range(300) a(i), range(26) b(j)
        where j * (7 + i % 30) < 182
        """,
    )
    result = materialise(settings)
    (warning,) = [each for each in result.get_asset_check_evaluations() if not each.passed]
    assert (warning.asset_key.path, warning.check_name) == (
        ["analyze", "clv_model"],
        "range__holdout_gain",
    )
    assert warning.severity == dg.AssetCheckSeverity.WARN


@pytest.mark.parametrize(
    ("history", "wanted", "days"),
    [(546, None, 273), (2_000, None, 365), (373, 91, 91), (40, None, None), (100, 90, None)],
)
def test_what_is_kept_for_the_holdout(history: int, wanted: int | None, days: int | None) -> None:
    assert holdout_days(history, wanted) == days


def test_days_are_those_of_the_papers() -> None:
    assert LAST_DAY + timedelta(days=1) == date(2024, 7, 1)
