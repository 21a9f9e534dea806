"""CSV and JSON lines files to raw values, all files of a run together."""

from collections import Counter, defaultdict
from pathlib import Path

import pyarrow as pa

from cx_assets.columns import Column
from cx_assets.landing import records
from cx_assets.landing.contract import Source
from cx_assets.landing.file_read import (
    MAX_SPELLINGS,
    FileRead,
    check_columns,
    column_name,
    refuse_many,
    reported,
)
from cx_assets.landing.files import Unreadable, is_parquet
from cx_assets.landing.lines import LINES, LineWriter, TextFile, scan
from cx_assets.landing.temporary import create
from cx_assets.warehouse import Session

FILES = (
    Column("file", "INTEGER", "Number of the file within the run."),
    Column("path", "VARCHAR", "The file, relative to the landing zone."),
    Column("landed", "BIGINT", "Modification time of the file, in nanoseconds."),
    Column("columns", "INTEGER", "Columns of a CSV header; null for JSON lines."),
    Column("positions", "INTEGER[]", "Place of each declared column in the CSV header."),
)


def append_text(
    session: Session,
    source: Source,
    landing: Path,
    reads: list[FileRead],
    fields: str,
    max_bytes: int,
) -> str:
    """Append the raw values of the text files to `fields`; returns the table of their records."""
    lines = session.stage(f"{source.name}.lines", LINES)
    scanned = _scan(session, source, landing, reads, lines, max_bytes)
    files = session.stage(f"{source.name}.files", FILES)
    session.append(files, _file_table(source, reads, scanned))
    texts = create(session, source, "texts", records.texts(lines, files))
    spans = create(session, source, "spans", records.spans(texts, files))
    parsed = create(session, source, "records", records.records(texts, spans))

    session.append(fields, records.csv_fields(source, parsed, files))
    keys = session.rows(records.json_keys(parsed, files))
    _check_json_keys(session, source, reads, keys, files)
    spellings = sorted({key for _, key in keys if column_name(key) in _names(source)})
    session.append(fields, records.json_fields(source, parsed, files, spellings))

    for number, unowned in session.rows(records.lines_without_row(texts, parsed)):
        header = scanned[number].header is not None
        if not reads[number].error:
            reads[number].rows = scanned[number].lines - header - unowned
    for table in (lines, files, texts, spans):
        session.execute(f"drop table {table}")
    return parsed


def _scan(
    session: Session,
    source: Source,
    landing: Path,
    reads: list[FileRead],
    lines: str,
    max_bytes: int,
) -> dict[int, TextFile]:
    """Read the bytes of every text file into `lines`; those without error, by number."""
    writer = LineWriter(session, lines)
    scanned = {}
    for number, read in enumerate(reads):
        if is_parquet(read.file.path):
            continue
        with reported(read):
            found = scan(landing / read.file.path, number, writer, max_bytes)
            if found.header is not None:
                read.unknown_columns = check_columns(source, found.header)
            scanned[number] = found
    writer.flush()
    return scanned


def _file_table(source: Source, reads: list[FileRead], scanned: dict[int, TextFile]) -> pa.Table:
    rows = []
    for number, found in scanned.items():
        file, header = reads[number].file, found.header
        places = {name: place for place, name in enumerate(header or [], start=1)}
        rows.append(
            {
                "file": number,
                "path": file.path,
                "landed": file.mtime_ns,
                "columns": len(header) if header else None,
                "positions": [places.get(field.name) for field in source.fields],
            }
        )
    types = (pa.int32(), pa.string(), pa.int64(), pa.int32(), pa.list_(pa.int32()))
    names = (column.name for column in FILES)
    return pa.Table.from_pylist(rows, pa.schema(list(zip(names, types, strict=True))))


def _check_json_keys(
    session: Session,
    source: Source,
    reads: list[FileRead],
    keys: list[tuple[int, str]],
    files: str,
) -> None:
    """Check the columns of each JSON lines file; one in error takes part no more."""
    by_file: dict[int, Counter[str]] = defaultdict(Counter)
    for number, key in keys:
        by_file[number][column_name(key)] += 1
    for number, spellings in by_file.items():
        with reported(reads[number]):
            refuse_many(spellings.total())
            reads[number].unknown_columns = check_columns(source, sorted(spellings))
            for name in sorted(_names(source)):
                if spellings[name] > MAX_SPELLINGS:
                    raise Unreadable(f"{name} is written in {spellings[name]} ways; keep one")
        if reads[number].error:
            session.execute(f"delete from {files} where file = {number}")


def _names(source: Source) -> set[str]:
    return {field.name for field in source.fields}
