"""feedback.action_outcomes by hand: what falls into the window, and what does not."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cx_assets.defs.feedback.action_outcomes import ACTION_OUTCOMES, append_outcomes
from cx_assets.defs.sql_models import loaded_models
from cx_assets.periods import Period
from cx_assets.settings import Settings
from cx_assets.sql_models import SqlModel
from cx_assets.warehouse.duckdb import DuckDBWarehouse
from cx_assets_tests.sql.warehouse import FEBRUARY, JANUARY, Row, Warehouse

ASSIGNED = datetime(2024, 2, 1)
UNTIL = ASSIGNED + timedelta(days=28)
MOMENT = timedelta(microseconds=1)
MARCH = Period(datetime(2024, 3, 1), datetime(2024, 4, 1))


@pytest.fixture(scope="module")
def models() -> dict[str, SqlModel]:
    return {model.table: model for model in loaded_models()}


@pytest.fixture
def warehouse(tmp_path: Path, models: dict[str, SqlModel]) -> Iterator[Warehouse]:
    with DuckDBWarehouse.at(tmp_path / "w.duckdb").connect() as session:
        yield Warehouse(session, models)


def assign(warehouse: Warehouse, customer: str, at: datetime = ASSIGNED, **others: Any) -> None:
    row = {
        "period": at.replace(day=1),
        "action_id": f"{at:%Y-%m-%d}/{customer}",
        "customer_id": customer,
        "assigned_at": at,
        "action": "call",
        "arm": "treated",
        "propensity": 0.9,
        "policy_version": "v1",
        "segment_id": 2,
    }
    warehouse.given("process.action_assignments", {**row, **others})


def answer(
    warehouse: Warehouse,
    customer: str | None,
    sent: datetime,
    responded: datetime | None,
    score: float | None = None,
    survey: str = "csat",
) -> None:
    warehouse.given(
        "process.survey_responses",
        {
            "period": sent.replace(day=1),
            "response_id": f"{customer}/{sent.isoformat()}/{survey}",
            "customer_id": customer,
            "sent_at": sent,
            "responded_at": responded,
            "survey": survey,
            "score_of_five": score,
        },
    )


def purchase(warehouse: Warehouse, customer: str | None, at: datetime, **others: Any) -> None:
    row = {
        "period": at.replace(day=1),
        "order_id": f"{customer}/{at.isoformat()}",
        "customer_id": customer,
        "ordered_at": at,
        "is_purchase": True,
        "profit": 10,
    }
    warehouse.given("process.orders", {**row, **others})


def outcomes(warehouse: Warehouse, *periods: Period) -> list[Row]:
    session = warehouse.session
    staged = session.stage(ACTION_OUTCOMES.name, ACTION_OUTCOMES.columns)
    append_outcomes(session, staged, periods or (FEBRUARY,), Settings())
    frame = session.frame(f"select * from {staged} order by action_id")
    rows: list[Row] = frame.astype(object).where(frame.notna(), None).to_dict("records")
    return rows


def test_the_window_is_half_open(warehouse: Warehouse) -> None:
    assign(warehouse, "ann")
    for at, profit in (
        (ASSIGNED - timedelta(days=180), 1),
        (ASSIGNED - timedelta(days=180) - MOMENT, 2),
        (ASSIGNED - MOMENT, 4),
        (ASSIGNED, 8),
        (UNTIL - MOMENT, 16),
        (UNTIL, 32),
    ):
        purchase(warehouse, "ann", at, profit=profit)
    purchase(warehouse, "ann", ASSIGNED + timedelta(days=1), profit=64, is_purchase=False)
    purchase(warehouse, None, ASSIGNED + timedelta(days=2), profit=128)
    purchase(warehouse, "bob", ASSIGNED + timedelta(days=3), profit=256)
    (row,) = outcomes(warehouse)
    assert (row["orders_before"], row["profit_before"]) == (2, 5)
    assert (row["orders"], row["profit"]) == (2, 24)
    assert (row["csat"], row["csat_before"], row["csat_weight"]) == (None, None, None)


def test_answers_count_where_they_were_asked_and_given_in_the_window(warehouse: Warehouse) -> None:
    assign(warehouse, "ann")
    day = timedelta(days=1)
    answer(warehouse, "ann", ASSIGNED - 9 * day, ASSIGNED - 8 * day, 2.0)
    answer(warehouse, "ann", ASSIGNED - 7 * day, ASSIGNED - 6 * day, 1.5, "nps")
    answer(warehouse, "ann", ASSIGNED - day, ASSIGNED + day, 1.0)
    answer(warehouse, "ann", ASSIGNED + day, ASSIGNED + 2 * day, 4.0)
    answer(warehouse, "ann", ASSIGNED + 3 * day, UNTIL - MOMENT, 5.0)
    answer(warehouse, "ann", ASSIGNED + 4 * day, UNTIL, 1.0)
    answer(warehouse, "ann", ASSIGNED + 5 * day, ASSIGNED + 6 * day, 1.0, "ces")
    answer(warehouse, "ann", ASSIGNED + 7 * day, None)
    answer(warehouse, None, ASSIGNED + 8 * day, ASSIGNED + 9 * day, 1.0)
    (row,) = outcomes(warehouse)
    assert row["csat"] == 4.5
    assert row["csat_before"] == 1.5
    assert row["csat_weight"] == 1
    assert "1 of 1 treated customers answered" in str(row["note"])


def test_an_assignment_is_measured_in_the_period_in_which_its_days_end(
    warehouse: Warehouse,
) -> None:
    assign(warehouse, "ann", FEBRUARY.end - timedelta(days=28))
    assign(warehouse, "bob", FEBRUARY.end - timedelta(days=28) + MOMENT)
    assert [row["customer_id"] for row in outcomes(warehouse, JANUARY, FEBRUARY)] == ["ann"]
    assert [row["customer_id"] for row in outcomes(warehouse, MARCH)] == ["bob"]
    (row,) = outcomes(warehouse, FEBRUARY)
    assert row["period"].date() == FEBRUARY.start.date()


def test_weights_stand_for_all_who_were_assigned_and_a_range_gives_the_same(
    warehouse: Warehouse,
) -> None:
    warehouse.session.execute(
        """
        insert into process.action_assignments by name
        select
            date '2024-02-01' as period,
            'a' || i as action_id,
            'c' || i as customer_id,
            timestamp '2024-02-01 09:00:00' as assigned_at,
            'call' as action,
            case when i % 2 = 0 then 'treated' else 'control' end as arm,
            0.5 as propensity,
            'v1' as policy_version
        from range(2000) as r(i)
        """
    )
    # What is on record at the end of January says who answers: one in five, or four in five.
    warehouse.session.execute(
        """
        insert into features.experience by name
        select
            date '2024-01-01' as period,
            'customer/c' || i as moment_id,
            false as is_invitation,
            'c' || i as customer_id,
            timestamp '2024-02-01' as at,
            case when i % 3 = 0 then 4 else 0 end as tickets,
            i % 7 as orders
        from range(2000) as r(i)
        """
    )
    warehouse.session.execute(
        """
        insert into process.survey_responses by name
        select
            date '2024-02-01' as period,
            'r' || i as response_id,
            'c' || i as customer_id,
            timestamp '2024-02-05' as sent_at,
            timestamp '2024-02-06' as responded_at,
            'csat' as survey,
            case when i % 3 = 0 then 2 else 4 end as score_of_five
        from range(2000) as r(i)
        where (i * 7919) % 100 < case when i % 3 = 0 then 80 else 20 end
        """
    )
    rows = outcomes(warehouse)
    assert len(rows) == 2000
    assert all(row["note"] is None for row in rows)
    for arm in ("treated", "control"):
        given = [row for row in rows if row["arm"] == arm and row["csat"] is not None]
        weight = np.array([row["csat_weight"] for row in given], dtype=float)
        score = np.array([row["csat"] for row in given], dtype=float)
        # A third of all would answer 2 and the others 4; of those who answer it is two thirds.
        assert score.mean() == pytest.approx(2.7, abs=0.1)
        assert np.average(score, weights=weight) == pytest.approx(2 / 3 + 8 / 3, abs=0.06)
        assert weight.sum() == pytest.approx(1000, rel=0.05)
    assert outcomes(warehouse, JANUARY, FEBRUARY, MARCH) == rows


def test_what_comes_later_changes_nothing(warehouse: Warehouse) -> None:
    assign(warehouse, "ann")
    purchase(warehouse, "ann", ASSIGNED + timedelta(days=1))
    before = outcomes(warehouse)
    purchase(warehouse, "ann", FEBRUARY.end)
    answer(warehouse, "ann", ASSIGNED + timedelta(days=1), FEBRUARY.end, 1.0)
    assign(warehouse, "bob", FEBRUARY.end)
    assert outcomes(warehouse) == before


def test_nothing_was_assigned(warehouse: Warehouse) -> None:
    assert outcomes(warehouse) == []
