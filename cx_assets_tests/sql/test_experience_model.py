"""features.experience: what was on record at the moment of an invitation, and not a day more."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from cx_assets_tests.sql.warehouse import FEBRUARY, Row, Warehouse

SENT = datetime(2024, 2, 20, 12)
DAY = timedelta(days=1)
CUSTOMER = {
    "period": FEBRUARY.start.date(),
    "customer_id": "c",
    "known_since": datetime(2024, 1, 11),
    "age": 40,
    "country": "FR",
}


def invitation(number: int = 1, sent_at: datetime = SENT, **more: Any) -> Row:
    return {
        "period": sent_at.date().replace(day=1),
        "response_id": f"r{number}",
        "customer_id": "c",
        "sent_at": sent_at,
        "survey": "csat",
        "touchpoint": "delivery",
        "channel": "email",
        **more,
    }


def order(number: int, ordered_at: datetime, delivered_at: datetime | None, **more: Any) -> Row:
    promised_at = ordered_at + 3 * DAY
    return {
        "period": ordered_at.date().replace(day=1),
        "order_id": f"o{number}",
        "customer_id": "c",
        "ordered_at": ordered_at,
        "promised_at": promised_at,
        "delivered_at": delivered_at,
        "is_late": delivered_at and delivered_at > promised_at,
        "status": "delivered",
        "channel": "web",
        "revenue": 90,
        "discount": 10,
        **more,
    }


def late(number: int, delivered_at: datetime, days: int = 2, **more: Any) -> Row:
    return order(number, delivered_at - (3 + days) * DAY, delivered_at, **more)


def moment(warehouse: Warehouse, moment_id: str = "r1") -> Row:
    rows = warehouse.model("features.experience", FEBRUARY)
    (found,) = [row for row in rows if row["moment_id"] == moment_id]
    return found


@pytest.fixture
def asked(warehouse: Warehouse) -> Warehouse:
    warehouse.given("process.customers", CUSTOMER)
    warehouse.given("process.survey_responses", invitation())
    return warehouse


def test_an_invitation_and_a_customer_are_a_moment_each(asked: Warehouse) -> None:
    rows = asked.model("features.experience", FEBRUARY)
    assert {(row["moment_id"], row["at"], row["survey"]) for row in rows} == {
        ("r1", SENT, "csat"),
        ("customer/c", FEBRUARY.end, None),
    }
    assert moment(asked)["tenure_days"] == 40
    assert moment(asked)["orders"] == moment(asked)["late_deliveries"] == 0
    assert moment(asked)["delay_days"] is None


def test_experiences_count_for_sixty_days(asked: Warehouse) -> None:
    asked.given(
        "process.orders",
        late(1, SENT - 60 * DAY),
        late(2, SENT - 61 * DAY, days=9),
        late(3, SENT - 5 * DAY, days=4),
        order(4, SENT - 9 * DAY, SENT - 7 * DAY, status="returned"),
    )
    found = moment(asked)
    assert (found["late_deliveries"], found["delay_days"]) == (2, 4.0)
    assert found["returned_orders"] == 1


def test_what_comes_after_the_moment_changes_nothing(asked: Warehouse) -> None:
    before = moment(asked)
    later = SENT + timedelta(hours=1)
    asked.given("process.orders", late(1, later), order(2, later, None))
    asked.given("process.survey_responses", invitation(2, later, responded_at=later))
    asked.given("process.survey_responses", invitation(3, SENT - DAY))
    ticket = {"ticket_id": "t", "customer_id": "c", "period": FEBRUARY.start.date()}
    asked.given("process.support_tickets", {**ticket, "opened_at": later})
    # The invitation of yesterday was sent before, but answered only after.
    asked.session.execute(
        "update process.survey_responses set responded_at = $later, score_of_five = 1 "
        "where response_id = 'r3'",
        {"later": later},
    )
    changed = {"invitations": 1, "orders": 1, "mean_order_value": 90.0, "discount_share": 0.1}
    after = moment(asked)
    assert {name: after[name] for name in changed} == changed
    same = set(before) - set(changed) - {"days_since_order", "order_channel"}
    assert {name: after[name] for name in same} == {name: before[name] for name in same}
    at_the_end = moment(asked, "customer/c")
    assert (at_the_end["late_deliveries"], at_the_end["tickets"], at_the_end["answers"]) == (
        1,
        1,
        2,
    )


def test_the_order_asked_about_was_late_only_once_it_had_come(asked: Warehouse) -> None:
    asked.given("process.orders", late(1, SENT - DAY), late(2, SENT + DAY), order(3, SENT, None))
    for number, expected in (("o1", True), ("o2", False), ("o3", False), ("o9", None)):
        asked.session.execute(
            "update process.survey_responses set order_id = $number", {"number": number}
        )
        assert moment(asked)["own_order_is_late"] is expected


def test_answers_of_a_year_tell_what_was_said_and_when(asked: Warehouse) -> None:
    for number, days, score in ((2, 300, 2), (3, 30, 5), (4, 366, 1)):
        sent_at = SENT - days * DAY
        asked.given(
            "process.survey_responses",
            invitation(number, sent_at, responded_at=sent_at, score_of_five=score),
        )
    found = moment(asked)
    assert (found["invitations"], found["answers"], found["mean_score"]) == (2, 2, 3.5)
    assert (found["previous_score"], found["previous_score_days"]) == (5.0, 30)


def test_tickets_and_how_long_they_took(asked: Warehouse) -> None:
    for number, opened, resolved, hours in ((1, 70, 59, 264), (2, 10, 9, 24), (3, 2, -1, 72)):
        asked.given(
            "process.support_tickets",
            {
                "period": FEBRUARY.start.date(),
                "ticket_id": f"t{number}",
                "customer_id": "c",
                "opened_at": SENT - opened * DAY,
                "resolved_at": SENT - resolved * DAY,
                "resolution_hours": hours,
            },
        )
    assert (moment(asked)["tickets"], moment(asked)["resolution_hours"]) == (2, 264.0)


def test_of_the_anonymous_nothing_is_known(asked: Warehouse) -> None:
    asked.given("process.survey_responses", invitation(5, customer_id=None))
    found = moment(asked, "r5")
    unknown = set(found) - {
        *("period", "moment_id", "is_invitation", "at", "survey", "touchpoint", "channel")
    }
    assert {name: found[name] for name in unknown} == dict.fromkeys(unknown)
