"""When a case opens, what closes it, and what it says, on rows known by hand."""

from datetime import date, datetime
from typing import Any

import pytest

from cx_assets.periods import Period, period_at
from cx_assets_tests.sql.warehouse import FEBRUARY, JANUARY, Row, Warehouse

MARCH = period_at(date(2024, 3, 1), "monthly")
PERIODS = (JANUARY, FEBRUARY, MARCH)
# c01 is worth 2,000 and so on, down to c20, worth 100.
CUSTOMERS = [f"c{number:02}" for number in range(1, 21)]


def answer(name: str, customer: str | None, at: datetime, score: float, **row: Any) -> Row:
    return {
        "period": at.date().replace(day=1),
        "response_id": name,
        "customer_id": customer,
        "sent_at": at,
        "responded_at": at,
        "survey": "csat",
        "touchpoint": "delivery",
        "channel": "email",
        "score": score,
        "scale_min": 1.0,
        "scale_max": 5.0,
        "verdict": "bad" if score <= 2 else "neutral" if score < 4 else "good",
        **row,
    }


def delivery(name: str, customer: str, at: datetime) -> Row:
    return {
        "period": at.date().replace(day=1),
        "action_id": name,
        "customer_id": customer,
        "delivered_at": at,
        "channel": "phone",
    }


@pytest.fixture
def shop(warehouse: Warehouse) -> Warehouse:
    """Three months of the twenty customers, who may all be analysed and are in one segment."""
    everyone = """
        select
            cast(date '2024-01-01' + to_months(cast(months.number as integer)) as date) as period,
            'c' || lpad(cast(people.number as varchar), 2, '0') as customer_id,
            true as consent_analytics,
            false as is_test_account,
            2100 - 100 * people.number as clv,
            1 as clv_formula,
            2 as segment_id,
            'loyal' as segment_name
        from range(3) as months (number), range(1, 21) as people (number)"""
    for table, columns in {
        "process.customers": "consent_analytics, is_test_account",
        '"analyze".clv': "clv, clv_formula",
        '"analyze".segments': "segment_id, segment_name",
    }.items():
        warehouse.session.execute(
            f"insert into {table} by name select period, customer_id, {columns} from ({everyone})"
        )
    return warehouse


def asked(shop: Warehouse, *rows: Row) -> None:
    shop.given("process.survey_responses", *rows)


def cases(shop: Warehouse) -> dict[Period, list[Row]]:
    """The cases of each month, after each month's tables are filled one after the other."""
    found = {}
    for period in PERIODS:
        for table in ("analyze.case_events", "analyze.case_states"):
            shop.given(table, *shop.model(table, period))
        found[period] = shop.model("personalize.cases", period)
    return found


def stories(shop: Warehouse) -> list[list[tuple[str, str]]]:
    """Per month: the cases and how they stand."""
    return [[(row["case_id"], row["status"]) for row in rows] for rows in cases(shop).values()]


def test_the_top_quarter_of_those_with_a_value_has_cases(shop: Warehouse) -> None:
    shop.given(
        "process.customers",
        {
            "period": date(2024, 1, 1),
            "customer_id": "worthless",
            "consent_analytics": True,
            "is_test_account": False,
        },
    )
    shop.given(
        "analyze.clv",
        {"period": date(2024, 1, 1), "customer_id": "worthless", "clv": -5.0, "clv_formula": 9e9},
    )
    at = datetime(2024, 1, 20)
    asked(shop, *(answer(customer, customer, at, 1) for customer in (*CUSTOMERS, "worthless")))
    january = cases(shop)[JANUARY]
    assert [row["customer_id"] for row in january] == ["c01", "c02", "c03", "c04", "c05"]
    # Only the first is in the top twentieth.
    assert [row["due_at"].day for row in january] == [23, 27, 27, 27, 27]
    assert {row["status"] for row in january} == {"overdue"}


def test_equal_values_are_valuable_together(shop: Warehouse) -> None:
    shop.session.execute('update "analyze".clv set clv = null, clv_formula = 50')
    asked(shop, *(answer(customer, customer, datetime(2024, 1, 20), 2) for customer in CUSTOMERS))
    january = cases(shop)[JANUARY]
    assert [row["customer_id"] for row in january] == CUSTOMERS
    assert {row["value"] for row in january} == {50.0}


