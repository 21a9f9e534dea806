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
    is_full, is_closed, is_either = (
        any(word in words for word in phrases) for phrases in (FULL, READ_ONLY, EITHER)
    )
    if not (is_full or is_closed or is_either):
        return None
    folders = _folders(words, home)
    for folder in folders:
        if (is_closed or is_either) and is_read_only(folder):
            return (
                f"{folder} is on a file system that is read-only: mount it for writing, or set "
                "CX_HOME to a folder elsewhere. Nothing was changed."
            )
    folder = min(folders, key=_free)
    if is_full or (is_either and _free(folder) < FEW_BYTES):
        return (
            f"the disk of {folder} is full ({_free(folder) / 1e6:,.1f} MB free): make room there "
            "and run this again. Every table stands as it was before the step that failed."
        )
    return None


def is_read_only(folder: Path) -> bool:
    return bool(os.statvfs(folder).f_flag & os.ST_RDONLY)


def _free(folder: Path) -> int:
    return shutil.disk_usage(folder).free


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: list[BaseException] = []
    while error is not None and error not in seen:
        seen.append(error)
        yield error
        error = error.__cause__ or error.__context__


def _folders(words: str, home: Path) -> list[Path]:
    """The folders of the files that the words name, and the home; each the nearest that exists."""
    # Path.is_dir raises where a name is too long; the words may hold anything in quotes.
    paths = [Path(named) for named in PATH.findall(words)] + [home]
    return [next(one for one in (path, *path.parents) if os.path.isdir(one)) for path in paths]  # noqa: PTH112
