"""Purchase histories and lifetime values, on a few rows whose answer is known by hand."""

from datetime import date, datetime
from typing import Any

import pytest

from cx_assets_tests.sql.warehouse import FEBRUARY, Row, Warehouse

JANUARY_1 = date(2024, 1, 1)


def features(**row: Any) -> Row:
    blank = {"period": date(2024, 1, 1), "customer_id": "a", "tenure_days": 365, "profit": 100.0}
    return {**blank, **row}


def test_the_articles_formula_gives_379_08(warehouse: Warehouse) -> None:
    """100 a year, 5 years, 10 %: the sum of 100 / 1.1^t, and not the 393.7 that was printed."""
    warehouse.given("features.customer_features", features())
    (row,) = warehouse.model("analyze.clv", lifetime_years=5, discount_rate=0.10)
    assert row["clv_formula"] == pytest.approx(sum(100 / 1.1**year for year in range(1, 6)))
    assert round(row["clv_formula"], 2) == 379.08


@pytest.mark.parametrize(
    ("tenure_days", "yearly"), [(10, 100.0), (365, 100.0), (730, 50.0), (1460, 25.0)]
)
def test_a_young_customer_is_not_blown_up(
    warehouse: Warehouse, tenure_days: int, yearly: float
) -> None:
    warehouse.given("features.customer_features", features(tenure_days=tenure_days))
    (row,) = warehouse.model("analyze.clv", discount_rate=0.0, lifetime_years=3)
    assert row["yearly_profit"] == pytest.approx(yearly)
    assert row["clv_formula"] == pytest.approx(3 * yearly)


def test_the_scorecard_says_what_is_to_be_said_against_a_model(warehouse: Warehouse) -> None:
    churn = {"period": JANUARY_1, "auc": 0.61, "auc_gain": -0.02, "note": "no better than recency"}
    warehouse.given("analyze.churn_model", churn)
    model = {"period": JANUARY_1, "chosen": True}
    warehouse.given(
        "analyze.clv_model",
        {**model, "model": "pareto_nbd", "holdout_gain": -0.01},
        {**model, "model": "gamma_gamma"},
    )
    rows = {row["metric"]: row for row in warehouse.model("insight.scorecard")}
    assert rows["churn_auc_gain"]["value"] == -0.02
    assert rows["churn_auc"]["note"] == rows["churn_auc_gain"]["note"] == churn["note"]
    assert rows["clv_holdout_gain"]["value"] == -0.01
    assert "no better" in rows["clv_holdout_gain"]["note"]


def order(number: int, day: datetime, revenue: float, **row: Any) -> Row:
    return {
        "period": date(2024, day.month, 1),
        "order_id": str(number),
        "customer_id": "a",
        "ordered_at": day,
        "status": "delivered",
        "is_purchase": True,
        "revenue": revenue,
        "profit": revenue / 4,
        **row,
    }


def test_a_history_counts_days_and_sees_nothing_later(warehouse: Warehouse) -> None:
    warehouse.given(
        "process.orders",
        order(1, datetime(2024, 1, 2, 23, 59), 10.0),
        order(2, datetime(2024, 1, 12, 8), 20.0),
        order(3, datetime(2024, 1, 12, 20), 30.0),
        order(4, datetime(2024, 1, 20), 90.0, status="cancelled", is_purchase=False),
        order(5, datetime(2024, 1, 25), -8.0, status="returned", is_purchase=False, profit=-8.0),
        order(6, datetime(2024, 2, 1), 500.0),
        order(7, datetime(2024, 1, 9), 70.0, customer_id=None),
        order(8, datetime(2024, 1, 31, 23), 40.0, customer_id="new"),
        order(9, datetime(2024, 1, 3), 0.0, customer_id="gift"),
        order(
            10, datetime(2024, 1, 9), -8.0, customer_id="x", status="returned", is_purchase=False
        ),
    )
    rows = {row["customer_id"]: row for row in warehouse.model("features.purchase_history")}
    assert rows.keys() == {"a", "new", "gift"}
    a = rows["a"]
    assert (a["repeat_orders"], a["days_to_last_order"], a["days_observed"]) == (1, 10, 29)
    assert (a["repeat_value"], a["net_revenue"], a["net_profit"]) == (42.0, 52.0, 7.0)
    assert a["own_margin"] == pytest.approx(7 / 52)
    new = rows["new"]
    assert (new["repeat_orders"], new["days_to_last_order"], new["days_observed"]) == (0, 0, 0)
    assert (new["repeat_value"], rows["gift"]["own_margin"]) == (None, None)
    (later,) = [
        row
        for row in warehouse.model("features.purchase_history", FEBRUARY)
        if row["customer_id"] == "a"
    ]
    assert (later["repeat_orders"], later["days_to_last_order"]) == (2, 30)


