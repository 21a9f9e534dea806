"""What every engine must offer: a handful of verbs on a handful of nouns."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from typing import Any, Protocol

import pandas as pd
import pyarrow as pa

from cx_assets.columns import Column

Parameters = Mapping[str, Any]


class SchemaRefused(RuntimeError):
    """The new rows do not fit the table that stands: a column is gone or has another type."""


class WarehouseLocked(RuntimeError):
    """Another process kept the warehouse open for longer than we wait."""


class Session(Protocol):
    """One open connection. Tables are written `schema.table`; parameters bind by name."""

    def execute(self, sql: str, parameters: Parameters | None = None) -> None:
        """Run a statement whose result nobody needs."""

    def rows(self, sql: str, parameters: Parameters | None = None) -> list[tuple[Any, ...]]:
        """All rows, as tuples."""

    def frame(self, sql: str, parameters: Parameters | None = None) -> pd.DataFrame:
        """All rows, as a frame: for aggregates and bounded samples, not for fact tables."""

    def table(self, sql: str, parameters: Parameters | None = None) -> pa.Table:
        """All rows, as an Arrow table: for what leaves the warehouse as a file."""

    def batches(
        self, sql: str, parameters: Parameters | None = None, size: int = 100_000
    ) -> Iterator[pa.RecordBatch]:
        """The committed rows, in Arrow batches of at most `size`; other queries may run meanwhile.

        An open transaction's changes and the temporary tables are not seen.
        """

    def columns(self, table: str) -> dict[str, str]:
        """Name and SQL type of each column; empty when there is no such table."""

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing: committed at the end, rolled back on any exception.

        A transaction inside another one is part of it.
        """

    def stage(self, table: str, columns: Sequence[Column]) -> str:
        """Create an empty temporary table for the new rows of `table` and return its name."""

    def append(
        self, staged: str, rows: str | pd.DataFrame | pa.Table, parameters: Parameters | None = None
    ) -> None:
        """Append a query's rows, or a frame's, to a staged table; columns match by name."""

    def replace_window(
        self,
        table: str,
        staged: str,
        columns: Sequence[Column],
        start: datetime,
        end: datetime,
        description: str = "",
    ) -> dict[date, int]:
        """Put the staged rows in place of the rows whose period lies in [start, end).

        Creates the table, or adds the columns that it lacks. Returns the rows of each period.

        Raises:
            SchemaRefused: a standing column is missing or has another type; nothing was changed.
            ValueError: a staged row's period lies outside [start, end); nothing was changed.
        """


class Warehouse(Protocol):
    def connect(self) -> AbstractContextManager[Session]:
        """Open a session that may write; closed whatever happens.

        Raises:
            WarehouseLocked: another process has it open, and still had it after a short wait.
        """
