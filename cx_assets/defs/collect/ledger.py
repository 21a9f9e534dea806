"""collect.landing_files and collect.rejected_rows: what became of every file and every row."""

import dagster as dg
from dagster import AssetExecutionContext

from cx_assets import disk
from cx_assets.columns import Column
from cx_assets.landing import registry
from cx_assets.landing.sources import SOURCES
from cx_assets.settings import Settings
from cx_assets.tables import Table, loop_asset, table_options
from cx_assets.warehouse import Warehouse

SOURCE_TABLES = tuple(f"collect.{name}" for name in SOURCES)

LANDING_FILES = Table(
    name="collect.landing_files",
    description=(
        "One row per landing file: rows = collected + duplicates + rejected + pending.\n"
        "A view on the registry that every source keeps, so it is always up to date; a row is "
        "pending while its period has not been materialised since the file landed."
    ),
    columns=(
        *(column for column in registry.FILES if column.name not in ("mtime_ns", "rules")),
        Column("duplicates", "BIGINT", "Rows that another row of the same key replaced."),
        Column("pending", "BIGINT", "Rows of periods not materialised since the file landed."),
    ),
    reads=SOURCE_TABLES,
    kinds=frozenset({"view"}),
)

REJECTED_ROWS = Table(
    name="collect.rejected_rows",
    description=(
        "One row per landing row that could not become a row, with its file, line and reason.\n"
        "A view on the registry that every source keeps, so it is always up to date. A file that "
        "cannot be read at all is one row without a line."
    ),
    columns=registry.REJECTED_ROWS,
    reads=SOURCE_TABLES,
    kinds=frozenset({"view"}),
)


def view_asset(table: Table, view_sql: str) -> dg.AssetsDefinition:
    """An asset without a period of its own: one view over all periods."""

    @loop_asset(**table_options(table))
    def view(
        context: AssetExecutionContext,
        warehouse: dg.ResourceParam[Warehouse],
        settings: dg.ResourceParam[Settings],
    ) -> dg.MaterializeResult:
        with disk.said(settings.home), warehouse.connect() as session, session.transaction():
            registry.create(session)
            session.execute("create schema if not exists collect")
            session.execute(view_sql)
            (count,) = session.rows(f"select count(*) from {table.name}")[0]
        context.log.info(f"{table.name}: {count:,} rows of all periods")
        return dg.MaterializeResult(metadata={"dagster/row_count": count})

    return view


@dg.definitions
def ledger() -> dg.Definitions:
    return dg.Definitions(
        assets=[
            view_asset(LANDING_FILES, registry.LANDING_FILES_VIEW),
            view_asset(REJECTED_ROWS, registry.REJECTED_ROWS_VIEW),
        ]
    )
