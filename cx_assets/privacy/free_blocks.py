"""Deleted rows stay in the free blocks of the warehouse's file until it is written anew.

Whoever deletes them notes that in the same transaction. So a process killed before the file was
written anew leaves the note, and the next one does it.
"""

from pathlib import Path

from cx_assets.privacy.erasure.compact import compact
from cx_assets.warehouse import Session, Warehouse

_NOTE = "registry.to_compact"


def note(session: Session) -> None:
    """The caller holds the transaction that deletes."""
    session.execute(f"create table if not exists {_NOTE} as select true as to_compact")


def is_noted(session: Session) -> bool:
    """Whether rows were deleted that the file may still hold."""
    return bool(session.columns(_NOTE))


def clear(warehouse: Warehouse, path: Path) -> None:
    """Write the warehouse at `path` anew where that is noted; no connection to it may be open.

    Raises:
        WarehouseLocked, NoRoom, CopyDiffers: as `compact`; the note stands.
    """
    with warehouse.connect() as session:
        if not is_noted(session):
            return
    compact(path)
    with warehouse.connect() as session:
        session.execute(f"drop table {_NOTE}")
