"""personalize/outbox: the newest period's actions leave for the CRM, once."""

import dagster as dg
from dagster import AssetExecutionContext

from cx_assets.outbox import ACTIONS, Publication, publish
from cx_assets.periods import newest, partitions
from cx_assets.settings import Settings
from cx_assets.tables import asset_options, loop_asset
from cx_assets.warehouse import Warehouse

DECISIONS = """
select
    action_id, customer_id, cast($period_end as timestamp) as assigned_at, action, arm,
    propensity, action_propensity, policy_version, segment_id, expected_effect
from personalize.next_best_actions
where period = cast($period_start as date)
"""


def publishing_asset(
    key: dg.AssetKey, publication: Publication, table: str, decisions: str, description: str
) -> dg.AssetsDefinition:
    """An asset that publishes the newest period's decisions, and nothing of any other period.

    Args:
        table: the table of decisions, written schema.table.
        decisions: a query of the publication's columns for $period_start and $period_end.
    """
    name = ".".join(key.path)

    @loop_asset(
        **asset_options(key),
        deps=[dg.AssetKey(table.split("."))],
        description=(
            f"{description}\n"
            "A backfill of the past publishes nothing. What was published is frozen: a later run "
            "that would decide otherwise says so and changes nothing."
        ),
        kinds={"parquet", "python"},
        code_version="1",
    )
    def leave(
        context: AssetExecutionContext,
        warehouse: dg.ResourceParam[Warehouse],
        settings: dg.ResourceParam[Settings],
    ) -> dg.MaterializeResult:
        period = newest(partitions(settings))
        if period is None or period.key not in context.partition_keys:
            context.log.info(f"{name}: not the newest period, and the past sends nothing")
            return dg.MaterializeResult(metadata={"published": False})
        with warehouse.connect() as session:
            decided = session.table(
                decisions, {"period_start": period.start, "period_end": period.end}
            )
        if not decided.num_rows:
            # An empty file would freeze the period before anybody gave consent.
            context.log.info(f"{name}: nobody may be contacted in {period.key}")
            return dg.MaterializeResult(metadata={"published": False})
        published = publish(publication, decided, period.key, settings.landing, settings.outbox)
        if published.differs:
            context.log.warning(
                f"{name}: {period.key} was published before and {published.differs} of its "
                "decisions would be others now; what was published stands"
            )
        context.log.info(
            f"{name}: {published.sent:,} of the {published.recorded:,} decisions of {period.key} "
            f"are for the CRM, {'now' if published.new else 'already'} published"
        )
        context.add_asset_metadata(
            {
                "published": True,
                "new": published.new,
                "recorded": published.recorded,
                "sent": published.sent,
                "would_differ_now": published.differs,
                "outbox": dg.MetadataValue.path(published.outbox),
                "record": dg.MetadataValue.path(published.record),
            },
            partition_key=period.key,
        )
        return dg.MaterializeResult()

    return leave


outbox = publishing_asset(
    dg.AssetKey(["personalize", "outbox"]),
    ACTIONS,
    "personalize.next_best_actions",
    DECISIONS,
    "The treated actions of the newest period, as outbox/actions/<period>.parquet for a CRM, "
    "and both arms as landing/action_assignments/<period>.parquet for the measurement.",
)
