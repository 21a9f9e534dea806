"""`cx backup`: everything a home holds, in one file, as of one moment.

While nobody can write to the databases, Dagster's are copied, then the warehouse and its like; the
files of the landing zone and the outbox come after that. So nothing in the archive speaks of what
is not in it: an event log that is behind has the sensors ask once more, and a file that came later
is simply new, while an event log that was ahead would leave a landed file uncollected for ever.
"""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from platform import python_version

from cx_assets.backup_archive import BackupError, Bar, Manifest, Writer, no_bar, reading_archive
from cx_assets.home import Item, Kind, Listing, folders, has_keys, listing
from cx_assets.settings import Settings
from cx_assets.warehouse.contents import contents
from cx_assets.warehouse.copying import copy_bytes, locked, need_room, new_file, put_in_place

PACKAGES = ("cx-assets", "dagster", "duckdb")
# A step of a run may take minutes, and a backup can wait.
LOCK_WAIT_SECONDS = 600.0


def back_up(
    settings: Settings,
    target: Path,
    with_keys: bool = False,
    bar: Bar = no_bar,
    lock_wait_seconds: float = LOCK_WAIT_SECONDS,
) -> Manifest:
    """Write a new archive, read it back, and only then give it its name.

    Killed at any moment, it leaves no `target`, and at most two hidden names beside it that the
    next backup to the same `target` writes over.

    Args:
        with_keys: the keys too. With them, whoever has the archive can undo every pseudonym in it,
            and the erasure of a customer does not reach into it. Without them, it is of no use
            until the keys are back in their place.
        bar: shows how far it is.

    Raises:
        BackupError: `target` exists or is in the home, or what was written cannot be read back.
        NoRoom: the disk has no room for the archive and the copies that it is made of.
        WarehouseLocked: another process had a database open for longer than `lock_wait_seconds`.
    """
    target = target.absolute()
    _refuse(settings, target)
    found = listing(settings, with_keys)
    sizes = {item: item.path.stat().st_size for item in found.items if item.path.exists()}
    copied = sum(size for item, size in sizes.items() if item.kind is not Kind.FILE)
    need_room(target.parent, sum(sizes.values()) + copied)
    temporary, copies = (target.with_name(f".{target.name}.{end}") for end in ("tmp", "parts"))
    with _gone_afterwards(temporary, copies):
        copies.mkdir(mode=0o700)
        with bar("Copying the databases", copied) as tell:
            databases = [item for item in found.items if item.kind is not Kind.FILE]
            for item in _copy_databases(databases, copies, lock_wait_seconds):
                tell(sizes.get(item, 0))
        # What has landed since then is newer than the warehouse, and belongs to the backup.
        found = listing(settings, with_keys)
        with new_file(temporary) as file:
            with Writer(file) as archive, bar("Writing the archive", sum(sizes.values())) as tell:
                for item in found.items:
                    path = item.path if item.kind is Kind.FILE else copies / item.name
                    # Files may go while we are at it, and a database that came since is too new.
                    with suppress(FileNotFoundError):
                        archive.add(item.name, path, tell)
                keys_left_out = not with_keys and has_keys(settings)
                manifest = _manifest(archive, found, copies, keys_left_out)
                archive.finish(manifest)
            file.flush()
            os.fsync(file.fileno())
        with reading_archive(temporary) as written:
            written.check(bar)
        _refuse(settings, target)
        put_in_place(temporary, target)
    return manifest


def _refuse(settings: Settings, target: Path) -> None:
    if target.exists():
        raise BackupError(f"{target} exists, and a backup is never written over: choose a new name")
    if not target.parent.is_dir():
        raise BackupError(f"there is no folder {target.parent}: create it, or choose another")
    for place in (settings.home, *folders(settings).values()):
        if target.parent.resolve().is_relative_to(place.resolve()):
            raise BackupError(
                f"{target} is in {place}, and would be lost together with it: choose a folder "
                "elsewhere, best on another disk"
            )


@contextmanager
def _gone_afterwards(file: Path, folder: Path) -> Iterator[None]:
    """Neither is there at the start or at the end; what stands there was left by a killed one."""

    def clear() -> None:
        file.unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)

    clear()
    try:
        yield
    finally:
        clear()


def _copy_databases(items: list[Item], copies: Path, wait_seconds: float) -> Iterator[Item]:
    """Copy them below `copies` under their names, as of one moment; each is given when it is."""
    with ExitStack() as stack:
        sources = [
            (item, stack.enter_context(locked(item.path, wait_seconds)))
            for item in items
            if item.kind is Kind.DUCKDB
        ]
        for item in items:
            (copies / item.name).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            # Dagster drops the database of a run that is deleted meanwhile.
            if item.kind is Kind.SQLITE and item.path.exists():
                _copy_sqlite(item.path, copies / item.name)
                yield item
        for item, source in sources:
            copy_bytes(source, copies / item.name)
            yield item


def _copy_sqlite(path: Path, target: Path) -> None:
    """What was committed, also while others write."""
    with (
        closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(target)) as copy,
    ):
        source.backup(copy)


def _manifest(archive: Writer, found: Listing, copies: Path, keys_left_out: bool) -> Manifest:
    databases = [item.name for item in found.items if item.kind is Kind.DUCKDB]
    return Manifest(
        made_at=datetime.now(UTC),
        versions={
            "python": python_version(),
            **{package: version(package) for package in PACKAGES},
        },
        keys_left_out=keys_left_out,
        files=archive.files,
        tables={name: contents(copies / name) for name in databases if (copies / name).exists()},
        left_out=found.left_out,
    )
