"""Everything that can be wrong with a model, and where the message says it is."""

import os
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from cx_assets.sql_models import ModelError, load_models

from .shop import KNOWN, ORDERS, PARAMETERS, snapshot

Write = Callable[[dict[str, str]], Path]
FROM_ORDERS = "from collect.orders"
PERIOD = "cast($period_start as date) as period, -- The period.\n"


def assert_error(folder: Path, place: str, line: int, *said: str) -> None:
    with pytest.raises(ModelError) as raised:
        load_models(folder, KNOWN, PARAMETERS)
    message = str(raised.value)
    assert message.startswith(f"{folder / place}.sql:{line}: ")
    for words in said:
        assert words in message


def of_two_lines(second: str) -> str:
    return f"-- A table.\nselect {PERIOD}{second}\n{FROM_ORDERS}\n"


@pytest.mark.parametrize(
    ("sql", "line", "said"),
    [
        # The statement.
        ("", 1, "no statement"),
        ("-- Only words.\n;", 1, "no statement"),
        ("-- A table.\nselect 1,, 2\n", 2, "syntax error"),
        ("-- A table.\nselect $period_start as a,\n  (2 +\nfrom x", 4, "syntax error"),
        ("-- A table.\n\nselect 'open\n", 3, "unterminated"),
        (ORDERS + ";\n\nselect 1", 12, "a second statement"),
        ("-- A table.\ncreate table a.b (c int)", 2, "exactly one SELECT"),
        ("-- A table.\ndelete from collect.orders", 2, "exactly one SELECT"),
        ("-- A table.\ninsert into collect.orders select 1", 2, "exactly one SELECT"),
        ("-- A table.\nvalues (1)", 2, "exactly one SELECT"),
        ("-- A table.\nsummarize collect.orders", 2, "exactly one SELECT"),
        ("-- A table.\n(select 1 as a)", 2, "exactly one SELECT"),
        ("select 1 as a -- A.\nunion all values (1)", 1, "* in the result"),
        # What DuckDB reads and sqlglot does not.
        ("-- A table.\nselect 1 as a\ngroup -- all\nby all", 3, "cannot parse"),
        ("-- A table.\nselect $$it's$$ as a", 1, "cannot read"),
        # The columns of the result.
        (of_two_lines("*"), 3, "* in the result"),
        (of_two_lines("orders.* -- All."), 3, "* in the result"),
        ("-- A table.\nfrom collect.orders", 2, "exactly one SELECT"),
        (of_two_lines("columns('.*_id') -- All."), 3, "has no name"),
        (of_two_lines("columns('.*_id') as x -- All."), 1, "other columns than written"),
        (of_two_lines("count(*) -- How many."), 3, "COUNT(*) has no name"),
        (of_two_lines("order_id::int -- Which."), 3, "has no name"),
        (of_two_lines("status -- The \0 status.\n$ order_id"), 3, "holds a NUL byte"),
        (
            of_two_lines("status, -- Status.\nupper(status) as\n  status -- Again."),
            5,
            "stands twice",
        ),
        (of_two_lines("status, order_id -- Both."), 3, "a line names one column"),
        (of_two_lines('status as "Status" -- Status.'), 3, "lower_snake_case"),
        (
            snapshot("1", "") + "union all\nselect period,\n  *\nfrom collect.landing_files",
            8,
            "* in the result",
        ),
        # The descriptions.
        (f"select {PERIOD}status -- S.\n{FROM_ORDERS}", 1, "the table has no description"),
        (f"-- [unique: period]\nselect {PERIOD}status -- S.\n{FROM_ORDERS}", 1, "no description"),
        (of_two_lines("status"), 3, "column status has no description"),
        (of_two_lines("status -- [not null]"), 3, "column status has no description"),
        (of_two_lines("case -- Words.\n when true then 1 end as x"), 4, "no description"),
        # The tests.
        (of_two_lines("status -- Status. [not nul]"), 3, "unknown test [not nul]"),
        (of_two_lines("status -- Status. [> 0]"), 3, "unknown test [> 0]"),
        (of_two_lines("status -- Status. [not null, unique]"), 3, "unknown test"),
        (of_two_lines("status -- Status. [in orders.status]"), 3, "unknown test"),
        (of_two_lines("status -- Status. [one of: a,, b]"), 3, "an empty item"),
        (of_two_lines("status -- Status. [one of: a, a]"), 3, "stands twice"),
        (of_two_lines("discount -- Money. [2 .. 1]"), 3, "the range 2 .. 1 is empty"),
        (of_two_lines("discount -- Money. [>= 0] [<= 1]"), 3, "a second test of the kind [<= 1]"),
        (of_two_lines("status -- [not null] Status."), 3, "stand at the end"),
        (of_two_lines("status -- Status. [unique: status, period]"), 3, "tests the table"),
        (of_two_lines("status -- Status. [>= 0]"), 3, "is a VARCHAR: a range tests numbers"),
        (of_two_lines("tags -- Tags. [>= 0]"), 3, "is a VARCHAR[]: a range tests numbers"),
        (
            of_two_lines("status -- S. [in collect.nothing.status]"),
            3,
            "unknown table collect.nothing",
        ),
        (
            of_two_lines("status -- S. [in collect.customers.nope]"),
            3,
            "collect.customers has no column nope",
        ),
        (
            of_two_lines("ordered_at -- S. [in analyze.segments.segment_id]"),
            3,
            "is a TIMESTAMP, but",
        ),
        (of_two_lines("status -- S. [in process.t.status]"), 3, "process.t reads itself"),
        (of_two_lines("status -- S.") + "-- [not null]", 5, "tests a column"),
        (of_two_lines("status -- S.") + "\n-- [unique: status, nope]", 6, "no column nope"),
        (of_two_lines("status -- S.") + "-- [unique: status]\n-- [unique: status]", 6, "twice"),
        ("-- Words. [what]\n" + of_two_lines("status -- S."), 1, "unknown test [what]"),
        (
            snapshot("a", "from b", before="with b as (\n  select 1 as a -- One. [unique]\n)\n"),
            3,
            "stands beside no column",
        ),
        (
            of_two_lines("status, -- Status,\n   -- of the order. [not null]\ndiscount -- Money."),
            4,
            "stands beside no column",
        ),
        # The tables.
        (snapshot("status", "from\n  orders"), 6, "table orders has no schema"),
        (snapshot("status", "from\n  'orders.parquet'"), 6, "has no schema"),
        (snapshot("status", "from\n  read_parquet('a.parquet')"), 6, "reads tables"),
        (snapshot("status", "from a.collect.orders"), 5, "write schema.table"),
        (
            snapshot("status", "from collect.customers, collect.nope"),
            5,
            "unknown table collect.nope",
        ),
        (snapshot("1", "from collect.orders\n,process.t"), 6, "process.t reads itself"),
        # The parameters.
        (snapshot("$nope", FROM_ORDERS), 4, "unknown parameter $nope"),
        (snapshot("1", "where 1 =\n $period_start::int + $2"), 6, "a parameter without a name"),
        (snapshot("1", "where 1 = ?"), 5, "a parameter without a name"),
        # What DuckDB finds.
        (snapshot("nope", FROM_ORDERS), 4, 'column "nope" not found'),
        (snapshot("1", f"{FROM_ORDERS}\nwhere tags > 1"), 6, "Cannot compare"),
        (snapshot("sum(discount) + discount", FROM_ORDERS), 4, "must appear in the GROUP BY"),
        # The period.
        ("-- A table.\nselect status -- S.\nfrom collect.orders", 1, "no column period"),
        (of_two_lines("1 as x -- One.").replace(" as date", " as timestamp"), 2, "is a TIMESTAMP"),
        (
            of_two_lines("1 as x -- One.").replace("$period_start", "'2024-01-01'"),
            2,
            "neither of $period_start nor of a column",
        ),
        (
            of_two_lines("1 as x -- One.").replace("cast($period_start as date) as ", ""),
            2,
            "must come",
        ),
        (
            ORDERS.rstrip() + "\n and period = $period_start",
            10,
            "= $period_start in a model whose rows carry their own period",
        ),
        # What is not traced, or what only DuckDB reads.
        (
            snapshot("x", "from a", before="with recursive a as (select 1 as x)\n"),
            2,
            "with recursive",
        ),
        (
            snapshot("a", "from (select * from collect.orders) pivot (count(*) for a in (1))"),
            5,
            "pivot",
        ),
        (snapshot("status.upper()", FROM_ORDERS), 4, "write function(value)"),
        (
            snapshot(
                "1", "union all by name\nselect 1 as x, cast($period_start as date) as period"
            ),
            6,
            "union by name",
        ),
        (snapshot("orders", FROM_ORDERS), 4, "a whole row"),
        (snapshot("rowid", FROM_ORDERS), 4, "cannot trace the column"),
        (snapshot("orders.rowid", FROM_ORDERS), 3, "Unknown column: rowid"),
        (
            snapshot("n", "from collect.orders, generate_series(1, length(status)) as t(n)"),
            5,
            "cannot trace the column status: write <table>.<column>",
        ),
    ],
)
def test_a_wrong_model_is_refused(write: Write, sql: str, line: int, said: str) -> None:
    assert_error(write({"process/t": sql}), "process/t", line, said)


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("staging/t", "staging is no stage: the stages are collect, process"),
        ("t", "<stage>/<table>.sql"),
        ("process/orders/t", "<stage>/<table>.sql"),
        ("process/Orders", "lower_snake_case"),
        ("process/2024", "lower_snake_case"),
        ("analyze/segments", "analyze.segments is defined elsewhere too"),
    ],
)
def test_a_wrong_place_is_refused(write: Write, place: str, said: str) -> None:
    assert_error(write({place: snapshot("1", "")}), place, 1, said)


