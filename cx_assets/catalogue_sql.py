"""What the catalogue's conditions and reasons mean to the warehouse, checked before a run."""

import re
from collections.abc import Mapping, Sequence
from string import Formatter

import duckdb
from sqlglot import exp
from sqlglot.errors import ParseError, TokenError
from sqlglot.tokens import TokenType

from cx_assets.catalogue import Action, Catalogue, CatalogueError
from cx_assets.columns import Column
from cx_assets.sql_models.catalogue import Catalogue as EmptyWarehouse
from cx_assets.sql_models.dialect import ModelSql
from cx_assets.sql_models.statement import message_of
from cx_assets.warehouse.names import literal, quoted

CUSTOMERS = "insight.customer_360"
# Words that are another value in the next run; DuckDB does not list them as functions.
_CLOCKS = ("current_date", "current_time", "current_timestamp", "localtime", "localtimestamp")
_CHANGING = """
select distinct function_name from duckdb_functions() where stability <> 'CONSISTENT'
"""


def check_sql(catalogue: Catalogue, columns: Sequence[Column]) -> None:
    """Refuse conditions and reasons that the warehouse would not understand.

    Args:
        columns: those of insight.customer_360.

    Raises:
        CatalogueError: naming file and line.
    """
    changing = {*_CLOCKS, *(name for (name,) in duckdb.execute(_CHANGING).fetchall())}
    with EmptyWarehouse() as warehouse:
        warehouse.add(CUSTOMERS, columns)
        for action in catalogue.actions:
            message = _wrong_condition(action.eligible, warehouse, changing)
            if message:
                raise CatalogueError(
                    catalogue.path, action.lines["eligible"], f"eligible: {message}"
                )
    known = {column.name for column in columns}
    for action in catalogue.actions:
        for name in action.reason_columns:
            if name not in known:
                raise CatalogueError(
                    catalogue.path,
                    action.lines["reason"],
                    f"reason: no column {name} in {CUSTOMERS}",
                )


def _wrong_condition(sql: str, warehouse: EmptyWarehouse, changing: set[str]) -> str | None:
    """What is wrong with a condition, or None."""
    try:
        tokens = ModelSql().tokenize(sql)
        expressions = ModelSql().parser().parse(tokens, sql)
    except ParseError as error:
        return f"cannot parse: {error.errors[0]['description']}"
    except TokenError as error:
        return f"cannot read: {error}"
    if len(expressions) != 1 or any(token.text == ";" for token in tokens):
        return "a second statement: it is one condition"
    (condition,) = expressions
    if not isinstance(condition, exp.Expr) or condition.find(exp.Query):
        return f"a query: it is one condition over the columns of {CUSTOMERS}"
    if condition.find(exp.Placeholder, exp.Parameter):
        return "a condition has no parameters"
    if condition.find(exp.Window):
        return "it looks at other customers: a condition is about one"
    for token in tokens:
        if token.token_type != TokenType.STRING and token.text.lower() in changing:
            return f"{token.text.lower()} is another value in every run: compare with a column"
    # `period` beside it, so that an aggregate does not bind.
    bound = f"select period, (\n{sql}\n) as eligible from {CUSTOMERS} as customers"
    try:
        type_ = dict(warehouse.describe(bound, {}))["eligible"]
    except duckdb.Error as error:
        return message_of(error)
    return None if type_ == "BOOLEAN" else f"a condition is true or false, and this is a {type_}"


def eligible_sql(actions: Sequence[Action]) -> str:
    """The actions that a customer may get, as a number: bit i stands for actions[i]."""
    bits = [
        f"case when (\n{action.eligible}\n) then {1 << number} else 0 end"
        for number, action in enumerate(actions)
    ]
    return " + ".join(bits)


def reasons_sql(actions: Sequence[Action], types: Mapping[str, str], action: str) -> str:
    """The reason of the chosen action in words.

    Args:
        types: SQL type of each column of insight.customer_360.
        action: an expression that gives the chosen action's name.
    """
    whens = [f"when {literal(one.name)} then {_reason(one, types)}" for one in actions]
    return f"case {action} {' '.join(whens)} end"


def _reason(action: Action, types: Mapping[str, str]) -> str:
    parts = []
    for text, name, _, _ in Formatter().parse(action.reason):
        parts.append(literal(text))
        if name is not None:
            parts.append(_in_words(name, types[name]))
    return " || ".join(parts)


def _in_words(column: str, type_: str) -> str:
    """A column as text: numbers with one decimal at most, `unknown` where there is no value."""
    value = f"customers.{quoted(column)}"
    if re.match("DOUBLE|FLOAT|DECIMAL", type_):
        value = f"regexp_replace(cast(round({value}, 1) as varchar), '[.]0$', '')"
    elif type_.endswith("[]"):
        value = f"nullif(array_to_string({value}, ', '), '')"
    return f"coalesce(cast({value} as varchar), 'unknown')"
