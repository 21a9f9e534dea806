"""docs/tables.md, written from the tables that the assets themselves fill."""

from collections.abc import Iterable

from cx_assets.columns import Column
from cx_assets.defs.collect.ledger import LANDING_FILES, REJECTED_ROWS
from cx_assets.defs.sql_models import KNOWN, loaded_models, model_table
from cx_assets.sql_models import STAGES
from cx_assets.tables import Table

_INTRODUCTION = """\
# Tables

<!-- Written by cx_assets/tables_docs.py; change the SQL model or the Table instead. -->

Every table but two has `period`, the first day of its period. A table of events holds each row in
the period in which it happened; a snapshot holds how things stood when the period ended. The checks
run on the new rows before they take the place of the old ones. `collect.<source>` holds the columns
of [landing.md](landing.md).
"""


def tables_docs() -> str:
    """The page as Markdown: a section per stage, and in it one per table."""
    tables = {table.name: table for table in _documented()}
    sections = [_INTRODUCTION]
    for stage in STAGES:
        sections.append(f"\n## {stage}\n")
        sections += [
            _section(table)
            for name, table in sorted(tables.items())
            if name.startswith(f"{stage}.")
        ]
    return "".join(sections)


def _documented() -> Iterable[Table]:
    yield from (LANDING_FILES, REJECTED_ROWS)
    yield from (table for table in KNOWN if not table.name.startswith("collect."))
    yield from map(model_table, loaded_models())


def _section(table: Table) -> str:
    checks = "".join(
        f"- {check.description}\n" for check in table.checks if not _obvious(check.name)
    )
    return (
        f"\n### {table.name}\n\n{table.description}\n\n"
        f"Reads {', '.join(f'`{name}`' for name in table.reads)}.\n\n"
        "| column | type | meaning |\n|---|---|---|\n"
        + "".join(map(_row, table.columns))
        + (f"\nChecks:\n\n{checks}" if checks else "")
    )


def _row(column: Column) -> str:
    return f"| `{column.name}` | {column.type} | {column.description} |\n"


def _obvious(check: str) -> bool:
    """A list of what is never null tells a reader little."""
    return check.startswith("not_null__")
