"""The statement of a model: one SELECT, the tables and parameters it reads, its columns' names."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
from sqlglot import exp
from sqlglot.errors import ParseError, TokenError
from sqlglot.tokens import Token, TokenType

from cx_assets.sql_models.dialect import ModelSql, is_plain_name, line_of, parameter_lines
from cx_assets.sql_models.model import Problem

_FIRST_TOKENS = (TokenType.SELECT, TokenType.WITH, TokenType.L_PAREN)
_TABLE_FUNCTIONS = (exp.GenerateSeries,)


@dataclass(frozen=True)
class Statement:
    """`tokens` go without the closing semicolon. `columns`, `reads` (tables) and `parameters` give
    names and the line where each stands first."""

    sql: str
    tokens: tuple[Token, ...]
    query: exp.Query
    columns: dict[str, int]
    reads: dict[str, int]
    parameters: dict[str, int]


def parse_statement(sql: str) -> Statement:
    """Parse the text of a model; Problem when it is not one SELECT with plain, named columns."""
    tokens = _tokens_of_one_select(sql)
    query = _parse(sql, tokens)
    _refuse_untraceable(query)
    return Statement(
        sql=sql,
        tokens=tokens,
        query=query,
        columns=_columns(query),
        reads=_tables(query),
        parameters=parameter_lines(tokens),
    )


def line_in(error: duckdb.Error) -> int:
    """The line that DuckDB names in an error, or 1."""
    named = re.search(r"^LINE (\d+):", str(error), re.MULTILINE)
    return int(named.group(1)) if named else 1


def message_of(error: duckdb.Error) -> str:
    """What DuckDB says in an error, without the excerpt of the text."""
    return re.split(r"\n+LINE \d+:", str(error))[0].strip()


def _tokens_of_one_select(sql: str) -> tuple[Token, ...]:
    tokens = _tokens(sql)
    for name, line in parameter_lines(tokens).items():
        if not name.isidentifier():
            raise Problem(line, "a parameter without a name: write $<name>")
    kind = _parse_as_duckdb(sql)
    kinds = [token.token_type for token in tokens]
    end = kinds.index(TokenType.SEMICOLON) if TokenType.SEMICOLON in kinds else len(tokens)
    if end == 0:
        raise Problem(1, "the file has no statement")
    second = next((token for token in tokens[end:] if token.text != ";"), None)
    if second is not None:
        raise Problem(second.line, "a second statement: a model is exactly one SELECT")
    if kind != "SELECT" or kinds[0] not in _FIRST_TOKENS:
        raise Problem(tokens[0].line, "a model is exactly one SELECT, with or without a WITH")
    return tuple(tokens[:end])


def _tokens(sql: str) -> list[Token]:
    try:
        return ModelSql().tokenize(sql)
    except TokenError as error:
        _parse_as_duckdb(sql)  # which names the line, where it cannot read it either
        raise Problem(1, f"cannot read: {error}") from error


def _parse_as_duckdb(sql: str) -> str:
    """The type of the first statement, or "" when there is none."""
    try:
        statements = duckdb.extract_statements(sql)
    except duckdb.Error as error:
        raise Problem(line_in(error), message_of(error)) from error
    return statements[0].type.name if statements else ""


def _parse(sql: str, tokens: Sequence[Token]) -> exp.Query:
    try:
        query = ModelSql().parser().parse(list(tokens), sql)[0]
    except ParseError as error:
        at = error.errors[0]
        raise Problem(at["line"], f"cannot parse: {at['description']}") from error
    if not isinstance(query, (exp.Select, exp.SetOperation)):
        raise Problem(tokens[0].line, "a model is exactly one SELECT, or a union of them")
    return query


def _refuse_untraceable(query: exp.Query) -> None:
    """Refuse what only DuckDB reads and sqlglot cannot trace to the columns it came from."""
    for node in query.walk():
        if isinstance(node, exp.Pivot):
            raise Problem(line_of(node), "pivot: write the columns out, one expression each")
        if isinstance(node, exp.With) and node.recursive:
            raise Problem(line_of(node), "with recursive: start from rows that are there")
        if isinstance(node, exp.Dot) and isinstance(node.expression, exp.Func):
            raise Problem(line_of(node), "value.function(): write function(value)")
        if isinstance(node, exp.SetOperation) and node.args.get("by_name"):
            raise Problem(line_of(node.right), "union by name: write the columns in the same order")


def _columns(query: exp.Query) -> dict[str, int]:
    """The names of the result's columns, which the first SELECT of a union gives."""
    first, *others = _selects(query)
    for select in (first, *others):
        for expression in select.selects:
            if expression.is_star:
                raise Problem(line_of(expression), "* in the result: write the columns out")
    found: dict[str, int] = {}
    for expression in first.selects:
        name, line = _name(expression)
        if not is_plain_name(name):
            raise Problem(line, f"column {name}: names are lower_snake_case")
        if name in found:
            raise Problem(line, f"column {name} stands twice in the result")
        if line in found.values():
            raise Problem(line, f"column {name}: a line names one column, beside its comment")
        found[name] = line
    return found


def _selects(query: exp.Expr) -> list[exp.Select]:
    """The SELECTs of a union from first to last, or the only one."""
    if isinstance(query, exp.SetOperation):
        return [*_selects(query.left), *_selects(query.right)]
    if isinstance(query, exp.Subquery):
        return _selects(query.this)
    assert isinstance(query, exp.Select)  # sqlglot reads VALUES and TABLE as a SELECT * too
    return [query]


def _name(expression: exp.Expr) -> tuple[str, int]:
    """The name that is written for a column, and the line where it is."""
    name = expression.args.get("alias") if isinstance(expression, exp.Alias) else None
    if isinstance(expression, exp.Column):
        name = expression.this
    if not isinstance(name, exp.Identifier):
        written = expression.sql(dialect=ModelSql, comments=False)
        raise Problem(line_of(expression), f"{written} has no name: add `as <name>`")
    return name.name, line_of(name)


def _tables(query: exp.Query) -> dict[str, int]:
    """Every schema.table that is read, in lower case, and the line where it stands first."""
    with_names = {cte.alias.lower() for cte in query.find_all(exp.CTE)}
    found: dict[str, int] = {}
    for table in query.find_all(exp.Table):
        line = line_of(table)
        if table.catalog:
            raise Problem(line, f"{table.catalog}.{table.db}.{table.name}: write schema.table")
        if table.db:
            name = f"{table.db}.{table.name}".lower()
            found[name] = min(line, found.get(name, line))
        elif not isinstance(table.this, (exp.Identifier, *_TABLE_FUNCTIONS)):
            written = table.this.sql(dialect=ModelSql, comments=False)
            raise Problem(line, f"{written}: a model reads tables, and nothing else")
        elif table.name.lower() not in with_names and not isinstance(table.this, _TABLE_FUNCTIONS):
            raise Problem(line, f"table {table.name} has no schema, and no WITH defines it")
    return found
