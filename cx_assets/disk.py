"""A full disk and a read-only file system, told in a sentence wherever they are met.

DuckDB, SQLite and the operating system each say it in their own words, and Dagster's storage is
SQLite below SQLAlchemy. All of them have the words of the system or of SQLite somewhere in the
chain of errors.
"""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FULL = ("No space left on device", "database or disk is full", "Disk quota exceeded")
READ_ONLY = ("Read-only file system", "readonly database")
# SQLite's words for either, where it cannot make a file beside its own.
EITHER = ("disk I/O error", "unable to open database file")
# Less than this, and SQLite has no room for its log.
FEW_BYTES = 1 << 20
PATH = re.compile(r"""["'](/[^"']+)["']""")


class DiskProblem(RuntimeError):
    """Nothing can be written; the message says where, and what to do."""


@contextmanager
def said(home: Path) -> Iterator[None]:
    """
    Raises:
        DiskProblem: in place of any error that comes from a full or read-only disk.
    """
    try:
        yield
    except Exception as error:
        if sentence := problem(error, home):
            raise DiskProblem(sentence) from error
        raise


def problem(error: BaseException, home: Path) -> str | None:
    """What is wrong with the disk that an error comes from; None where it comes from elsewhere."""
    words = "\n".join(str(one) for one in _chain(error))
    folder = _folder(words, home)
    if any(word in words for word in READ_ONLY) or (_may_be(words) and is_read_only(folder)):
        return (
            f"{folder} is on a file system that is read-only: mount it for writing, or set CX_HOME "
            "to a folder elsewhere. Nothing was changed."
        )
    free = shutil.disk_usage(folder).free
    if any(word in words for word in FULL) or (_may_be(words) and free < FEW_BYTES):
        return (
            f"the disk of {folder} is full ({free / 1e6:,.1f} MB free): make room there and run "
            "this again. Every table stands as it was before the step that failed."
        )
    return None


def is_read_only(folder: Path) -> bool:
    return bool(os.statvfs(folder).f_flag & os.ST_RDONLY)


def _may_be(words: str) -> bool:
    return any(word in words for word in EITHER)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: list[BaseException] = []
    while error is not None and error not in seen:
        seen.append(error)
        yield error
        error = error.__cause__ or error.__context__


def _folder(words: str, home: Path) -> Path:
    """The folder of the file that the words name, else the home; the nearest that exists."""
    named = PATH.search(words)
    path = Path(named[1]) if named else home
    return next(one for one in (path, *path.parents) if one.is_dir())
