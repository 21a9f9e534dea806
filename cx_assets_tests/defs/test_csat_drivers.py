"""Drivers against a world's true effects: the same people, but for one thing that did not hurt."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from cx_assets.defs.analyze.csat_drivers import met
from cx_assets.settings import Settings
from cx_assets.warehouse.duckdb import DuckDBWarehouse
from cx_assets.world import World, WorldSettings
from cx_assets_tests.e2e.graph import build_tables

MONTHS = 4
LAST = "2024-04-01"
SOURCES = ("customers", "products", "orders", "order_items", "support_tickets", "survey_responses")
TABLES = [
    *(f"{stage}.{source}" for stage in ("collect", "process") for source in SOURCES),
    "features.experience",
    "analyze.response_model",
    "analyze.csat_drivers",
]
# Nobody buys more or stays longer for being happy, so that feelings are all that differs; and no
# survey asks about the very thing that went wrong more sharply than others do.
WORLD = WorldSettings(
    customers=12_000,
    seed=5,
    response="recorded",
    satisfaction_on_purchases=0,
    satisfaction_on_dropout=0,
    own_survey_effect=0,
)
PAINLESS = {
    "late delivery": replace(WORLD, late_effect=0),
    "slow resolution": replace(WORLD, slow_effect=0),
}


def truth_of(world: WorldSettings, folder: Path) -> pd.DataFrame:
    """What every invitation would be answered with, by response_id."""
    sample = World(world, folder / "landing", folder / "truth")
    for _ in range(MONTHS):
        sample.step(None)
    files = sorted((folder / "truth" / "surveys").glob("*.parquet"))
    return pd.concat(map(pd.read_parquet, files)).set_index("response_id")


@pytest.mark.slow
def test_effects_are_those_of_the_world(settings: Settings, tmp_path: Path) -> None:
    truth = truth_of(WORLD, settings.home)
    build_tables(settings, TABLES, last=LAST)
    with DuckDBWarehouse.at(settings.warehouse).connect() as session:
        found = session.frame(
            'select * from "analyze".csat_drivers where period = $last', {"last": LAST}
        ).set_index("driver")
        moments = session.frame(
            "select * from features.experience inner join process.survey_responses as responses "
            "on responses.response_id = moment_id where features.experience.customer_id is not null"
        ).set_index("response_id")
    exposed = met(moments) > 0
    stretch = 4 / (moments["scale_max"] - moments["scale_min"])

    for driver, world in PAINLESS.items():
        without = truth_of(world, tmp_path / driver)
        lost = (truth["true_score"] - without["true_score"]).reindex(moments.index) * stretch
        true_effect = lost[exposed[driver]].mean()
        row = found.loc[driver]
        assert true_effect < -0.2
        assert row["ci_low"] < true_effect < row["ci_high"], (driver, true_effect, row)
        assert row["ci_high"] < 0
    for channel in ("app instead of web", "store instead of web"):
        assert found.loc[channel, "ci_low"] < 0 < found.loc[channel, "ci_high"]
    assert found["share_of_variance"].sum() == pytest.approx(1)
    assert found["share_of_variance"].idxmax() == "late delivery"


@pytest.mark.slow
def test_without_answers_there_are_no_drivers(settings: Settings) -> None:
    for source in SOURCES:
        (settings.landing / source).mkdir(parents=True)
    build_tables(settings, TABLES, last="2024-01-01")
    with DuckDBWarehouse.at(settings.warehouse).connect() as session:
        assert session.rows('select count(*) from "analyze".csat_drivers') == [(0,)]
        ((note,),) = session.rows('select note from "analyze".response_model')
    assert "0 of 0 invitations" in note
