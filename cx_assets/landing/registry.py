"""What the warehouse remembers of the landing files, and the two public views on it.

A file is remembered by its path. Its size and modification time say whether it must be looked at
again, its SHA-256 whether its content is new, and `rules` under which declaration, grain and first
period it was read: under other rules a known file is read anew.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, datetime

from cx_assets.columns import Column
from cx_assets.landing.contract import Source
from cx_assets.landing.files import LandedFile
from cx_assets.periods import Grain
from cx_assets.warehouse import Session
from cx_assets.warehouse.names import table_sql

# To be raised when the same file would be read otherwise than before.
READER_VERSION = 2

FILES = (
    Column("path", "VARCHAR", "The file, relative to the landing zone."),
    Column("source", "VARCHAR", "The source it belongs to."),
    Column("sha256", "VARCHAR", "SHA-256 of its bytes; null while it could never be opened."),
    Column("size", "BIGINT", "Size in bytes; null while it cannot be opened."),
    Column("mtime_ns", "BIGINT", "Modification time; null while it could never be opened."),
    Column("rules", "VARCHAR", "Hash of the rules under which it was read."),
    Column("rows", "BIGINT", "Rows that landed."),
    Column("rejected", "BIGINT", "Rows that were rejected."),
    Column("first_event", "TIMESTAMP", "Earliest event time of a good row."),
    Column("last_event", "TIMESTAMP", "Latest event time of a good row."),
    Column("unknown_columns", "VARCHAR", "Columns that the source does not know."),
    Column("error", "VARCHAR", "Why the file cannot be read, and what to do."),
)
FILE_PERIODS = (
    Column("path", "VARCHAR", "The file, relative to the landing zone."),
    Column("source", "VARCHAR", "The source it belongs to."),
    Column("period", "DATE", "First day of the period."),
    Column("rows", "BIGINT", "Good rows; 0: none now, but the table still has rows from before."),
    Column(
        "duplicates",
        "BIGINT",
        "Rows that another row replaced or whose customer was erased; null: not collected yet.",
    ),
)
REJECTED_ROWS = (
    Column("source", "VARCHAR", "The source of the file."),
    Column("source_file", "VARCHAR", "The file, relative to the landing zone."),
    Column("source_line", "BIGINT", "Line or row in the file; null: the whole file."),
    Column("reason", "VARCHAR", "All that is wrong, in words."),
    Column(
        "payload",
        "VARCHAR",
        "The row as it landed, scrubbed and cut at 10,000 characters; where it has direct "
        "identifiers, its other values.",
    ),
)
# Under this key, a run of the survey answers says which contents it has taken in.
CONTENTS = "files_taken_in"

TABLES: dict[str, tuple[Column, ...]] = {
    "registry.files": FILES,
    "registry.file_periods": FILE_PERIODS,
    "registry.rejected_rows": REJECTED_ROWS,
}

LANDING_FILES_VIEW = """
create or replace view collect.landing_files as
select
    files.path,
    files.source,
    sha256,
    size,
    files.rows,
    coalesce(sum(duplicates), 0)::bigint as duplicates,
    rejected,
    coalesce(sum(file_periods.rows) filter (duplicates is null), 0)::bigint as pending,
    first_event,
    last_event,
    unknown_columns,
    error
from registry.files
left join registry.file_periods on files.path = file_periods.path
group by all
"""

# A file that cannot be read at all stands here too, as one row without a line.
REJECTED_ROWS_VIEW = """
create or replace view collect.rejected_rows as
select source, source_file, source_line, reason, payload from registry.rejected_rows
union all
select source, path, null, error, null from registry.files where error is not null
"""


@dataclass(frozen=True)
class KnownFile:
    """A row of registry.files, field by field."""

    path: str
    source: str
    sha256: str | None
    size: int | None
    mtime_ns: int | None
    rules: str
    rows: int = 0
    rejected: int = 0
    first_event: datetime | None = None
    last_event: datetime | None = None
    unknown_columns: str | None = None
    error: str | None = None

    def looks_like(self, file: LandedFile, rules: str) -> bool:
        stands = (self.rules, self.size, self.mtime_ns)
        return stands == (rules, file.size, file.mtime_ns)

    def touched(self, file: LandedFile) -> "KnownFile":
        """The same content, seen again with another time."""
        kept_error = None if self.size is None else self.error
        return replace(self, size=file.size, mtime_ns=file.mtime_ns, error=kept_error)

    def closed(self, error: str) -> "KnownFile":
        """The content stands as it was read, though the file cannot be opened now."""
        return replace(self, size=None, error=error)


@dataclass(frozen=True)
class RegistryRows:
    """Temporary tables with what a run changes; `replaced` has the paths with new content."""

    files: str
    file_periods: str
    rejected_rows: str
    replaced: str


def create(session: Session) -> None:
    """Create the tables where they are missing."""
    session.execute("create schema if not exists registry")
    for table, columns in TABLES.items():
        declared = ", ".join(f"{column.name} {column.type}" for column in columns)
        session.execute(f"create table if not exists {table_sql(table)} ({declared})")


def known_files(session: Session, source: Source) -> dict[str, KnownFile]:
    """The files of a source that were seen before, by path."""
    names = ", ".join(field.name for field in fields(KnownFile))
    rows = session.rows(
        f"select {names} from registry.files where source = $source", {"source": source.name}
    )
    return {row[0]: KnownFile(*row) for row in rows}


def contents(session: Session, source: Source) -> dict[str, dict[str, object]]:
    """The files that are wholly collected: their hash and the first days of their periods."""
    rows = session.rows(
        "select files.path, sha256, list(period::varchar order by period) "
        "from registry.files join registry.file_periods on files.path = file_periods.path "
        "where files.source = $source and error is null "
        "group by all having count(*) = count(duplicates) order by files.path",
        {"source": source.name},
    )
    return {path: {"sha256": sha256, "periods": periods} for path, sha256, periods in rows}


def rules(source: Source, grain: Grain, first_period: date, max_bytes: int) -> str:
    """A short hash of all that decides how a file is read, descriptions left out."""
    declared = [
        (f.name, f.type, f.need, f.one_of, f.minimum, f.maximum, f.max_length)
        for f in source.fields
    ]
    identity = (source.key, source.event_time, source.versioned, declared)
    text = repr((READER_VERSION, identity, grain, first_period.isoformat(), max_bytes))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def paths_with_rows(session: Session, source: Source, window: Mapping[str, date]) -> set[str]:
    """The files that have rows in the window [start, end)."""
    rows = session.rows(
        "select distinct path from registry.file_periods "
        "where source = $source and period >= $start and period < $end and rows > 0",
        {**window, "source": source.name},
    )
    return {path for (path,) in rows}


def update(
    session: Session, source: Source, rows: RegistryRows, window: Mapping[str, date]
) -> None:
    """Put what a run found in place of what stood; the caller holds the transaction."""
    session.execute(
        f"""
        delete from registry.file_periods
        where path in (from {rows.replaced})
            or (path, period) in (select (path, period) from {rows.file_periods})
            or (source = $source and period >= $start and period < $end and rows = 0)
        """,
        {**window, "source": source.name},
    )
    session.execute(f"insert into registry.file_periods by name from {rows.file_periods}")
    session.execute(
        f"delete from registry.rejected_rows where source_file in (from {rows.replaced})"
    )
    session.execute(
        f"insert into registry.rejected_rows by name from {rows.rejected_rows} "
        f"where source_file in (from {rows.replaced})"
    )
    session.execute(f"delete from registry.files where path in (select path from {rows.files})")
    session.execute(f"insert into registry.files by name from {rows.files}")
