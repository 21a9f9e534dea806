"""collect.<source>: the rows of the landing files, one asset per source."""

from collections.abc import Iterator
from contextlib import ExitStack
from time import monotonic

import dagster as dg
from dagster import AssetExecutionContext

from cx_assets.columns import UniqueTogether
from cx_assets.landing import collect, registry
from cx_assets.landing.contract import Source
from cx_assets.landing.sources import FEEDBACK, SOURCES
from cx_assets.periods import run_periods
from cx_assets.privacy.guard import Guard
from cx_assets.privacy.retention import refuse_removed
from cx_assets.settings import Settings
from cx_assets.tables import (
    Table,
    add_row_counts,
    audit,
    check_specs,
    loop_asset,
    refuse_failures,
    report,
    retry_only_what_passes,
    table_options,
)
from cx_assets.upgrade import up_to_date
from cx_assets.warehouse import Warehouse

CONSERVATION = "no_row_is_lost"


def collected_table(source: Source) -> Table:
    return Table(
        name=f"collect.{source.name}",
        description=f"{source.description} From landing/{source.name}/.",
        columns=tuple(collect.table_columns(source)),
        tests=(UniqueTogether(source.key),),
        # Texts are scrubbed of the names that are known by then.
        reads=("collect.customers",) if source.texts else (),
        kinds=frozenset({"file"}),
    )


COLLECTED = tuple(collected_table(source) for source in SOURCES.values())


def conservation(accounts: list[collect.FileAccount]) -> dg.AssetCheckResult:
    """For every file: rows landed = collected + duplicates + rejected + pending."""
    lost = [account for account in accounts if not account.balanced]
    return dg.AssetCheckResult(
        check_name=CONSERVATION,
        passed=not lost,
        metadata={
            "failed": f"{CONSERVATION} ({len(lost)} files)" if lost else "",
            "files": len(accounts),
            **{
                name: sum(getattr(account, name) for account in accounts)
                for name in ("rows", "collected", "duplicates", "rejected", "pending")
            },
            "unbalanced": [str(account) for account in lost[:20]],
        },
    )


def nothing_rejected(accounts: list[collect.FileAccount]) -> dg.AssetCheckResult:
    """A warning that names the files with rejected rows, or that cannot be read at all."""
    blamed = [account for account in accounts if account.rejected or account.error]
    return dg.AssetCheckResult(
        check_name="nothing_rejected",
        passed=not blamed,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "failing_rows": sum(account.rejected for account in blamed),
            "files": [
                f"{account.path}: {account.error or f'{account.rejected} rows rejected'}"
                for account in blamed[:20]
            ],
            "where": "collect.rejected_rows has each row with its line and reason",
        },
    )


def collect_asset(source: Source) -> dg.AssetsDefinition:
    table = collected_table(source)

    @loop_asset(
        **table_options(table),
        check_specs=[
            dg.AssetCheckSpec(
                CONSERVATION,
                asset=table.key,
                blocking=True,
                description="For every file: rows landed = collected + duplicates + rejected.",
            ),
            dg.AssetCheckSpec(
                "nothing_rejected",
                asset=table.key,
                description="No row was rejected and every file could be read.",
            ),
            *check_specs(table),
        ],
    )
    def collect_source(
        context: AssetExecutionContext,
        warehouse: dg.ResourceParam[Warehouse],
        settings: dg.ResourceParam[Settings],
    ) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult]:
        started = monotonic()
        periods = run_periods(context.partition_keys)
        with retry_only_what_passes(settings.home), ExitStack() as opened:
            guard = Guard.of(settings)
            current = up_to_date(warehouse, settings, guard, context.log.info)
            session = opened.enter_context(current)
            refuse_removed(session, periods)
            prepared = collect.prepare(
                session,
                source,
                settings.landing,
                periods,
                settings.period,
                settings.first_period,
                guard,
                settings.max_file_bytes,
            )
            yield from refuse_failures(
                [
                    conservation(prepared.accounts),
                    nothing_rejected(prepared.accounts),
                    *audit(session, table, prepared.staged),
                ]
            )
            counts = collect.promote(session, prepared, guard)
            if source in FEEDBACK:
                context.add_asset_metadata(
                    {registry.CONTENTS: registry.contents(session, source)},
                    partition_key=periods[-1].key,
                )
        add_row_counts(context, periods, counts)
        report(context, table.name, periods, counts, monotonic() - started)
        yield dg.MaterializeResult()

    return collect_source


@dg.definitions
def collected() -> dg.Definitions:
    return dg.Definitions(assets=[collect_asset(source) for source in SOURCES.values()])
