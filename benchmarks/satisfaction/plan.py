"""By how much asking along personalize.survey_plan beats asking at random, in the sample world.

Per seed one world and several ways of asking, which differ in nothing else. The company lives
through some months with surveys of its own; then the world asks exactly whom the plan of the month
before names, in place of its relationship survey. After each month the product's tables are built
as they always are, and its predictions are compared with what all customers would answer on
average.

A survey changes neither what anybody feels nor what anybody buys (the landing files are compared),
so the tables that no survey touches are built once per seed, for all ways.
"""

import filecmp
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import pairwise

import click
import dagster as dg
import numpy as np
import pandas as pd
import pyarrow as pa
from dagster._core.storage import tags
from scipy.special import ndtr

from benchmarks.machine import machine
from benchmarks.processes import HOME
from benchmarks.readme import README, put
from cx_assets.definitions import build_defs
from cx_assets.defs.personalize.survey_outbox import INVITATIONS
from cx_assets.defs.personalize.survey_plan import CANDIDATES, CONTACT_CAP
from cx_assets.methods.survey_plan import draw_key, plan_sql
from cx_assets.outbox import SURVEYS, publish
from cx_assets.periods import PERIODS, SETTINGS, Period, windows
from cx_assets.settings import Settings
from cx_assets.warehouse import Session
from cx_assets.warehouse.duckdb import DuckDBWarehouse
from cx_assets.world import World, WorldSettings
from cx_assets.world.settings import Response
from cx_assets.world.surveys import CENTRE, CSAT, SLOPE

PLANS = HOME / "plan"
HISTORY, MONTHS = 4, 4  # before the plan, and with it

ASKED = ("survey_responses", "survey_plans")
OTHER_SURVEYS = ("delivery_survey_share", "support_survey_share", "return_survey_share")
OTHERS = ("customers", "products", "orders", "order_items", "support_tickets", "web_events")


def stages(sources: Sequence[str]) -> list[str]:
    return [f"{stage}.{source}" for stage in ("collect", "process") for source in sources]


VALUE = [
    "features.customer_features",
    "features.purchase_history",
    *(f"analyze.{name}" for name in ("segment_quality", "segment_model", "segments")),
    *(f"analyze.{name}" for name in ("clv_holdout", "clv_model", "purchase_outlook", "clv")),
]
SATISFACTION = [
    "features.experience",
    *(f"analyze.{name}_model" for name in ("response", "satisfaction")),
    "analyze.predicted_satisfaction",
    "personalize.survey_plan",
]

PREDICTED = """
select
    predicted.customer_id,
    predicted.predicted_score,
    segments.segment_id,
    greatest(coalesce(clv.clv, clv.clv_formula, 0), 0) as value
from "analyze".predicted_satisfaction as predicted
inner join "analyze".segments as segments
    on segments.customer_id = predicted.customer_id and segments.period = predicted.period
left join "analyze".clv as clv
    on clv.customer_id = predicted.customer_id and clv.period = predicted.period
where predicted.period = $day
order by predicted.customer_id
"""
ASKED_BY = """
select
    cast($day as varchar) || '/' || customer_id as plan_id,
    customer_id,
    cast($period_end as timestamp) as planned_at,
    'csat' as survey,
    rank,
    reason,
    propensity,
    expected_information,
    why
from ({plan})
"""
# Of the relationship surveys since the ways parted.
RECEIVED = """
select count(*), count(case when responded_at < $period_end then 1 end)
from process.survey_responses
where touchpoint = 'relationship' and sent_at >= $parted and sent_at < $period_end
"""


@dataclass(frozen=True)
class Course:
    """One world, its months, and the product's settings: how many are asked."""

    world: WorldSettings
    periods: Sequence[Period]
    settings: Settings


# Of mean prediction less mean truth per segment the root mean square over segments, all alike or
# each customer and segment by value; the same less the error of the overall mean, and that error
# itself; the customers' mean squared error, all alike or by value.
MEASURES = (
    "segments",
    "segments, by value",
    "segments, less the overall",
    "overall mean",
    "customers",
    "customers, by value",
)
COMPARED = "error | way | before | after | change | below random, last month, % | all months, %"


