"""How far sessions got and what brought the orders, on rows known by hand."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from cx_assets.methods.intervals import wilson_interval
from cx_assets.plots_web import attribution, web_funnel
from cx_assets.warehouse.names import table_sql
from cx_assets_tests.sql.warehouse import FEBRUARY, JANUARY, Row, Warehouse
from cx_assets_tests.sql.web_shop import (
    DAY,
    FACTS,
    MARCH,
    MINUTE,
    NOON,
    SECOND,
    SNAPSHOTS,
    built,
    event,
    order,
    select,
)


def test_the_funnel_counts_a_step_where_a_later_one_was_taken(warehouse: Warehouse) -> None:
    def visit(name: str, event_type: str | None = None, **row: Any) -> Row:
        return event(name, NOON, visitor=name, event_type=event_type, **row)

    built(
        warehouse,
        visit("1", referrer="google"),
        visit("2", "search", referrer="google"),
        visit("3", "view", product_id="P", referrer="google"),
        visit("4", "Purchase", referrer="google"),
        visit("5", "add_to_cart"),
    )
    rows = {
        (row["channel"], row["step"]): row
        for row in warehouse.model("analyze.web_funnel")
        if row["visitor_kind"] == "person"
    }
    steps = ("visit", "product_view", "cart", "purchase")
    assert [rows["google", step]["sessions"] for step in steps] == [4, 2, 1, 1]
    assert [rows["direct", step]["sessions"] for step in steps] == [1, 1, 1, 0]
    assert [rows["all", step]["sessions"] for step in steps] == [5, 3, 2, 1]
    assert [rows["all", step]["step_share"] for step in steps] == [1, 3 / 5, 2 / 3, 1 / 2]
    for row in rows.values():
        low, high = wilson_interval(row["sessions"], rows[row["channel"], "visit"]["sessions"])
        assert (row["share_low"], row["share_high"]) == pytest.approx((float(low), float(high)))
    low, high = wilson_interval(2, 3)
    cart = rows["all", "cart"]
    assert (cart["step_low"], cart["step_high"]) == pytest.approx((float(low), float(high)))


def test_an_order_goes_to_the_last_touch_that_was_not_direct(warehouse: Warehouse) -> None:
    def visit(name: str, at: datetime, customer: str, referrer: str | None) -> Row:
        return event(name, at, visitor=customer, customer_id=customer, referrer=referrer)

    ordered = datetime(2024, 2, 9)
    warehouse.given(
        "process.orders",
        order("1", ordered, "a", "10.10"),
        order("2", ordered, "direct", "20"),
        order("3", ordered, None, "30.05"),
        order("4", ordered, "store", "40"),
        order("5", ordered, "stale", "50"),
        order("6", ordered, "cancelled", "60", is_purchase=False),
        order("7", ordered, "later", "-1"),
    )
    built(
        warehouse,
        visit("0", ordered - 31 * DAY, "a", "bing"),
        visit("1", ordered - 30 * DAY, "a", "google"),
        visit("2", ordered - 2 * DAY, "a", "newsletter"),
        visit("3", ordered, "a", None),
        visit("4", ordered + MINUTE * 60, "a", "instagram"),
        visit("5", ordered - DAY, "direct", None),
        visit("6", ordered - 30 * DAY - SECOND, "stale", "google"),
        event("7", ordered - DAY, visitor="later", referrer="google"),
        visit("8", ordered + DAY, "later", "instagram"),
        visit("9", ordered + DAY, "cancelled", "google"),
    )
    found = select(
        warehouse,
        "select channel, orders, revenue, first_touch_orders, first_touch_revenue "
        f"from \"analyze\".attribution where period = '{FEBRUARY.start}' order by channel",
    )
    assert found == [
        ("direct", 1, Decimal(20), 1, Decimal(20)),
        ("google", 1, Decimal(-1), 2, Decimal("9.10")),
        ("newsletter", 1, Decimal("10.10"), 0, Decimal(0)),
        ("unknown", 3, Decimal("120.05"), 3, Decimal("120.05")),
    ]


def test_without_events_there_is_nothing_to_see(warehouse: Warehouse) -> None:
    built(warehouse)
    assert select(warehouse, 'select * from "analyze".web_funnel') == []
    assert web_funnel(warehouse.session, [JANUARY]) == "Nobody came to the web shop."
    assert attribution(warehouse.session, [JANUARY]) == "Nobody bought anything."


TIMES = st.integers(0, 60 * 24 * 90).map(lambda minute: JANUARY.start + minute * MINUTE)
PEOPLE = st.sampled_from([None, "a", "b", "test-1"])
VISITS = st.tuples(TIMES, st.sampled_from("vw"), PEOPLE, st.sampled_from([None, "google", "x"]))
ORDERS = st.tuples(TIMES, PEOPLE, st.decimals(-100, 1_000, places=2), st.booleans())


def cleared(warehouse: Warehouse, *tables: str) -> None:
    for table in tables:
        warehouse.session.execute(f"delete from {table_sql(table)}")


@given(st.lists(VISITS, max_size=25), st.lists(ORDERS, max_size=8))
@hypothesis_settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nothing_is_lost_and_a_range_is_its_single_runs(
    warehouse: Warehouse, visits: list[Any], orders: list[Any]
) -> None:
    cleared(warehouse, "collect.web_events", "process.orders", "process.customers")
    warehouse.given(
        "process.orders",
        *(
            order(str(number), at, customer, str(revenue), is_purchase=is_purchase)
            for number, (at, customer, revenue, is_purchase) in enumerate(orders)
        ),
    )
    events = [
        event(str(number), at, visitor, customer_id=customer, referrer=referrer)
        for number, (at, visitor, customer, referrer) in enumerate(visits)
    ]
    found = {}
    for single in (False, True):
        cleared(warehouse, "collect.web_events", *FACTS, *SNAPSHOTS)
        built(warehouse, *events, single=single)
        found[single] = {
            table: select(warehouse, f"select * from {table_sql(table)} order by all")
            for table in (*FACTS, *SNAPSHOTS)
        }
    assert found[True] == found[False]

    def total(column: str, table: str, where: str = "true") -> Any:
        return select(warehouse, f"select {column} from {table_sql(table)} where {where}")

    bought = total("period, count(*), sum(revenue)", "process.orders", "is_purchase group by 1")
    for touch in ("", "first_touch_"):
        sums = f"period, sum({touch}orders), sum({touch}revenue)"
        credited = total(sums, "analyze.attribution", "true group by 1")
        assert sorted(credited) == sorted(bought)
    assert total("coalesce(sum(events), 0)", "features.web_sessions") == [(len(events),)]
    sessions = total("count(*)", "features.web_sessions")
    for channel in ("channel = 'all'", "channel <> 'all'"):
        where = f"step = 'visit' and {channel}"
        assert total("coalesce(sum(sessions), 0)", "analyze.web_funnel", where) == sessions
    named = total("count(distinct visitor_id)", "process.web_events", "customer_id is not null")
    last = f"period = '{MARCH.start}'"
    assert total("count(distinct visitor_id)", "features.web_visitors", last) == named