def test_a_case_is_carried_over_until_it_is_closed_and_stays_closed(shop: Warehouse) -> None:
    asked(
        shop,
        answer("1", "c02", datetime(2024, 1, 30), 1),
        answer("2", "c03", datetime(2024, 1, 30), 1),
        answer("3", "c03", datetime(2024, 2, 3), 3),
    )
    shop.given("process.action_deliveries", delivery("a", "c02", datetime(2024, 3, 5)))
    found = cases(shop)
    assert [(row["case_id"], row["status"]) for row in found[JANUARY]] == [
        ("case/1", "open"),
        ("case/2", "open"),
    ]
    first, second = found[FEBRUARY]
    assert (first["status"], first["closed_at"], first["closed_by"]) == ("overdue", None, None)
    assert (second["status"], second["closed_by"]) == ("closed", "answer")
    assert second["closed_at"] == datetime(2024, 2, 3)
    (last,) = found[MARCH]
    assert (last["case_id"], last["status"], last["closed_by"]) == ("case/1", "closed", "delivery")
    assert (last["opened_at"], last["closed_at"]) == (datetime(2024, 1, 30), datetime(2024, 3, 5))


def test_one_case_at_a_time_and_the_next_after_it_is_closed(shop: Warehouse) -> None:
    asked(
        shop,
        answer("1", "c02", datetime(2024, 1, 5), 1),
        answer("2", "c02", datetime(2024, 1, 9), 2),
        answer("3", "c02", datetime(2024, 1, 12), 5),
        answer("4", "c02", datetime(2024, 1, 13), 5),
        answer("5", "c02", datetime(2024, 2, 27), 2),
    )
    assert stories(shop) == [
        [("case/1", "closed")],
        [("case/5", "open")],
        [("case/5", "overdue")],
    ]


def test_what_happened_at_the_same_moment_does_not_close(shop: Warehouse) -> None:
    at = datetime(2024, 1, 5)
    asked(
        shop,
        answer("1", "c02", at, 1),
        answer("0", "c02", at, 5, survey="ces"),
        answer("2", "c02", at, 5, survey="ces"),
    )
    shop.given("process.action_deliveries", delivery("a", "c02", at))
    assert stories(shop)[0] == [("case/1", "overdue")]


def test_a_delivery_before_the_answer_or_to_another_customer_closes_nothing(
    shop: Warehouse,
) -> None:
    asked(shop, answer("1", "c02", datetime(2024, 1, 30), 1))
    shop.given(
        "process.action_deliveries",
        delivery("a", "c02", datetime(2024, 1, 29)),
        delivery("b", "c03", datetime(2024, 1, 31)),
    )
    assert stories(shop)[:2] == [[("case/1", "open")], [("case/1", "overdue")]]


def test_what_comes_after_the_period_is_not_known_in_it(shop: Warehouse) -> None:
    """An answer counts when it was given, however long before it was asked for."""
    february = datetime(2024, 2, 1)
    asked(
        shop,
        answer("1", "c02", datetime(2024, 1, 20), 1, responded_at=february),
        answer("2", "c03", datetime(2024, 1, 30), 1),
        # Answered before it was asked: the clock was wrong, and the question counts.
        answer("3", "c04", february, 1, responded_at=datetime(2024, 1, 2)),
    )
    shop.given("process.action_deliveries", delivery("a", "c03", february))
    assert stories(shop)[:2] == [
        [("case/2", "open")],
        [("case/1", "overdue"), ("case/2", "closed"), ("case/3", "overdue")],
    ]


def test_being_valuable_is_settled_when_the_answer_is_given(shop: Warehouse) -> None:
    shop.session.execute(
        """update "analyze".clv set clv = 0 where customer_id = 'c02' and period >= '2024-02-01'"""
    )
    asked(
        shop,
        answer("1", "c02", datetime(2024, 1, 30), 1),
        answer("2", "c02", datetime(2024, 3, 3), 1),
    )
    shop.given("process.action_deliveries", delivery("a", "c02", datetime(2024, 3, 1)))
    found = cases(shop)
    assert [row["value"] for row in found[FEBRUARY]] == [0.0]
    assert [(row["case_id"], row["status"]) for row in found[MARCH]] == [("case/1", "closed")]


