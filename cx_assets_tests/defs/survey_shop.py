"""A warehouse with what satisfaction reads and nothing in it, and surveys to put there."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

import dagster as dg
import pandas as pd
from dagster._core.storage.tags import (
    ASSET_PARTITION_RANGE_END_TAG,
    ASSET_PARTITION_RANGE_START_TAG,
)

from cx_assets.columns import Column
from cx_assets.defs.analyze.csat import csat
from cx_assets.defs.analyze.response_funnel import response_funnel
from cx_assets.defs.analyze.response_weights import RESPONSE_WEIGHTS
from cx_assets.defs.analyze.score_flips import score_flips
from cx_assets.defs.analyze.segments import SEGMENTS
from cx_assets.defs.sql_models import loaded_models
from cx_assets.settings import Settings
from cx_assets.sql_models import SqlModel
from cx_assets.warehouse.duckdb import DuckDBWarehouse
from cx_assets.warehouse.names import table_sql

ASSETS = (csat, response_funnel, score_flips)


@cache
def models() -> dict[str, SqlModel]:
    return {model.table: model for model in loaded_models()}


def empty_shop(settings: Settings) -> Settings:
    """Nobody has bought or answered anything, and nobody has a segment."""
    made = (SEGMENTS, RESPONSE_WEIGHTS)
    tables: dict[str, Sequence[Column]] = {table.name: table.columns for table in made}
    for name in ("process.survey_responses", "process.customers", "process.order_items"):
        tables[name] = models()[name].columns
    settings.landing.mkdir(parents=True)
    with DuckDBWarehouse.at(settings.warehouse).connect() as session:
        for name, columns in tables.items():
            declared = ", ".join(f"{column.name} {column.type}" for column in columns)
            session.execute(f"create schema if not exists {table_sql(name).split('.')[0]}")
            session.execute(f"create table {table_sql(name)} ({declared})")
    return settings


def given(settings: Settings, table: str, rows: pd.DataFrame | Sequence[dict[str, Any]]) -> None:
    with DuckDBWarehouse.at(settings.warehouse).connect() as session:
        session.append(table_sql(table), pd.DataFrame(rows))


def run(
    settings: Settings,
    first: str,
    last: str | None = None,
    assets: Sequence[dg.AssetsDefinition] = ASSETS,
) -> dg.ExecuteInProcessResult:
    with dg.DagsterInstance.ephemeral() as instance:
        return dg.materialize(
            assets,
            instance=instance,
            tags={
                ASSET_PARTITION_RANGE_START_TAG: first,
                ASSET_PARTITION_RANGE_END_TAG: last or first,
            },
            resources={
                "settings": settings,
                "warehouse": DuckDBWarehouse.at(settings.warehouse),
            },
        )


def frame(settings: Settings, table: str, where: str = "true") -> pd.DataFrame:
    with DuckDBWarehouse.at(settings.warehouse).connect() as session:
        return session.frame(f"select * from {table_sql(table)} where {where} order by all")


def answer(number: int, score: float | None = None, **row: Any) -> dict[str, Any]:
    """An invitation of the second of January at noon, answered a day later where with a score."""
    asked = datetime(2024, 1, 2, 12)
    return {
        "period": date(2024, 1, 1),
        "response_id": f"r{number:02}",
        "customer_id": "a",
        "sent_at": asked,
        "responded_at": asked + timedelta(days=1) if score is not None else None,
        "survey": "csat",
        "touchpoint": "store",
        "channel": "sms",
        "order_id": None,
        "score": score,
        "scale_min": 1.0,
        "scale_max": 5.0,
        "score_of_five": score,
        "is_top_two": None if score is None else score >= 4,
        "nps_group": None,
        "verdict": None if score is None else {5: "good", 3: "neutral", 1: "bad"}[int(score)],
        "comment": None,
        **row,
    }