def test_what_was_given_back_was_not_bought(warehouse: Warehouse) -> None:
    """80,995 mugs by mistake and back within the hour are no reason to expect more of them."""
    warehouse.given(
        "process.orders",
        order(1, datetime(2024, 1, 2), 3.0),
        order(2, datetime(2024, 1, 12, 9, 15), 168_470.0),
        order(3, datetime(2024, 1, 12, 9, 27), -168_475.0, status="returned", is_purchase=False),
    )
    (row,) = warehouse.model("features.purchase_history")
    assert (row["repeat_orders"], row["repeat_value"]) == (1, 0.0)
    assert row["own_margin"] is None


def test_a_margin_is_kept_within_bounds(warehouse: Warehouse) -> None:
    warehouse.given(
        "process.orders",
        order(1, datetime(2024, 1, 2), 10.0, profit=-500.0),
        order(2, datetime(2024, 1, 2), 10.0, profit=90.0, customer_id="b"),
    )
    rows = warehouse.model("features.purchase_history")
    assert [row["own_margin"] for row in rows] == [-1.0, 1.0]


OUTLOOK = {
    "period": JANUARY_1,
    "repeat_orders": 2,
    "days_to_last_order": 30,
    "days_observed": 60,
    "customers": 2,
    "p_alive": 0.8,
    "expected_orders_12m": 3.0,
    "expected_orders_low": 2.5,
    "expected_orders_high": 3.5,
    "discounted_orders": 10.0,
    "value_low": 0.0,
    "value_high": 25.0,
    "value_base": 12.0,
    "value_weight": 0.6,
    "company_margin": 0.2,
    "margin_weight": 0.5,
}


def history(customer: str, **row: Any) -> Row:
    return {
        "period": JANUARY_1,
        "customer_id": customer,
        "repeat_orders": 2,
        "days_to_last_order": 30,
        "days_observed": 60,
        "repeat_value": 30.0,
        "own_margin": 0.4,
        **row,
    }


def test_value_is_orders_times_profit(warehouse: Warehouse) -> None:
    names = ("plain", "loss", "gift", "never", "closed", "unknown")
    warehouse.given("features.customer_features", *(features(customer_id=name) for name in names))
    warehouse.given(
        "process.customers",
        *(
            {
                "period": JANUARY_1,
                "customer_id": name,
                "closed_at": datetime(2024, 1, 9) if name == "closed" else None,
            }
            for name in names
        ),
    )
    warehouse.given(
        "features.purchase_history",
        history("plain"),
        history("loss", own_margin=-1.0),
        history("gift", repeat_value=None, own_margin=None),
        history("closed"),
        history("unknown", days_observed=61),
    )
    warehouse.given("analyze.purchase_outlook", OUTLOOK)
    rows = {row["customer_id"]: row for row in warehouse.model("analyze.clv")}
    assert len(rows) == len(names)

    plain = rows["plain"]
    assert plain["expected_profit_per_order"] == pytest.approx((12 + 0.6 * 30) * 0.3)
    assert plain["clv"] == pytest.approx(90.0)
    assert (plain["clv_low"], plain["clv_high"]) == (0.0, pytest.approx(225.0))
    assert plain["clv_less_formula"] == pytest.approx(90.0 - plain["clv_formula"])
    assert plain["p_alive"] == 0.8

    loss = rows["loss"]
    assert loss["expected_profit_per_order"] == pytest.approx(30 * -0.4)
    assert (loss["clv"], loss["clv_low"]) == (pytest.approx(-120.0), pytest.approx(-300.0))
    assert loss["clv_high"] == 0.0

    assert rows["gift"]["expected_profit_per_order"] == pytest.approx(12 * 0.2)
    assert (rows["never"]["clv"], rows["never"]["p_alive"]) == (None, None)
    assert "not bought" in rows["never"]["why"]
    closed = rows["closed"]
    assert (closed["p_alive"], closed["clv"], closed["clv_high"]) == (0.0, 0.0, 0.0)
    assert closed["why"] == "the account is closed"
    assert rows["unknown"]["why"] == "too few customers for a model yet"
