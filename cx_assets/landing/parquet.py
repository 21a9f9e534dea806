"""Parquet files as raw values: the same text that a CSV file would hold.

A Parquet file can say one value a billion times in a few bytes. So it is gone through once before
any of it is kept: that also tells whether it is whole, and whether its footer is right.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from cx_assets.landing.contract import MAX_TEXT_LENGTH, Source
from cx_assets.landing.file_read import column_name
from cx_assets.landing.files import MAX_RECORD_BYTES, LandedFile, Unreadable, too_large
from cx_assets.warehouse import Session
from cx_assets.warehouse.names import literal, quoted

# What DuckDB needs for a value beside its text.
VALUE_BYTES = 16
NESTED = ("STRUCT", "MAP", "UNION", "VARIANT")


@dataclass(frozen=True)
class ParquetFile:
    """What the footer says: the columns as they are written, and how many rows there are."""

    columns: Sequence[str]
    rows: int


def footer(path: Path) -> ParquetFile:
    """Read the footer only.

    Raises:
        Unreadable: the file is no Parquet file, or is cut off.
        OSError: the file cannot be opened.
    """
    with path.open("rb") as file:
        try:
            parquet = pq.ParquetFile(file)
            return ParquetFile(parquet.schema_arrow.names, parquet.metadata.num_rows)
        except Exception as error:  # A name that is not UTF-8 is no ArrowException, for one.
            raise Unreadable(
                f"the file is no whole Parquet file ({error}); send it again"
            ) from None


def append_parquet(
    session: Session,
    staged: str,
    source: Source,
    path: Path,
    number: int,
    file: LandedFile,
    rows: int,
    max_bytes: int,
) -> None:
    """Append a file's values to the staged raw fields; its columns must have been checked.

    Args:
        rows: what the footer says.

    Raises:
        Unreadable: the file is damaged behind its footer, has nested values, or holds more than
            `max_bytes`; nothing was appended.
    """
    scan = (
        f"read_parquet({literal(_no_glob(str(path)))}, file_row_number = true, "
        "hive_partitioning = false)"
    )
    try:
        values = _values(session, source, scan)
        if rows * len(values) * VALUE_BYTES > max_bytes:
            raise too_large(max_bytes)
        size_sql = " + ".join(f"coalesce(sum(strlen({text})), 0)" for text in values.values())
        found, size = session.rows(f"select count(*), {size_sql} from {scan}")[0]
    except duckdb.OutOfMemoryException:
        raise
    except (duckdb.Error, UnicodeError) as error:
        raise Unreadable(f"the Parquet file is damaged ({error}); send it again") from None
    if found != rows:
        raise Unreadable(f"the footer says {rows:,} rows, but there are {found:,}; send it again")
    if rows * len(values) * VALUE_BYTES + size > max_bytes:
        raise too_large(max_bytes)
    columns = ", ".join(f"{value} as {quoted(name)}" for name, value in values.items())
    session.append(
        staged,
        f"select {number} as file, {literal(file.path)} as source_file, "
        f"file_row_number + 1 as source_line, {file.mtime_ns} as landed, {columns} from {scan}",
    )


def _values(session: Session, source: Source, scan: str) -> dict[str, str]:
    """SQL for the text of each column that the file has of the source."""
    described = session.rows(
        f"select column_name, column_type from (describe select * from {scan})"
    )
    written = {column_name(column): (quoted(column), kind) for column, kind in described}
    found = {field.name: written[field.name] for field in source.fields if field.name in written}
    for name, (_, kind) in found.items():
        if kind.endswith("]") or kind.startswith(NESTED):
            raise Unreadable(f"{name} is of type {kind[:60]}; write one plain value a row")
    return {name: _text(column, kind) for name, (column, kind) in found.items()}


def _text(column: str, kind: str) -> str:
    """A value as text; one that is too long for a record is cut, and so will be refused.

    Bytes without a type are text in the files of older writers.
    """
    most, shown = MAX_RECORD_BYTES, MAX_TEXT_LENGTH + 1
    if kind == "BLOB":
        whole = f"coalesce(try(decode({column})), {column}::varchar)"
        start = f"{column}[1:{shown}]::varchar"
        return f"case when octet_length({column}) > {most} then {start} else {whole} end"
    if kind == "VARCHAR":
        return f"case when strlen({column}) > {most} then left({column}, {shown}) else {column} end"
    return f"{column}::varchar"


def _no_glob(path: str) -> str:
    return "".join(f"[{letter}]" if letter in "[*?" else letter for letter in path)
