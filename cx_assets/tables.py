"""How a table of the loop becomes an asset: every policy of the graph, in one place.

An asset builds its new rows in a temporary table, audits them, and only then puts them in place of
the old ones, in one transaction. A failed blocking check leaves the old rows standing.
"""

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import wraps
from pathlib import Path
from time import monotonic
from typing import Any

import dagster as dg
import pandas as pd
from dagster import AssetExecutionContext
from threadpoolctl import threadpool_limits

from cx_assets import disk
from cx_assets.columns import Column, UniqueTogether, names
from cx_assets.instance import POOL
from cx_assets.metadata import column_lineage, column_schema, preview
from cx_assets.periods import PERIODS, SETTINGS, Period, period_before, run_periods
from cx_assets.settings import Settings
from cx_assets.sql_models.audit import Check, audit_sql, checks
from cx_assets.warehouse import Session, Warehouse, WarehouseLocked
from cx_assets.warehouse.names import quoted, table_sql

OWNERS = {"collect": "team:data-platform", "process": "team:data-platform"}
DEFAULT_OWNER = "team:customer-insight"
# For what fails in passing: a lock that somebody else holds, a file that is just being replaced.
RETRIES = dg.RetryPolicy(
    max_retries=2, delay=5, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS
)
# How long after a period's end its rows should be there.
GRACE = timedelta(hours=12)
# One for all assets, since it takes a while to make.
FRESHNESS = dg.FreshnessPolicy.cron(
    deadline_cron=PERIODS.cron_schedule.replace("0 0", "0 12", 1), lower_bound_delta=GRACE
)

# All tests of a table whose failure keeps the new rows out.
MUSTS = "columns"

Lineage = Mapping[str, Sequence[tuple[str, str]]]
Verdicts = list[dg.AssetCheckResult]


@dataclass(frozen=True)
class Table:
    """A table and what is known of it before it is ever filled."""

    name: str
    description: str
    columns: tuple[Column, ...]
    reads: tuple[str, ...] = ()
    tests: tuple[UniqueTogether, ...] = ()
    kinds: frozenset[str] = frozenset({"python"})
    code_version: str = "1"
    lineage: Lineage = field(default_factory=dict)

    @property
    def key(self) -> dg.AssetKey:
        return dg.AssetKey(self.name.split("."))

    @property
    def checks(self) -> tuple[Check, ...]:
        return checks(self.columns, self.tests)


@dataclass(frozen=True)
class Query:
    """Rows that the warehouse computes itself."""

    sql: str
    parameters: Mapping[str, Any] = field(default_factory=dict)


Rows = Query | pd.DataFrame
Snapshot = Callable[[Session, Period, Settings], Rows]
ChainedSnapshot = Callable[[Session, Period, Settings, pd.DataFrame], Rows]
Plot = Callable[[Session, Sequence[Period]], str]


def asset_options(key: dg.AssetKey, settings: Settings = SETTINGS) -> dict[str, Any]:
    """What every asset of the graph has in common."""
    stage = key.path[0]
    return {
        "key": key,
        "group_name": stage,
        "partitions_def": PERIODS,
        "backfill_policy": dg.BackfillPolicy.single_run(),
        "pool": POOL,
        "owners": [OWNERS.get(stage, DEFAULT_OWNER)],
        "retry_policy": RETRIES,
        # A finished history has no deadline to miss.
        "freshness_policy": None if settings.last_period else FRESHNESS,
    }


def table_options(table: Table) -> dict[str, Any]:
    """What every asset that is a table has in common."""
    return {
        **asset_options(table.key),
        "deps": [dg.AssetKey(name.split(".")) for name in table.reads],
        "description": table.description,
        "kinds": {"duckdb", *table.kinds},
        "code_version": table.code_version,
        # What the catalogue shows before the first run.
        "metadata": {
            "dagster/table_name": f"warehouse.{table.name}",
            "dagster/storage_kind": "duckdb",
            "dagster/column_schema": column_schema(table),
            "dagster/column_lineage": column_lineage(table),
        },
    }


