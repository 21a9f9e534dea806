"""What the SQL models compute, each on a few rows whose answer is known by hand."""

from datetime import date, datetime
from typing import Any

import pytest

from cx_assets_tests.sql.warehouse import FEBRUARY, Row, Warehouse


def invitation(response_id: str, **row: Any) -> Row:
    blank = {
        "period": date(2024, 1, 1),
        "response_id": response_id,
        "sent_at": datetime(2024, 1, 5),
        "survey": "csat",
        "source_file": "f",
        "source_line": 1,
    }
    return {**blank, **row}


def test_scores_lie_on_their_scale_or_are_no_answer(warehouse: Warehouse) -> None:
    warehouse.given(
        "collect.survey_responses",
        invitation("default", score=4.0),
        invitation("hundred", score=80.0, scale_min=0.0, scale_max=100.0),
        invitation("outside", score=7.0),
        invitation("silent"),
        invitation("nps-9", survey="nps", score=9.0),
        invitation("nps-7", survey="nps", score=7.0),
        invitation("nps-6", survey="nps", score=6.0),
    )
    rows = {row["response_id"]: row for row in warehouse.model("process.survey_responses")}
    assert rows["default"]["is_top_two"] is True
    assert rows["default"]["responded_at"] == datetime(2024, 1, 5)
    assert rows["hundred"]["score_of_five"] == pytest.approx(4.2)
    assert (rows["outside"]["score"], rows["outside"]["out_of_scale"]) == (None, True)
    assert (rows["silent"]["responded_at"], rows["silent"]["out_of_scale"]) == (None, False)
    groups = [rows[name]["nps_group"] for name in ("nps-9", "nps-7", "nps-6")]
    assert groups == ["promoter", "passive", "detractor"]


def test_a_customer_is_as_known_at_the_periods_end(warehouse: Warehouse) -> None:
    def state(month: int, city: str) -> Row:
        return {
            "period": date(2024, month, 1),
            "customer_id": "a",
            "updated_at": datetime(2024, month, 10),
            "city": city,
            "birth_date": date(1990, 3, 1),
            "source_file": "f",
            "source_line": 1,
        }

    warehouse.given("collect.customers", state(1, "Köln"), state(2, "北京"))
    order = {"order_id": "1", "customer_id": "b", "ordered_at": datetime(2024, 1, 31, 23, 59)}
    warehouse.given("process.orders", {**order, "period": date(2024, 1, 1)})
    january = {row["customer_id"]: row for row in warehouse.model("process.customers")}
    assert january["a"]["city"] == "Köln"
    assert january["b"]["in_crm"] is False
    assert january["b"]["consent_marketing"] is False
    (february, _) = warehouse.model("process.customers", FEBRUARY)
    assert february["city"] == "北京"
    assert february["known_since"] == datetime(2024, 1, 10)
    # 34 on the first of March, which is when February ends; 33 the day before.
    assert (january["a"]["age"], february["age"]) == (33, 34)


def test_order_lines_take_the_best_cost_that_is_known(warehouse: Warehouse) -> None:
    line = {
        "period": date(2024, 1, 1),
        "order_id": "1",
        "ordered_at": datetime(2024, 1, 2),
        "quantity": 2.0,
        "unit_price": 10.0,
        "source_file": "f",
        "source_line": 1,
    }
    warehouse.given(
        "collect.order_items",
        {**line, "line_number": 1, "product_id": "listed", "unit_cost": 4.0},
        {**line, "line_number": 2, "product_id": "listed"},
        {**line, "line_number": 3, "product_id": "unknown"},
        {**line, "line_number": 4, "product_id": "listed", "quantity": -1.0},
    )
    warehouse.given(
        "process.products",
        {"period": date(2024, 1, 1), "product_id": "listed", "category": "cups", "unit_cost": 5.0},
    )
    rows = warehouse.model("process.order_items", default_margin=0.3)
    assert [float(row["cost"]) for row in rows] == [8.0, 10.0, 14.0, -5.0]
    assert [row["cost_is_estimated"] for row in rows] == [False, False, True, False]
    assert [row["category"] for row in rows] == ["cups", "cups", "unknown", "cups"]
    assert float(sum(row["revenue"] for row in rows)) == 50.0
    assert rows[3]["is_return"] is True
