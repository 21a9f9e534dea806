"""Binds a parsed model against the tables above it: column types, lineage, grain, and its tests."""

from collections.abc import Mapping, Sequence

import duckdb
from sqlglot import exp

from cx_assets.columns import Column, Range, References
from cx_assets.sql_models.catalogue import Catalogue
from cx_assets.sql_models.dialect import code_version, line_of
from cx_assets.sql_models.lineage import Lineage, Source
from cx_assets.sql_models.model import Grain, Problem, SqlModel, problems_in
from cx_assets.sql_models.parse import ParsedModel
from cx_assets.sql_models.statement import Statement, line_in, message_of

_NUMBERS = ("DOUBLE", "FLOAT", "DECIMAL", "BIGINT", "INTEGER", "SMALLINT", "TINYINT", "HUGEINT")
_PERIOD = Source("", "period_start")


class Binder:
    """Knows the tables so far. `parameters` are sample values, whose types are what counts."""

    def __init__(
        self,
        catalogue: Catalogue,
        known: Mapping[str, Sequence[Column]],
        parameters: Mapping[str, object],
    ) -> None:
        self._catalogue = catalogue
        self._parameters = parameters
        self._lineage = Lineage()
        self._types: dict[str, dict[str, str]] = {}
        for table, columns in known.items():
            self._add(table, columns)

    def bind(self, model: ParsedModel) -> SqlModel:
        """Complete a model whose tables are all known, and make its own known."""
        with problems_in(model.path):
            columns = self._columns(model)
            sources = self._lineage.trace(model.statement.query)
            grain = _grain(model.statement, sources["period"])
            self._add(model.table, columns)
            self._check_tests(model, columns)
        return SqlModel(
            path=model.path,
            stage=model.stage,
            name=model.name,
            sql=model.statement.sql,
            description=model.described.text,
            columns=columns,
            table_tests=model.described.table_tests,
            depends_on=tuple(sorted(model.reads)),
            parameters=frozenset(model.statement.parameters),
            grain=grain,
            code_version=code_version(model.statement.sql, model.statement.tokens),
            lineage={
                name: tuple(sorted((table, column) for table, column in found if table))
                for name, found in sources.items()
            },
        )

    def _add(self, table: str, columns: Sequence[Column]) -> None:
        self._catalogue.add(table, columns)
        self._types[table] = {column.name: column.type for column in columns}
        self._lineage.add(table, self._types[table])

    def _columns(self, model: ParsedModel) -> tuple[Column, ...]:
        statement, described = model.statement, model.described.columns
        values = {name: self._parameters[name] for name in statement.parameters}
        try:
            bound = self._catalogue.describe(statement.sql, values)
        except duckdb.Error as error:
            raise Problem(line_in(error), message_of(error)) from error
        if [name for name, _ in bound] != list(statement.columns):
            found = ", ".join(name for name, _ in bound)
            raise Problem(1, f"DuckDB reads other columns than written: {found}")
        types = dict(bound)
        if "period" not in types:
            raise Problem(1, "the result has no column period")
        if types["period"] != "DATE":
            line = statement.columns["period"]
            raise Problem(line, f"period is a {types['period']}: cast it to date")
        return tuple(
            Column(column.name, types[column.name], column.description, column.tests)
            for column in described
        )

    def _check_tests(self, model: ParsedModel, columns: Sequence[Column]) -> None:
        """Refuse tests that fit no values, which DuckDB would tell only when there are rows."""
        for column, described in zip(columns, model.described.columns, strict=True):
            for test in column.tests:
                if isinstance(test, References):
                    self._check_reference(test, column, described.line)
                elif isinstance(test, Range) and not _is_number(column.type):
                    message = f"column {column.name} is a {column.type}: a range tests numbers"
                    raise Problem(described.line, message)

    def _check_reference(self, test: References, column: Column, line: int) -> None:
        key = f"{test.table}.{test.column}"
        type_ = self._types[test.table].get(test.column)
        if type_ is None:
            raise Problem(line, f"{test.table} has no column {test.column}")
        if type_ != column.type and not (_is_number(type_) and _is_number(column.type)):
            raise Problem(line, f"column {column.name} is a {column.type}, but {key} a {type_}")


def _is_number(type_: str) -> bool:
    return type_.removeprefix("U").startswith(_NUMBERS) and not type_.endswith("]")


def _grain(statement: Statement, period: frozenset[Source]) -> Grain:
    """Whether the model runs once a period or over a window; from what `period` is made of."""
    if _PERIOD in period:
        return "snapshot"
    line = statement.columns["period"]
    if not any(source.table for source in period):
        raise Problem(line, "period is made neither of $period_start nor of a column")
    if not {"period_start", "period_end"} <= statement.parameters.keys():
        raise Problem(
            line,
            "period comes from a column, so its rows must come from [$period_start, $period_end); "
            "a snapshot writes cast($period_start as date) as period",
        )
    _check_window(statement.query)
    return "events"


def _check_window(query: exp.Query) -> None:
    """Over many periods, `= $period_start` would see the first of them only."""
    for equality in query.find_all(exp.EQ):
        for side in (equality.left, equality.right):
            bound = {placeholder.name for placeholder in side.find_all(exp.Placeholder)}
            if "period_start" in bound and side.find(exp.Column) is None:
                raise Problem(
                    line_of(equality),
                    "= $period_start in a model whose rows carry their own period: "
                    "write >= $period_start and < $period_end",
                )