def test_a_cycle_is_printed_where_it_begins(write: Write) -> None:
    folder = write(
        {
            "process/a": snapshot("x", "from process.b"),
            "process/b": snapshot("x", "from\n process.c"),
            "process/c": snapshot("x", "from process.a"),
            "process/d": snapshot("x", "from process.a"),
        }
    )
    with pytest.raises(ModelError, match="a cycle: ") as raised:
        load_models(folder, KNOWN, PARAMETERS)
    place, _, cycle = str(raised.value).partition(": a cycle: ")
    tables = cycle.split(" reads ")
    assert tables[0] == tables[-1]
    assert set(tables) == {"process.a", "process.b", "process.c"}
    name = tables[0].removeprefix("process.")
    assert place == f"{folder}/process/{name}.sql:{6 if name == 'b' else 5}"
    assert {
        ("process.a", "process.b"),
        ("process.b", "process.c"),
        ("process.c", "process.a"),
    } == set(pairwise(tables))


def test_text_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "process").mkdir()
    (tmp_path / "process" / "t.sql").write_bytes(b"-- A table.\n-- caf\xe9\nselect 1")
    assert_error(tmp_path, "process/t", 2, "not UTF-8")


def put_folder(path: Path) -> None:
    path.mkdir()


def put_link_to_nothing(path: Path) -> None:
    path.symlink_to(path.with_name("nothing"))


