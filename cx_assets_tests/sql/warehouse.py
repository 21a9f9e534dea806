"""A warehouse with all tables of the graph, to put rows in and ask a model for its own."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cx_assets.columns import Column
from cx_assets.defs.sql_models import KNOWN, window_parameters
from cx_assets.periods import Period
from cx_assets.settings import Settings
from cx_assets.sql_models import SqlModel
from cx_assets.warehouse.duckdb import DuckDBSession
from cx_assets.warehouse.names import table_sql

JANUARY = Period(datetime(2024, 1, 1), datetime(2024, 2, 1))
FEBRUARY = Period(datetime(2024, 2, 1), datetime(2024, 3, 1))
Row = Mapping[str, Any]


class Warehouse:
    """All tables of the graph, empty; `given` rows go in, the rows of a `model` come out."""

    def __init__(self, session: DuckDBSession, models: Mapping[str, SqlModel]) -> None:
        self.session = session
        self.models = models
        self.columns: dict[str, tuple[Column, ...]] = {
            **{table.name: table.columns for table in KNOWN},
            **{name: model.columns for name, model in models.items()},
        }
        for name, columns in self.columns.items():
            declared = ", ".join(f'"{column.name}" {column.type}' for column in columns)
            session.execute(f"create schema if not exists {table_sql(name).split('.')[0]}")
            session.execute(f"create table {table_sql(name)} ({declared})")

    def given(self, table: str, *rows: Row) -> None:
        for row in rows:
            values = ", ".join(f"${name} as {name}" for name in row)
            self.session.execute(f"insert into {table_sql(table)} by name select {values}", row)

    def model(self, table: str, period: Period = JANUARY, **settings: Any) -> list[Row]:
        model = self.models[table]
        chosen = Settings(**settings).sql_parameters()
        parameters = {**chosen, **window_parameters([period])}
        frame = self.session.frame(
            f"select * from ({model.sql}\n) order by all",
            {name: parameters[name] for name in model.parameters},
        )
        rows: list[Row] = frame.astype(object).where(frame.notna(), None).to_dict("records")
        return rows