def loop_asset(**options: Any) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """`dg.asset`, without its warning that backfill and freshness policies are in beta."""

    def decorate(compute: Callable[..., Any]) -> dg.AssetsDefinition:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", dg.BetaWarning)
            return dg.asset(**options)(compute)

    return decorate


@contextmanager
def retry_only_what_passes(home: Path = SETTINGS.home) -> Iterator[None]:
    """A bug, a refused schema or a full disk fails the same way next time: no second try."""
    try:
        with disk.said(home):
            yield
    except (dg.Failure, WarehouseLocked, OSError):
        raise
    except Exception as error:
        raise dg.Failure(f"{type(error).__name__}: {error}", allow_retries=False) from error


def table_asset(
    table: Table,
    build: Callable[[Session, str, Sequence[Period], Settings], None],
    plot: Plot | None = None,
) -> dg.AssetsDefinition:
    """An asset whose `build` appends the rows of all the periods to a staged table, by name."""

    @loop_asset(**table_options(table), check_specs=check_specs(table))
    def fill(
        context: AssetExecutionContext,
        warehouse: dg.ResourceParam[Warehouse],
        settings: dg.ResourceParam[Settings],
    ) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult]:
        started = monotonic()
        periods = run_periods(context.partition_keys)
        # With several threads the last digits of a fit depend on which thread adds up first, and
        # small problems take ten times as long. DuckDB's own threads are not meant.
        one_thread = threadpool_limits(limits=1)
        with one_thread, retry_only_what_passes(settings.home), warehouse.connect() as session:
            staged = session.stage(table.name, table.columns)
            build(session, staged, periods, settings)
            yield from refuse_failures(audit(session, table, staged))
            counts = session.replace_window(
                table.name,
                staged,
                table.columns,
                periods[0].start,
                periods[-1].end,
                table.description,
            )
            add_row_counts(context, periods, counts)
            newest: dict[str, Any] = {"preview": preview(session, table, periods[-1])}
            if plot:
                newest["plot"] = dg.MetadataValue.md(plot(session, periods))
        newest["dagster/column_lineage"] = column_lineage(table)
        context.add_asset_metadata(newest, partition_key=periods[-1].key)
        report(context, table.name, periods, counts, monotonic() - started)
        yield dg.MaterializeResult()

    return fill


def python_table(
    table: Table, plot: Plot | None = None
) -> Callable[[Snapshot], dg.AssetsDefinition]:
    """An asset of a function of (session, period, settings) that gives one period's rows.

    It gives them as a query, or as a frame whose column `period` is filled in for it.
    """

    def decorate(snapshot: Snapshot) -> dg.AssetsDefinition:
        @wraps(snapshot)
        def build(
            session: Session, staged: str, periods: Sequence[Period], settings: Settings
        ) -> None:
            for period in periods:
                _append(session, staged, period, snapshot(session, period, settings))

        return table_asset(table, build, plot)

    return decorate


def chained_table(
    table: Table, plot: Plot | None = None
) -> Callable[[ChainedSnapshot], dg.AssetsDefinition]:
    """A `python_table` whose function also gets the table's own rows of the period before.

    They are this run's where it has made them, else those that stand; none before the first period.
    Dagster is not told: it would put such an asset into a run of its own in every backfill, and
    all periods of a run are made in order anyway.
    """

    def decorate(snapshot: ChainedSnapshot) -> dg.AssetsDefinition:
        @wraps(snapshot)
        def build(
            session: Session, staged: str, periods: Sequence[Period], settings: Settings
        ) -> None:
            for period in periods:
                rows = staged if period is not periods[0] else _standing(session, table)
                previous = _rows_before(session, rows, table, period)
                _append(session, staged, period, snapshot(session, period, settings, previous))

        return table_asset(table, build, plot)

    return decorate


