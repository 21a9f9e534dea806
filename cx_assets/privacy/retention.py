"""How long what has landed is kept: the files (CX_LANDING_RETENTION_DAYS), and their rows in
collect (CX_COLLECT_RETENTION_DAYS). What was made of them, from process on, stays.

What is still needed stays as well: files with rows that were not collected yet, the product's own
record of its decisions, requests for erasure without a certificate, and of customers and products
the first and the newest state, from which later periods are made.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from cx_assets.landing import registry
from cx_assets.landing.contract import Source
from cx_assets.landing.files import fingerprint, listing
from cx_assets.landing.sources import ACTION_ASSIGNMENTS, ERASURE_REQUESTS, SOURCES, SURVEY_PLANS
from cx_assets.periods import Period, period_at
from cx_assets.privacy import free_blocks
from cx_assets.settings import Settings
from cx_assets.warehouse import Session
from cx_assets.warehouse.names import quoted, table_sql

RECORDS = (ACTION_ASSIGNMENTS, SURVEY_PLANS)


class Removed(ValueError):
    """The rows that a period is made from were removed, so it cannot be made again."""


@dataclass
class Kept:
    """What went: files, bytes, and rows by table."""

    files: int = 0
    bytes: int = 0
    rows: dict[str, int] = field(default_factory=dict)


def retain(session: Session, settings: Settings, now: datetime, asked: Collection[str]) -> Kept:
    """Remove what is older than its retention; nothing where none is set.

    Rows leave free blocks behind that still hold them, as is noted: the caller clears those.

    Args:
        asked: the ids of erasure requests that are not fulfilled yet.
    """
    registry.create(session)
    went = Kept()
    if settings.landing_retention_days is not None:
        before = now - timedelta(days=settings.landing_retention_days)
        for source in SOURCES.values():
            if source not in RECORDS and not (source is ERASURE_REQUESTS and asked):
                _remove_files(session, settings, source, before, went)
    if settings.collect_retention_days is not None:
        before = now - timedelta(days=settings.collect_retention_days)
        first = period_at(before.date(), settings.period).start.date()
        with session.transaction():
            for source in SOURCES.values():
                if not (source is ERASURE_REQUESTS and asked):
                    _remove_rows(session, source, first, went)
            if went.rows:
                free_blocks.note(session)
            _remember(session, first)
    return went


def refuse_removed(session: Session, periods: Collection[Period]) -> None:
    """
    Raises:
        Removed: a period is from before the oldest one whose rows in collect are still there.
    """
    if not session.columns("registry.retention"):
        return
    ((first,),) = session.rows("select first_period from registry.retention")
    gone = [period.key for period in periods if period.start.date() < first]
    if gone:
        raise Removed(
            f"the rows that {gone[0]} is made from were removed (CX_COLLECT_RETENTION_DAYS), so "
            f"it stays as it is. Materialise {first} and later periods."
        )


def _remove_files(
    session: Session, settings: Settings, source: Source, before: datetime, went: Kept
) -> None:
    """Files that are known as they stand, wholly collected, and older than `before`."""
    due = dict(
        session.rows(
            "select files.path, sha256 from registry.files "
            "join registry.file_periods on files.path = file_periods.path "
            "where files.source = $source and error is null and last_event < $before "
            "group by all having count(*) = count(duplicates)",
            {"source": source.name, "before": before},
        )
    )
    for file in listing(settings.landing, source):
        path = settings.landing / file.path
        if not file.problem and file.path in due and fingerprint(path) == due[file.path]:
            path.unlink()
            went.files += 1
            went.bytes += file.size


def _remove_rows(session: Session, source: Source, first: date, went: Kept) -> None:
    """Rows of the periods before `first`; their files count them as replaced from now on."""
    name = f"collect.{source.name}"
    if not session.columns(name):
        return
    table, window = table_sql(name), {"first": first}
    old = f"from {table} where period < $first"
    if source.versioned:
        key, event = ", ".join(map(quoted, source.key)), quoted(source.event_time)
        ranks = ", ".join(
            f"row_number() over (partition by {key} order by {event} {way}, period {way})"
            for way in ("asc", "desc")
        )
        needed = f"select source_file, source_line from {table} qualify 1 in ({ranks})"
        old += f" and (source_file, source_line) not in ({needed})"
    ((count,),) = session.rows(f"select count(*) {old}", window)
    if not count:
        return
    session.execute(f"delete {old}", window)
    went.rows[name] = count
    session.execute(
        f"""
        update registry.file_periods as counts
        set duplicates = counts.rows - (
            select count(*) from {table} as t
            where t.source_file = counts.path and t.period = counts.period
        )
        where source = $source and period < $first and duplicates is not null
        """,
        {**window, "source": source.name},
    )


def _remember(session: Session, first: date) -> None:
    """From now on no period before `first` can be made again."""
    session.execute("create table if not exists registry.retention (first_period date)")
    session.execute(
        "insert into registry.retention select $first where not exists (from registry.retention)",
        {"first": first},
    )
    session.execute(
        "update registry.retention set first_period = greatest(first_period, $first)",
        {"first": first},
    )
