"""What a home holds: the one list that backup, restore and doctor go by.

All that is in a home is kept, whether it is named here or not, apart from what can be made again
(the read replica) and what is not whole yet. So a new file below CX_HOME needs no word here, as
long as a DuckDB database ends in `.duckdb`; what a setting can put elsewhere is named.
"""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from cx_assets.settings import Settings
from cx_assets.warehouse.replica import replica_path

# What CX_LANDING, CX_VAULT and so on may put elsewhere, under its name in a home and in a backup.
# A database in one of these folders is a file like any other.
FOLDERS = ("landing", "outbox", "reports", "keys")
KEYS = "keys"
DAGSTER = "dagster"
WAREHOUSE, VAULT = "warehouse.duckdb", "vault.sqlite"

# How the names end under which the project and its users write what is not whole yet.
UNFINISHED = (".tmp", ".part")
# What databases keep beside themselves; a copy that is made by the database has it all.
JOURNALS = (".wal", "-wal", "-shm", "-journal")

# How every SQLite file begins.
SQLITE = b"SQLite format 3\0"


class Kind(Enum):
    """Who must make the copy of a file."""

    DUCKDB = "duckdb"
    SQLITE = "sqlite"
    FILE = "file"


@dataclass(frozen=True)
class Item:
    """A file of a home: `name` is its path in a home where every place is where it is by itself."""

    name: str
    path: Path
    kind: Kind = Kind.FILE


@dataclass
class Listing:
    """The files of a home, and what is left out, with the reason."""

    items: list[Item] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def folders(settings: Settings) -> dict[str, Path]:
    """The folders of a home and where they are."""
    return {**{name: getattr(settings, name) for name in FOLDERS}, DAGSTER: settings.dagster_home}


def places(settings: Settings) -> dict[str, Path]:
    """Whatever a setting can put elsewhere, and where it is."""
    return {**folders(settings), WAREHOUSE: settings.warehouse, VAULT: settings.vault}


def elsewhere(settings: Settings) -> dict[str, Path]:
    """What a setting has put outside of the home."""
    return {
        name: path
        for name, path in places(settings).items()
        if not path.is_relative_to(settings.home)
    }


def has_keys(settings: Settings) -> bool:
    return settings.keys.is_dir() and any(settings.keys.iterdir())


def listing(settings: Settings, with_keys: bool) -> Listing:
    """Every file that is to be kept, sorted by name."""
    found = Listing()
    if settings.warehouse.exists():
        found.items.append(Item(WAREHOUSE, settings.warehouse, Kind.DUCKDB))
    if settings.vault.exists():
        found.items.append(Item(VAULT, settings.vault, Kind.SQLITE))
    apart = {replica_path(settings.warehouse), *places(settings).values()}
    for name in places(settings):
        if (unused := settings.home / name) not in apart and unused.exists():
            found.left_out.append(f"{name} (not in use: the settings name another)")
            apart.add(unused)
    for name, path in folders(settings).items():
        if name != KEYS or with_keys:
            _add(found, path, name, apart - {path}, databases=name == DAGSTER)
    _add(found, settings.home, "", apart, databases=True)
    found.items.sort(key=lambda item: item.name)
    return found


def unfinished(settings: Settings) -> list[Path]:
    """The temporary files and folders that stand in a home or beside it."""
    files = (settings.warehouse, settings.vault)
    tops = {settings.home, *folders(settings).values(), *(path.parent for path in files)}
    found = {restoring(settings.home)} if restoring(settings.home).exists() else set()
    for top in tops:
        for folder, subfolders, names in os.walk(top):
            found |= {Path(folder, name) for name in names if name.endswith(UNFINISHED)}
            found |= {Path(folder, name) for name in subfolders if name.endswith(UNFINISHED)}
            subfolders[:] = [name for name in subfolders if not name.endswith(UNFINISHED)]
    return sorted(found)


def restoring(home: Path) -> Path:
    """Where a home is built up before it takes its place."""
    return home.with_name(f".{home.name}.restoring")


def _add(found: Listing, top: Path, name: str, apart: set[Path], databases: bool) -> None:
    """Add the files below `top`, which may be a link itself, but nothing that stands `apart`."""
    for path in _below(top, apart):
        kept_as = (Path(name) / path.relative_to(top)).as_posix()
        shown = os.fsencode(kept_as).decode("utf-8", "backslashreplace")
        if shown != kept_as:
            found.left_out.append(f"{shown} (its name is not UTF-8)")
        elif not stat.S_ISREG(path.lstat().st_mode):
            found.left_out.append(f"{shown} (a link, or no plain file)")
        elif not (databases and path.name.endswith(JOURNALS)):
            found.items.append(Item(kept_as, path, _kind(path) if databases else Kind.FILE))


def _below(top: Path, apart: set[Path]) -> Iterator[Path]:
    """What is below a folder and is whole; links are given, and not followed."""

    def refuse(error: OSError) -> None:
        if not isinstance(error, FileNotFoundError):
            raise error

    for folder, subfolders, names in os.walk(top, onerror=refuse):
        here = Path(folder)
        links = [name for name in subfolders if (here / name).is_symlink()]
        subfolders[:] = [
            name
            for name in subfolders
            if here / name not in apart and name not in links and not name.endswith(UNFINISHED)
        ]
        for name in (*names, *links):
            path = here / name
            # It may have gone since the folder was listed.
            if path not in apart and not name.endswith(UNFINISHED) and os.path.lexists(path):
                yield path


def _kind(path: Path) -> Kind:
    if path.suffix == ".duckdb":
        return Kind.DUCKDB
    with path.open("rb") as file:
        return Kind.SQLITE if file.read(len(SQLITE)) == SQLITE else Kind.FILE
