"""A warehouse filled by hand as far as recommendations need it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import dagster as dg
import numpy as np
import pandas as pd

from cx_assets.defs.analyze.item_similarity import item_similarity
from cx_assets.defs.analyze.recommendation_quality import recommendation_quality
from cx_assets.defs.personalize.recommendations import recommendations
from cx_assets.periods import Period
from cx_assets.settings import Settings
from cx_assets.warehouse.duckdb import DuckDBWarehouse

EMPTY = """
create schema process;
create table process.customers (
    period date, customer_id varchar, consent_marketing boolean, consent_analytics boolean,
    closed_at timestamp, is_test_account boolean
);
create table process.products (
    period date, product_id varchar, name varchar, stock_on_hand double
);
create table process.order_items (
    customer_id varchar, product_id varchar, ordered_at timestamp, is_return boolean,
    status varchar
);
"""


def open_shop(settings: Settings) -> None:
    with DuckDBWarehouse.at(settings.warehouse).connect() as session:
        session.execute(EMPTY)


def put(settings: Settings, table: str, **columns: object) -> None:
    """Put rows in; what is no list is the same in every row."""
    with DuckDBWarehouse.at(settings.warehouse).connect() as session:
        session.append(table, pd.DataFrame(columns))


def customers(
    settings: Settings, ids: Iterable[str], periods: Sequence[Period], **other: object
) -> None:
    """Customers who may be offered something, but for what `other` says."""
    for period in periods:
        columns: dict[str, object] = {
            "customer_id": list(ids),
            "consent_marketing": True,
            "consent_analytics": True,
            "closed_at": pd.NaT,
            "is_test_account": False,
            **other,
        }
        put(settings, "process.customers", period=period.start.date(), **columns)


def products(
    settings: Settings, stock: Mapping[str, float | None], periods: Sequence[Period]
) -> None:
    for period in periods:
        put(
            settings,
            "process.products",
            period=period.start.date(),
            product_id=list(stock),
            name=[f"the {product}" for product in stock],
            stock_on_hand=[*stock.values()],
        )


def buy(
    settings: Settings,
    lines: Sequence[tuple[str | None, str, datetime]],
    is_return: bool = False,
    status: str = "delivered",
) -> None:
    who, what, when = zip(*lines, strict=True)
    put(
        settings,
        "process.order_items",
        customer_id=list(who),
        product_id=list(what),
        ordered_at=list(when),
        is_return=is_return,
        status=status,
    )


def companions(
    until: datetime, customers: int = 300, pairs: int = 12, seed: int = 3
) -> list[tuple[str | None, str, datetime]]:
    """Lines of 150 days: who buys a00 (a01, ...) mostly buys b00 (b01, ...) within the month."""
    rng = np.random.default_rng(seed)
    lines: list[tuple[str | None, str, datetime]] = []
    for number in range(customers):
        for pair in rng.choice(pairs, size=3, replace=False):
            at = until - timedelta(days=float(rng.uniform(1, 150)))
            lines.append((f"c{number:03}", f"a{pair:02}", at))
            later = at + timedelta(days=float(rng.uniform(1, 30)))
            if rng.random() < 0.8 and later < until:
                lines.append((f"c{number:03}", f"b{pair:02}", later))
    return lines


def run(settings: Settings, first: Period, last: Period) -> dg.ExecuteInProcessResult:
    with dg.DagsterInstance.ephemeral() as instance:
        return dg.materialize(
            [item_similarity, recommendation_quality, recommendations],
            instance=instance,
            tags={
                "dagster/asset_partition_range_start": first.key,
                "dagster/asset_partition_range_end": last.key,
            },
            resources={"settings": settings, "warehouse": DuckDBWarehouse.at(settings.warehouse)},
        )


def rows(settings: Settings, table: str, period: Period) -> pd.DataFrame:
    with DuckDBWarehouse.at(settings.warehouse).connect() as session:
        return session.frame(
            f"select * from {table} where period = $day order by all", {"day": period.start.date()}
        )