def test_no_case_without_consent_or_of_a_test_the_unknown_the_erased_and_the_anonymous(
    shop: Warehouse,
) -> None:
    at = datetime(2024, 1, 30)
    asked(
        shop,
        *(answer(name, name, at, 1) for name in ("c02", "c03", "c04", "c05")),
        answer("nobody", None, at, 1),
        answer("stranger", "stranger", at, 1),
    )
    shop.session.execute(
        "update process.customers set consent_analytics = false "
        "where customer_id = 'c02' and period = '2024-02-01'"
    )
    shop.session.execute(
        "update process.customers set is_test_account = true where customer_id = 'c05'"
    )
    shop.given(
        "process.erasure_requests",
        {
            "period": date(2024, 3, 1),
            "request_id": "r",
            "customer_id": "c03",
            "requested_at": datetime(2024, 3, 9),
        },
    )
    shop.given(
        "analyze.clv",
        {"period": date(2024, 1, 1), "customer_id": "stranger", "clv": 9e9, "clv_formula": 9e9},
    )
    owners = [[row["customer_id"] for row in rows] for rows in cases(shop).values()]
    assert owners == [["c02", "c03", "c04"], ["c03", "c04"], ["c02", "c04"]]


def test_a_case_that_nobody_closed_is_let_go_after_two_years(shop: Warehouse) -> None:
    """730 days before the end of March 2024 is the second of April 2022."""
    shop.given(
        "analyze.case_events",
        *(
            {
                "period": date(2022, 4, 1),
                "event_id": f"answer/{customer}",
                "customer_id": customer,
                "occurred_at": datetime(2022, 4, day),
                "kind": "bad_answer",
                "response_id": customer,
                "days_to_act": 7,
            }
            for customer, day in (("c02", 1), ("c03", 2))
        ),
    )
    states = shop.model("analyze.case_states", MARCH)
    assert [row["response_id"] for row in states] == ["c03"]


def test_a_case_says_who_why_and_what_was_said(shop: Warehouse) -> None:
    asked(
        shop,
        answer("1", "c01", datetime(2024, 1, 20), 1, comment="call me at [phone]"),
        answer("2", "c02", datetime(2024, 1, 20), 6, verdict="bad", survey="nps", scale_max=10.0),
        answer("3", "c03", datetime(2024, 1, 20), 1.5, touchpoint="unknown"),
    )
    met = {"period": date(2024, 1, 1), "is_invitation": True}
    shop.given(
        "features.experience",
        {**met, "moment_id": "1", "late_deliveries": 2, "tickets": 1},
        {**met, "moment_id": "2", "late_deliveries": 1, "tickets": 0},
    )
    shop.given(
        "analyze.churn_risk",
        {"period": date(2024, 1, 1), "customer_id": "c01", "risk_band": "high"},
        {"period": date(2024, 1, 1), "customer_id": "c02", "risk_band": "unknown"},
    )
    first, second, third = cases(shop)[JANUARY]
    assert first["why"] == (
        "gave 1 of 5 about delivery, worth 2,000 over the years, churn risk high, "
        "2 late deliveries, 1 support ticket"
    )
    assert (first["said"], second["said"]) == ("call me at [phone]", None)
    assert second["why"] == (
        "gave 6 of 10 about delivery, worth 1,900 over the years, 1 late delivery"
    )
    assert third["why"] == "gave 1.5 of 5, worth 1,800 over the years"
    assert (first["segment_id"], first["segment_name"]) == (2, "loyal")
    assert (second["survey"], second["touchpoint"], second["score"]) == ("nps", "delivery", 6.0)


def test_an_empty_shop_has_no_cases(warehouse: Warehouse) -> None:
    tables = ("analyze.case_events", "analyze.case_states", "personalize.cases")
    assert [warehouse.model(table) for table in tables] == [[], [], []]
