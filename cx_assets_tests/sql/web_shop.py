"""Web events and orders by hand, and the tables of the web built from them."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from cx_assets.defs.sql_models import window_parameters
from cx_assets.periods import Period, period_at
from cx_assets.settings import Settings
from cx_assets.warehouse.names import table_sql
from cx_assets_tests.sql.warehouse import FEBRUARY, JANUARY, Row, Warehouse

MARCH = period_at(date(2024, 3, 1), "monthly")
PERIODS = (JANUARY, FEBRUARY, MARCH)
FACTS = ("process.web_events", "features.web_sessions")
SNAPSHOTS = ("features.web_visitors", "analyze.web_funnel", "analyze.attribution")
NOON = datetime(2024, 1, 10, 12)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


def event(name: str, at: datetime, visitor: str = "v", **row: Any) -> Row:
    return {
        "period": at.date().replace(day=1),
        "event_id": name,
        "occurred_at": at,
        "visitor_id": visitor,
        "source_file": "f",
        "source_line": 1,
        **row,
    }


def order(name: str, at: datetime, customer: str | None, revenue: str = "10", **row: Any) -> Row:
    return {
        "period": at.date().replace(day=1),
        "order_id": name,
        "customer_id": customer,
        "ordered_at": at,
        "is_purchase": True,
        "revenue": Decimal(revenue),
        **row,
    }


def fill(warehouse: Warehouse, table: str, *periods: Period) -> None:
    """What one run of these periods does; a snapshot takes one of them."""
    model = warehouse.models[table]
    assert model.grain == "events" or len(periods) == 1
    parameters = {**Settings().sql_parameters(), **window_parameters(periods)}
    warehouse.session.execute(
        f"insert into {table_sql(table)} by name select * from ({model.sql}\n)",
        {name: parameters[name] for name in model.parameters},
    )


def built(warehouse: Warehouse, *events: Row, single: bool = False) -> Warehouse:
    """The warehouse with these events, and all tables of the web in every period."""
    warehouse.given("collect.web_events", *events)
    runs: Sequence[Sequence[Period]] = [[period] for period in PERIODS] if single else [PERIODS]
    for table in FACTS:
        for run in runs:
            fill(warehouse, table, *run)
    for table in SNAPSHOTS:
        for period in PERIODS:
            fill(warehouse, table, period)
    return warehouse


def select(warehouse: Warehouse, sql: str) -> list[tuple[Any, ...]]:
    return warehouse.session.rows(sql)
