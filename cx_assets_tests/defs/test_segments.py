"""The segments as assets: chained from period to period, scored in the warehouse, drawn."""

from datetime import date, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np
import pandas as pd
import pytest
from dagster._core.storage.tags import (
    ASSET_PARTITION_RANGE_END_TAG,
    ASSET_PARTITION_RANGE_START_TAG,
)

from cx_assets.defs.analyze.segment_model import SEGMENT_MODEL, segment_model
from cx_assets.defs.analyze.segment_pictures import segment_moves
from cx_assets.defs.analyze.segment_quality import SEGMENT_QUALITY, segment_quality
from cx_assets.defs.analyze.segment_sample import FEATURES
from cx_assets.defs.analyze.segments import SEGMENTS, scoring_sql, segments
from cx_assets.defs.sql_models import loaded_models
from cx_assets.methods.segments import Segmentation
from cx_assets.periods import period_at
from cx_assets.settings import Settings
from cx_assets.warehouse.duckdb import DuckDBWarehouse

MONTHS = ("2024-01-01", "2024-02-01", "2024-03-01", "2024-04-01")
TABLES = ("analyze.segment_quality", "analyze.segment_model", "analyze.segments")


def customers(size: int = 240) -> pd.DataFrame:
    """Four months of a shop with the faithful, the occasional, the lost and the merely curious."""
    rng = np.random.default_rng(5)
    kind = rng.choice(4, size, p=[0.15, 0.4, 0.3, 0.15])
    orders = np.where(kind == 3, 0, 1 + rng.poisson(np.choose(kind, [9, 2, 1, 0])))
    silent = np.choose(kind, [10, 40, 200, 0]) * rng.uniform(0.5, 1.5, size)
    months = []
    for number, month in enumerate(MONTHS):
        bought = orders + np.where(kind == 0, number, 0)
        months.append(
            pd.DataFrame(
                {
                    "period": date.fromisoformat(month),
                    "customer_id": [f"c{each:03}" for each in range(size)],
                    "age": np.where(rng.random(size) < 0.2, np.nan, rng.normal(45, 12, size)),
                    "frequency": bought,
                    "spend": (bought * rng.lognormal(3.5, 0.4, size)).round(2),
                    "recency_days": pd.Series((silent + 20 * number).astype(int)).where(bought > 0),
                    "tenure_days": 300 + 30 * number,
                    "last_score": np.where(rng.random(size) < 0.5, 4.0, np.nan),
                }
            ).head(size - 40 + 10 * number)
        )
    return pd.concat(months)


@pytest.fixture
def shop(settings: Settings) -> Settings:
    model = next(each for each in loaded_models() if each.table == "features.customer_features")
    return given(settings, customers(), [(column.name, column.type) for column in model.columns])


def given(settings: Settings, rows: pd.DataFrame, columns: list[tuple[str, str]]) -> Settings:
    with DuckDBWarehouse.at(settings.warehouse).connect() as session:
        session.execute("create schema features")
        declared = ", ".join(f"{name} {kind}" for name, kind in columns)
        session.execute(f"create table features.customer_features ({declared})")
        session.append("features.customer_features", rows)
    return settings


