"""Text files as numbered lines: every byte of a file ends up in a line, or the file is an error.

DuckDB's CSV reader reads a truncated gzip as far as it goes, lets an unclosed quote swallow the
rest of a file, knows records but no physical lines, and says nothing of it. So it is given lines,
which leave no room for that, and SQL takes the lines apart (records.py).
"""

import csv
import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
import pyarrow as pa

from cx_assets.columns import Column
from cx_assets.landing.file_read import column_name
from cx_assets.landing.files import Unreadable, is_csv
from cx_assets.warehouse import Session

BLOCK_BYTES = 8 << 20
MAX_LINE_BYTES = 64 << 20
MAX_UNPACKED_BYTES = 20 << 30
BOM = b"\xef\xbb\xbf"

LINES = (
    Column("file", "INTEGER", "Number of the file within the run."),
    Column("line", "BIGINT", "Physical line, counted from 1."),
    Column("raw", "BLOB", "The line without its line end."),
)


@dataclass
class TextFile:
    """What one pass over a text file found: `header` is the first line of a CSV file.

    `lines` counts line ends in the bytes, apart from how the lines were cut.
    """

    header: list[str] | None = None
    lines: int = 0


@dataclass
class LineWriter:
    """Appends lines to a staged table, many files to one statement."""

    session: Session
    staged: str
    _waiting: list[pa.Table] = field(default_factory=list)
    _bytes: int = 0

    def write(self, file: int, first_line: int, lines: list[bytes]) -> None:
        raw = pa.array(lines, pa.binary())
        numbers = np.arange(first_line, first_line + len(lines))
        self._waiting.append(
            pa.table({"file": np.full(len(lines), file, np.int32), "line": numbers, "raw": raw})
        )
        self._bytes += raw.nbytes
        if self._bytes > BLOCK_BYTES:
            self.flush()

    def flush(self) -> None:
        if self._waiting:
            self.session.append(self.staged, pa.concat_tables(self._waiting))
        self._waiting, self._bytes = [], 0


def scan(path: Path, file: int, writer: LineWriter) -> TextFile:
    """Write the lines of a text file, a CSV file's header apart.

    Raises:
        Unreadable: the file is empty, cut off, damaged, no text, or has no proper header.
        OSError: the file cannot be opened or read.
    """
    found = TextFile()
    line = 1
    try:
        with _opened(path) as stream:
            for lines in _blocks(stream, found):
                if line == 1:
                    lines[0] = _start_of_text(lines[0])
                    if is_csv(path.name):
                        found.header = header(lines.pop(0))
                        line = 2
                writer.write(file, line, lines)
                line += len(lines)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise Unreadable(f"the gzip file is cut off or damaged ({error}); send it again") from None
    if not found.lines:
        raise Unreadable("the file is empty; send it again, or a header without rows")
    return found


def header(line: bytes) -> list[str]:
    """The column names of a CSV header, as they are matched.

    Raises:
        Unreadable: the line is no header.
    """
    try:
        text = line.decode()
    except UnicodeDecodeError:
        raise Unreadable("the header is not UTF-8; save the file as UTF-8") from None
    if not text.strip():
        raise Unreadable("line 1 is empty, but must name the columns")
    if "\r" in text:
        raise Unreadable("lines end in a lone carriage return; end them with a line feed")
    try:
        names = next(csv.reader([text], strict=True))
    except csv.Error as error:
        raise Unreadable(f"line 1 is no CSV header ({error})") from None
    return [column_name(name) for name in names]


def _opened(path: Path) -> BinaryIO:
    if path.name.lower().endswith(".gz"):
        return cast(BinaryIO, gzip.open(path))
    return path.open("rb")


def _blocks(stream: BinaryIO, found: TextFile) -> Iterator[list[bytes]]:
    """Whole lines, a block of bytes at a time; CR LF ends a line as LF does."""
    tail = b""
    for block in count(1):
        chunk = stream.read(BLOCK_BYTES)
        if not chunk:
            break
        if block * BLOCK_BYTES > MAX_UNPACKED_BYTES:
            raise Unreadable(f"more than {MAX_UNPACKED_BYTES >> 30} GB of text; split the file")
        found.lines += chunk.count(b"\n")
        *lines, tail = (tail + chunk).replace(b"\r\n", b"\n").split(b"\n")
        if len(tail) > MAX_LINE_BYTES:
            raise Unreadable(f"a line is longer than {MAX_LINE_BYTES >> 20} MB; is it text at all?")
        if lines:
            yield lines
    if tail:
        found.lines += 1
        yield [tail.removesuffix(b"\r")]


def _start_of_text(line: bytes) -> bytes:
    if line.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Unreadable("the file is UTF-16; save it as UTF-8")
    return line.removeprefix(BOM)
