"""How decisions become final: what was published for a period is what its table says for ever."""

from collections.abc import Callable, Sequence

import dagster as dg
import pyarrow as pa
from dagster import AssetExecutionContext

from cx_assets import disk
from cx_assets.columns import Consent, names
from cx_assets.outbox import Publication, differing, publish, recorded
from cx_assets.periods import Period, newest, partitions
from cx_assets.settings import Settings
from cx_assets.tables import Query, Table, asset_options, loop_asset, table_asset
from cx_assets.warehouse import Session, Warehouse

Decide = Callable[[Session, Period, Settings], Query | None]


def decided_table(
    table: Table, publication: Publication
) -> Callable[[Decide], dg.AssetsDefinition]:
    """An asset of a function of (session, period, settings) that decides for one period.

    It gives the rows as a query, or None where there is nothing to decide.
    Where a period's decisions were published, its rows are those, whatever would be decided now;
    if that is something else, the log says so.
    """

    def decorate(decide: Decide) -> dg.AssetsDefinition:
        def build(
            session: Session, staged: str, periods: Sequence[Period], settings: Settings
        ) -> None:
            for period in periods:
                rows = decide(session, period, settings)
                published = recorded(publication, period.key, settings.landing)
                if published is not None:
                    decided = session.table(rows.sql, rows.parameters) if rows else published[:0]
                    warn(table, period, differing(publication, decided, published))
                    session.append(staged, as_rows(table, period, published))
                    withdraw_refused(session, table, staged, period)
                elif rows:
                    session.append(staged, rows.sql, rows.parameters)

        return table_asset(table, build)

    return decorate


def warn(table: Table, period: Period, others: int) -> None:
    if others:
        dg.get_dagster_logger().warning(
            f"{table.name}: {period.key} was published before and would differ in {others:,} "
            "decisions now; what was published stands"
        )


def withdraw_refused(session: Session, table: Table, staged: str, period: Period) -> None:
    """Leave out whose refusal landed after the decision; the record keeps what was decided."""
    (test,) = [
        test for column in table.columns for test in column.tests if isinstance(test, Consent)
    ]
    agreed = " and ".join(f"consent_{each}" for each in test.to)
    refused = (
        f"from {staged} where period = $day and customer_id not in "
        f"(select customer_id from {Consent.table} where period = $day and {agreed})"
    )
    day = {"day": period.start.date()}
    ((people,),) = session.rows(f"select count(*) {refused}", day)
    if people:
        session.execute(f"delete {refused}", day)
        dg.get_dagster_logger().warning(
            f"{table.name}: {people:,} decisions published for {period.key} are about people who, "
            "as has landed since, had not agreed; they are left out here, and may have been sent"
        )


def as_rows(table: Table, period: Period, published: pa.Table) -> pa.Table:
    day = pa.array([period.start.date()] * published.num_rows, pa.date32())
    kept = [name for name in names(table.columns) if name != "period"]
    return published.select(kept).append_column("period", day)


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
            "A backfill of the past publishes nothing, and what was published stays as it is."
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
        with disk.said(settings.home), warehouse.connect() as session:
            decided = session.table(
                decisions, {"period_start": period.start, "period_end": period.end}
            )
        if not decided.num_rows:
            # An empty file would freeze the period before anybody gave consent.
            context.log.info(f"{name}: nobody may be contacted in {period.key}")
            return dg.MaterializeResult(metadata={"published": False})
        with disk.said(settings.home):
            published = publish(publication, decided, period.key, settings.landing, settings.outbox)
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
                "outbox": dg.MetadataValue.path(published.outbox),
                "record": dg.MetadataValue.path(published.record),
            },
            partition_key=period.key,
        )
        return dg.MaterializeResult()

    return leave
