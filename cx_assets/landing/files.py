"""Which landing files there are, and what tells one content from another."""

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from cx_assets.landing.contract import Source

SUFFIXES = (".csv", ".csv.gz", ".jsonl", ".jsonl.gz", ".parquet")
# What one file may be when it is unpacked; CX_MAX_FILE_BYTES sets it.
MAX_BYTES = 20 * 10**9
# A record longer than this is no record: every value is at most 100,000 characters.
MAX_RECORD_BYTES = 1 << 20

_MOVE = "put the files themselves here"
_ALLOW = "give the reader access to it"


class Unreadable(Exception):
    """The file as a whole cannot be read; the message says why and what to do."""


def too_large(max_bytes: int) -> Unreadable:
    """The error of a file that holds more than a file may."""
    return Unreadable(
        f"the file holds more than {max_bytes:,} bytes, unpacked; split it, or raise "
        "CX_MAX_FILE_BYTES if it is right"
    )


@dataclass(frozen=True, order=True)
class LandedFile:
    """A file of the landing zone; `path` is relative to the zone, with forward slashes.

    `problem` says, in words, why the file may not or cannot be opened at all.
    """

    path: str
    size: int
    mtime_ns: int
    problem: str | None = None


def listing(landing: Path, source: Source) -> list[LandedFile]:
    """The files of one source, sorted by path; nothing is opened.

    Hidden and temporary names, and names with another ending, are left out. A link that leaves the
    landing zone, a linked folder and a folder that cannot be listed are in the list with a problem.
    """
    zone, top = landing.resolve(), landing / source.name
    if top.is_symlink() and not top.resolve().is_relative_to(zone):
        return [
            _refused(landing, top, f"the folder is a link that leaves the landing zone; {_MOVE}")
        ]
    closed: list[OSError] = []
    found = []
    for folder, subfolders, names in os.walk(top, onerror=closed.append):
        here = Path(folder)
        links = [name for name in subfolders if (here / name).is_symlink() and not _hidden(name)]
        found += [
            _refused(landing, here / name, f"the folder is a link; {_MOVE}") for name in links
        ]
        subfolders[:] = [name for name in subfolders if not _hidden(name)]
        found += [_landed(landing, zone, here / name) for name in names if _is_wanted(name)]
    found += [
        _refused(
            landing,
            Path(error.filename),
            f"the folder cannot be listed ({error.strerror}); {_ALLOW}",
        )
        for error in closed
        if not isinstance(error, FileNotFoundError)
    ]
    return sorted(found)


def fingerprint(path: Path) -> str:
    """SHA-256 of the file's bytes, in hex; reads in blocks."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_csv(path: str) -> bool:
    return path.lower().endswith((".csv", ".csv.gz"))


def is_parquet(path: str) -> bool:
    return path.lower().endswith(".parquet")


def _hidden(name: str) -> bool:
    return name.startswith((".", "_")) or name.lower().endswith((".tmp", ".part"))


def _is_wanted(name: str) -> bool:
    return name.lower().endswith(SUFFIXES) and not _hidden(name)


def _landed(landing: Path, zone: Path, path: Path) -> LandedFile:
    try:
        status = path.stat()
        target = path.resolve(strict=True)
    except (OSError, RuntimeError) as error:
        return _refused(landing, path, f"the file cannot be opened ({error}); {_ALLOW}")
    if not target.is_relative_to(zone):
        return _refused(landing, path, f"it is a link that leaves the landing zone; {_MOVE}")
    if not stat.S_ISREG(status.st_mode):
        return _refused(landing, path, f"it is no regular file; {_MOVE}")
    name = _relative(landing, path)
    problem = None
    if name != PurePosixPath(path.relative_to(landing)).as_posix():
        problem = "its name is not UTF-8; rename it"
    return LandedFile(name, status.st_size, status.st_mtime_ns, problem)


def _refused(landing: Path, path: Path, reason: str) -> LandedFile:
    return LandedFile(_relative(landing, path), 0, 0, reason)


def _relative(landing: Path, path: Path) -> str:
    return os.fsencode(path.relative_to(landing).as_posix()).decode("utf-8", "backslashreplace")
