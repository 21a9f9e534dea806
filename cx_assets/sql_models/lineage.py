"""Which columns of which tables a column is computed from, through every CTE, union and subquery.

A column derives from what its own expression reads, also in a window or a filter; joins and where
clauses choose rows, and are not counted.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sqlglot import exp
from sqlglot.errors import OptimizeError
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, build_scope, walk_in_scope
from sqlglot.schema import MappingSchema

from cx_assets.sql_models.dialect import ModelSql, line_of
from cx_assets.sql_models.model import Problem


class Source(NamedTuple):
    """A column of a physical table, or a parameter when `table` is empty."""

    table: str
    column: str


class Lineage:
    """Traces the columns of one query after another; a query's tables have to be added first."""

    def __init__(self) -> None:
        self._schema = MappingSchema(dialect=ModelSql)

    def add(self, table: str, types: Mapping[str, str]) -> None:
        """Make a table (schema.table) known by its columns and their types."""
        self._schema.add_table(table, dict(types), dialect=ModelSql)

    def trace(self, query: exp.Query) -> dict[str, frozenset[Source]]:
        """The sources of every column of `query`, in order; Problem when one cannot be found."""
        try:
            qualified = qualify(
                query.copy(),
                dialect=ModelSql,
                schema=self._schema,
                quote_identifiers=False,
                validate_qualify_columns=False,
            )
        except OptimizeError as error:
            raise Problem(line_of(query), f"cannot trace the columns: {error}") from error
        scope = build_scope(qualified)
        assert scope is not None  # it is for a statement that is no query
        tracer = _Tracer()
        return {name: tracer.output(scope, index) for index, name in enumerate(query.named_selects)}


class _Tracer:
    def __init__(self) -> None:
        self._known: dict[tuple[int, int], frozenset[Source]] = {}

    def output(self, scope: Scope, index: int) -> frozenset[Source]:
        """The sources of column `index` of a SELECT, or of the same column of all its unions."""
        key = (id(scope), index)
        if key not in self._known:
            self._known[key] = self._output(scope, index)
        return self._known[key]

    def _output(self, scope: Scope, index: int) -> frozenset[Source]:
        query = scope.expression
        if isinstance(query, exp.SetOperation):
            return _union(self.output(branch, index) for branch in scope.set_operation_scopes)
        if isinstance(query, exp.Subquery):
            return _union(self.output(inner, index) for inner in scope.subquery_scopes)
        return self._expression(scope, _selects(scope)[index])

    def _expression(self, scope: Scope, expression: exp.Expr) -> frozenset[Source]:
        """The sources of every column, parameter and subquery within `expression`."""
        inner_scopes = {id(inner.expression): inner for inner in scope.subquery_scopes}
        found: set[Source] = set()
        for node in walk_in_scope(expression):
            if isinstance(node, exp.Column):
                found |= self._reference(scope, node)
            elif isinstance(node, exp.Placeholder):
                found.add(Source("", node.name))
            elif isinstance(node, exp.TableColumn):
                raise Problem(line_of(node), f"{node.name} is a whole row: name its columns")
            elif isinstance(node, exp.Query) and id(_unwrapped(node)) in inner_scopes:
                found |= self._all_outputs(inner_scopes[id(_unwrapped(node))])
        return frozenset(found)

    def _all_outputs(self, scope: Scope) -> frozenset[Source]:
        if isinstance(scope.expression, exp.UDTF):
            return self._expression(scope, scope.expression)
        return _union(self.output(scope, index) for index in range(len(_selects(scope))))

    def _reference(self, scope: Scope, column: exp.Column) -> frozenset[Source]:
        source = _find_source(scope, column)
        if isinstance(source, exp.Table):
            if source.db:
                return frozenset({Source(f"{source.db}.{source.name}", column.name)})
            return self._expression(scope, source.this)  # a function such as generate_series
        if isinstance(source.expression, exp.UDTF):
            return self._table_function(source, column.name)
        outputs = _names(source)
        if column.name not in outputs:
            raise _untraced(column)
        return self.output(source, outputs.index(column.name))

    def _table_function(self, scope: Scope, name: str) -> frozenset[Source]:
        """The sources of one column of a lateral subquery; of unnest or values, those of all."""
        for inner in scope.subquery_scopes:
            if name in _names(inner):
                return self.output(inner, _names(inner).index(name))
        return self._all_outputs(scope)


def _find_source(scope: Scope, column: exp.Column) -> exp.Table | Scope:
    """What the column's table alias stands for, here or (in a correlated subquery) outside."""
    around: Scope | None = scope
    while around is not None:
        if column.table in around.sources:
            return around.sources[column.table]
        around = around.parent
    raise _untraced(column)


def _untraced(column: exp.Column) -> Problem:
    written = column.sql(dialect=ModelSql)
    hint = "" if column.table else ": write <table>.<column>"
    return Problem(line_of(column), f"cannot trace the column {written}{hint}")


def _unwrapped(query: exp.Expr) -> exp.Expr:
    return _unwrapped(query.this) if isinstance(query, exp.Subquery) else query


def _selects(scope: Scope) -> list[exp.Expr]:
    """The expressions of a query's columns; a table function such as unnest or values has none."""
    query = scope.expression
    return query.selects if isinstance(query, exp.Query) and not isinstance(query, exp.UDTF) else []


def _names(scope: Scope) -> list[str]:
    return [select.alias_or_name for select in _selects(scope)]


def _union(sets: Iterable[frozenset[Source]]) -> frozenset[Source]:
    return frozenset().union(*sets)