@pytest.mark.parametrize("put", [put_folder, put_link_to_nothing, os.mkfifo])
def test_what_is_no_file_is_refused(write: Write, put: Callable[[Path], None]) -> None:
    folder = write({"process/a": snapshot("1", "")})
    put(folder / "process" / "t.sql")
    assert_error(folder, "process/t", 1, "is no file")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_closed_file_and_a_closed_folder_are_refused(write: Write) -> None:
    folder = write({"process/a": snapshot("1", ""), "analyze/t": snapshot("1", "")})
    (folder / "analyze" / "t.sql").chmod(0)
    assert_error(folder, "analyze/t", 1, "cannot be read: Permission denied")
    (folder / "analyze").chmod(0)
    try:
        with pytest.raises(ModelError, match=r"analyze:1: cannot be listed: Permission denied"):
            load_models(folder, KNOWN, PARAMETERS)
    finally:
        (folder / "analyze").chmod(0o700)


def test_a_link_to_a_folder_would_hide_models(write: Write, tmp_path: Path) -> None:
    folder = write({"process/a": snapshot("1", "")})
    (folder / "analyze").symlink_to(folder / "process")
    with pytest.raises(ModelError, match=r"analyze:1: a link to a folder: put the files here"):
        load_models(folder, KNOWN, PARAMETERS)


def test_an_ending_in_capitals_hides_no_model(write: Write) -> None:
    folder = write({"process/a": snapshot("1", "")})
    (folder / "process" / "a.sql").rename(folder / "process" / "a.SQL")
    assert [model.table for model in load_models(folder, KNOWN, PARAMETERS)] == ["process.a"]


@pytest.mark.parametrize(
    "value",
    ["(" * 300 + "1" + ")" * 300, "case when true then " * 200 + "1" + " end" * 200],
)
def test_what_is_nested_too_deeply_is_refused(write: Write, value: str) -> None:
    assert_error(write({"process/t": snapshot(value, "")}), "process/t", 1, "nested too deeply")


def test_one_wrong_model_stops_the_load_of_all(write: Write) -> None:
    good = {f"process/{name}": snapshot("1", "") for name in "abc"}
    assert len(load_models(write(good), KNOWN, PARAMETERS)) == 3
    assert_error(write({"process/z": "select"}), "process/z", 1)
