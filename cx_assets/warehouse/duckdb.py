"""The warehouse on DuckDB: one file, one writing process at a time."""

import random
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import date, datetime
from pathlib import Path
from typing import Any, Self

import duckdb
import pandas as pd
import pyarrow as pa
from dagster_duckdb import DuckDBResource

from cx_assets.columns import Column, names
from cx_assets.warehouse.interface import Parameters, SchemaRefused, WarehouseLocked
from cx_assets.warehouse.names import literal, quoted, table_sql


class DuckDBSession:
    """A `Session` on one DuckDB connection."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._in_transaction = False

    def _run(self, sql: str, parameters: Parameters | None) -> duckdb.DuckDBPyConnection:
        if parameters:
            return self._connection.execute(sql, dict(parameters))
        return self._connection.execute(sql)

    def execute(self, sql: str, parameters: Parameters | None = None) -> None:
        self._run(sql, parameters)

    def rows(self, sql: str, parameters: Parameters | None = None) -> list[tuple[Any, ...]]:
        return self._run(sql, parameters).fetchall()

    def frame(self, sql: str, parameters: Parameters | None = None) -> pd.DataFrame:
        return self._run(sql, parameters).df()

    def table(self, sql: str, parameters: Parameters | None = None) -> pa.Table:
        return self._run(sql, parameters).to_arrow_table()

    def batches(
        self, sql: str, parameters: Parameters | None = None, size: int = 100_000
    ) -> Iterator[pa.RecordBatch]:
        # A second query on the same connection would take the place of an open result, so each
        # open result has a connection of its own.
        cursor = self._connection.cursor()
        try:
            result = cursor.execute(sql, dict(parameters)) if parameters else cursor.execute(sql)
            yield from result.to_arrow_reader(size)
        finally:
            cursor.close()

    def columns(self, table: str) -> dict[str, str]:
        schema, name = table.split(".")
        return dict(
            self.rows(
                "select column_name, data_type from duckdb_columns() "
                "where schema_name = $schema and table_name = $name and not internal "
                "order by column_index",
                {"schema": schema, "name": name},
            )
        )

    @contextmanager
    def transaction(self) -> Iterator[None]:
        if self._in_transaction:
            yield
            return
        self.execute("begin")
        self._in_transaction = True
        try:
            yield
            self.execute("commit")
        except BaseException:
            # A commit that failed has ended the transaction itself.
            with suppress(duckdb.TransactionException):
                self.execute("rollback")
            raise
        finally:
            self._in_transaction = False

    def stage(self, table: str, columns: Sequence[Column]) -> str:
        staged = f"temp.main.{quoted('new ' + table)}"
        self.execute(f"create or replace temp table {staged} ({_declared(columns)})")
        return staged

    def append(
        self, staged: str, rows: str | pd.DataFrame | pa.Table, parameters: Parameters | None = None
    ) -> None:
        if isinstance(rows, str):
            self.execute(
                f"insert into {staged} by name ({rows.rstrip().rstrip(';')}\n)", parameters
            )
            return
        self._connection.register("appended_rows", rows)
        try:
            self.execute(f"insert into {staged} by name select * from appended_rows")
        finally:
            self._connection.unregister("appended_rows")

    def replace_window(
        self,
        table: str,
        staged: str,
        columns: Sequence[Column],
        start: datetime,
        end: datetime,
        description: str = "",
    ) -> dict[date, int]:
        window = {"start": start, "end": end}
        strays = self.rows(
            f"select period, count(*) from {staged} "
            "where period is null or period < $start or period >= $end group by all order by all",
            window,
        )
        if strays:
            raise ValueError(f"{table}: rows outside [{start}, {end}): {dict(strays)}")
        name = table_sql(table)
        with self.transaction():
            self._fit(table, columns, description)
            self.execute(f"delete from {name} where period >= $start and period < $end", window)
            self.execute(f"insert into {name} by name select * from {staged}")
        return dict(self.rows(f"select period, count(*) from {staged} group by all order by all"))

    def _fit(self, table: str, columns: Sequence[Column], description: str) -> None:
        """Create the table, or add the columns that it lacks."""
        name, standing = table_sql(table), self.columns(table)
        added = [column for column in columns if column.name not in standing]
        if not standing:
            self.execute(f"create schema if not exists {name.split('.')[0]}")
            self.execute(f"create table {name} ({_declared(columns)})")
            self.execute(f"comment on table {name} is {literal(description)}")
        else:
            _refuse_changes(table, standing, columns)
            for column in added:
                self.execute(f"alter table {name} add column {quoted(column.name)} {column.type}")
        for column in added:
            self.execute(
                f"comment on column {name}.{quoted(column.name)} is {literal(column.description)}"
            )


class DuckDBWarehouse(DuckDBResource):
    """A `Warehouse` in one DuckDB file.

    DuckDB lets one process at a time open a file for writing. The pool of the assets keeps our own
    runs apart; this waits a little for anyone else, a notebook for instance.
    """

    lock_wait_seconds: float = 30.0

    @classmethod
    def at(cls, path: Path, **settings: Any) -> Self:
        return cls(database=str(path), **settings)

    @contextmanager
    def get_connection(self) -> Iterator[duckdb.DuckDBPyConnection]:
        Path(self.database).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        connection = self._open()
        try:
            connection.execute("set timezone = 'UTC'")
            yield connection
        finally:
            connection.close()

    @contextmanager
    def connect(self) -> Iterator[DuckDBSession]:
        with self.get_connection() as connection:
            yield DuckDBSession(connection)

    def _open(self) -> duckdb.DuckDBPyConnection:
        deadline = time.monotonic() + self.lock_wait_seconds
        while True:
            try:
                return duckdb.connect(self.database, config=self.connection_config)
            except duckdb.IOException as error:
                if "lock" not in str(error):
                    raise
                if time.monotonic() > deadline:
                    raise WarehouseLocked(
                        f"{self.database} is open in another process, and still was after "
                        f"{self.lock_wait_seconds:g} s. Close it there and run this again. {error}"
                    ) from error
                time.sleep(random.uniform(0.05, 0.5))


def _declared(columns: Sequence[Column]) -> str:
    return ", ".join(f"{quoted(column.name)} {column.type}" for column in columns)


def _refuse_changes(table: str, standing: dict[str, str], columns: Sequence[Column]) -> None:
    declared = {column.name: column.type for column in columns}
    differences = [
        f"- {name} {kind}" + (f"\n+ {name} {declared[name]}" if name in declared else "")
        for name, kind in standing.items()
        if declared.get(name) != kind
    ]
    if differences:
        raise SchemaRefused(
            f"{table} stands with other columns than the new rows have, and a column is never "
            "dropped or changed in place:\n" + "\n".join(differences) + "\n"
            f"Give the column its old name and type back, or drop the table ({table}) and "
            f"materialise all its periods again. New columns: {', '.join(names(columns))}"
        )
