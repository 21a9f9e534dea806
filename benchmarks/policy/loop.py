"""`python -m benchmarks.policy.loop`: the policy in the sample world, through the product itself.

The world answers by files what the product's own assets decide, as in `cx demo`: nothing between
the landing zone and the outbox is left out that the decisions rest on.
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from multiprocessing import get_context
from pathlib import Path

import click
import dagster as dg
import pandas as pd

from benchmarks.machine import machine
from benchmarks.months import FIRST, only_months
from benchmarks.policy.curve import curve
from benchmarks.processes import HOME
from benchmarks.product import assets, jobs_of, run_range
from benchmarks.readme import README, put
from cx_assets.catalogue import catalogue_of
from cx_assets.demo_regret import decisions, net_benefits, regret
from cx_assets.demo_report import MARGIN
from cx_assets.periods import PERIODS, Period, windows
from cx_assets.settings import Settings
from cx_assets.warehouse.duckdb import DuckDBWarehouse
from cx_assets.world import World, WorldSettings

HISTORY, CLOSED = 4, 12
LEAVES = ("personalize.outbox", "personalize.survey_outbox")
ANSWERED = """
select count(csat) * 1.0 / count(*), count(*) * 1.0 / count(distinct period)
from feedback.action_outcomes
where period > $first
"""


@dataclass(frozen=True)
class Life:
    """One world, and how the product is set up in it."""

    seed: int
    customers: int
    survey_share: float
    campaigns: bool


@cache
def product() -> dg.JobDefinition:
    """What the decisions rest on, and what lets them out."""
    return jobs_of({"closed_loop": assets(LEAVES).upstream()})["closed_loop"]


def build(settings: Settings, periods: list[Period]) -> None:
    """One range run, as if its last period were the newest there is."""
    then = settings.model_copy(update={"last_period": periods[-1].start.date()})
    run_range(product(), then, periods)


def live(life: Life, history: int = HISTORY, closed: int = CLOSED) -> pd.DataFrame:
    """What the product and even chances lose against the oracle, one row per closed period.

    Returns:
        seed, period (1, 2, ...), `policy` and `random` (money per customer who may get anything),
        `answering` (share of the decisions with an answer in 28 days) and `decided` (per period).
    """
    settings = WorldSettings(life.customers, date.fromisoformat(FIRST), seed=life.seed)
    if not life.campaigns:
        settings = replace(settings, campaign_share=0.0)
    periods = windows(PERIODS, PERIODS.get_partition_keys()[: history + closed])
    with tempfile.TemporaryDirectory(prefix="cx-policy-") as folder:
        home = Settings(home=Path(folder), survey_share=life.survey_share)
        world = World(settings, home.landing, home.home / "truth")
        for _ in range(history):
            world.step(None)
        build(home, periods[:history])
        for period in periods[history:]:
            world.step(home.outbox)
            build(home, [period])
        return _lost(home, settings, periods[history - 1 : -1]).assign(seed=life.seed)


def _lost(home: Settings, world: WorldSettings, sent: list[Period]) -> pd.DataFrame:
    """Of the decisions that the world has answered."""
    catalogue = catalogue_of(home)
    with DuckDBWarehouse.at(home.warehouse).connect() as session:
        decided = pd.concat([decisions(session, catalogue, period) for period in sent])
        ((margin,),) = session.rows(MARGIN)
        ((answering, number),) = session.rows(ANSWERED, {"first": sent[0].start.date()})
    truth = pd.read_parquet(home.home / "truth" / "customers.parquet")
    lost = regret(decided, net_benefits(truth, catalogue, world, margin), catalogue)
    lost = lost.rename(columns={"even": "random"}).reset_index(drop=True)
    return lost.assign(period=range(1, len(lost) + 1), answering=answering, decided=number)


def live_all(lives: list[Life], processes: int) -> Iterator[pd.DataFrame]:
    """Each life as it ends."""
    pool = ProcessPoolExecutor(processes, mp_context=get_context("spawn"))
    with only_months(HISTORY + CLOSED), pool:
        for done in as_completed([pool.submit(live, life) for life in lives]):
            yield done.result()


@click.command(context_settings={"show_default": True})
@click.option("--seeds", default=10, type=click.IntRange(2), help="1, 2, ...")
@click.option("--customers", default=20_000)
@click.option("--share", default=0.05, help="CX_SURVEY_SHARE: customers asked a month.")
@click.option("--campaigns/--no-campaigns", default=True, help="The company's own, before.")
@click.option("--processes", default=2, type=click.IntRange(1))
@click.option("--work", type=click.Path(path_type=Path), default=HOME / "policy_loop.csv")
@click.option("--record", is_flag=True, help="Write the table into benchmarks/README.md.")
def main(
    seeds: int,
    customers: int,
    share: float,
    campaigns: bool,
    processes: int,
    work: Path,
    record: bool,
) -> None:
    """Regret of the product's decisions in the sample world, against even chances."""
    work.parent.mkdir(parents=True, exist_ok=True)
    loads, found = [os.getloadavg()[0]], []
    lives = [Life(seed, customers, share, campaigns) for seed in range(1, seeds + 1)]
    for number, life in enumerate(live_all(lives, processes), 1):
        found.append(life)
        pd.concat(found).to_csv(work, index=False)
        loads.append(os.getloadavg()[0])
        click.echo(f"{number} of {seeds} lives: {life['policy'].sum() / life['random'].sum():.0%}")
    rows = pd.concat(found)
    title = (
        f"`{' '.join(['python -m benchmarks.policy.loop', *sys.argv[1:]])}`, {date.today()}, "
        f"{machine()}; load average {min(loads):.1f} to {max(loads):.1f}. {customers:,} customers, "
        f"{seeds} seeds; {rows['decided'].mean():,.0f} decisions a period, "
        f"{rows['answering'].mean():.1%} of them with an answer in 28 days"
    )
    text = curve(rows, title)
    click.echo(text)
    if record:
        put(README, f"policy loop {share:g}", text)


if __name__ == "__main__":
    main()
