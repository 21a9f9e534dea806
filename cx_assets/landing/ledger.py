"""What becomes of each file in a run: its rows' whereabouts, and the registry's rows to be.

All of it is worked out in temporary tables before anything is promoted. The tables named in the
queries: `typed` (all rows read, and the kept ones), `losers` (source_file, source_line, period: the
duplicates in the window), `staged` (the new rows), `present` and `replaced` (path), `periods`
(registry.file_periods to be, for the files and periods that this run changes).
"""

from collections.abc import Iterable, Mapping
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
        select source_file, count(reason),
            min({event}) filter (reason is null), max({event}) filter (reason is null)
        from {typed} where not kept group by source_file
    """)
    return {path: (rejected, first, last) for path, rejected, first, last in rows}


def file_table(rows: Iterable[KnownFile], columns: tuple[Column, ...]) -> pa.Table:
    """Rows of registry.files as Arrow."""
    types = {"VARCHAR": pa.string(), "BIGINT": pa.int64(), "TIMESTAMP": pa.timestamp("us")}
    schema = pa.schema([(column.name, types[column.type]) for column in columns])
    return pa.Table.from_pylist([asdict(row) for row in rows], schema)


def period_rows(
    source: Source, *, typed: str, losers: str, staged: str, present: str, replaced: str
) -> str:
    """Query: the rows of registry.file_periods that this run changes.

    Three kinds: what was read and is in the window or in a file with new content; a period that the
    new content of a file has left, until it is collected anew; and a file that is gone.
    """
    name = literal(source.name)
    return f"""
        with counts as (
            select source_file as path, period, count(*) as rows
            from {typed} where reason is null and not kept group by all
        ), lost as (
            select source_file as path, period, count(*) as rows from {losers} group by all
        ), collected as (
            select source_file as path, period, count(*) as rows from {staged} group by all
        )
        select path, {name} as source, period, counts.rows,
            case when {_IN_WINDOW} then coalesce(lost.rows, 0) end as duplicates
        from counts left join lost using (path, period)
        where {_IN_WINDOW} or path in (from {replaced})
        union all
        select path, {name}, period, 0, null
        from registry.file_periods as before anti join counts using (path, period)
        where path in (from {replaced}) and not ({_IN_WINDOW})
            and (duplicates is not null or before.rows = 0)
        union all
        select path, {name}, period, before.rows, before.rows - coalesce(collected.rows, 0)
        from registry.file_periods as before left join collected using (path, period)
        where source = {name} and path not in (from {present}) and {_IN_WINDOW}
            and duplicates is not null
    """


def accounts(
    session: Session,
    reads: Iterable[FileRead],
    changed: Mapping[str, KnownFile],
    known: Mapping[str, KnownFile],
    window: Mapping[str, date],
    *,
    typed: str,
    staged: str,
    periods: str,
    replaced: str,
) -> list[FileAccount]:
    """The account of each file that was read, is in the window or was found unreadable now."""
    rejected = dict(
        session.rows(
            f"select source_file, count(*) from {typed} where reason is not null group by all"
        )
    )
    collected = dict(session.rows(f"select source_file, count(*) from {staged} group by all"))
    elsewhere = session.rows(
        f"""
        with after as (
            select path, period, rows, duplicates from {periods}
            union all
            select path, period, rows, duplicates
            from registry.file_periods anti join {periods} using (path, period)
            where path not in (from {replaced})
        )
        select path, count(*) filter ({_IN_WINDOW}),
            coalesce(sum(rows - duplicates) filter (not {_IN_WINDOW}), 0)::bigint,
            coalesce(sum(duplicates), 0)::bigint,
            coalesce(sum(rows) filter (duplicates is null), 0)::bigint
        from after group by path
        """,
        window,
    )
    whereabouts = {path: found for path, *found in elsewhere if path in known or path in changed}
    fresh = {read.file.path: read for read in reads if not read.error}
    in_window = {path for path, (periods_in_window, *_) in whereabouts.items() if periods_in_window}
    result = []
    for path in sorted(fresh.keys() | changed.keys() | in_window | collected.keys()):
        _, collected_outside, duplicates, pending = whereabouts.get(path, (0, 0, 0, 0))
        stands = changed.get(path) or known[path]
        result.append(
            FileAccount(
                path=path,
                rows=fresh[path].rows if path in fresh else stands.rows,
                collected=collected.get(path, 0) + collected_outside,
                duplicates=duplicates,
                rejected=rejected.get(path, 0) if path in fresh else stands.rejected,
                pending=pending,
                error=stands.error,
            )
        )
    return result
