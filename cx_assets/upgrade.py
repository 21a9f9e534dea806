"""A warehouse that an earlier version wrote is brought up to this one before anything is collected.

`registry.version` says which version wrote it; a warehouse without it is of version 1, or empty.
A step is one transaction, so a warehouse is of one version or of the next.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from cx_assets.columns import names
from cx_assets.landing import collect, registry
from cx_assets.landing.contract import Source
from cx_assets.landing.sources import SOURCES
from cx_assets.landing.temporary import create
from cx_assets.periods import period_at
from cx_assets.privacy import free_blocks
from cx_assets.privacy.guard import Guard
from cx_assets.settings import Settings
from cx_assets.warehouse import Session, Warehouse
from cx_assets.warehouse.names import quoted, table_sql

VERSION = 2
# The texts that the tables of process repeat, by their keys.
REPEATED = {
    "process.support_tickets": ("ticket_id", "text"),
    "process.social_mentions": ("mention_id", "text"),
    "process.survey_responses": ("response_id", "comment"),
}


class TooNew(RuntimeError):
    """A later version of the product wrote the warehouse."""


@contextmanager
def up_to_date(
    warehouse: Warehouse, settings: Settings, guard: Guard, tell: Callable[[str], object]
) -> Iterator[Session]:
    """A session on the warehouse, which is of this version; no other connection may be open.

    Raises:
        TooNew: as `upgrade`.
    """
    with warehouse.connect() as session:
        current = version(session) == VERSION and not free_blocks.is_noted(session)
        if current:
            yield session
    if not current:
        upgrade(warehouse, settings, guard, tell)
        with warehouse.connect() as session:
            yield session


def upgrade(
    warehouse: Warehouse,
    settings: Settings,
    guard: Guard,
    tell: Callable[[str], object] = lambda text: None,
) -> None:
    """Bring the warehouse up to this version, if it is not; no connection to it may be open.

    Raises:
        TooNew: it would be read otherwise than it was meant.
    """
    with warehouse.connect() as session:
        found = version(session)
        if found > VERSION:
            raise TooNew(
                f"{settings.warehouse} is of version {found}, and this code knows up to {VERSION}: "
                "install the release that wrote it, or a later one"
            )
        if found < VERSION:
            tell(f"{settings.warehouse} is of version {found}: moving identifiers into the vault")
            with session.transaction():
                _move_identifiers(session, settings, guard)
                free_blocks.note(session)
                _write_version(session)
            tell(f"{settings.warehouse} is of version {VERSION} now")
    free_blocks.clear(warehouse, settings.warehouse)


def version(session: Session) -> int:
    """The version of the product that wrote the warehouse; an empty one becomes this one's."""
    if session.columns("registry.version"):
        ((found,),) = session.rows("select version from registry.version")
        return int(found)
    if session.columns("registry.files"):
        return 1
    with session.transaction():
        _write_version(session)
    return VERSION


def _write_version(session: Session) -> None:
    registry.create(session)
    session.execute(
        "create or replace table registry.version as select $version::int as version",
        {"version": VERSION},
    )


def _move_identifiers(session: Session, settings: Settings, guard: Guard) -> None:
    """From version 1 to 2: what the guard does at the door is done to what is inside."""
    for source in SOURCES.values():
        table = f"collect.{source.name}"
        if (source.identifiers or source.texts) and session.columns(table):
            _protect(session, settings, guard, source, table)
    for table, (key, text) in REPEATED.items():
        collected = table.replace("process.", "collect.")
        if session.columns(table) and session.columns(collected):
            session.execute(
                f"update {table} as old set {text} = new.{text} from {collected} as new "
                f"where new.{key} = old.{key} and new.period = old.period"
            )


def _protect(
    session: Session, settings: Settings, guard: Guard, source: Source, table: str
) -> None:
    periods = session.rows(f"select min(period), max(period) from {table}")
    first, last = (day and period_at(day, settings.period) for day in periods[0])
    rejects = create(
        session,
        source,
        "old rejects",
        f"select * from registry.rejected_rows where source = '{source.name}'",
    )
    if source.identifiers:
        # A line as it landed, of which nobody knows any more what identifies whom.
        session.execute(f"update {rejects} set payload = null")
    typed = create(session, source, "old rows", _as_typed(session, source, table))
    guarded = guard.protect(session, source, typed, rejects)
    session.execute(
        "delete from registry.rejected_rows where source = $source", {"source": source.name}
    )
    session.execute(f"insert into registry.rejected_rows by name from {guarded.rejects}")
    if first and last:
        window = {"start": first.start.date(), "end": last.end.date()}
        guard.keep(session, source, guarded, window)
        columns = collect.table_columns(source)
        staged = session.stage(table, columns)
        listed = ", ".join(map(quoted, names(columns)))
        session.append(staged, f"select {listed} from {guarded.typed}")
        session.replace_window(table, staged, columns, first.start, last.end, source.description)


def _as_typed(session: Session, source: Source, table: str) -> str:
    """Query: the standing rows as the reader would give them."""
    standing = session.columns(table)
    missing = [field for field in source.fields if field.name not in standing]
    nulls = "".join(f", null::{field.sql_type} as {quoted(field.name)}" for field in missing)
    return f"select *{nulls}, null::varchar as refusal from {table_sql(table)}"
