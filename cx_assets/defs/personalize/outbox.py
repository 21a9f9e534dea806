"""personalize/outbox: the newest period's actions leave for the CRM, once."""

import dagster as dg
from dagster import AssetExecutionContext

from cx_assets.outbox import publish_actions
from cx_assets.periods import PERIODS, newest
from cx_assets.settings import Settings
from cx_assets.tables import asset_options, loop_asset
from cx_assets.warehouse import Warehouse

DECISIONS = """
select
    action_id, customer_id, cast($period_end as timestamp) as assigned_at, action, arm,
    propensity, policy_version, segment_id, expected_effect
from personalize.next_best_actions
where period = cast($period_start as date)
"""


@loop_asset(
    **asset_options(dg.AssetKey(["personalize", "outbox"])),
    deps=[dg.AssetKey(["personalize", "next_best_actions"])],
    description=(
        "The treated actions of the newest period, as outbox/actions/<period>.parquet for a CRM, "
        "and both arms as landing/action_assignments/<period>.parquet for the measurement.\n"
        "A backfill of the past publishes nothing. What was published is frozen: a later run that "
        "would decide otherwise says so and changes nothing."
    ),
    kinds={"parquet", "python"},
    code_version="1",
)
def outbox(
    context: AssetExecutionContext,
    warehouse: dg.ResourceParam[Warehouse],
    settings: dg.ResourceParam[Settings],
) -> dg.MaterializeResult:
    period = newest(PERIODS)
    if period is None or period.key not in context.partition_keys:
        context.log.info("personalize.outbox: not the newest period, and the past sends nothing")
        return dg.MaterializeResult(metadata={"published": False})
    with warehouse.connect() as session:
        decisions = session.table(
            DECISIONS, {"period_start": period.start, "period_end": period.end}
        )
    if not decisions.num_rows:
        # An empty file would freeze the period before anybody gave consent.
        context.log.info(f"personalize.outbox: nobody may be contacted in {period.key}")
        return dg.MaterializeResult(metadata={"published": False})
    published = publish_actions(decisions, period.key, settings.landing, settings.outbox)
    if published.differs:
        context.log.warning(
            f"personalize.outbox: {period.key} was published before and {published.differs} of its "
            "decisions would be others now; what was published stands"
        )
    context.log.info(
        f"personalize.outbox: {published.treated:,} treated and {published.control:,} control "
        f"customers of {period.key}, {'now' if published.new else 'already'} published"
    )
    context.add_asset_metadata(
        {
            "published": True,
            "new": published.new,
            "treated": published.treated,
            "control": published.control,
            "would_differ_now": published.differs,
            "actions": dg.MetadataValue.path(published.actions),
            "assignments": dg.MetadataValue.path(published.assignments),
        },
        partition_key=period.key,
    )
    return dg.MaterializeResult()
