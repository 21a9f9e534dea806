"""What a DuckDB file holds, in figures that do not depend on the order of the rows."""

from dataclasses import dataclass
from pathlib import Path

from cx_assets.warehouse.duckdb import DuckDBWarehouse
from cx_assets.warehouse.names import table_sql

READ_ONLY = {"access_mode": "READ_ONLY"}


@dataclass(frozen=True)
class Contents:
    """A table's number of rows, and the sum of a 64-bit hash of each of them, as text."""

    rows: int
    hash: str


def reading(database: Path) -> DuckDBWarehouse:
    """A database that is read only, and not waited for."""
    return DuckDBWarehouse.at(database, connection_config=READ_ONLY, lock_wait_seconds=0)


def contents(database: Path) -> dict[str, Contents]:
    """Every table of a database, by name.

    A sum sees a row that stands twice, where an exclusive or would not; and md5 of the row as text
    is the same in every release of DuckDB, where its own hash() is not.
    """
    with reading(database).connect() as session:
        tables = session.rows(
            "select schema_name || '.' || table_name from duckdb_tables() "
            "where not internal and not temporary order by all"
        )
        return {
            table: Contents(
                *session.rows(
                    "select count(*), "
                    'coalesce(sum(md5_number_lower("the row"::varchar)), 0)::varchar '
                    f'from {table_sql(table)} as "the row"'
                )[0]
            )
            for (table,) in tables
        }
