"""Who asks for a new read replica: a sensor that compares the replica with the warehouse.

It goes by what stands, not by events. So it has no cursor to lose, and it notices what Dagster's
run status sensors do not: runs of `cx demo`, restored backups, a replica that somebody deleted.
The copy is a step in the writers' pool, so no step of any run waits for DuckDB's lock meanwhile.
"""

import dagster as dg

from cx_assets import disk
from cx_assets.instance import POOL, under_way
from cx_assets.periods import SETTINGS
from cx_assets.settings import Settings
from cx_assets.warehouse.replica import is_current, refresh, state

NAME = "read_replica"
INTERVAL_SECONDS = 30
STATE_TAG = "cx/warehouse_state"
# A full disk does not pass within a minute, and every failed run is an alert.
MOST_FAILURES = 3


@dg.op(pool=POOL, description="Copies the warehouse and puts the copy in the replica's place.")
def copy_warehouse(context: dg.OpExecutionContext, settings: dg.ResourceParam[Settings]) -> None:
    if others := under_way(context.instance, beside=context.run_id):
        context.log.info(f"not copied: run {others[0]} has begun, and its end asks again")
        return
    with disk.said(settings.home):
        new = refresh(settings.warehouse)
    context.log.info(f"{new.path}: {new.size / 1e6:,.1f} MB in {new.seconds:.1f} s")


@dg.job(description="The copy of the warehouse for readers (CX_READ_REPLICA).")
def refresh_read_replica() -> None:
    copy_warehouse()


@dg.sensor(
    name=NAME,
    job_name="refresh_read_replica",
    minimum_interval_seconds=INTERVAL_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING
    if SETTINGS.read_replica
    else dg.DefaultSensorStatus.STOPPED,
    description=(
        "After each run, whatever became of it: once no other is under way, asks for a new copy of "
        "the warehouse at warehouse.read.duckdb, which may be read while a run writes. So what is "
        "read is never half of a run."
    ),
)
def read_replica(
    context: dg.SensorEvaluationContext, settings: dg.ResourceParam[Settings]
) -> dg.RunRequest | dg.SkipReason:
    if not settings.read_replica:
        return dg.SkipReason("CX_READ_REPLICA is off")
    if not settings.warehouse.exists():
        return dg.SkipReason(f"there is no {settings.warehouse} yet")
    if is_current(settings.warehouse):
        return dg.SkipReason("the replica holds all that the warehouse does")
    if others := under_way(context.instance):
        return dg.SkipReason(f"run {others[0]} is under way; its end comes first")
    now = state(settings.warehouse)
    asked = context.instance.get_runs(dg.RunsFilter(tags={STATE_TAG: now}))
    if going := [run.run_id for run in asked if not run.is_finished]:
        return dg.SkipReason(f"run {going[0]} is to copy it")
    if sum(not run.is_success for run in asked) >= MOST_FAILURES:
        return dg.SkipReason(f"{MOST_FAILURES} runs could not copy it: read their logs")
    # A run key is remembered for ever, so each try has its own.
    return dg.RunRequest(run_key=f"{now} {len(asked)}", tags={STATE_TAG: now})