def _append(session: Session, staged: str, period: Period, rows: Rows) -> None:
    if isinstance(rows, Query):
        session.append(staged, rows.sql, rows.parameters)
    else:
        session.append(staged, rows.assign(period=period.start.date()))


def _standing(session: Session, table: Table) -> str | None:
    """The table as it stands, as SQL; None where it does not, or not yet with these columns."""
    stands = set(names(table.columns)) <= session.columns(table.name).keys()
    return table_sql(table.name) if stands else None


def _rows_before(session: Session, rows: str | None, table: Table, period: Period) -> pd.DataFrame:
    if rows is None:
        return pd.DataFrame(columns=names(table.columns))
    return session.frame(
        f"select {', '.join(map(quoted, names(table.columns)))} from {rows} "
        "where period = $period order by all",
        {"period": period_before(period).start.date()},
    )


def check_specs(table: Table) -> list[dg.AssetCheckSpec]:
    """One check for all tests that must hold, and one for each whose failure is a warning.

    Every check of every run is several rows in Dagster's storage: one for each of a table's tests
    would take longer than the tests.
    """
    specs = [
        dg.AssetCheckSpec(name=check.name, asset=table.key, description=check.description)
        for check in table.checks
        if check.severity == "warn"
    ]
    musts = [check.description for check in table.checks if check.severity == "error"]
    if musts:
        words = "\n".join(f"- {must}" for must in musts)
        specs.insert(0, dg.AssetCheckSpec(MUSTS, asset=table.key, blocking=True, description=words))
    return specs


def audit(session: Session, table: Table, staged: str) -> Verdicts:
    """Run all tests of the table on its new rows, in one query."""
    sql, found = audit_sql(table.columns, table.tests, staged)
    if not found:
        return []
    failing = dict(zip(found, session.rows(sql)[0], strict=True))
    verdicts = [
        dg.AssetCheckResult(
            check_name=check.name,
            passed=rows == 0,
            severity=dg.AssetCheckSeverity.WARN,
            metadata={"failing_rows": rows},
        )
        for check, rows in failing.items()
        if check.severity == "warn"
    ]
    musts = {check: rows for check, rows in failing.items() if check.severity == "error"}
    return [_verdict_on_all(musts), *verdicts] if musts else verdicts


def _verdict_on_all(musts: Mapping[Check, int]) -> dg.AssetCheckResult:
    failed = {check.name: rows for check, rows in musts.items() if rows}
    return dg.AssetCheckResult(
        check_name=MUSTS,
        passed=not failed,
        metadata={
            "tests": len(musts),
            "failing_rows": sum(failed.values()),
            "failed": ", ".join(f"{name} ({rows} rows)" for name, rows in failed.items()),
        },
    )


def refuse_failures(verdicts: Verdicts) -> Iterator[dg.AssetCheckResult]:
    """Report each verdict, then stop before anything is promoted if a blocking one failed."""
    yield from verdicts
    failed = [
        str(verdict.metadata["failed"].value)
        for verdict in verdicts
        if not verdict.passed and verdict.severity == dg.AssetCheckSeverity.ERROR
    ]
    if failed:
        raise dg.Failure(
            f"The new rows fail {', '.join(failed)}. The old rows stand as they were. "
            "Mend the input or the model, then materialise these periods again.",
            allow_retries=False,
        )


def add_row_counts(
    context: AssetExecutionContext, periods: Sequence[Period], counts: Mapping[date, int]
) -> None:
    for period in periods:
        context.add_asset_metadata(
            {"dagster/partition_row_count": counts.get(period.start.date(), 0)},
            partition_key=period.key,
        )


def report(
    context: AssetExecutionContext,
    name: str,
    periods: Sequence[Period],
    counts: Mapping[date, int],
    seconds: float,
) -> None:
    span = f"{periods[0].key} to {periods[-1].key}" if len(periods) > 1 else periods[0].key
    context.log.info(f"{name}: {sum(counts.values()):,} rows of {span} in {seconds:.2f} s")
