"""Parquet files as raw values: the same text that a CSV file would hold."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from cx_assets.landing.contract import Source
from cx_assets.landing.file_read import column_name
from cx_assets.landing.files import LandedFile, Unreadable
from cx_assets.warehouse import Session
from cx_assets.warehouse.names import literal, quoted


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
        except (pa.ArrowException, OSError) as error:
            raise Unreadable(
                f"the file is no whole Parquet file ({error}); send it again"
            ) from None


def append_parquet(
    session: Session, staged: str, source: Source, path: Path, number: int, file: LandedFile
) -> None:
    """Append a file's values to the staged raw fields; its columns must have been checked.

    Raises:
        Unreadable: the file is damaged behind its footer; nothing was appended.
    """
    scan = (
        f"read_parquet({literal(_no_glob(str(path)))}, file_row_number = true, "
        "hive_partitioning = false)"
    )
    try:
        session.append(staged, _values(session, source, scan, number, file))
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        raise Unreadable(f"the Parquet file is damaged ({error}); send it again") from None


def _values(session: Session, source: Source, scan: str, number: int, file: LandedFile) -> str:
    described = session.rows(
        f"select column_name, column_type from (describe select * from {scan})"
    )
    written = {column_name(column): (quoted(column), kind) for column, kind in described}
    columns = ", ".join(
        f"{_text(*written[field.name])} as {quoted(field.name)}"
        for field in source.fields
        if field.name in written
    )
    return (
        f"select {number} as file, {literal(file.path)} as source_file, "
        f"file_row_number + 1 as source_line, {file.mtime_ns} as landed, {columns} from {scan}"
    )


def _text(column: str, kind: str) -> str:
    """Bytes without a type are text in the files of older writers."""
    if kind == "BLOB":
        return f"coalesce(try(decode({column})), {column}::varchar)"
    return f"{column}::varchar"


def _no_glob(path: str) -> str:
    return "".join(f"[{letter}]" if letter in "[*?" else letter for letter in path)