# A way of asking: the decisions of a period, with the columns of the outbox.
Way = Callable[[Session, Period, int], pa.Table]


def by_plan(session: Session, period: Period, seed: int) -> pa.Table:
    return session.table(INVITATIONS, {"period_start": period.start, "period_end": period.end})


def nobody(session: Session, period: Period, seed: int) -> pa.Table:
    return by_plan(session, period, seed).slice(0, 0)


def all_worth(value: float) -> Way:
    """As many as the plan asks, by its rule among its candidates, all of the same value.

    Where nobody is worth anything, all are drawn with equal chances.
    """
    candidates = f"select * replace ({value} as value) from ({CANDIDATES})"

    def decide(session: Session, period: Period, seed: int) -> pa.Table:
        parameters = {
            "day": period.start.date(),
            "cap_start": period.end - CONTACT_CAP,
            "period_end": period.end,
            "invitations": by_plan(session, period, seed).num_rows,
            "key": f"{draw_key(period.key)}{seed}/",
        }
        return session.table(ASKED_BY.format(plan=plan_sql(candidates)), parameters)

    return decide


RANDOM, PLAN = "at random", "by the plan"
WAYS: dict[str, Way] = {
    "nobody": nobody,
    RANDOM: all_worth(0.0),
    PLAN: by_plan,
    "by the plan, all worth the same": all_worth(1.0),
}


@cache
def everything(settings: Settings) -> dg.JobDefinition:
    return build_defs(settings).resolve_implicit_global_asset_job_def()


def build(settings: Settings, tables: Sequence[str], periods: Sequence[Period]) -> None:
    """One range run of these tables, as the product builds them."""
    everything(settings).execute_in_process(
        asset_selection=[dg.AssetKey(name.split(".")) for name in tables],
        tags={
            tags.ASSET_PARTITION_RANGE_START_TAG: periods[0].key,
            tags.ASSET_PARTITION_RANGE_END_TAG: periods[-1].key,
        },
        run_config={"loggers": {"console": {"config": {"log_level": "ERROR"}}}},
    )


def true_score(feeling: pd.Series, noise: float) -> pd.Series:
    """Expected answer to a csat survey of nothing special: 1 + the sum of P(answer >= k), k = 2..5.

    An answer is the rounded and clipped CENTRE + SLOPE * (feeling + N(0, noise^2)).
    """
    middle, spread = CENTRE[CSAT] + SLOPE[CSAT] * feeling, SLOPE[CSAT] * noise
    reached = [ndtr((middle - k + 0.5) / spread) for k in range(2, 6)]
    return pd.Series(1 + np.sum(reached, axis=0), feeling.index)


def errors(customers: pd.DataFrame) -> dict[str, float]:
    """How wrong the predictions are, by the names in MEASURES.

    Args:
        customers: predicted_score, true_score, segment_id and value, one row per customer.
    """
    rows = customers.assign(error=customers["predicted_score"] - customers["true_score"])
    worth = rows["value"] / rows["value"].sum()
    group = rows["segment_id"]
    overall, by_segment = rows["error"].mean(), rows["error"].groupby(group).mean()
    shares = worth.groupby(group).sum()
    by_worth = (worth * rows["error"]).groupby(group).sum() / shares
    found = (
        np.sqrt((by_segment**2).mean()),
        np.sqrt((shares * by_worth**2).sum()),
        np.sqrt(((by_segment - overall) ** 2).mean()),
        abs(overall),
        (rows["error"] ** 2).mean(),
        (worth * rows["error"] ** 2).sum(),
    )
    return dict(zip(MEASURES, map(float, found), strict=True))


