"""Parquet files: rows out, texts masked; schema, compression and the other values as they were."""

from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from cx_assets.landing.file_read import column_name
from cx_assets.landing.files import Unreadable
from cx_assets.privacy.erasure.needles import Needle, may_hold_sql
from cx_assets.privacy.erasure.replacing import Unchanged, replacing
from cx_assets.warehouse import Session
from cx_assets.warehouse.names import literal, quoted

BATCH_BYTES = 64 << 20

Rows = Collection[int]


def scan_sql(path: Path) -> str:
    """The table function that reads the file, with its row numbers."""
    name = "".join(f"[{letter}]" if letter in "[*?" else letter for letter in str(path))
    return f"read_parquet({literal(name)}, file_row_number = true, hive_partitioning = false)"


@contextmanager
def _damage_reported() -> Iterator[None]:
    try:
        yield
    except duckdb.OutOfMemoryException:
        raise
    except (duckdb.Error, pa.ArrowException) as error:
        raise Unreadable(f"the Parquet file is damaged ({error})") from None


@_damage_reported()
def columns_of(session: Session, path: Path) -> dict[str, str]:
    """The names of the columns as they are written, and their SQL types.

    Raises:
        Unreadable: the file is damaged.
    """
    return dict(
        session.rows(
            f"select column_name, column_type from (describe select * from {scan_sql(path)})"
            " where column_name <> 'file_row_number'"
        )
    )


@_damage_reported()
def scanned(session: Session, path: Path, needles: Collection[Needle]) -> dict[int, list[Needle]]:
    """The rows with a needle in one of their texts, counted from 1.

    Raises:
        Unreadable: the file is damaged.
    """
    texts = [quoted(name) for name, kind in columns_of(session, path).items() if "VARCHAR" in kind]
    if not texts or not needles:
        return {}
    whole = " || chr(31) || ".join(f"coalesce({name}::varchar, '')" for name in texts)
    test, parameters = may_hold_sql("text", needles)
    rows = session.rows(
        f"select file_row_number + 1, text from "
        f"(select file_row_number, {whole} as text from {scan_sql(path)}) where {test}",
        parameters,
    )
    found = {row: [one for one in needles if one.found_in(text)] for row, text in rows}
    return {row: theirs for row, theirs in found.items() if theirs}


@_damage_reported()
def rewrite(
    path: Path,
    gone: Rows,
    masked: Rows,
    mask: Callable[[str], str],
    is_free: Callable[[str], bool],
) -> int:
    """Replace the file by one without the rows that are `gone`; rows count from 1.

    Returns:
        How many rows were masked.

    Raises:
        Unreadable: the file is damaged; the old file stands.
    """
    changed = 0
    with (
        path.open("rb") as opened,
        closing(pq.ParquetFile(opened)) as source,
        replacing(path) as file,
        pq.ParquetWriter(file, source.schema_arrow, **_options(source)) as writer,
    ):
        at = 0
        for group in range(source.num_row_groups):
            for batch in source.iter_batches(_batch_rows(source, group), row_groups=[group]):
                numbers = np.arange(at + 1, at + 1 + batch.num_rows)
                at += batch.num_rows
                kept, rows = _masked(batch, np.isin(numbers, list(masked)), mask, is_free)
                changed += rows
                writer.write_batch(kept.filter(pa.array(~np.isin(numbers, list(gone)))))
        if not changed and not gone:
            raise Unchanged
    return changed


def _options(source: pq.ParquetFile) -> dict[str, object]:
    """What the file's writer chose."""
    meta = source.metadata
    if not meta.num_row_groups:
        return {}
    columns = [meta.row_group(0).column(place) for place in range(meta.num_columns)]
    codecs = {
        column.path_in_schema: column.compression.lower().replace("uncompressed", "none")
        for column in columns
    }
    return {
        "compression": codecs,
        "use_deprecated_int96_timestamps": any(c.physical_type == "INT96" for c in columns),
    }


def _batch_rows(source: pq.ParquetFile, group: int) -> int:
    """So many rows that a batch stays small, and a small row group stays whole."""
    found = source.metadata.row_group(group)
    each = max(1, found.total_byte_size // max(1, found.num_rows))
    return int(max(1, BATCH_BYTES // each))


def _masked(
    batch: pa.RecordBatch,
    rows: np.ndarray,
    mask: Callable[[str], str],
    is_free: Callable[[str], bool],
) -> tuple[pa.RecordBatch, int]:
    """The batch with the texts of some rows masked, and how many rows that changed."""
    changed = set()
    for place, column in enumerate(batch.schema) if rows.any() else ():
        is_text = pa.types.is_string(column.type) or pa.types.is_large_string(column.type)
        if is_text and is_free(column_name(column.name)):
            values = batch.column(place).to_pylist()
            for row in np.flatnonzero(rows):
                masked = None if values[row] is None else mask(values[row])
                if masked != values[row]:
                    changed.add(row)
                    values[row] = masked
            batch = batch.set_column(place, column, pa.array(values, column.type))
    return batch, len(changed)
