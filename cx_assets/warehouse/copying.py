"""Copies of a DuckDB file that are whole: taken while nobody writes, put in place in one step."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from cx_assets.warehouse.duckdb import DuckDBWarehouse

OWNER_ONLY = 0o600
BLOCK_BYTES = 1 << 20


class NoRoom(OSError):
    """The disk has less space than the copy needs."""


@contextmanager
def locked(database: Path, wait_seconds: float = 30.0) -> Iterator[BinaryIO]:
    """The bytes of a DuckDB file with all that was committed, while no other process may open it.

    Raises:
        FileNotFoundError: there is no such database.
        WarehouseLocked: another process had it open for longer than `wait_seconds`.
    """
    warehouse = DuckDBWarehouse.at(database, lock_wait_seconds=wait_seconds)
    # A process that closes any descriptor of a file gives up all its POSIX locks on that file. So
    # this one is opened before DuckDB's and closed after it.
    with database.open("rb") as file, warehouse.connect() as session:
        session.execute("checkpoint")
        yield file


def copy_bytes(source: BinaryIO, target: Path) -> None:
    """Copy from the start to a new file of the owner's, down to the disk; times come along.

    Raises:
        NoRoom: there is not enough space; nothing was written.
    """
    status = os.fstat(source.fileno())
    need_room(target.parent, status.st_size)
    target.unlink(missing_ok=True)
    source.seek(0)
    with new_file(target) as file:
        shutil.copyfileobj(source, file, BLOCK_BYTES)
        file.flush()
        os.utime(file.fileno(), ns=(status.st_atime_ns, status.st_mtime_ns))
        os.fsync(file.fileno())


def new_file(path: Path) -> BinaryIO:
    """A file that only its owner may read, open for writing.

    Raises:
        FileExistsError: there is one already, or a link.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    return os.fdopen(os.open(path, flags, OWNER_ONLY), "wb")


def need_room(folder: Path, size: int) -> None:
    """
    Raises:
        NoRoom: less than `size` bytes are free.
    """
    free = shutil.disk_usage(folder).free
    if free < size:
        raise NoRoom(
            f"{folder} has {free / 1e6:,.0f} MB free, and {size / 1e6:,.0f} MB are needed: "
            "make room there, or choose another folder"
        )


def put_in_place(temporary: Path, path: Path) -> None:
    """Rename a file that is down on the disk; after this, the new name is too."""
    temporary.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
