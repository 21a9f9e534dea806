"""What the Dagster UI shows of a table: its columns, where they come from, rows and pictures."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING

import dagster as dg

from cx_assets.periods import Period
from cx_assets.warehouse import Session
from cx_assets.warehouse.names import quoted, table_sql

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from cx_assets.tables import Table

PREVIEW_ROWS = 5
PREVIEW_WIDTH = 60


def column_schema(table: Table) -> dg.TableSchema:
    checks = {check.name for check in table.checks}
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name=column.name,
                type=column.type,
                description=column.description,
                constraints=dg.TableColumnConstraints(
                    nullable=f"not_null__{column.name}" not in checks,
                    unique=f"unique__{column.name}" in checks,
                ),
            )
            for column in table.columns
        ]
    )


def column_lineage(table: Table) -> dg.TableColumnLineage:
    return dg.TableColumnLineage(
        {
            column: [
                dg.TableColumnDep(asset_key=dg.AssetKey(source.split(".")), column_name=name)
                for source, name in sources
            ]
            for column, sources in table.lineage.items()
            if sources
        }
    )


def preview(session: Session, table: Table, period: Period) -> dg.MarkdownMetadataValue:
    """The first rows of a period, as a Markdown table."""
    names = [column.name for column in table.columns]
    rows = session.rows(
        f"select {', '.join(map(quoted, names))} from {table_sql(table.name)} "
        f"where period = $period limit {PREVIEW_ROWS}",
        {"period": period.start.date()},
    )
    lines = [names, ["---"] * len(names), *([_cell(value) for value in row] for row in rows)]
    return dg.MetadataValue.md("\n".join(f"| {' | '.join(line)} |" for line in lines))


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    short = text if len(text) <= PREVIEW_WIDTH else text[: PREVIEW_WIDTH - 1] + "…"
    return short.replace("|", "\\|").replace("\n", " ")


def picture(figure: Figure, title: str) -> str:
    """The figure as Markdown that carries its own PNG."""
    _take_names_literally(figure)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=80, bbox_inches="tight")
    return f"![{title}](data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()})"


def _take_names_literally(figure: Figure) -> None:
    """A dollar in a name is a dollar; it would begin a formula, and a wrong one stops the run."""
    from matplotlib.text import Text
    from matplotlib.ticker import LogFormatter

    formulas = set()
    for axis in (axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)):
        labels = axis.get_ticklabels(which="both")  # which also makes them
        if isinstance(axis.get_major_formatter(), LogFormatter):
            formulas.update(labels)
    for text in figure.findobj(Text):
        if text not in formulas:
            text.set_parse_math(False)
