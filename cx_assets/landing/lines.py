"""Text files as numbered lines: every byte of a file ends up in a line, or the file is an error.

DuckDB's CSV reader reads a truncated gzip as far as it goes, lets an unclosed quote swallow the
rest of a file, knows records but no physical lines, and says nothing of it. So it is given lines,
which leave no room for that, and SQL takes the lines apart (records.py).

A small gzip file can hold far more than the machine, so there are three bounds: on the whole file,
on a line that is text at all, and on a line that SQL is given, which works on thousands at once.
"""

import csv
import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
import pyarrow as pa

from cx_assets.columns import Column
from cx_assets.landing.file_read import column_name
from cx_assets.landing.files import MAX_RECORD_BYTES, Unreadable, is_csv, too_large
from cx_assets.warehouse import Session

BLOCK_BYTES = 8 << 20
MAX_LINE_BYTES = 64 << 20
# What a row costs beside its text, so that a file of empty lines has a bound too.
LEAST_LINE_BYTES = 64
# Of a line that is too long, as much is kept as a rejected row shows of it.
KEPT_BYTES = 10_000
BOM = b"\xef\xbb\xbf"

LINES = (
    Column("file", "INTEGER", "Number of the file within the run."),
    Column("line", "BIGINT", "Physical line, counted from 1."),
    Column("place", "BIGINT", "Where it begins: bytes of the lines before it, line ends apart."),
    Column("raw", "BLOB", "The line without its line end."),
    Column("is_cut", "BOOLEAN", "Whether it is too long for a record, and `raw` its start only."),
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

    def write(self, file: int, first_line: int, place: int, lines: list[bytes]) -> int:
        """Returns the bytes of the lines; `place` is where the first of them begins."""
        lengths = np.fromiter(map(len, lines), np.int64, len(lines))
        is_cut = lengths > MAX_RECORD_BYTES
        kept = lines.copy() if is_cut.any() else lines
        for index in np.flatnonzero(is_cut):
            kept[index] = lines[index][:KEPT_BYTES].decode(errors="ignore").encode()
        ends = place + np.cumsum(lengths)
        rows = pa.table(
            {
                "file": np.full(len(lines), file, np.int32),
                "line": np.arange(first_line, first_line + len(lines)),
                "place": ends - lengths,
                "raw": pa.array(kept, pa.binary()),
                "is_cut": is_cut,
            }
        )
        self._waiting.append(rows)
        self._bytes += rows.nbytes
        if self._bytes > BLOCK_BYTES:
            self.flush()
        return int(lengths.sum())

    def flush(self) -> None:
        if self._waiting:
            self.session.append(self.staged, pa.concat_tables(self._waiting))
        self._waiting, self._bytes = [], 0


def scan(path: Path, file: int, writer: LineWriter, max_bytes: int) -> TextFile:
    """Write the lines of a text file, a CSV file's header apart.

    Raises:
        Unreadable: the file is empty, cut off, damaged, no text, holds more than `max_bytes`, or
            has no proper header.
        OSError: the file cannot be opened or read.
    """
    found = TextFile()
    line, place = 1, 0
    try:
        with _opened(path) as stream:
            for lines in _blocks(stream, found, max_bytes):
                if line == 1:
                    lines[0] = _start_of_text(lines[0])
                    if is_csv(path.name):
                        found.header = header(lines.pop(0))
                        line = 2
                place += writer.write(file, line, place, lines)
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
    if len(line) > MAX_RECORD_BYTES:
        raise Unreadable("line 1 is longer than 1 MB, but must name the columns")
    if b"\0" in line:
        raise Unreadable("the header holds NUL bytes, as UTF-16 does; save the file as UTF-8")
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


def _blocks(stream: BinaryIO, found: TextFile, max_bytes: int) -> Iterator[list[bytes]]:
    """Whole lines, a block of bytes at a time; CR LF ends a line as LF does."""
    tail, size = b"", 0
    while chunk := stream.read(BLOCK_BYTES):
        ends = chunk.count(b"\n")
        size += max(len(chunk), ends * LEAST_LINE_BYTES)
        if size > max_bytes:
            raise too_large(max_bytes)
        found.lines += ends
        tail += chunk
        lines = []
        if ends:
            *lines, tail = tail.replace(b"\r\n", b"\n").split(b"\n")
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
