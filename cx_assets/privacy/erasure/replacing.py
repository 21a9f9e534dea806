"""A file that is replaced as a whole: killed at any moment, the old one stands or the new one."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from cx_assets.warehouse.copying import new_file, put_in_place

_ENDING = ".erasing.tmp"  # The landing zone leaves such names out.


class Unchanged(Exception):
    """Raised while a file is `replacing`: there is nothing to replace after all."""


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A new file beside it, which takes its place at the end; it keeps the modification time.

    That time says which of two landing files counts, so erasing one must not change it. A link
    stays, and what it points to is replaced.
    """
    target = path.resolve(strict=True)
    short = hashlib.sha256(os.fsencode(target.name)).hexdigest()[:16]
    temporary = target.with_name(f".{short}{_ENDING}")
    temporary.unlink(missing_ok=True)
    status = target.stat()
    try:
        with new_file(temporary) as file:
            yield file
            file.flush()
            os.utime(file.fileno(), ns=(status.st_atime_ns, status.st_mtime_ns))
            os.fsync(file.fileno())
        put_in_place(temporary, target)
    except Unchanged:
        pass
    finally:
        temporary.unlink(missing_ok=True)


def remove_orphans(top: Path) -> None:
    """What a killed call left half written."""
    for path in top.rglob(f".*{_ENDING}"):
        path.unlink(missing_ok=True)
