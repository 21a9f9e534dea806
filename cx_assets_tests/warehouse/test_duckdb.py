"""The warehouse keeps its promises on a real DuckDB file, also when a write fails half way."""

import subprocess
import sys
import time
from datetime import date, datetime
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from cx_assets.columns import Column
from cx_assets.warehouse import SchemaRefused, WarehouseLocked
from cx_assets.warehouse.duckdb import DuckDBSession, DuckDBWarehouse

COLUMNS = [
    Column("period", "DATE", "First day."),
    Column("customer_id", "VARCHAR", "It's the customer."),
    Column("value", "DOUBLE", "Value."),
]
TABLE = "analyze.things"
JANUARY, FEBRUARY, MARCH = datetime(2024, 1, 1), datetime(2024, 2, 1), datetime(2024, 3, 1)


def frame(*rows: tuple[date, str, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["period", "customer_id", "value"])


def fill(
    session: DuckDBSession,
    rows: pd.DataFrame,
    start: datetime,
    end: datetime,
    columns: list[Column] = COLUMNS,
) -> dict[date, int]:
    staged = session.stage(TABLE, columns)
    session.append(staged, rows)
    return session.replace_window(TABLE, staged, columns, start, end)


@pytest.fixture
def warehouse(tmp_path: Path) -> DuckDBWarehouse:
    return DuckDBWarehouse.at(tmp_path / "deep" / "warehouse.duckdb", lock_wait_seconds=0.5)


def contents(warehouse: DuckDBWarehouse) -> list[tuple[object, ...]]:
    with warehouse.connect() as session:
        return session.rows('select * from "analyze".things order by all')


def test_replaces_its_window_and_nothing_else(warehouse: DuckDBWarehouse) -> None:
    with warehouse.connect() as session:
        counts = fill(
            session,
            frame(
                (date(2024, 1, 1), "a", 1), (date(2024, 2, 1), "a", 2), (date(2024, 2, 1), "b", 3)
            ),
            JANUARY,
            MARCH,
        )
        assert counts == {date(2024, 1, 1): 1, date(2024, 2, 1): 2}
        assert fill(session, frame(), FEBRUARY, MARCH) == {}
    assert contents(warehouse) == [(date(2024, 1, 1), "a", 1.0)]


def test_columns_match_by_name_not_by_place(warehouse: DuckDBWarehouse) -> None:
    with warehouse.connect() as session:
        rows = frame((date(2024, 1, 1), "a", 1))
        fill(session, rows[["value", "customer_id", "period"]], JANUARY, FEBRUARY)
    assert contents(warehouse) == [(date(2024, 1, 1), "a", 1.0)]


def test_a_row_outside_the_window_changes_nothing(warehouse: DuckDBWarehouse) -> None:
    with warehouse.connect() as session:
        fill(session, frame((date(2024, 1, 1), "a", 1)), JANUARY, FEBRUARY)
        with pytest.raises(ValueError, match="outside"):
            fill(session, frame((date(2024, 3, 1), "a", 2)), JANUARY, FEBRUARY)
    assert contents(warehouse) == [(date(2024, 1, 1), "a", 1.0)]


def test_a_new_column_is_added(warehouse: DuckDBWarehouse) -> None:
    wider = [*COLUMNS, Column("tags", "VARCHAR[]", "Tags.")]
    with warehouse.connect() as session:
        fill(session, frame((date(2024, 1, 1), "a", 1)), JANUARY, FEBRUARY)
        rows = frame((date(2024, 2, 1), "b", 2)).assign(tags=[["x"]])
        fill(session, rows, FEBRUARY, MARCH, wider)
        comments = dict(
            session.rows(
                "select column_name, comment from duckdb_columns() where table_name='things'"
            )
        )
    assert contents(warehouse) == [
        (date(2024, 1, 1), "a", 1.0, None),
        (date(2024, 2, 1), "b", 2.0, ["x"]),
    ]
    assert comments["customer_id"] == "It's the customer."
    assert comments["tags"] == "Tags."


@pytest.mark.parametrize(
    ("columns", "difference"),
    [
        (COLUMNS[:2], "- value DOUBLE"),
        ([*COLUMNS[:2], Column("value", "BIGINT", "Value.")], "- value DOUBLE\n+ value BIGINT"),
    ],
)
def test_other_changes_are_refused_with_a_diff(
    warehouse: DuckDBWarehouse, columns: list[Column], difference: str
) -> None:
    with warehouse.connect() as session:
        fill(session, frame((date(2024, 1, 1), "a", 1)), JANUARY, FEBRUARY)
        rows = frame((date(2024, 1, 1), "b", 2))[[column.name for column in columns]]
        with pytest.raises(SchemaRefused) as refused:
            fill(session, rows, JANUARY, FEBRUARY, columns)
    assert difference in str(refused.value)
    assert contents(warehouse) == [(date(2024, 1, 1), "a", 1.0)]


def test_an_error_inside_a_transaction_undoes_all_of_it(warehouse: DuckDBWarehouse) -> None:
    with warehouse.connect() as session:
        fill(session, frame((date(2024, 1, 1), "a", 1)), JANUARY, FEBRUARY)

        def write_then_stop() -> None:
            with session.transaction():
                fill(session, frame((date(2024, 1, 1), "z", 9)), JANUARY, FEBRUARY)
                raise RuntimeError("stop")

        with pytest.raises(RuntimeError, match="stop"):
            write_then_stop()
    assert contents(warehouse) == [(date(2024, 1, 1), "a", 1.0)]


def test_the_connection_is_closed_whatever_happens(warehouse: DuckDBWarehouse) -> None:
    with pytest.raises(duckdb.CatalogException), warehouse.connect() as session:
        session.rows("select * from no_such_table")
    # Another process can open the file at once, so nobody holds it any more.
    opened = f"import duckdb; duckdb.connect({warehouse.database!r})"
    subprocess.run([sys.executable, "-c", opened], check=True)


def test_an_open_result_survives_another_query(warehouse: DuckDBWarehouse) -> None:
    with warehouse.connect() as session:
        session.execute("create table numbers as select range as n from range(500000)")
        batches = session.batches("select n from numbers order by n", size=1_000)
        first = next(batches)
        assert session.rows("select 42") == [(42,)]
        total = first.num_rows + sum(batch.num_rows for batch in batches)
    assert total == 500_000


def holder(warehouse: DuckDBWarehouse, seconds: float) -> subprocess.Popen[bytes]:
    """Another process that keeps the file open for a while."""
    code = (
        f"import duckdb, time; con = duckdb.connect({warehouse.database!r}); "
        f"print('open', flush=True); time.sleep({seconds})"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert process.stdout
    process.stdout.readline()
    return process


def test_waits_for_a_lock_that_is_given_back(tmp_path: Path) -> None:
    patient = DuckDBWarehouse.at(tmp_path / "w.duckdb", lock_wait_seconds=30)
    process = holder(patient, 1.0)
    with patient.connect() as session:
        assert session.rows("select 1") == [(1,)]
    process.wait()


def test_says_who_is_in_the_way(tmp_path: Path) -> None:
    hasty = DuckDBWarehouse.at(tmp_path / "w.duckdb", lock_wait_seconds=0.3)
    process = holder(hasty, 30)
    with pytest.raises(WarehouseLocked, match="open in another process"), hasty.connect():
        pass
    process.kill()
    process.wait()


def test_a_wrong_path_fails_at_once(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    started = time.monotonic()
    with pytest.raises(duckdb.IOException), DuckDBWarehouse.at(tmp_path / "folder").connect():
        pass
    assert time.monotonic() - started < DuckDBWarehouse.at(tmp_path).lock_wait_seconds
