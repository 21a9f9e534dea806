"""What has landed goes when its time is up: a daily job, where a retention is set."""

from datetime import UTC, datetime

import dagster as dg

from cx_assets import disk
from cx_assets.instance import POOL
from cx_assets.periods import SETTINGS
from cx_assets.privacy import free_blocks, requests, retention
from cx_assets.privacy.guard import Guard
from cx_assets.settings import Settings
from cx_assets.warehouse import Warehouse


@dg.op(pool=POOL, description="Removes landing files, and rows of collect, past their retention.")
def remove_expired(
    context: dg.OpExecutionContext,
    settings: dg.ResourceParam[Settings],
    warehouse: dg.ResourceParam[Warehouse],
) -> None:
    now = datetime.now(UTC).replace(tzinfo=None)
    with disk.said(settings.home):
        asked = [one.request_id for one in requests.pending(settings, Guard.of(settings))]
        with warehouse.connect() as session:
            went = retention.retain(session, settings, now, asked)
        free_blocks.clear(warehouse, settings.warehouse)
    rows = sum(went.rows.values())
    context.log.info(
        f"{went.files:,} landing files ({went.bytes / 1e6:,.1f} MB) and {rows:,} rows removed"
    )
    context.add_output_metadata({"files": went.files, "rows": rows, "tables": went.rows})


@dg.job(description="Landing files and rows of collect go when their time is up.")
def keep_no_longer() -> None:
    remove_expired()


IS_SET = SETTINGS.landing_retention_days is not None
daily_retention = dg.ScheduleDefinition(
    name="keep_no_longer_daily",
    job=keep_no_longer,
    cron_schedule="30 3 * * *",
    description="CX_LANDING_RETENTION_DAYS and CX_COLLECT_RETENTION_DAYS.",
    default_status=dg.DefaultScheduleStatus.RUNNING if IS_SET else dg.DefaultScheduleStatus.STOPPED,
)
