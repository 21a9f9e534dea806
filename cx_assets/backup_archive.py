"""The archive of a backup: a zip with a manifest of all that is in it.

A zip rather than a tar: its directory stands at its end, so the manifest can be written last and
read first, and each member by itself.
"""

import hashlib
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import IO, Literal, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, ValidationError

from cx_assets.warehouse.contents import Contents
from cx_assets.warehouse.copying import BLOCK_BYTES

MANIFEST = "manifest.json"
# Some two million files. What is larger was not written by us.
MOST_MANIFEST_BYTES = 1 << 29
# What reading a damaged archive may raise.
UNREADABLE = (zipfile.BadZipFile, zlib.error, struct.error, ValueError, RuntimeError, EOFError)

# Shows how far it is: a label and all the bytes in, and it is told of some bytes more.
Bar: TypeAlias = Callable[[str, int], AbstractContextManager[Callable[[int], object]]]


class BackupError(Exception):
    """A backup cannot be made or restored; the message says why, and what to do."""


class KeptFile(BaseModel):
    """A file of the home, by its path in it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str
    size: int
    sha256: str
    mtime_ns: int


class Manifest(BaseModel):
    """What is in a backup, and by what it was made; `tables` by database and name.

    `keys_left_out`: there were keys, but they are not in it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    made_at: datetime
    versions: dict[str, str]
    keys_left_out: bool
    files: list[KeptFile]
    tables: dict[str, dict[str, Contents]]
    left_out: list[str]

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)

    @property
    def rows(self) -> int:
        return sum(table.rows for tables in self.tables.values() for table in tables.values())


def no_bar(label: str, size: int) -> AbstractContextManager[Callable[[int], object]]:
    """For those who do not look."""
    return nullcontext(lambda _: None)


def pour(
    source: IO[bytes], target: IO[bytes] | None, most: int | None, tell: Callable[[int], object]
) -> tuple[int, str]:
    """Copy to `target`, where there is one; the bytes that came and their SHA-256.

    Args:
        most: bytes after which no more are read than it takes to notice them; None: all.
    """
    digest, size = hashlib.sha256(), 0
    while (most is None or size <= most) and (block := source.read(BLOCK_BYTES)):
        digest.update(block)
        size += len(block)
        if target:
            target.write(block)
        tell(len(block))
    return size, digest.hexdigest()


class Writer:
    """An archive that is being written."""

    def __init__(self, file: IO[bytes]) -> None:
        # Most of it is compressed already; more than the least effort only takes longer.
        self._archive = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1)
        self.files: list[KeptFile] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._archive.close()

    def add(self, name: str, path: Path, tell: Callable[[int], object]) -> None:
        """
        Raises:
            FileNotFoundError: it is gone, and nothing was added.
        """
        with path.open("rb") as source:
            mtime_ns = os.fstat(source.fileno()).st_mtime_ns
            with self._archive.open(name, "w", force_zip64=True) as target:
                size, sha256 = pour(source, target, None, tell)
        self.files.append(KeptFile(path=name, size=size, sha256=sha256, mtime_ns=mtime_ns))

    def finish(self, manifest: Manifest) -> None:
        self._archive.writestr(MANIFEST, manifest.model_dump_json())


class Reader:
    """An archive whose manifest has been read and fits its directory; the files come next."""

    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        self._path, self._archive = path, archive
        self.manifest = self._read_manifest()
        self._check_names()

    def _damaged(self, what: str) -> BackupError:
        return BackupError(f"{self._path} is damaged: {what}. Take another copy of it, or another")

    def _open(self, name: str) -> IO[bytes]:
        try:
            return self._archive.open(name)
        except (*UNREADABLE, OSError) as error:
            raise self._damaged(f"{name}: {error}") from None

    def _read_manifest(self) -> Manifest:
        if MANIFEST not in self._archive.namelist():
            raise BackupError(f"{self._path} is no backup of `cx backup`: no {MANIFEST}")
        size = self._archive.getinfo(MANIFEST).file_size
        if size > MOST_MANIFEST_BYTES:
            raise self._damaged(f"its manifest has {size:,} bytes")
        try:
            with self._open(MANIFEST) as member:
                return Manifest.model_validate_json(member.read())
        except ValidationError as error:
            why = error.errors()[0]["msg"]
            raise self._damaged(f"its manifest cannot be read ({why})") from None
        except UNREADABLE as error:
            raise self._damaged(f"its manifest cannot be read ({error})") from None

    def _check_names(self) -> None:
        """The manifest's files and no other, each once, of its size, plain, and below the home."""
        wanted = {file.path: file.size for file in self.manifest.files}
        members = [member for member in self._archive.infolist() if member.filename != MANIFEST]
        strays = self.manifest.tables.keys() - wanted.keys()
        if strays or len(wanted) != len(self.manifest.files) or len(members) != len(wanted):
            raise self._damaged("its manifest and its directory differ")
        for member in members:
            name = member.filename
            if wanted.get(name) != member.file_size:
                raise self._damaged(f"{name} is not as its manifest says")
            path = PurePosixPath(name)
            if path.is_absolute() or ".." in path.parts or path.as_posix() != name:
                raise self._damaged(f"{name} would leave the home")
            if stat.S_IFMT(member.external_attr >> 16) not in (0, stat.S_IFREG):
                raise self._damaged(f"{name} is no plain file")

    def copy(self, file: KeptFile, target: IO[bytes] | None, tell: Callable[[int], object]) -> None:
        """Write a file's bytes to `target`, if there is one.

        Raises:
            BackupError: they are not those that were backed up.
        """
        try:
            with self._open(file.path) as source:
                found = pour(source, target, file.size, tell)
        except UNREADABLE as error:
            raise self._damaged(f"{file.path}: {error}") from None
        if found != (file.size, file.sha256):
            raise self._damaged(f"{file.path} is not the file that was backed up")

    def check(self, bar: Bar) -> None:
        """
        Raises:
            BackupError: a file is not the one that was backed up.
        """
        with bar("Checking the archive", self.manifest.size) as tell:
            for file in self.manifest.files:
                self.copy(file, None, tell)


@contextmanager
def reading_archive(path: Path) -> Iterator[Reader]:
    """
    Raises:
        BackupError: it is no backup, or damaged.
    """
    if not path.is_file():
        raise BackupError(f"there is no file {path}")
    try:
        archive = zipfile.ZipFile(path)
    except UNREADABLE as error:
        raise BackupError(
            f"{path} is no backup of `cx backup`, or damaged: {error}. Take another copy of it"
        ) from None
    with archive:
        yield Reader(path, archive)
