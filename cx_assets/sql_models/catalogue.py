"""An empty copy of the warehouse in memory, which DuckDB binds the models against.

So names and types are DuckDB's own, and a wrong column or type is found before anything runs.
"""

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

import duckdb

from cx_assets.columns import Column
from cx_assets.warehouse.names import quoted, table_sql


class Catalogue:
    """Use it as a context manager. A query that does not bind raises duckdb.Error."""

    def __init__(self) -> None:
        self._connection = duckdb.connect(
            ":memory:", config={"enable_external_access": False, "threads": 1}
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._connection.close()

    def add(self, table: str, columns: Sequence[Column]) -> None:
        """Make an empty table (schema.table)."""
        schema = table.partition(".")[0]
        described = ", ".join(f"{quoted(column.name)} {column.type}" for column in columns)
        self._connection.execute(f"create schema if not exists {quoted(schema)}")
        self._connection.execute(f"create table {table_sql(table)} ({described})")

    def describe(self, sql: str, parameters: Mapping[str, object]) -> list[tuple[str, str]]:
        """Name and type of each column of a query. `parameters` are exactly those it binds."""
        rows = self._connection.execute(f"describe {sql}", dict(parameters)).fetchall()
        return [(name, type_) for name, type_, *_ in rows]
