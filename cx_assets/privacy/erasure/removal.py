"""Erasure: people's rows leave the landing zone, the warehouse, the outbox and the run storage.

In this order, so that a kill at any moment, followed by a second call, ends in the same state:

1. Find the keys, in the warehouse and in landing files that were not collected yet, and remember
   in the warehouse those that lead from one file to another.
2. Rewrite landing and outbox files, each whole or not at all.
3. In one transaction: delete the rows of every table, collect the rewritten files again, and
   forget the keys.
4. Write the warehouse anew, so that no freed block keeps a row; mask ids in Dagster's storage.

What was removed is counted in the warehouse as it happens, so the numbers outlive a kill too.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from cx_assets.landing import registry
from cx_assets.privacy.erasure import elsewhere, landing_rows, person
from cx_assets.privacy.erasure.compact import compact
from cx_assets.privacy.erasure.landing_rows import FILE, MASKED
from cx_assets.privacy.erasure.needles import needles
from cx_assets.privacy.erasure.person import Person, known_keys, theirs
from cx_assets.privacy.erasure.recollect import recollect
from cx_assets.privacy.erasure.replacing import remove_orphans
from cx_assets.privacy.erasure.warehouse_rows import delete_rows, mask_texts
from cx_assets.settings import Settings
from cx_assets.warehouse import Session, Warehouse

_COUNTS = "registry.erased"
TABLE = "table"


@dataclass
class Removal:
    """Rows removed by table and file, texts masked by either, and files nobody could look into.

    Files are named relative to their zone or home.
    """

    tables: dict[str, int] = field(default_factory=dict)
    files: dict[str, int] = field(default_factory=dict)
    masked: dict[str, int] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)


def erase(warehouse: Warehouse, settings: Settings, people: Sequence[Person]) -> Removal:
    """Remove everything of these people but what the vault holds.

    The caller holds the pool's slot, has no connection to the warehouse open, and destroys the
    people's keys in the vault when this has returned, not before: a call after a kill needs the
    same identifiers.

    Raises:
        WarehouseLocked: another process has the warehouse open.
        Unbalanced: a row of somebody else would be lost; the warehouse is as it was.
        NoRoom, CopyDiffers: as `compact`; call again.
    """
    wanted = needles(people)
    for top in (settings.home, settings.landing, settings.outbox):
        remove_orphans(top)
    removal = Removal()
    with warehouse.connect() as session:
        registry.create(session)
        session.execute(
            f"create table if not exists {_COUNTS} (place varchar, name varchar, rows bigint)"
        )
        keys = known_keys(session, people)
        landing_rows.add_owners(session, settings, keys)
        theirs(session, keys)
        keys.remember(session)

        def note(place: str, name: str, rows: int) -> None:
            _count(session, place, name, rows)

        landed = landing_rows.erase_rows(session, settings, keys, wanted, note)
        left = elsewhere.erase_parquet_rows(session, settings, keys, note)
        removal.unreadable = {**landed.unreadable, **left}
        with session.transaction():
            for table, rows in delete_rows(session, keys, wanted).items():
                _count(session, TABLE, table, rows)
            recollect(session, settings)
            for table, texts in mask_texts(session, wanted).items():
                _count(session, MASKED, table, texts)
            person.forget(session)
    compact(settings.warehouse)
    removal.masked = elsewhere.mask_records(settings, wanted)
    places = {TABLE: removal.tables, FILE: removal.files, MASKED: removal.masked}
    with warehouse.connect() as session:
        for place, counts in places.items():
            counts.update(
                session.rows(
                    f"select name, rows from {_COUNTS} where place = $place", {"place": place}
                )
            )
        session.execute(f"drop table {_COUNTS}")
    return removal


def _count(session: Session, place: str, name: str, rows: int) -> None:
    """Note what is removed; the same file again is a call before that was killed on the way."""
    found = {"place": place, "name": name, "rows": rows}
    with session.transaction():
        if place != TABLE:
            session.execute(
                f"delete from {_COUNTS} where place = $place and name = $name",
                {"place": place, "name": name},
            )
        session.execute(f"insert into {_COUNTS} values ($place, $name, $rows)", found)
