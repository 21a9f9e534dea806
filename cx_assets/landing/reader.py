"""Landing files to typed rows: the same reading for a run, for a sensor and for a test."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from cx_assets.columns import Column
from cx_assets.landing.contract import Source
from cx_assets.landing.file_read import FileRead, check_columns, reported
from cx_assets.landing.files import MAX_BYTES, LandedFile, is_parquet
from cx_assets.landing.parquet import append_parquet, footer
from cx_assets.landing.temporary import create
from cx_assets.landing.text import append_text
from cx_assets.landing.values import typed_rows
from cx_assets.periods import Grain
from cx_assets.warehouse import Session
from cx_assets.warehouse.names import literal, quoted

PAYLOAD_LENGTH = 10_000


@dataclass(frozen=True)
class Reading:
    """The files that were read, and the temporary tables that hold their rows.

    `typed` has file, source_file, source_line, landed, refusal, kept, period and the source's
    fields; `refusal` is null where a row is good. `rejects` has the columns of rejected_rows.
    """

    files: list[FileRead]
    typed: str
    rejects: str


def read(
    session: Session,
    source: Source,
    landing: Path,
    files: Sequence[LandedFile],
    grain: Grain,
    first_period: date,
    max_bytes: int = MAX_BYTES,
) -> Reading:
    """Read the files whole, whatever periods they span; a wrong file or row stops nothing.

    A file that holds more than `max_bytes` when it is unpacked is a wrong file.
    """
    reads = [FileRead(file) for file in files]
    fields = session.stage(f"{source.name}.fields", _raw_columns(source))
    records = append_text(session, source, landing, reads, fields, max_bytes)
    _append_parquet_files(session, source, landing, reads, fields, max_bytes)
    typed = create(session, source, "typed", typed_rows(source, fields, grain, first_period))
    rejects = create(session, source, "rejects", _rejects(source, typed, fields, records))
    for table in (fields, records):
        session.execute(f"drop table {table}")
    return Reading(reads, typed, rejects)


def _append_parquet_files(
    session: Session,
    source: Source,
    landing: Path,
    reads: list[FileRead],
    fields: str,
    max_bytes: int,
) -> None:
    for number, read in enumerate(reads):
        if not is_parquet(read.file.path):
            continue
        path = landing / read.file.path
        with reported(read):
            found = footer(path)
            read.unknown_columns = check_columns(source, found.columns)
            append_parquet(session, fields, source, path, number, read.file, found.rows, max_bytes)
            read.rows = found.rows


def _raw_columns(source: Source) -> list[Column]:
    return [
        Column("file", "INTEGER", "Number of the file within the run."),
        Column("source_file", "VARCHAR", "The file, relative to the landing zone."),
        Column("source_line", "BIGINT", "Line or row in the file."),
        Column("landed", "BIGINT", "Modification time of the file, in nanoseconds."),
        Column("problem", "VARCHAR", "Why the line could not be taken apart."),
        *(Column(field.name, "VARCHAR", field.description) for field in source.fields),
    ]


def _rejects(source: Source, typed: str, fields: str, records: str) -> str:
    """Query: a rejected row with its raw line, or, from a Parquet file, its values as JSON.

    Where a row holds direct identifiers, it has the JSON of its other values, if it has any.
    """
    values = ", ".join(
        f"{literal(field.name)}: f.{quoted(field.name)}"
        for field in source.fields
        if field not in source.identifiers
    )
    as_json = f"to_json({{{values}}})::varchar"
    if source.identifiers:
        payload = f"case when f.problem is null then {as_json} end"
    else:
        payload = f"coalesce(r.text, r.broken, {as_json})"
    return f"""
        select {literal(source.name)} as source, t.source_file, t.source_line, t.refusal as reason,
            left({payload}, {PAYLOAD_LENGTH}) as payload
        from {typed} as t
        join {fields} as f on t.file = f.file and t.source_line = f.source_line
        left join {records} as r on t.file = r.file and t.source_line = r.line
        where t.refusal is not null
    """
