"""The tests of a table as SQL: one query counts the failing rows of every test at once.

The SQL keeps to what DuckDB and Spark both understand, names in double quotes apart, as all SQL of
the warehouse has them.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from cx_assets.columns import (
    Column,
    Consent,
    NotNull,
    OneOf,
    Range,
    References,
    Severity,
    Test,
    Unique,
    UniqueTogether,
    names,
)
from cx_assets.warehouse.names import literal, quoted, table_sql

_FLOATS = ("DOUBLE", "FLOAT", "REAL")


@dataclass(frozen=True)
class Check:
    """One test of one table. `name` is stable and unique within the table."""

    name: str
    test: Test | UniqueTogether
    columns: tuple[Column, ...]

    @property
    def severity(self) -> Severity:
        return self.test.severity

    @property
    def description(self) -> str:
        """What must hold, in words."""
        name = ", ".join(column.name for column in self.columns)
        match self.test:
            case NotNull():
                return f"{name} is never null."
            case OneOf(values):
                return f"{name} is one of {', '.join(values)}, or null."
            case Range(minimum, maximum):
                low = "" if minimum is None else f"at least {minimum:g}"
                high = "" if maximum is None else f"at most {maximum:g}"
                return f"{name} is {' and '.join(filter(None, (low, high)))}, or null."
            case References(table, column):
                return f"Every {name} stands in {table}.{column}, in the same period."
            case Consent(to):
                return f"Every {name} has agreed to {' and '.join(to)} by the period's end."
            case Unique() | UniqueTogether():
                return f"No two rows of a period have the same {name}."


def checks(
    columns: Sequence[Column], table_tests: Sequence[UniqueTogether] = ()
) -> tuple[Check, ...]:
    """All tests of a table, named like `not_null__customer_id` or `unique__survey__value`.

    ValueError when a column has two tests of one kind; KeyError when a table's test names a column
    that the table does not have.
    """
    by_name = {column.name: column for column in columns}
    found = [
        Check(check_name(test, column.name), test, (column,))
        for column in columns
        for test in column.tests
    ] + [
        Check(check_name(test, *test.columns), test, tuple(by_name[name] for name in test.columns))
        for test in table_tests
    ]
    twice = [name for name, count in Counter(check.name for check in found).items() if count > 1]
    if twice:
        raise ValueError(f"two tests of one kind: {', '.join(twice)}")
    return tuple(found)


def check_name(test: Test | UniqueTogether, *columns: str) -> str:
    kinds = {
        NotNull: "not_null",
        Unique: "unique",
        UniqueTogether: "unique",
        OneOf: "one_of",
        Range: "range",
        References: "references",
        Consent: "consent",
    }
    return "__".join((kinds[type(test)], *columns))


def audit_sql(
    columns: Sequence[Column],
    table_tests: Sequence[UniqueTogether],
    relation: str,
    *,
    timeless: Collection[str] = (),
) -> tuple[str, tuple[Check, ...]]:
    """One SELECT over `relation` (the new rows), and the checks in the order of its columns.

    `relation` is SQL for a table. The SELECT returns one row: how many rows fail each check. A row
    fails a test of uniqueness when another row of its period has the same value. Null fails
    `not null` only. The tables in `timeless` have no `period`: a reference to them looks at all
    their rows. A table without tests gives ("", ()), and there is nothing to ask.
    """
    found = checks(columns, table_tests)
    if not found:
        return "", ()
    has_period = "period" in names(columns)
    counts = [
        f"    {_count(check, relation, has_period, timeless)} as {quoted(check.name)}"
        for check in found
    ]
    # Without an aggregate, `from` would give a row for each row of the relation.
    reads_rows = any(isinstance(check.test, (NotNull, OneOf, Range)) for check in found)
    source = f"\nfrom {relation} as r" if reads_rows else ""
    return "select\n" + ",\n".join(counts) + source, found


def _count(check: Check, relation: str, has_period: bool, timeless: Collection[str]) -> str:
    column = check.columns[0]
    match check.test:
        case NotNull():
            return f"count(case when r.{quoted(column.name)} is null then 1 end)"
        case OneOf(values):
            return f"count(case when {_outside_list(column, values)} then 1 end)"
        case Range(minimum, maximum):
            return f"count(case when {_outside_range(column, minimum, maximum)} then 1 end)"
        case References(table, key):
            same_period = has_period and table not in timeless
            return _count_orphans(column.name, relation, table, key, same_period)
        case Consent(to):
            return _count_unasked(column.name, relation, to, has_period)
        case Unique():
            return _count_repeated((column.name,), relation, has_period, nulls_count=False)
        case UniqueTogether(columns):
            return _count_repeated(columns, relation, has_period, nulls_count=True)


def _outside_list(column: Column, values: tuple[str, ...]) -> str:
    value = f"r.{quoted(column.name)}"
    text = value if column.type == "VARCHAR" else f"cast({value} as string)"
    return f"{text} not in ({', '.join(literal(value) for value in values)})"


def _outside_range(column: Column, minimum: float | None, maximum: float | None) -> str:
    """Compares doubles, so that no bound overflows a narrow integer; NaN lies in no range."""
    value = f"cast(r.{quoted(column.name)} as double)"
    failing = []
    if minimum is not None:
        failing.append(f"{value} < {float(minimum)!r}")
    if maximum is not None:
        failing.append(f"{value} > {float(maximum)!r}")
    if column.type in _FLOATS:
        failing.append(f"isnan({value})")
    return " or ".join(failing)


def _count_repeated(
    columns: tuple[str, ...], relation: str, has_period: bool, *, nulls_count: bool
) -> str:
    key = dict.fromkeys(("period", *columns) if has_period else columns)
    group = ", ".join(f"u.{quoted(name)}" for name in key)
    where = "" if nulls_count else f" where u.{quoted(columns[0])} is not null"
    return (
        "(select cast(coalesce(sum(g.n), 0) as bigint) from "
        f"(select count(*) as n from {relation} as u{where} group by {group} having count(*) > 1)"
        " as g)"
    )


def _count_orphans(name: str, relation: str, table: str, key: str, same_period: bool) -> str:
    period = " and t.period = f.period" if same_period else ""
    return (
        f"(select count(*) from {relation} as f where f.{quoted(name)} is not null and not exists "
        f"(select 1 from {table_sql(table)} as t where t.{quoted(key)} = f.{quoted(name)}{period}))"
    )


def _count_unasked(name: str, relation: str, to: tuple[str, ...], same_period: bool) -> str:
    agreed = " and ".join(f"t.{quoted(f'consent_{each}')}" for each in to)
    period = " and t.period = f.period" if same_period else ""
    return (
        f"(select count(*) from {relation} as f where f.{quoted(name)} is not null and not exists "
        f"(select 1 from {table_sql(Consent.table)} as t "
        f"where t.customer_id = f.{quoted(name)}{period} and {agreed}))"
    )
