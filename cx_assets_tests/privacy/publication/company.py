"""A warehouse with all tables that roles and figures are made of, filled by hand."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any

import pandas as pd

from cx_assets.defs.sql_models import KNOWN, loaded_models
from cx_assets.periods import Period, period_at
from cx_assets.settings import Settings
from cx_assets.warehouse import Session
from cx_assets.warehouse.duckdb import DuckDBWarehouse
from cx_assets.warehouse.names import table_sql

KEY = b"k" * 32
APRIL, MAY, JUNE = (period_at(date(2024, month, 1), "monthly") for month in (4, 5, 6))


def found(settings: Settings) -> None:
    """Create every table, without a row."""
    columns = {
        **{table.name: table.columns for table in KNOWN},
        **{model.table: model.columns for model in loaded_models()},
    }
    with opened(settings) as session:
        for name, described in columns.items():
            declared = ", ".join(f'"{column.name}" {column.type}' for column in described)
            session.execute(f"create schema if not exists {table_sql(name).split('.')[0]}")
            session.execute(f"create table {table_sql(name)} ({declared})")


@contextmanager
def opened(settings: Settings) -> Iterator[Session]:
    with DuckDBWarehouse.at(settings.warehouse).connect() as session:
        yield session


def put(settings: Settings, table: str, **columns: object) -> None:
    """Put rows in; what is no list is the same in every row."""
    with opened(settings) as session:
        session.append(table_sql(table), pd.DataFrame(columns))


def customers(settings: Settings, ids: Sequence[str], period: Period = JUNE, **other: Any) -> None:
    """Customers as process.customers and insight.customer_360 have them; all have agreed."""
    of: dict[str, Any] = {"period": period.start.date(), "customer_id": list(ids)}
    agreed = {"consent_marketing": True, "consent_analytics": True}
    about = {"country": "DE", "city": "Bonn", "age": 34, **agreed, **other}
    accounts = {
        name: about.pop(name, value)
        for name, value in {"closed_at": None, "is_test_account": False}.items()
    }
    shared = ("country", "city", "age", *agreed)
    put(settings, "process.customers", **of, **accounts, **{each: about[each] for each in shared})
    scored = {"segment_id": 1, "segment_name": "Loyal", "clv": 100.0, "frequency": 2}
    put(settings, "insight.customer_360", **of, **{**scored, **about})
