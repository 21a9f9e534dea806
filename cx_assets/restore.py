"""`cx restore`: a home out of a backup, compared in full before it takes its place."""

import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path, PurePosixPath

import duckdb

from cx_assets.backup_archive import (
    BackupError,
    Bar,
    Manifest,
    Reader,
    no_bar,
    reading_archive,
)
from cx_assets.home import KEYS, WAREHOUSE, restoring
from cx_assets.warehouse.contents import contents
from cx_assets.warehouse.copying import need_room, new_file
from cx_assets.warehouse.holders import holders


@dataclass(frozen=True)
class Restored:
    """A home stands as it was backed up.

    `aside` is where the one before it is now; `keys_missing`: they are neither in the backup nor
    in that one.
    """

    home: Path
    manifest: Manifest
    aside: Path | None
    keys_missing: bool


def restore(archive: Path, home: Path, force: bool = False, bar: Bar = no_bar) -> Restored:
    """Build the home beside its place, compare every file and table, and only then swap it in.

    Nothing is deleted: the home before stands aside afterwards, and its keys are in the new one
    where the backup has none. Killed at any moment, it leaves the home as it was; between the two
    renames of the swap, none, and the old one aside. The next one completes either way.

    Args:
        force: also where `home` holds something.
        bar: shows how far it is.

    Raises:
        BackupError: `home` holds something or is in use, the archive is damaged, or what came out
            of it is not what was backed up.
        NoRoom: the disk has no room for another home.
    """
    home = home.absolute()
    holds_something = home.exists() and (not home.is_dir() or any(home.iterdir()))
    if holds_something and not force:
        raise BackupError(
            f"{home} holds something. Restore into a new folder (--into), or say --force: then it "
            "is moved aside, not deleted"
        )
    if home.is_symlink() or home.is_mount():
        raise BackupError(
            f"{home} is a link or a mount point, and cannot be swapped: restore into a folder in "
            "it (--into), and let CX_HOME name that"
        )
    home.parent.mkdir(parents=True, exist_ok=True)
    new = restoring(home)
    shutil.rmtree(new, ignore_errors=True)
    try:
        with reading_archive(archive) as reader:
            manifest = reader.manifest
            need_room(home.parent, manifest.size)
            _extract(reader, new, bar)
        for database in manifest.tables:
            _compare(new, database, manifest)
        if manifest.keys_left_out and (home / KEYS).is_dir():
            shutil.copytree(home / KEYS, new / KEYS)
        os.sync()
        aside = _swap(new, home) if holds_something else None
        if not holds_something:
            with suppress(FileNotFoundError):
                home.rmdir()
            new.rename(home)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    missing = manifest.keys_left_out and not (home / KEYS).is_dir()
    return Restored(home, manifest, aside, keys_missing=missing)


def _extract(reader: Reader, home: Path, bar: Bar) -> None:
    """Write all files below `home`, for nobody but the owner, each with its time."""
    home.mkdir(mode=0o700)
    with bar("Restoring the files", reader.manifest.size) as tell:
        for file in reader.manifest.files:
            path = home / file.path
            for folder in reversed(PurePosixPath(file.path).parents):
                (home / folder).mkdir(exist_ok=True, mode=0o700)
            with new_file(path) as target:
                reader.copy(file, target, tell)
                target.flush()
                os.utime(target.fileno(), ns=(file.mtime_ns, file.mtime_ns))


def _compare(home: Path, database: str, manifest: Manifest) -> None:
    """
    Raises:
        BackupError: the tables are not those that were backed up, or cannot be read.
    """
    then, now = manifest.versions.get("duckdb", "another release"), version("duckdb")
    advice = f"It was made with DuckDB {then}, and this is {now}: try that release"
    try:
        found = contents(home / database)
    except duckdb.Error as error:
        raise BackupError(f"{database} cannot be read: {error}. {advice}") from None
    wanted = manifest.tables[database]
    if found != wanted:
        differing = sorted(
            name for name in {*found, *wanted} if found.get(name) != wanted.get(name)
        )
        raise BackupError(
            f"{len(differing)} tables of {database} are not as they were backed up: "
            f"{', '.join(differing)}. {advice}"
        )


def _swap(new: Path, home: Path) -> Path:
    """Move the home aside and the new one in its place; where the old one is now."""
    if open_in := holders(home / WAREHOUSE):
        raise BackupError(
            f"{home / WAREHOUSE} is open in {', '.join(map(str, open_in))}: close it there, stop "
            "the daemon and the webserver, and restore again"
        )
    aside = home.with_name(f".{home.name}.before-{datetime.now(UTC):%Y%m%dT%H%M%S.%f}")
    home.rename(aside)
    try:
        new.rename(home)
    except OSError:
        aside.rename(home)
        raise
    return aside
