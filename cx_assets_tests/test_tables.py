"""What every table asset promises: checks before promotion, and only what passes is retried."""

from collections.abc import Sequence
from pathlib import Path

import dagster as dg
import pandas as pd
import pytest

from cx_assets import tables
from cx_assets.columns import Column, NotNull, Range
from cx_assets.periods import Period
from cx_assets.settings import Settings
from cx_assets.tables import Table, chained_table, table_asset
from cx_assets.warehouse import Session
from cx_assets.warehouse.duckdb import DuckDBWarehouse

PERIOD = "2024-01-01"
TABLE = Table(
    name="analyze.numbers",
    description="Numbers.",
    columns=(
        Column("period", "DATE", "First day.", (NotNull(),)),
        Column("number", "BIGINT", "A number.", (NotNull(), Range(0, 9))),
        Column("size", "BIGINT", "Its size.", (Range(0, 5, severity="warn"),)),
    ),
)


def numbers(select: str) -> dg.AssetsDefinition:
    def build(session: Session, staged: str, periods: Sequence[Period], _: Settings) -> None:
        for period in periods:
            session.append(
                staged,
                f"select cast($p as date) as period, * from ({select}) as t(number, size)",
                {"p": period.start},
            )

    return table_asset(TABLE, build)


def run(
    settings: Settings,
    asset: dg.AssetsDefinition,
    first: str = PERIOD,
    last: str = PERIOD,
) -> dg.ExecuteInProcessResult:
    with dg.DagsterInstance.ephemeral() as instance:
        return dg.materialize(
            [asset],
            instance=instance,
            tags={
                "dagster/asset_partition_range_start": first,
                "dagster/asset_partition_range_end": last,
            },
            resources={
                "settings": settings,
                "warehouse": DuckDBWarehouse.at(settings.warehouse),
            },
            raise_on_error=False,
        )


def contents(settings: Settings) -> list[tuple[object, ...]]:
    with DuckDBWarehouse.at(settings.warehouse).connect() as session:
        return session.rows('select number, size from "analyze".numbers order by all')


def test_a_blocking_check_that_fails_leaves_the_old_rows(settings: Settings) -> None:
    assert run(settings, numbers("values (1, 1), (2, 2)")).success
    failed = run(settings, numbers("values (3, 3), (99, 3)"))
    assert not failed.success
    assert contents(settings) == [(1, 1), (2, 2)]
    refused, warning = failed.get_asset_check_evaluations()
    assert (refused.check_name, refused.passed) == ("columns", False)
    assert refused.metadata["tests"].value == 3
    assert refused.metadata["failed"].value == "range__number (1 rows)"
    assert (warning.check_name, warning.passed) == ("range__size", True)
    assert not failed.asset_materializations_for_node("analyze__numbers")


def test_a_warning_lets_the_rows_pass(settings: Settings) -> None:
    warned = run(settings, numbers("values (1, 77)"))
    assert warned.success
    assert contents(settings) == [(1, 77)]
    (warning,) = [each for each in warned.get_asset_check_evaluations() if not each.passed]
    assert warning.check_name == "range__size"
    assert warning.severity == dg.AssetCheckSeverity.WARN
    assert warning.metadata["failing_rows"].value == 1


def test_every_partition_of_a_range_has_its_own_row_count(settings: Settings) -> None:
    ranged = run(settings, numbers("values (1, 1), (2, 2), (3, 3)"), last="2024-03-01")
    counts = {
        each.partition: each.metadata["dagster/partition_row_count"].value
        for each in ranged.asset_materializations_for_node("analyze__numbers")
    }
    assert counts == {"2024-01-01": 3, "2024-02-01": 3, "2024-03-01": 3}


def test_a_bug_is_not_tried_again(settings: Settings) -> None:
    failed = run(settings, numbers("select no_such_column"))
    assert not failed.success
    assert not [event for event in failed.all_events if event.is_step_up_for_retry]
    (failure,) = [event for event in failed.all_events if event.is_step_failure]
    assert "no_such_column" in str(failure.step_failure_data.error)


def test_a_lock_is_tried_again(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DuckDBWarehouse, "_open", _locked_once(DuckDBWarehouse._open))
    at_once = dg.RetryPolicy(max_retries=tables.RETRIES.max_retries)
    monkeypatch.setattr(tables, "RETRIES", at_once)
    assert run(settings, numbers("values (1, 1)")).success


SUMS = Table(
    name="analyze.sums",
    description="A number that grows by the number of the month.",
    columns=(
        Column("period", "DATE", "First day.", (NotNull(),)),
        Column("total", "BIGINT", "All months so far.", (NotNull(),)),
    ),
)


@chained_table(SUMS)
def sums(session: Session, period: Period, _: Settings, previous: pd.DataFrame) -> pd.DataFrame:
    assert len(previous) <= 1
    return pd.DataFrame({"total": [previous["total"].sum() + period.start.month]})


def totals(settings: Settings, *ranges: tuple[str, str]) -> list[tuple[object, ...]]:
    for first, last in ranges:
        assert run(settings, sums, first, last).success
    with DuckDBWarehouse.at(settings.warehouse).connect() as session:
        return session.rows('select month(period), total from "analyze".sums order by all')


def test_a_chained_table_goes_on_from_the_period_before(settings: Settings, tmp_path: Path) -> None:
    january, february, march = "2024-01-01", "2024-02-01", "2024-03-01"
    expected = [(1, 1), (2, 3), (3, 6)]
    assert totals(settings, (january, march)) == expected
    elsewhere = settings.model_copy(update={"warehouse": tmp_path / "singles.duckdb"})
    assert totals(elsewhere, *((key, key) for key in (january, february, march))) == expected
    assert totals(settings, (february, march)) == expected


def _locked_once(open_: object) -> object:
    """The first opening finds the warehouse locked by somebody else."""
    calls = []

    def opening(warehouse: DuckDBWarehouse) -> object:
        calls.append(warehouse)
        if len(calls) == 1:
            from cx_assets.warehouse import WarehouseLocked

            raise WarehouseLocked("open in another process")
        return open_(warehouse)  # type: ignore[operator]

    return opening
