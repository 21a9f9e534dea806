"""The one entry: the defs folder and what it runs on."""

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg

from cx_assets.owner_only import keep_to_owner
from cx_assets.periods import SETTINGS
from cx_assets.settings import Settings
from cx_assets.warehouse.duckdb import DuckDBWarehouse


def build_defs(
    settings: Settings = SETTINGS,
    loggers: Mapping[str, dg.LoggerDefinition] | None = None,
    **resources: Any,
) -> dg.Definitions:
    """The whole graph on these settings.

    Args:
        settings: paths and parameters; the periods are those of the environment, whatever it says.
        loggers: in place of Dagster's own.
        resources: in place of the resources of the same name, for tests.
    """
    return dg.Definitions.merge(
        dg.load_from_defs_folder(path_within_project=Path(__file__).parent),
        dg.Definitions(
            resources={
                "settings": settings,
                "warehouse": DuckDBWarehouse.at(settings.warehouse),
                **resources,
            },
            # A step in a process of its own imports everything again; DuckDB is parallel anyway.
            executor=dg.in_process_executor,
            loggers=loggers,
        ),
    )


@contextmanager
def uncollected() -> Iterator[None]:
    """Without looking for garbage, which takes a quarter of a load, nearly all of which stays."""
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        gc.enable()


# Dagster imports this module in the processes that it starts: code servers, runs, `dg`.
keep_to_owner()
with uncollected():
    defs = build_defs()
