"""Who was erased stays out: marks of identifiers, by which landing rows are recognised.

A mark recognises a pseudonym and gives nothing away. A row of an erased person is kept out unless
it is from after a consent that is newer than the request.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

import pyarrow as pa

from cx_assets.columns import Column
from cx_assets.landing.contract import Source
from cx_assets.privacy.pseudonyms import mark_sql, pseudonym_sql
from cx_assets.privacy.vault import Vault
from cx_assets.warehouse.names import quoted

# A phone, a name or a street may be a whole family's.
TELLING = ("customer", "email", "handle")

COLUMNS = (
    Column("mark", "VARCHAR", "Mark of a pseudonym of the person."),
    Column("person", "VARCHAR", "The person, a mark as well."),
    Column("requested_at", "TIMESTAMP", "When the erasure was asked for."),
    Column("consent_at", "TIMESTAMP", "When consent was given again; null while it was not."),
)


def standing(vault: Vault) -> pa.Table:
    """All tombstones."""
    with vault.transaction() as db:
        rows = db.execute(
            "select mark, person, requested_at, consent_at from tombstones"
        ).fetchall()
    marks, persons, asked, consents = zip(*rows, strict=True) if rows else ((), (), (), ())
    times = pa.timestamp("us")
    return pa.table(
        {
            "mark": pa.array(marks, pa.string()),
            "person": pa.array(persons, pa.string()),
            "requested_at": pa.array(map(_time, asked), times),
            "consent_at": pa.array(map(_time, consents), times),
        }
    )


def put_up(vault: Vault, person: str, marks: Sequence[str], requested_at: datetime) -> None:
    """Keep a person out from now on; an earlier consent no longer counts."""
    with vault.transaction() as db:
        db.execute("delete from tombstones where person = ?", (person,))
        db.executemany(
            "insert or replace into tombstones values (?, ?, ?, null)",
            [(mark, person, requested_at.isoformat()) for mark in sorted({person, *marks})],
        )


def lift(vault: Vault, consents: Mapping[str, datetime]) -> None:
    """Let persons in again, as from their consent; the earliest one counts."""
    if not consents:
        return
    with vault.transaction() as db:
        db.executemany(
            "update tombstones set consent_at = min(coalesce(consent_at, ?1), ?1) "
            "where person = ?2",
            [(consent.isoformat(), person) for person, consent in consents.items()],
        )


def hits(source: Source, typed: str, stones: str, any_stones: bool) -> str:
    """Query: the rows (source_file, source_line) that a tombstone stands for, with its times.

    Only distinct values are hashed, and none where nobody was ever erased.
    """
    nowhere = "select null::varchar as source_file, null::bigint as source_line"
    queries = [f"{nowhere}, person, requested_at, consent_at from {stones} where false"]
    for field in source.fields if any_stones else ():
        if field.identifies in TELLING:
            name = quoted(field.name)
            mark = mark_sql(pseudonym_sql(field.identifies, name))
            queries.append(f"""
                select source_file, source_line, person, stones.requested_at, consent_at
                from {typed} as typed
                join (select distinct {name} from {typed}) using ({name})
                join {stones} as stones on mark = {mark}
                where refusal is null
            """)
    return " union all ".join(queries)


def consents(source: Source, typed: str, hits: str) -> str:
    """Query: (person, consent_at), the erased persons who have agreed to something since."""
    if not source.knows_people:
        return f"select person, consent_at from {hits} where false"
    return f"""
        select person, min(updated_at) as consent_at
        from {hits} join {typed} using (source_file, source_line)
        where updated_at > requested_at and (consent_marketing or consent_analytics)
        group by person
    """


def judged(source: Source, typed: str, hits: str, consents: str) -> str:
    """Query: the typed rows with `erased`: whether a tombstone keeps the row out."""
    event = f"typed.{quoted(source.event_time)}"
    return f"""
        with kept_out as (
            select distinct source_file, source_line
            from {hits} as hits
            left join {consents} as consents using (person)
            join {typed} as typed using (source_file, source_line)
            where coalesce({event} < least(hits.consent_at, consents.consent_at), true)
        )
        select t.*, kept_out.source_line is not null as erased
        from {typed} as t left join kept_out using (source_file, source_line)
    """


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