def run(settings: Settings, first: str, last: str | None = None) -> dg.ExecuteInProcessResult:
    with dg.DagsterInstance.ephemeral() as instance:
        return dg.materialize(
            [segment_quality, segment_model, segments],
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


def frame(settings: Settings, sql: str) -> pd.DataFrame:
    with DuckDBWarehouse.at(settings.warehouse).connect() as session:
        return session.frame(sql)


def contents(settings: Settings) -> dict[str, str]:
    """All rows of the three tables, to the last digit."""
    with DuckDBWarehouse.at(settings.warehouse).connect() as session:
        return {
            table: repr(session.rows(f'select * from "analyze".{table[8:]} order by all'))
            for table in TABLES
        }


@pytest.mark.slow
@pytest.mark.parametrize("k", [4, "auto"])
def test_a_range_gives_what_single_runs_give(shop: Settings, tmp_path: Path, k: Any) -> None:
    settings = shop.model_copy(update={"segments": k})
    copy = tmp_path / "singles.duckdb"
    copy.write_bytes(settings.warehouse.read_bytes())
    singles = settings.model_copy(update={"warehouse": copy})
    run(settings, MONTHS[0], MONTHS[-1])
    for month in MONTHS:
        run(singles, month)
    assert contents(settings) == contents(singles)
    run(settings, MONTHS[1], MONTHS[2])
    assert contents(settings) == contents(singles)


@pytest.mark.slow
def test_segments_keep_their_ids_when_their_number_changes(shop: Settings) -> None:
    for month, k in zip(MONTHS, (4, 3, 5, 5), strict=True):
        run(shop.model_copy(update={"segments": k}), month)
    model = frame(shop, 'select * from "analyze".segment_model order by period, segment_id')
    ids = [set(rows["segment_id"]) for _, rows in model.groupby("period")]
    assert ids[0] == {1, 2, 3, 4}
    assert ids[1] < ids[0]
    assert ids[2] == ids[3] == ids[1] | {5, 6}
    assert model["highest_id"].tolist() == [4] * 7 + [6] * 10
    new = model[model["matched_distance"].isna()]
    assert new["segment_id"].tolist() == [1, 2, 3, 4, 5, 6]
    first = model[model["period"] == pd.Timestamp(MONTHS[0])]
    spend = [centre[FEATURES.index("spend")] for centre in first["centre"]]
    assert spend == sorted(spend, reverse=True)


def test_the_warehouse_scores_as_the_model_does(shop: Settings) -> None:
    run(shop, MONTHS[0])
    found = frame(
        shop,
        "select segments.*, age, spend, frequency, "
        "coalesce(recency_days, tenure_days) as recency_days "
        'from "analyze".segments inner join features.customer_features using (customer_id, period) '
        "order by customer_id",
    )
    fitted = Segmentation(shop.segments).fit(found[list(FEATURES)])
    labels = fitted.predict(found[list(FEATURES)])
    points = fitted.standardise(found[list(FEATURES)]) - fitted.cluster_centers_[labels]
    assert found["distance"].to_numpy() == pytest.approx(np.sqrt((points**2).sum(axis=1)))
    assert len({*zip(labels, found["segment_id"], strict=True)}) == shop.segments
    sizes = found.groupby("segment_id").size()
    model = frame(shop, 'select segment_id, customers from "analyze".segment_model')
    assert sizes.to_dict() == dict(zip(model["segment_id"], model["customers"], strict=True))


def test_of_two_centres_as_near_the_lower_id_is_taken(shop: Settings) -> None:
    with DuckDBWarehouse.at(shop.warehouse).connect() as session:
        session.execute("delete from features.customer_features")
        session.append(
            "features.customer_features",
            pd.DataFrame(
                {
                    "period": [date(2024, 1, 1)] * 3,
                    "customer_id": ["left", "middle", "right"],
                    "age": [-1.0, 0.0, 1.0],
                }
            ),
        )
        staged = session.stage("analyze.segment_model", SEGMENT_MODEL.columns)
        model = pd.DataFrame(
            {
                "period": [date(2024, 1, 1)] * 2,
                "segment_id": [3, 8],
                "segment_name": ["Threes", "Eights"],
                "features": [["age"]] * 2,
                "transforms": [["none"]] * 2,
                "fill": [np.zeros(1)] * 2,
                "mean": [np.zeros(1)] * 2,
                "scale": [np.ones(1)] * 2,
                "centre": [np.array([1.0]), np.array([-1.0])],
            }
        )
        session.append(staged, model)
        session.replace_window(
            "analyze.segment_model",
            staged,
            SEGMENT_MODEL.columns,
            datetime(2024, 1, 1),
            datetime(2024, 2, 1),
        )
        scored = session.frame(scoring_sql(model), {"period_start": date(2024, 1, 1)})
    assert scored["segment_id"].tolist() == [8, 3, 3]
    assert scored["segment_name"].tolist() == ["Eights", "Threes", "Threes"]
    assert scored["distance"].tolist() == [0.0, 1.0, 0.0]


def test_without_customers_there_are_no_segments(shop: Settings) -> None:
    with DuckDBWarehouse.at(shop.warehouse).connect() as session:
        session.execute("delete from features.customer_features")
    assert run(shop, MONTHS[0]).success
    assert frame(shop, 'select * from "analyze".segments').empty


def test_a_shop_of_one_customer_has_one_segment(shop: Settings) -> None:
    with DuckDBWarehouse.at(shop.warehouse).connect() as session:
        session.execute("delete from features.customer_features where customer_id <> 'c000'")
    assert run(shop, MONTHS[0], MONTHS[1]).success
    assert frame(shop, 'select distinct segment_id from "analyze".segments').to_numpy() == [[1]]


@pytest.mark.slow
def test_a_segment_that_moves_far_is_a_warning(shop: Settings) -> None:
    run(shop, MONTHS[0])
    with DuckDBWarehouse.at(shop.warehouse).connect() as session:
        session.execute(
            "update features.customer_features set recency_days = recency_days + 2000, "
            "tenure_days = tenure_days + 2000 where period = date '2024-02-01'"
        )
    drifted = run(shop, MONTHS[1])
    assert drifted.success
    failed = {each.check_name for each in drifted.get_asset_check_evaluations() if not each.passed}
    assert "range__matched_distance" in failed
    calm = run(shop, MONTHS[2], MONTHS[3])
    failed = {each.check_name for each in calm.get_asset_check_evaluations() if not each.passed}
    assert "range__matched_distance" in failed, "back to where it was is as far"


@pytest.mark.slow
def test_the_pictures_are_drawn(shop: Settings) -> None:
    ranged = run(shop.model_copy(update={"segments": "auto"}), MONTHS[0], MONTHS[1])
    plots = {
        name: [
            each.metadata["plot"].value
            for each in ranged.asset_materializations_for_node(f"analyze__{name}")
            if "plot" in each.metadata
        ]
        for name in ("segment_quality", "segments")
    }
    ((quality,), (pictures,)) = plots.values()
    assert quality.startswith("![Silhouette by number of segments, 2024-02-01](data:image/png")
    assert pictures.count("data:image/png") == 1
    months = [period_at(date.fromisoformat(month), "monthly") for month in MONTHS[:2]]
    with DuckDBWarehouse.at(shop.warehouse).connect() as session:
        assert segment_moves(session, months).count("data:image/png") == 1
        assert "no period before" in segment_moves(session, months[:1])


def test_the_tables_say_where_their_columns_come_from() -> None:
    for table in (SEGMENT_QUALITY, SEGMENT_MODEL, SEGMENTS):
        assert set(table.lineage) <= {column.name for column in table.columns}
        assert {name for sources in table.lineage.values() for name, _ in sources} <= set(
            table.reads
        )
    assert ("features.customer_features", "spend") in SEGMENTS.lineage["segment_id"]
