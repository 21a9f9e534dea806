"""A warehouse filled by hand as far as advice on products needs it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import dagster as dg
import pandas as pd

from cx_assets.defs.insight.demand_models import demand_models
from cx_assets.defs.insight.product_insights import product_insights
from cx_assets.periods import Period
from cx_assets.settings import Settings
from cx_assets.warehouse.duckdb import DuckDBWarehouse

EMPTY = """
create schema process;
create schema "analyze";
create table process.order_items (
    period date, order_id varchar, customer_id varchar, product_id varchar, ordered_at timestamp,
    status varchar, quantity double, revenue decimal(28, 4), cost decimal(28, 4),
    cost_is_estimated boolean
);
create table process.customers (period date, customer_id varchar, is_test_account boolean);
create table process.products (
    period date, product_id varchar, name varchar, category varchar, stock_on_hand double
);
create table process.survey_responses (
    period date, response_id varchar, order_id varchar, survey varchar, sent_at timestamp,
    responded_at timestamp, score_of_five decimal(9, 6), comment varchar
);
create table "analyze".text_sentiment (
    period date, source varchar, text_id varchar, predicted_score double
);
create table "analyze".association_rules (
    period date, level varchar, antecedent varchar[], consequent varchar, consequent_name varchar,
    items bigint, confidence double, confidence_low double, lift double, both_baskets bigint,
    extra_baskets double
);
"""
DAY = timedelta(days=1)


def open_shop(settings: Settings) -> None:
    with DuckDBWarehouse.at(settings.warehouse).connect() as session:
        session.execute(EMPTY)


def put(settings: Settings, table: str, **columns: object) -> None:
    """Put rows in; what is no list is the same in every row."""
    with DuckDBWarehouse.at(settings.warehouse).connect() as session:
        session.append(table, pd.DataFrame(columns))


def sell(
    settings: Settings,
    product: str,
    days: Iterable[datetime],
    quantity: float = 2.0,
    price: float = 10.0,
    cost: float | None = 6.0,
    status: str = "delivered",
    customer: str | None = None,
) -> list[str]:
    """An order of the product on each of the days, and their ids; an unknown cost is estimated."""
    days = list(days)
    orders = [f"{product} {day:%Y-%m-%d %H} {status} {quantity:g}" for day in days]
    put(
        settings,
        "process.order_items",
        period=[day.replace(day=1, hour=0, minute=0) for day in days],
        order_id=orders,
        customer_id=customer,
        product_id=product,
        ordered_at=days,
        status=status,
        quantity=quantity,
        revenue=quantity * price,
        cost=quantity * (price * 0.7 if cost is None else cost),
        cost_is_estimated=cost is None,
    )
    return orders


def weekly(until: datetime, weeks: Iterable[int], per_week: int = 1) -> list[datetime]:
    """Noon of some days of each of the weeks before `until`, 0 the newest."""
    return [
        until - timedelta(weeks=week, days=1 + day) + DAY / 2
        for week in weeks
        for day in range(per_week)
    ]


def list_products(
    settings: Settings, periods: Sequence[Period], stock: Mapping[str, float | None], **other: Any
) -> None:
    for period in periods:
        columns = {
            "name": [f"the {product}" for product in stock],
            "category": "things",
            **other,
        }
        put(
            settings,
            "process.products",
            period=period.start.date(),
            product_id=list(stock),
            stock_on_hand=list(stock.values()),
            **columns,
        )


def rate(
    settings: Settings, orders: Sequence[str], scores: Sequence[float], at: datetime, **other: Any
) -> list[str]:
    """A csat answer about each of the orders, and their ids."""
    answers = [f"r {order} {at:%Y-%m-%d}" for order in orders]
    columns = {
        "period": at.date().replace(day=1),
        "response_id": answers,
        "order_id": list(orders),
        "survey": "csat",
        "sent_at": at - DAY,
        "responded_at": at,
        "score_of_five": list(scores),
        "comment": None,
        **other,
    }
    put(settings, "process.survey_responses", **columns)
    return answers


def run(settings: Settings, first: Period, last: Period) -> dg.ExecuteInProcessResult:
    with dg.DagsterInstance.ephemeral() as instance:
        return dg.materialize(
            [demand_models, product_insights],
            instance=instance,
            tags={
                "dagster/asset_partition_range_start": first.key,
                "dagster/asset_partition_range_end": last.key,
            },
            resources={"settings": settings, "warehouse": DuckDBWarehouse.at(settings.warehouse)},
        )


def rows(
    settings: Settings, period: Period, table: str = "insight.product_insights"
) -> pd.DataFrame:
    with DuckDBWarehouse.at(settings.warehouse).connect() as session:
        return session.frame(
            f"select * from {table} where period = $day order by all", {"day": period.start.date()}
        )
