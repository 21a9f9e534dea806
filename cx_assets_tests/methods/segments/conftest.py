"""Customers of a real shop, as features.customer_features has them, without the graph."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import duckdb
import pandas as pd
import pytest

FEATURES = ["spend", "frequency", "recency_days"]


@pytest.fixture(scope="session")
def retail(real_data: Path) -> Callable[[str], pd.DataFrame]:
    """Online Retail's customers as of the morning of a day."""
    file = real_data / "online_retail" / "online_retail_2010_2011.parquet"

    @cache
    def as_of(day: str) -> pd.DataFrame:
        return duckdb.sql(
            f"""
            with lines as (
                select distinct * from '{file}'
                where CustomerID is not null and InvoiceDate < timestamp '{day}' and UnitPrice >= 0
                    and regexp_matches(StockCode, '^([0-9]{{5}}|DCGS)')
            ),
            orders as (
                select
                    CustomerID, InvoiceNo, min(InvoiceDate) as ordered_at,
                    sum(Quantity * UnitPrice) as revenue, starts_with(InvoiceNo, 'C') as is_return
                from lines group by CustomerID, InvoiceNo
            ),
            customers as (
                select
                    CustomerID, sum(revenue) as spend, min(ordered_at) as known_since,
                    count(case when not is_return then 1 end) as frequency,
                    max(case when not is_return then ordered_at end) as last_ordered_at
                from orders group by CustomerID
            )
            select
                spend, frequency, date_diff('day', known_since, timestamp '{day}') as tenure_days,
                coalesce(date_diff('day', last_ordered_at, timestamp '{day}'), tenure_days)
                    as recency_days,
                cast(null as double) as age, cast(null as double) as last_score
            from customers order by CustomerID
            """
        ).df()

    return as_of
