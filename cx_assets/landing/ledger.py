"""What becomes of each file in a run: its rows' whereabouts, and the registry's rows to be.

All of it is worked out in temporary tables before anything is promoted.
"""

from collections.abc import Iterable, Mapping, Set
from dataclasses import asdict, dataclass
from datetime import date, datetime

import pyarrow as pa

from cx_assets.columns import Column
from cx_assets.landing.contract import Source
from cx_assets.landing.file_read import FileRead
from cx_assets.landing.plan import Plan
from cx_assets.landing.registry import KnownFile
from cx_assets.warehouse import Session
from cx_assets.warehouse.names import literal, quoted

PATHS = (Column("path", "VARCHAR", "A file, relative to the landing zone."),)

Facts = tuple[int, datetime | None, datetime | None]

_IN_WINDOW = "(period >= $start and period < $end)"


@dataclass(frozen=True)
class FileAccount:
    """Where the rows of one file went; `rows` is counted apart from all the others."""

    path: str
    rows: int
    collected: int
    duplicates: int
    rejected: int
    pending: int
    error: str | None = None

    @property
    def balanced(self) -> bool:
        return self.rows == self.collected + self.duplicates + self.rejected + self.pending


@dataclass(frozen=True)
class RunTables:
    """The temporary tables of a run: `typed` rows of whole files, the rest in the window only.

    `losers` are the duplicates (source_file, source_line, period), `staged` the new rows. `present`
    and `replaced` hold paths: of the files that can be opened, and of those with new content.
    """

    typed: str
    losers: str
    staged: str
    present: str
    replaced: str


def path_table(paths: Iterable[str]) -> pa.Table:
    return pa.table({"path": pa.array(sorted(paths), pa.string())})


def closed_files(plan: Plan, reads: Iterable[FileRead]) -> dict[str, str]:
    """The files that cannot be opened, or not be read though they look as known, with the error."""
    found = {
        read.file.path: read.error
        for read in reads
        if read.error and (read.is_closed or read.file.path not in plan.new_content)
    }
    return {**plan.closed, **found}


def file_rows(
    source: Source,
    plan: Plan,
    reads: Iterable[FileRead],
    closed: Mapping[str, str],
    known: Mapping[str, KnownFile],
    rules: str,
    facts: Mapping[str, Facts],
) -> dict[str, KnownFile]:
    """The rows of registry.files that this run changes, by path."""
    changed = {file.path: known[file.path].touched(file) for file in plan.touched}
    for read in reads:
        path = read.file.path
        if path in plan.new_content:
            rejected, first_event, last_event = facts.get(path, (0, None, None))
            changed[path] = KnownFile(
                path=path,
                source=source.name,
                sha256=plan.new_content[path],
                size=read.file.size,
                mtime_ns=read.file.mtime_ns,
                rules=rules,
                rows=read.rows,
                rejected=rejected,
                first_event=first_event,
                last_event=last_event,
                unknown_columns=", ".join(read.unknown_columns) or None,
                error=read.error,
            )
    for path, error in closed.items():
        before = known.get(path) or KnownFile(path, source.name, None, None, None, rules)
        changed[path] = before.closed(error)
    return {path: row for path, row in changed.items() if row != known.get(path)}


def file_facts(session: Session, source: Source, typed: str) -> dict[str, Facts]:
    """Rejected rows, first and last event of each file that was read."""
    event = quoted(source.event_time)
    rows = session.rows(f"""
        select source_file, count(refusal),
            min({event}) filter (refusal is null), max({event}) filter (refusal is null)
        from {typed} where not kept group by source_file
    """)
    return {path: (rejected, first, last) for path, rejected, first, last in rows}


def file_table(rows: Iterable[KnownFile], columns: tuple[Column, ...]) -> pa.Table:
    """Rows of registry.files as Arrow."""
    types = {"VARCHAR": pa.string(), "BIGINT": pa.int64(), "TIMESTAMP": pa.timestamp("us")}
    schema = pa.schema([(column.name, types[column.type]) for column in columns])
    return pa.Table.from_pylist([asdict(row) for row in rows], schema)


def period_rows(source: Source, tables: RunTables) -> str:
    """Query: the rows of registry.file_periods that this run changes.

    Three kinds: what was read and is in the window or in a file with new content; a period that the
    new content of a file has left, until it is collected anew; and a file that is gone.
    """
    name = literal(source.name)
    return f"""
        with counts as (
            select source_file as path, period, count(*) as rows
            from {tables.typed} where refusal is null and not kept group by all
        ), lost as (
            select source_file as path, period, count(*) as rows from {tables.losers} group by all
        ), collected as (
            select source_file as path, period, count(*) as rows from {tables.staged} group by all
        )
        select path, {name} as source, period, counts.rows,
            case when {_IN_WINDOW} then coalesce(lost.rows, 0) end as duplicates
        from counts left join lost using (path, period)
        where {_IN_WINDOW} or path in (from {tables.replaced})
        union all
        select path, {name}, period, 0, null
        from registry.file_periods as before anti join counts using (path, period)
        where path in (from {tables.replaced}) and not ({_IN_WINDOW})
            and (duplicates is not null or before.rows = 0)
        union all
        select path, {name}, period, before.rows, before.rows - coalesce(collected.rows, 0)
        from registry.file_periods as before left join collected using (path, period)
        where source = {name} and path not in (from {tables.present}) and {_IN_WINDOW}
            and duplicates is not null
    """


def accounts(
    session: Session,
    source: Source,
    reads: Iterable[FileRead],
    facts: Mapping[str, Facts],
    files: Mapping[str, KnownFile],
    changed: Set[str],
    window: Mapping[str, date],
    tables: RunTables,
    file_periods: str,
) -> list[FileAccount]:
    """The account of each file that was read, is in the window or was found unreadable now.

    `files` and `file_periods` are the registry's rows to be, the latter only as far as they change.
    """
    collected = dict(
        session.rows(f"select source_file, count(*) from {tables.staged} group by source_file")
    )
    whereabouts = session.rows(
        f"""
        with after as (
            select path, period, rows, duplicates from {file_periods}
            union all
            select path, period, rows, duplicates
            from registry.file_periods anti join {file_periods} using (path, period)
            where source = $source and path not in (from {tables.replaced})
        )
        select path,
            coalesce(sum(rows - duplicates) filter (not {_IN_WINDOW}), 0)::bigint,
            coalesce(sum(duplicates), 0)::bigint,
            coalesce(sum(rows) filter (duplicates is null), 0)::bigint,
            count(*) filter ({_IN_WINDOW})
        from after group by path
        """,
        {**window, "source": source.name},
    )
    counts = {path: tuple(found) for path, *found, _ in whereabouts}
    in_window = {path for path, *_, periods in whereabouts if periods}
    fresh = {read.file.path: read.rows for read in reads if not read.error}
    result = []
    for path in sorted(fresh.keys() | changed | in_window | collected.keys()):
        collected_outside, duplicates, pending = counts.get(path, (0, 0, 0))
        rejected = facts.get(path, (0,))[0] if path in fresh else files[path].rejected
        result.append(
            FileAccount(
                path=path,
                rows=fresh.get(path, files[path].rows),
                collected=collected.get(path, 0) + collected_outside,
                duplicates=duplicates,
                rejected=rejected,
                pending=pending,
                error=files[path].error,
            )
        )
    return result
