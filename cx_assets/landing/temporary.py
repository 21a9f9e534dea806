"""Temporary tables of one run, named after their source."""

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