def look(course: Course, month: int) -> dict[str, float]:
    """The errors at the end of a month after the parting, and who was asked and answered by then.

    month: from 1 on; 0 is the last month before.
    """
    settings, periods = course.settings, course.periods[HISTORY - 1 :]
    period, parted = periods[month], periods[1]
    states = pd.read_parquet(settings.home / "truth" / "states" / f"{period.key}.parquet")
    with DuckDBWarehouse.at(settings.warehouse).connect() as session:
        found = session.frame(PREDICTED, {"day": period.start.date()})
        ((invited, answered),) = session.rows(
            RECEIVED, {"parted": parted.start, "period_end": period.end}
        )
    known = found.merge(states, on="customer_id")
    if unknown := len(states) - len(known):
        raise RuntimeError(f"{unknown} customers of {period.key} have no prediction")
    known["true_score"] = true_score(known["satisfaction"], course.world.score_noise)
    return {"invited": invited, "answered": answered, **errors(known)}


def prepare(course: Course) -> None:
    """Everything up to the parting, and what no survey touches until the end."""
    settings = course.settings
    shutil.rmtree(settings.home, ignore_errors=True)
    for source in (*OTHERS, *ASKED):
        (settings.landing / source).mkdir(parents=True)
    world = World(course.world, settings.landing, settings.home / "truth")
    for _ in range(HISTORY):
        world.step(None)
    before, after = course.periods[:HISTORY], course.periods[HISTORY:]
    build(settings, [*stages([*OTHERS, *ASKED]), "features.experience"], before)
    build(settings, [*VALUE, *SATISFACTION[1:]], before[-1:])
    for _ in after:
        world.step(None)
    build(settings, [*stages(OTHERS), *VALUE], after)
    for name in ("landing", "warehouse.duckdb", "truth"):
        (settings.home / name).rename(settings.home / f"shared_{name}")


def follow(course: Course, way: Way) -> list[dict[str, float]]:
    """The months after the parting, and the month before as month 0."""
    settings, home = course.settings, course.settings.home
    for folder in (settings.landing, settings.outbox, settings.home / "truth"):
        shutil.rmtree(folder, ignore_errors=True)
    shutil.copy(home / "shared_warehouse.duckdb", settings.warehouse)
    world = World(course.world, settings.landing, settings.home / "truth")
    for _ in range(HISTORY):
        world.step(None)
    found = [look(course, 0)]
    for month, (before, now) in enumerate(pairwise(course.periods[HISTORY - 1 :]), 1):
        with DuckDBWarehouse.at(settings.warehouse).connect() as session:
            decided = way(session, before, course.world.seed)
        publish(SURVEYS, decided, before.key, settings.landing, settings.outbox)
        world.step(settings.outbox)
        # An answer to an invitation of the month before lands with the newer file.
        build(settings, stages(ASKED), [before, now])
        build(settings, SATISFACTION, [now])
        found.append(look(course, month))
    _nothing_else_differs(course)
    return found


def compare(course: Course) -> pd.DataFrame:
    """What each way found in one world: seed, way, month, invited, answered and MEASURES."""
    prepare(course)
    return pd.DataFrame(
        {"seed": course.world.seed, "way": title, "month": month, **found}
        for title, way in WAYS.items()
        for month, found in enumerate(follow(course, way))
    )


def _nothing_else_differs(course: Course) -> None:
    for kind in (*(f"landing/{source}" for source in OTHERS), "truth/states"):
        ours, shared = course.settings.home / kind, course.settings.home / f"shared_{kind}"
        files = sorted(path.name for path in shared.iterdir())
        _, differing, missing = filecmp.cmpfiles(ours, shared, files, shallow=False)
        if differing or missing:
            raise RuntimeError(f"asking has changed {kind}: {differing + missing}")


def advantage(ours: pd.Series, theirs: pd.Series) -> tuple[float, float]:
    """By which share the mean of `ours` is below that of `theirs`, and its standard error.

    Args:
        ours, theirs: one value per seed, the same seeds.

    Returns:
        The ratio's delete-one jackknife error (Efron and Stein 1981); nan for a single seed.
    """
    number = len(ours)
    without = 1 - (ours.sum() - ours) / (theirs.sum() - theirs)
    spread = (number - 1) / number * ((without - without.mean()) ** 2).sum()
    return 1 - ours.sum() / theirs.sum(), float(np.sqrt(spread)) if number > 1 else np.nan


