"""One small world whose company runs randomised campaigns, and what the product measures of them.

The product's own path, from the landing files to feedback.action_effects. The truth of a
satisfaction action is what a twin world says: the same people, the same chance, but an action that
does nothing.
"""

from dataclasses import replace
from functools import cache
from pathlib import Path

import dagster as dg
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.product import assets, jobs_of, run_range
from cx_assets.periods import PERIODS, Period, windows
from cx_assets.settings import Settings
from cx_assets.world import World, WorldSettings

SOURCES = (
    *("customers", "products", "orders", "order_items", "support_tickets", "survey_responses"),
    "action_assignments",
)
TABLES = (
    *(f"{stage}.{source}" for stage in ("collect", "process") for source in SOURCES),
    *("features.experience", "feedback.action_outcomes", "feedback.action_effects"),
)
MONTHS = 4
CALL, VOUCHER, NOTHING = "service_call", "voucher", "feature_tips"


def world_settings(customers: int, seed: int) -> WorldSettings:
    """A world in which a call changes what people feel and nothing else, so that it has a twin."""
    plain = WorldSettings()
    return replace(
        plain,
        customers=customers,
        seed=seed,
        response="recorded",
        satisfaction_on_purchases=0,
        satisfaction_on_dropout=0,
        actions=tuple(
            replace(action, purchases=0) if action.name == CALL else action
            for action in plain.actions
        ),
        campaign_share=0.6,
    )


def without_the_call(world: WorldSettings) -> WorldSettings:
    return replace(
        world,
        actions=tuple(
            replace(action, satisfaction=0) if action.name == CALL else action
            for action in world.actions
        ),
    )


def live(world: WorldSettings, landing: Path, home: Path, months: int = MONTHS) -> World:
    """Steps a world; everybody is asked how satisfied they are, in every month but the first."""
    outside = World(world, landing, home / "truth")
    for _ in range(months):
        outside.step(home / "outbox")
        ask_everybody(outside, home)
    return outside


def ask_everybody(outside: World, home: Path) -> None:
    """Writes the survey plan for the month that comes, in an order of chance."""
    customers = pq.read_table(home / "truth" / "customers.parquet", columns=["customer_id"])
    before = Period(*_month_before(outside))
    rank = np.random.default_rng(before.start.month).permutation(len(customers)) + 1
    path = home / "outbox" / "surveys" / f"{before.key}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(customers.append_column("rank", pa.array(rank)), path)


def _month_before(outside: World) -> tuple[pd.Timestamp, pd.Timestamp]:
    end = pd.Timestamp(outside.period.start)
    return end - pd.DateOffset(months=1), end


@cache
def product() -> dg.JobDefinition:
    return jobs_of({"effects": assets(TABLES)})["effects"]


def measure(settings: Settings, months: int = MONTHS) -> None:
    """Runs the product on what has landed, as far as feedback.action_effects."""
    run_range(product(), settings, windows(PERIODS, PERIODS.get_partition_keys()[:months]))


def answers_of(folder: Path) -> pd.DataFrame:
    """What every invitation of a world would be answered with, by response_id."""
    files = sorted((folder / "surveys").glob("*.parquet"))
    return pd.concat(map(pd.read_parquet, files)).set_index("response_id")
