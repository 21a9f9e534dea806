"""How much of the error of who answers the product removes, in worlds whose truth is known.

Per world the product's own path, from the landing files to analyze.csat of the last month. The
truth is the mean of what all who were asked in that month would have answered.
"""

import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from functools import cache
from multiprocessing import get_context
from pathlib import Path

import dagster as dg

from benchmarks.months import only_months
from benchmarks.product import assets, jobs_of, run_range
from cx_assets.defs.analyze.segments import SEGMENTS
from cx_assets.periods import PERIODS, Period, windows
from cx_assets.settings import Settings
from cx_assets.warehouse.duckdb import DuckDBWarehouse
from cx_assets.world import World, WorldSettings
from cx_assets.world.settings import Response

SOURCES = ("customers", "products", "orders", "order_items", "support_tickets", "survey_responses")
JOBS = {
    "every_month": (
        *(f"{stage}.{source}" for stage in ("collect", "process") for source in SOURCES),
        "features.experience",
    ),
    "last_month": ("analyze.response_model", "analyze.response_weights", "analyze.csat"),
}

# The raw mean is that of the answers to the very invitations that the truth is about. What
# analyze.csat publishes beside it also counts the month's answers to older invitations.
FIGURES = """
with asked as (
    select
        count(*) as asked,
        count(case when responses.responded_at < $period_end then 1 end) as answered,
        avg(truth.true_score) as truth,
        avg(case when responses.responded_at < $period_end then responses.score end) as raw
    from process.survey_responses as responses
    inner join read_parquet($truth) as truth on truth.response_id = responses.response_id
    where responses.survey = 'csat' and responses.period = $day
)
select
    asked.*,
    mean_score as published,
    adjusted_mean as adjusted,
    adjusted_low as low,
    adjusted_high as high,
    bound_low,
    bound_high
from "analyze".csat
cross join asked
where survey = 'csat' and dimension = 'all' and csat.period = $day
"""


@dataclass(frozen=True)
class Sample:
    """Worlds of one kind and size; their seeds are 1 to `worlds`."""

    response: Response
    worlds: int
    customers: int
    months: int

    def world(self, seed: int) -> WorldSettings:
        return WorldSettings(customers=self.customers, seed=seed, response=self.response)


def measure(world: WorldSettings, months: int) -> dict[str, float]:
    """The figures of one world's last month: the columns of `FIGURES`.

    Raises:
        ValueError: the product has no adjusted mean of it.
    """
    periods = windows(PERIODS, PERIODS.get_partition_keys()[:months])
    with tempfile.TemporaryDirectory(prefix="cx-correction-") as home:
        settings, truth = Settings(home=Path(home)), Path(home) / "truth"
        outside = World(world, settings.landing, truth)
        for _ in periods:
            outside.step()
        _nobody_has_a_segment(settings, periods[-1])
        _run("every_month", settings, periods)
        _run("last_month", settings, periods[-1:])
        with DuckDBWarehouse.at(settings.warehouse).connect() as session:
            figures = session.frame(
                FIGURES,
                {
                    "truth": str(truth / "surveys" / f"{periods[-1].key}.parquet"),
                    "day": periods[-1].start.date(),
                    "period_end": periods[-1].end,
                },
            )
    if len(figures) != 1 or figures.isna().any(axis=None):
        raise ValueError(f"nothing was adjusted in {world}")
    return {str(name): float(value) for name, value in figures.iloc[0].items()}


def measure_all(samples: Sequence[Sample], processes: int) -> Iterator[dict[str, object]]:
    """Every world of the samples, as they finish: the sample's fields, seed, and the figures."""
    tasks = [(sample, seed) for sample in samples for seed in range(1, sample.worlds + 1)]
    months = max(sample.months for sample in samples)
    pool = ProcessPoolExecutor(processes, mp_context=get_context("spawn"))
    with only_months(months), pool:
        waiting = {
            pool.submit(measure, sample.world(seed), sample.months): (sample, seed)
            for sample, seed in tasks
        }
        for done in as_completed(waiting):
            sample, seed = waiting[done]
            yield {**asdict(sample), "seed": seed, **done.result()}


@cache
def _jobs() -> dict[str, dg.JobDefinition]:
    return jobs_of({job: assets(tables) for job, tables in JOBS.items()})


def _run(job: str, settings: Settings, periods: Sequence[Period]) -> None:
    run_range(_jobs()[job], settings, periods)


def _nobody_has_a_segment(settings: Settings, period: Period) -> None:
    """analyze.csat reads the segments; the figures over all need none."""
    with DuckDBWarehouse.at(settings.warehouse).connect() as session:
        staged = session.stage(SEGMENTS.name, SEGMENTS.columns)
        session.replace_window(SEGMENTS.name, staged, SEGMENTS.columns, period.start, period.end)
