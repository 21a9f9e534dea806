"""One run over one source: read what is new or in the window, check it, then promote it at once.

`prepare` writes nothing but temporary tables and an empty registry, so whatever it finds can still
be refused. `promote` is one transaction.

The same key landed twice is one row of each period: the newest state of a versioned source, else
the row of the file that was modified last (then the greater path, then the later line). A key that
comes again with an event time in another period is a row of both, so that no period depends on
the others that happen to be in the run.

A file that is gone, or cannot be opened any more, keeps the rows that were collected of its last
content.
"""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from cx_assets.columns import Column, NotNull, OneOf, Range, Test, names
from cx_assets.landing import ledger, registry
from cx_assets.landing.contract import TRACES, Field, Source
from cx_assets.landing.files import MAX_BYTES, listing
from cx_assets.landing.ledger import FileAccount, RunTables
from cx_assets.landing.plan import plan
from cx_assets.landing.reader import read
from cx_assets.landing.registry import RegistryRows
from cx_assets.landing.temporary import create
from cx_assets.periods import Grain, Period
from cx_assets.privacy.guard import Guard, Guarded
from cx_assets.warehouse import Session
from cx_assets.warehouse.names import quoted, table_sql

__all__ = ["FileAccount", "Prepared", "prepare", "promote", "table_columns"]


@dataclass(frozen=True)
class Prepared:
    """A run that is ready to be promoted; its temporary tables live in the session.

    `staged` has the new rows of collect.<source>. `accounts` covers every file that was read or
    found unreadable now, or has rows in the window.
    """

    source: Source
    periods: tuple[Period, ...]
    staged: str
    guarded: Guarded
    accounts: list[FileAccount]
    registry_rows: RegistryRows


def table_columns(source: Source) -> list[Column]:
    """The columns of collect.<source>, with the tests that its declaration implies."""
    return [
        Column("period", "DATE", "First day of the period.", (NotNull(),)),
        *(Column(f.name, f.sql_type, f.description, _tests(f)) for f in source.fields),
        *(TRACES if source.knows_people else ()),
        Column("source_file", "VARCHAR", "File, relative to the landing zone.", (NotNull(),)),
        Column(
            "source_line",
            "BIGINT",
            "Line of the text file, a CSV header being 1; row of the Parquet file, from 1.",
            (NotNull(),),
        ),
    ]


def prepare(
    session: Session,
    source: Source,
    landing: Path,
    periods: Sequence[Period],
    grain: Grain,
    first_period: date,
    guard: Guard,
    max_bytes: int = MAX_BYTES,
) -> Prepared:
    """Read the files of a source that are new, changed or have rows in the contiguous periods."""
    registry.create(session)
    window = {"start": periods[0].start.date(), "end": periods[-1].end.date()}
    rules = registry.rules(source, grain, first_period, max_bytes)
    known = registry.known_files(session, source)
    listed = listing(landing, source)
    in_window = registry.paths_with_rows(session, source, window)
    work = plan(landing, listed, known, in_window, rules)
    reading = read(session, source, landing, work.to_read, grain, first_period, max_bytes)
    guarded = guard.protect(session, source, reading.typed, reading.rejects)
    typed = guarded.typed
    closed = ledger.closed_files(work, reading.files)
    facts = ledger.file_facts(session, source, typed)
    changed = ledger.file_rows(source, work, reading.files, closed, known, rules, facts)

    open_paths = {file.path for file in listed if file.path not in closed}
    present = _path_table(session, source, "present", open_paths)
    replaced = _path_table(session, source, "replaced", work.new_content.keys() - closed.keys())
    _keep_rows(session, source, typed, present, window)
    losers = create(session, source, "losers", _losers(source, typed), window)
    staged = session.stage(f"collect.{source.name}", table_columns(source))
    session.append(staged, _winners(source, typed, losers), window)

    tables = RunTables(typed, losers, staged, present, replaced)

    files = session.stage(f"{source.name}.registry", registry.FILES)
    session.append(files, ledger.file_table(changed.values(), registry.FILES))
    period_rows = ledger.period_rows(source, tables)
    file_periods = create(session, source, "file_periods", period_rows, window)
    accounts = ledger.accounts(
        session,
        source,
        reading.files,
        facts,
        known | changed,
        changed.keys(),
        window,
        tables,
        file_periods,
    )
    rows = RegistryRows(files, file_periods, guarded.rejects, replaced)
    return Prepared(source, tuple(periods), staged, guarded, accounts, rows)


def promote(session: Session, prepared: Prepared, guard: Guard) -> dict[date, int]:
    """Put the new rows and the registry's in place, all or nothing; returns rows per period.

    The identifiers are in the vault before that.

    Raises:
        SchemaRefused: as `Session.replace_window`; nothing was changed.
    """
    source, periods = prepared.source, prepared.periods
    window = {"start": periods[0].start.date(), "end": periods[-1].end.date()}
    guard.keep(session, source, prepared.guarded, window)
    with session.transaction():
        counts = session.replace_window(
            f"collect.{source.name}",
            prepared.staged,
            table_columns(source),
            periods[0].start,
            periods[-1].end,
            source.description,
        )
        registry.update(session, source, prepared.registry_rows, window)
    return {period.start.date(): counts.get(period.start.date(), 0) for period in periods}


def _path_table(session: Session, source: Source, name: str, paths: Set[str]) -> str:
    staged = session.stage(f"{source.name}.{name}", ledger.PATHS)
    session.append(staged, ledger.path_table(paths))
    return staged


def _keep_rows(
    session: Session, source: Source, typed: str, present: str, window: dict[str, date]
) -> None:
    """Add to the typed rows those in the window whose file is gone or cannot be opened.

    Rows of an older content, which a later one replaced before the file went, are not kept.
    """
    table = f"collect.{source.name}"
    standing = session.columns(table)
    if not standing:
        return
    kept = ", ".join(
        f"t.{quoted(name)}" for name in names(table_columns(source)) if name in standing
    )
    session.append(
        typed,
        f"""
        select {kept}, coalesce(mtime_ns, 0) as landed, true as kept
        from {table_sql(table)} as t
        join registry.files on files.path = t.source_file
        join registry.file_periods on
            file_periods.path = t.source_file and file_periods.period = t.period
        where t.period >= $start and t.period < $end and duplicates is not null
            and t.source_file not in (from {present})
        """,
        window,
    )


def _losers(source: Source, typed: str) -> str:
    """Query: the rows of the window that another row of the same key and period replaces.

    And those of erased customers, who are counted with them: nothing else is said of such a row.
    """
    key = ", ".join(map(quoted, source.key))
    newest = f"{quoted(source.event_time)} desc, " if source.versioned else ""
    return f"""
        select source_file, source_line, period from {typed}
        where refusal is null and period >= $start and period < $end
        qualify erased is true or row_number() over (
            partition by period, {key}
            order by erased is true, {newest}landed desc, source_file desc, source_line desc
        ) > 1
    """


def _winners(source: Source, typed: str, losers: str) -> str:
    columns = ", ".join(map(quoted, names(table_columns(source))))
    return f"""
        select {columns} from {typed} anti join {losers} using (source_file, source_line)
        where refusal is null and period >= $start and period < $end
    """


def _tests(field: Field) -> tuple[Test, ...]:
    tests: list[Test] = []
    if field.need == "value":
        tests.append(NotNull())
    if field.one_of:
        tests.append(OneOf(field.one_of))
    if field.minimum is not None or field.maximum is not None:
        tests.append(Range(field.minimum, field.maximum))
    return tuple(tests)