def tables(results: pd.DataFrame) -> str:
    """The results as Markdown.

    Args:
        results: seed, way, month (0 is before the ways part), invited, answered and MEASURES.
    """
    last = int(results["month"].max())
    by_way = {way: results[results["way"] == way] for way in results["way"].unique().tolist()}
    asked, compared = [], []
    for way, rows in by_way.items():
        course = rows.groupby("month")[["invited", "answered", "segments"]].mean()
        counts = [f"{course.loc[last, name]:,.0f}" for name in ("invited", "answered")]
        asked.append([way, *counts, *(f"{value:.3f}" for value in course["segments"])])
    for measure in MEASURES:
        for way, rows in by_way.items():
            means = rows.groupby("month")[measure].mean()
            before, after = means.loc[0], means.loc[last]
            line = [measure, way, f"{before:.3f}", f"{after:.3f}", f"{after - before:+.3f}"]
            gained = [_gained(rows, by_way[RANDOM], measure, first) for first in (last, 1)]
            compared.append([*line, *(["", ""] if way == RANDOM else gained)])
    months = " | ".join(f"segments, month {month}" for month in range(last + 1))
    asking = _table(f"way | invited | answered | {months}", asked)
    return f"{asking}\n\n{_table(COMPARED, compared)}"


def _gained(ours: pd.DataFrame, theirs: pd.DataFrame, measure: str, first: int) -> str:
    """How far the mean error of the months from `first` on is below that of another way."""
    means = [
        rows[rows["month"] >= first].groupby("seed")[measure].mean() for rows in (ours, theirs)
    ]
    share, error = advantage(*means)
    return f"{100 * share:+.1f} ± {100 * error:.1f}"


def _table(header: str, rows: Sequence[Sequence[str]]) -> str:
    rule = " | ".join("---" for _ in header.split(" | "))
    return "\n".join(f"| {line} |" for line in [header, rule, *map(" | ".join, rows)])


@click.command(context_settings={"show_default": True})
@click.option("--seeds", default=10, type=click.IntRange(1))
@click.option("--customers", default=6_000, type=click.IntRange(500))
@click.option("--share", default=0.10, help="CX_SURVEY_SHARE: customers asked a month.")
@click.option("--response", default="feeling", type=click.Choice(["feeling", "recorded"]))
@click.option("--others", default=1.0, help="Factor on the world's surveys of what happened.")
@click.option("--record", is_flag=True, help="Write the tables into benchmarks/README.md.")
def plan(
    seeds: int,
    customers: int,
    share: float,
    response: Response,
    others: float,
    record: bool,
) -> None:
    """Errors of predicted satisfaction when asking by the survey plan, and at random."""
    if SETTINGS.period != "monthly":
        raise click.UsageError("the world lives by the month: unset CX_PERIOD")
    first, name = SETTINGS.first_period, f"plan {response} {others:g}"
    home = PLANS / name.replace(" ", "-")
    settings = Settings(home=home, survey_share=share, first_period=first)
    periods = windows(PERIODS, PERIODS.get_partition_keys()[: HISTORY + MONTHS])
    asked = {field: others * getattr(WorldSettings, field) for field in OTHER_SURVEYS}
    results = pd.DataFrame()
    for seed in range(1, seeds + 1):
        world = WorldSettings(customers, first, seed=seed, response=response, **asked)
        found = compare(Course(world, periods, settings))
        results = pd.concat([results, found], ignore_index=True)
        results.to_csv(home.parent / f"{home.name}.csv", index=False)
        click.echo(f"{seed} of {seeds} worlds", err=True)
    told = (
        f"{seeds} worlds of {customers:,} customers, {HISTORY} months and then {MONTHS} of asking "
        f"{share:.0%} a month. {date.today()}, {machine()}.\n\n{tables(results)}"
    )
    click.echo(f"{told}\n\nAlso, by world and month, in {home}.csv.")
    if record:
        put(README, name, told)


def main(arguments: Sequence[str]) -> None:
    plan.main(list(arguments), prog_name="plan")


if __name__ == "__main__":
    main(sys.argv[1:])
