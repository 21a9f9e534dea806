"""A DuckDB file per role, `published/<role>.duckdb`, with the tables that `roles` declares.

DuckDB knows no users: who may read a file reads all of it. So each role has a file of its own, made
of tables and not of views, and keeps who may read it: the first one is its owner's only, and a new
one takes over the mode and the group of the old one.
"""

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from cx_assets.catalogue import catalogue_of
from cx_assets.periods import period_at
from cx_assets.privacy.pseudonyms import pads
from cx_assets.privacy.publication.roles import ROLES, Role, Shared
from cx_assets.settings import Settings
from cx_assets.warehouse import Session
from cx_assets.warehouse.copying import put_in_place
from cx_assets.warehouse.names import literal, quoted, table_sql
from cx_assets.warehouse.replica import write_ahead_log

# The actions of service are those that are to move satisfaction.
SERVICE_OUTCOME = "csat"

PEOPLE = """
create or replace temp table people as
with open_tickets as (
    select customer_id, count(*) as open_tickets
    from process.support_tickets
    where opened_at < $end and (resolved_at is null or resolved_at >= $end)
    group by customer_id
),

ranked as (
    select customer_id, ntile(4) over (order by value, customer_id) as value_band
    from (
        select customer_id, greatest(coalesce(clv, clv_formula, 0), 0) as value
        from insight.customer_360
        where period = $newest
    )
)

select
    customers.customer_id,
    customers.consent_analytics,
    customers.consent_marketing,
    customers.closed_at is null as is_open,
    coalesce(open_tickets.open_tickets, 0) as open_tickets,
    ranked.value_band
from process.customers as customers
left join open_tickets using (customer_id)
left join ranked using (customer_id)
where customers.period = $newest
"""


@dataclass(frozen=True)
class Written:
    """A role's file: rows by table, and the tables that the warehouse does not have yet."""

    path: Path
    rows: dict[str, int]
    missing: list[str]


def write_files(
    session: Session,
    settings: Settings,
    key: bytes,
    newest: datetime,
    roles: Sequence[Role] = ROLES,
) -> list[Written]:
    """Write the file of each role anew; each appears whole or not at all.

    Args:
        newest: when the newest period starts.
    """
    period = period_at(newest.date(), settings.period)
    parameters: dict[str, Any] = {
        **pads(key),
        "newest": period.start.date(),
        "end": period.end,
        "k": settings.publish_k,
        "service_actions": [
            action.name
            for action in catalogue_of(settings).actions
            if action.outcome == SERVICE_OUTCOME
        ],
    }
    _execute(session, PEOPLE, parameters)
    return [
        _write(session, settings.published / f"{role.name}.duckdb", role, parameters)
        for role in roles
    ]


def withdraw(settings: Settings) -> None:
    """Delete the files of all roles, as somebody in them is to be erased."""
    for role in ROLES:
        path = settings.published / f"{role.name}.duckdb"
        for file in (path, write_ahead_log(path), _temporary(path)):
            file.unlink(missing_ok=True)


def view_sql(shared: Shared) -> str:
    """The rows of a role's table, as SQL over the warehouse and the temporary table `people`."""
    if not shared.of_customers:
        return f"select t.* from {table_sql(shared.source)} as t where {shared.where}"
    columns = ",\n    ".join(f"{sql} as {quoted(name)}" for name, sql in shared.columns.items())
    return (
        f"select\n    {columns}\nfrom {table_sql(shared.source)} as t\n"
        f"inner join people as p using (customer_id)\nwhere {shared.where}"
    )


def _write(session: Session, path: Path, role: Role, parameters: dict[str, Any]) -> Written:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = _temporary(path)
    rows, missing = {}, []
    with _attached(session, temporary):
        for shared in role.tables:
            if not session.columns(shared.source):
                missing.append(shared.source)
                continue
            schema, _, name = shared.name.rpartition(".")
            where = f"published.{quoted(schema or 'main')}"
            session.execute(f"create schema if not exists {where}")
            table = f"{where}.{quoted(name)}"
            _execute(
                session, f"create table {table} as {view_sql(shared)} order by all", parameters
            )
            ((rows[shared.name],),) = session.rows(f"select count(*) from {table}")
    _hand_over(temporary, path)
    return Written(path, rows, missing)


@contextmanager
def _attached(session: Session, path: Path) -> Iterator[None]:
    """A new database file, attached as `published`."""
    for left in (path, write_ahead_log(path)):
        left.unlink(missing_ok=True)
    session.execute(f"attach {literal(str(path))} as published")
    try:
        yield
    finally:
        session.execute("detach published")


def _hand_over(temporary: Path, path: Path) -> None:
    """Put the new file in the old one's place, with its mode and group."""
    mode = 0o600
    if path.exists():
        old = path.stat()
        mode = stat.S_IMODE(old.st_mode)
        os.chown(temporary, -1, old.st_gid)
    temporary.chmod(mode)
    with temporary.open("rb") as file:
        os.fsync(file.fileno())
    write_ahead_log(path).unlink(missing_ok=True)
    put_in_place(temporary, path)


def _temporary(path: Path) -> Path:
    return path.with_name(f".{path.name}.tmp")


def _execute(session: Session, sql: str, parameters: dict[str, Any]) -> None:
    """DuckDB takes only those parameters that a statement names."""
    session.execute(sql, {name: value for name, value in parameters.items() if f"${name}" in sql})
