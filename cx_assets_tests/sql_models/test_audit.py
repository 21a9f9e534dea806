"""The audit's SQL on real rows: it counts exactly the rows that fail."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
import sqlglot
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cx_assets.columns import (
    Column,
    NotNull,
    OneOf,
    Range,
    References,
    Test,
    Unique,
    UniqueTogether,
)
from cx_assets.sql_models import audit_sql, checks

PERIOD = Column("period", "DATE", "The period.", (NotNull(),))


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        yield opened


def failures(
    connection: duckdb.DuckDBPyConnection,
    columns: list[Column],
    rows: list[tuple[Any, ...]],
    table_tests: tuple[UniqueTogether, ...] = (),
    timeless: tuple[str, ...] = (),
) -> dict[str, int]:
    """Put the rows into a table of these columns, audit it, and keep what failed."""
    described = ", ".join(f'"{column.name}" {column.type}' for column in columns)
    connection.execute(f"create or replace temp table staged ({described})")
    if rows:
        marks = ", ".join("?" for _ in columns)
        connection.executemany(f"insert into staged values ({marks})", rows)
    sql, found = audit_sql(columns, table_tests, "staged", timeless=timeless)
    result = connection.execute(sql)
    assert [column[0] for column in result.description or []] == [check.name for check in found]
    (counts,) = result.fetchall()
    assert all(isinstance(count, int) for count in counts)
    return {check.name: count for check, count in zip(found, counts, strict=True) if count}


def of_type(type_: str, *tests: Test) -> list[Column]:
    return [PERIOD, Column("value", type_, "A value.", tests)]


def in_january(*values: Any) -> list[tuple[Any, ...]]:
    return [("2024-01-01", value) for value in values]


@pytest.mark.parametrize(
    ("type_", "test", "values", "failing"),
    [
        ("VARCHAR", NotNull(), ["a", None, "", None], 2),
        ("VARCHAR", Unique(), ["a", "b", "a", "c", "a", None, None], 3),
        ("DOUBLE", Unique(), [1.0, 1.0, 2.0], 2),
        ("VARCHAR", OneOf(("a", "it's")), ["a", "it's", "A", "", None, "its"], 3),
        ("INTEGER", OneOf(("1", "2")), [1, 2, 3, None], 1),
        ("BOOLEAN", OneOf(("true",)), [True, False, None], 1),
        ("BIGINT", Range(0, 10), [-1, 0, 5, 10, 11, None], 2),
        ("BIGINT", Range(minimum=0.5), [2**62, 0, 1], 1),
        ("TINYINT", Range(maximum=1000), [127, -128, None], 0),
        ("DOUBLE", Range(minimum=0), [0.0, -1e-300, float("inf"), float("nan"), None], 2),
        ("DOUBLE", Range(maximum=1), [1.0, float("-inf"), float("inf"), float("nan")], 2),
        ("DECIMAL(9,2)", Range(0, 0.1), ["0.10", "0.11", "-0.01", None], 2),
    ],
)
def test_a_test_counts_the_rows_that_fail(
    connection: duckdb.DuckDBPyConnection, type_: str, test: Test, values: list[Any], failing: int
) -> None:
    found = failures(connection, of_type(type_, test), in_january(*values))
    assert list(found.values()) == [failing] * bool(failing)


def test_no_rows_fail_nothing(connection: duckdb.DuckDBPyConnection) -> None:
    tests = (NotNull(), Unique(), OneOf(("a",)))
    assert failures(connection, of_type("VARCHAR", *tests), []) == {}


def test_uniqueness_holds_within_a_period(connection: duckdb.DuckDBPyConnection) -> None:
    rows = [("2024-01-01", "a"), ("2024-02-01", "a"), ("2024-02-01", "b"), ("2024-02-01", "b")]
    assert failures(connection, of_type("VARCHAR", Unique()), rows) == {"unique__value": 2}


def test_a_table_without_period_is_unique_as_a_whole(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    columns = [Column("path", "VARCHAR", "A file.", (Unique(),))]
    assert failures(connection, columns, [("a",), ("b",), ("a",)]) == {"unique__path": 2}


def test_columns_are_unique_together_and_null_is_a_value(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    columns = [PERIOD, Column("action", "VARCHAR", "."), Column("segment_id", "BIGINT", ".")]
    january, february = "2024-01-01", "2024-02-01"
    rows = [
        *[(january, "call", None)] * 2,
        (january, "call", 1),
        (january, "mail", 1),
        (february, "call", 1),
        *[(february, "mail", 2)] * 3,
    ]
    key = UniqueTogether(("period", "action", "segment_id"), "warn")
    assert failures(connection, columns, rows, (key,)) == {"unique__period__action__segment_id": 5}
    assert checks(columns, [key])[-1].severity == "warn"


def test_references_are_sought_in_the_same_period(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute('create schema "analyze"')
    connection.execute(
        """create table "analyze".segments as select * from (
            values (date '2024-01-01', 1), (date '2024-02-01', 2), (date '2024-02-01', null)
        ) as rows(period, segment_id)"""
    )
    columns = of_type("BIGINT", References("analyze.segments", "segment_id"))
    rows = [("2024-01-01", 1), ("2024-01-01", 2), ("2024-02-01", 2), ("2024-02-01", None)]
    assert failures(connection, columns, rows) == {"references__value": 1}
    # Where the other table has no period, any of its rows will do.
    anywhere = failures(connection, columns, [*rows, ("2024-01-01", 3)], (), ("analyze.segments",))
    assert anywhere == {"references__value": 1}


def test_names_that_are_keywords_are_names(connection: duckdb.DuckDBPyConnection) -> None:
    tests = (NotNull(), Unique(), Range(minimum=0))
    columns = [PERIOD, *(Column(name, "BIGINT", ".", tests) for name in ("order", "end", "rank"))]
    found = failures(connection, columns, [("2024-01-01", None, 1, -1)])
    assert found == {"not_null__order": 1, "range__rank": 1}


@pytest.mark.parametrize("rows", [[], [("a",)], [("a",), ("b",)]])
def test_an_audit_of_uniqueness_alone_is_one_row(
    connection: duckdb.DuckDBPyConnection, rows: list[tuple[str]]
) -> None:
    assert failures(connection, [Column("path", "VARCHAR", "A file.", (Unique(),))], rows) == {}


def test_a_table_without_tests_has_no_audit() -> None:
    assert audit_sql([Column("a", "BIGINT", ".")], (), "staged") == ("", ())


def test_two_tests_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="range__value"):
        checks(of_type("BIGINT", Range(minimum=0), Range(maximum=1, severity="warn")))


def test_spark_reads_the_same_audit() -> None:
    tests = (NotNull(), Unique(), OneOf(("1",)), Range(0, 1), References("process.a", "b"))
    key = UniqueTogether(("period", "value"))
    sql, _ = audit_sql(of_type("DOUBLE", *tests), (key,), "staged")
    as_duckdb = sqlglot.parse_one(sql, read="duckdb").sql("spark")
    as_spark = sqlglot.parse_one(sql.replace('"', "`"), read="spark").sql("spark")
    assert as_duckdb == as_spark


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from(["2024-01-01", "2024-02-01"]),
            st.none() | st.sampled_from(["a", "b", "c"]),
            st.none() | st.integers(-3, 3),
        ),
        max_size=12,
    )
)
def test_the_audit_agrees_with_counting_by_hand(
    connection: duckdb.DuckDBPyConnection, rows: list[tuple[str, str | None, int | None]]
) -> None:
    columns = [
        PERIOD,
        Column("name", "VARCHAR", ".", (NotNull(), Unique(), OneOf(("a", "b")))),
        Column("score", "BIGINT", ".", (NotNull(), Unique(), Range(-1, 2))),
    ]
    names = Counter((period, name) for period, name, _ in rows if name is not None)
    scores = Counter((period, score) for period, _, score in rows if score is not None)
    expected = {
        "not_null__name": sum(name is None for _, name, _ in rows),
        "unique__name": sum(count for count in names.values() if count > 1),
        "one_of__name": sum(name == "c" for _, name, _ in rows),
        "not_null__score": sum(score is None for *_, score in rows),
        "unique__score": sum(count for count in scores.values() if count > 1),
        "range__score": sum(score is not None and not -1 <= score <= 2 for *_, score in rows),
        "unique__name__score": sum(count for count in Counter(rows).values() if count > 1),
    }
    found = failures(connection, columns, list(rows), (UniqueTogether(("name", "score")),))
    assert found == {name: count for name, count in expected.items() if count}


@pytest.mark.parametrize(
    ("test", "words"),
    [
        (NotNull(), "value is never null."),
        (Unique(), "No two rows of a period have the same value."),
        (OneOf(("a", "b")), "value is one of a, b, or null."),
        (Range(0, 1), "value is at least 0 and at most 1, or null."),
        (Range(minimum=1), "value is at least 1, or null."),
        (
            References("process.customers", "customer_id"),
            "Every value stands in process.customers.customer_id, in the same period.",
        ),
    ],
)
def test_a_check_says_what_must_hold(test: Test, words: str) -> None:
    (check,) = checks([Column("value", "VARCHAR", "A value.", (test,))])
    assert check.description == words
