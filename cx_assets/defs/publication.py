"""What leaves the house for people: a file per role, and figures of groups, written by a job.

It belongs to no period: roles see what the newest run left, and figures are released once a period.
"""

import secrets
from datetime import datetime, time

import dagster as dg

from cx_assets.instance import POOL, under_way
from cx_assets.privacy.guard import Guard
from cx_assets.privacy.publication import release, role_files
from cx_assets.privacy.publication.ledger import BudgetSpent
from cx_assets.settings import Settings
from cx_assets.warehouse import Warehouse

JOB = "publish"
NEWEST = "select max(period) from insight.customer_360"


@dg.op(
    pool=POOL,
    description="Writes published/<role>.duckdb and the aggregate file, each whole or not at all.",
)
def write_publications(
    context: dg.OpExecutionContext,
    settings: dg.ResourceParam[Settings],
    warehouse: dg.ResourceParam[Warehouse],
) -> None:
    if others := under_way(context.instance, beside=context.run_id):
        raise dg.Failure(
            f"run {others[0]} has begun, and half of its tables would be published: nothing was. "
            "Ask again once it has ended.",
            allow_retries=False,
        )
    key = Guard.of(settings).key
    with warehouse.connect() as session:
        day = session.rows(NEWEST)[0][0] if session.columns("insight.customer_360") else None
        if day is None:
            raise dg.Failure(
                "insight.customer_360 has no rows: materialise whole_loop first",
                allow_retries=False,
            )
        newest = datetime.combine(day, time())
        written = role_files.write_files(session, settings, key, newest)
        for one in written:
            context.log.info(f"{one.path.name}: {sum(one.rows.values()):,} rows")
            if one.missing:
                context.log.warning(f"{one.path.name} lacks {', '.join(one.missing)}: not made yet")
        try:
            made = release.release(session, settings, key, day, secrets.randbelow)
        except BudgetSpent as error:
            raise dg.Failure(str(error), allow_retries=False) from error
    rows = release.write(settings)
    if made is None:
        context.log.info(
            f"no figures of {day}: fewer than CX_PUBLISH_K ({settings.publish_k}) people are new "
            "since the last release, which stands"
        )
    context.add_output_metadata(
        {
            "roles": ", ".join(one.path.name for one in written),
            "groups": len(made.groups) if made else 0,
            "rows": rows,
            "folder": dg.MetadataValue.path(settings.published),
        }
    )


@dg.job(name=JOB, description="Writes the files of the roles and the aggregate file.")
def publish() -> None:
    write_publications()
