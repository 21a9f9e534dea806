"""The product's own jobs on a benchmark's own paths."""

from collections.abc import Sequence

import dagster as dg
from dagster._core.storage.tags import (
    ASSET_PARTITION_RANGE_END_TAG,
    ASSET_PARTITION_RANGE_START_TAG,
)

from cx_assets.definitions import build_defs
from cx_assets.periods import Period
from cx_assets.settings import Settings
from cx_assets.warehouse.duckdb import DuckDBWarehouse


def assets(tables: Sequence[str]) -> dg.AssetSelection:
    """Those that make the tables, each written schema.table."""
    return dg.AssetSelection.assets(*(name.split(".") for name in tables))


def jobs_of(selections: dict[str, dg.AssetSelection]) -> dict[str, dg.JobDefinition]:
    """A job of the whole graph per selection, by its name."""
    jobs = [dg.define_asset_job(name, selection) for name, selection in selections.items()]
    graph = dg.Definitions.merge(build_defs(), dg.Definitions(jobs=jobs))
    return {name: graph.resolve_job_def(name) for name in selections}


def run_range(
    job: dg.JobDefinition,
    settings: Settings,
    periods: Sequence[Period],
    instance: dg.DagsterInstance | None = None,
) -> None:
    """One range run of the periods, in this process, that says no more than its errors."""
    job.execute_in_process(
        instance=instance,
        tags={
            ASSET_PARTITION_RANGE_START_TAG: periods[0].key,
            ASSET_PARTITION_RANGE_END_TAG: periods[-1].key,
        },
        resources={"settings": settings, "warehouse": DuckDBWarehouse.at(settings.warehouse)},
        run_config={"loggers": {"console": {"config": {"log_level": "ERROR"}}}},
    )
