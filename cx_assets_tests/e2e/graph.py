"""Run the graph on paths of the test's own, and look at every table that came out."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import dagster as dg
import pyarrow as pa
from dagster._core.storage.tags import (
    ASSET_PARTITION_RANGE_END_TAG,
    ASSET_PARTITION_RANGE_START_TAG,
)

from cx_assets.definitions import build_defs
from cx_assets.periods import PERIODS
from cx_assets.privacy.keys import BYTES, PSEUDONYM
from cx_assets.settings import Settings
from cx_assets.warehouse.duckdb import DuckDBWarehouse
from cx_assets.warehouse.names import table_sql

KEYS = list(PERIODS.get_partition_keys())


@cache
def definitions() -> dg.Definitions:
    return build_defs()


def build(
    settings: Settings,
    first: str = KEYS[0],
    last: str = KEYS[-1],
    job: str = "whole_loop",
    instance: dg.DagsterInstance | None = None,
    raise_on_error: bool = True,
) -> dg.ExecuteInProcessResult:
    """One range run of `first` to `last`, in this process."""
    return (
        definitions()
        .resolve_job_def(job)
        .execute_in_process(
            instance=instance,
            tags={ASSET_PARTITION_RANGE_START_TAG: first, ASSET_PARTITION_RANGE_END_TAG: last},
            resources={
                "settings": settings,
                "warehouse": DuckDBWarehouse.at(settings.warehouse),
            },
            run_config={"loggers": {"console": {"config": {"log_level": "ERROR"}}}},
            raise_on_error=raise_on_error,
        )
    )


def build_tables(
    settings: Settings,
    tables: Sequence[str],
    first: str = KEYS[0],
    last: str = KEYS[-1],
    instance: dg.DagsterInstance | None = None,
) -> None:
    """One range run of some tables only, in the order that they need."""
    build_defs(settings).resolve_job_def("whole_loop").execute_in_process(
        instance=instance,
        asset_selection=[dg.AssetKey(name.split(".")) for name in tables],
        tags={ASSET_PARTITION_RANGE_START_TAG: first, ASSET_PARTITION_RANGE_END_TAG: last},
        run_config={"loggers": {"console": {"config": {"log_level": "ERROR"}}}},
    )


def start(
    settings: Settings, job: str, first: str = KEYS[0], last: str = KEYS[-1]
) -> subprocess.Popen[bytes]:
    """The same range run, in a process of its own."""
    settings.dagster_home.mkdir(parents=True, exist_ok=True)
    # Dagster creates its own tables at the first look, and two first looks at once collide.
    dg.DagsterInstance.from_config(str(settings.dagster_home)).dispose()
    return subprocess.Popen(
        [sys.executable, "-m", "cx_assets_tests.e2e.one_run", job, first, last],
        env={**os.environ, "CX_HOME": str(settings.home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def finish(run: subprocess.Popen[bytes]) -> None:
    """Wait for the run's end, and fail with its last words if it did not succeed."""
    try:
        _, errors = run.communicate(timeout=300)
    finally:
        run.kill()
    assert run.returncode == 0, errors.decode()[-3000:]


def tables(settings: Settings) -> dict[str, pa.Table]:
    """Every table and view of the warehouse, with its rows in one fixed order."""
    with DuckDBWarehouse.at(settings.warehouse).connect() as session:
        found = session.rows(
            "select schema_name || '.' || table_name from duckdb_tables() where not internal "
            "union all select schema_name || '.' || view_name from duckdb_views() "
            "where not internal order by 1"
        )
        return {
            name: session.table(f"select * from {table_sql(name)} order by all")
            for (name,) in found
        }


def differing(left: dict[str, pa.Table], right: dict[str, pa.Table]) -> list[str]:
    """The tables that are not the same, value by value, nulls and nans included."""
    assert left.keys() == right.keys()
    return [name for name, table in left.items() if not same(table, right[name])]


def same(left: pa.Table, right: pa.Table) -> bool:
    """Equal to the last digit; unlike Arrow's own equality, a nan is the same as a nan."""
    return left.schema == right.schema and all(
        one.equals(other) or repr(one.to_pylist()) == repr(other.to_pylist())
        for one, other in zip(left.columns, right.columns, strict=True)
    )


def land(landing: Path, settings: Settings) -> None:
    """Copy landing files, their modification times included.

    Every home has the same pseudonym key, so that tables of two homes can be compared.
    """
    shutil.copytree(landing, settings.landing, dirs_exist_ok=True)
    settings.keys.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = settings.keys / PSEUDONYM
    key.touch(mode=0o600)
    key.write_text("5e" * BYTES)
