"""Temporary tables of one run, named after their source."""

from collections.abc import Iterator

import pyarrow as pa

from cx_assets.landing.contract import Source
from cx_assets.warehouse import Session
from cx_assets.warehouse.interface import Parameters
from cx_assets.warehouse.names import quoted


def create(
    session: Session, source: Source, name: str, query: str, parameters: Parameters | None = None
) -> str:
    """Make a temporary table of a query's rows and return its name."""
    table = f"temp.main.{quoted(f'{source.name} {name}')}"
    session.execute(f"create or replace temp table {table} as {query}", parameters)
    return table


def pages(
    session: Session,
    source: Source,
    query: str,
    order: str,
    parameters: Parameters | None = None,
    size: int = 20_000,
) -> Iterator[pa.Table]:
    """The rows of a query on temporary tables, so many at a time, in order.

    The session may be used in between, which an open result does not allow.
    """
    numbered = f"select *, row_number() over (order by {order}) - 1 as number from ({query})"
    table = create(session, source, "pages", numbered, parameters)
    ((rows,),) = session.rows(f"select count(*) from {table}")
    for first in range(0, rows, size):
        page = f"select * exclude number from {table} where number >= $first and number < $last"
        yield session.table(f"{page} order by number", {"first": first, "last": first + size})
    session.execute(f"drop table {table}")
