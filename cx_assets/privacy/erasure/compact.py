"""The warehouse written anew, so that no byte of a deleted row is left in free blocks or the log.

DuckDB marks the blocks of deleted rows as free and overwrites them when it needs them. A copy of
all tables, views and comments into a new file has none of them; the old file's name is then the
new one's. What the disk keeps of a deleted file is not in our hands.
"""

import os
import shutil
from contextlib import suppress
from pathlib import Path

from cx_assets.warehouse.contents import contents
from cx_assets.warehouse.copying import OWNER_ONLY, need_room, put_in_place
from cx_assets.warehouse.duckdb import DuckDBWarehouse
from cx_assets.warehouse.names import literal, quoted
from cx_assets.warehouse.replica import replica_path, write_ahead_log


class CopyDiffers(RuntimeError):
    """The copy does not hold what the warehouse holds; the warehouse stands as it was."""


def compact(warehouse: Path, wait_seconds: float = 30.0) -> None:
    """Replace the file by a copy of what it holds; the replica, a copy of the old one, goes.

    The caller has no connection to it open. Killed at any moment, the old file stands or the new
    one, and at most a hidden file that the next call removes.

    Raises:
        NoRoom: the disk has no room for a second file.
        CopyDiffers: a table's rows are not the same in both.
        WarehouseLocked: another process had it open for longer than `wait_seconds`.
    """
    temporary = warehouse.with_name(f".{warehouse.name}.compact.tmp")
    _remove(temporary)
    # DuckDB puts what does not fit into memory there, and leaves it when it is killed.
    _spilled(warehouse)
    opened = DuckDBWarehouse.at(warehouse, lock_wait_seconds=wait_seconds)
    with opened.connect() as session:
        session.execute("checkpoint")
    held = contents(warehouse)
    with opened.connect() as session:
        session.execute("checkpoint")
        need_room(warehouse.parent, warehouse.stat().st_size)
        ((name,),) = session.rows("select current_database()")
        session.execute(f"attach {literal(str(temporary))} as compacted")
        session.execute(f"copy from database {quoted(name)} to compacted")
        session.execute("detach compacted")
        if contents(temporary) != held or write_ahead_log(temporary).exists():
            _remove(temporary)
            raise CopyDiffers(f"a copy of {warehouse} differs from it: run this again")
        temporary.chmod(OWNER_ONLY)
        _down_on_disk(temporary)
        # Without changes since the checkpoint, closing the old file writes nothing.
        write_ahead_log(warehouse).unlink(missing_ok=True)
        put_in_place(temporary, warehouse)
    _spilled(warehouse)
    _remove(replica_path(warehouse))


def _down_on_disk(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _remove(database: Path) -> None:
    database.unlink(missing_ok=True)
    write_ahead_log(database).unlink(missing_ok=True)


def _spilled(database: Path) -> None:
    with suppress(FileNotFoundError):
        shutil.rmtree(database.with_name(f"{database.name}.tmp"))
