"""CSV and JSON lines files: lines out, texts masked, every other byte as it was."""

import gzip
import json
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from cx_assets.landing.file_read import column_name
from cx_assets.landing.files import Unreadable, is_csv
from cx_assets.landing.lines import BLOCK_BYTES, BOM, MAX_LINE_BYTES, header
from cx_assets.privacy.erasure.needles import Needle, hits
from cx_assets.privacy.erasure.replacing import Unchanged, replacing

_VALUE = re.compile(r'("(?:[^"]|"")*"|[^",]*)(,|\Z)')
_BETWEEN = re.compile(r"[\s,:]*")

Mask = Callable[[str], str]
Wanted = Callable[[str], bool]


@dataclass(frozen=True, order=True)
class Lines:
    """The lines [first, next) of a file, counted from 1; `next` None is the file's end.

    `masked` lines stay, with what they say of the person masked; the others go.
    """

    first: int
    next: int | None
    masked: bool = False


def scanned(path: Path, needles: Sequence[Needle]) -> dict[int, list[Needle]]:
    """The lines with a needle.

    Raises:
        Unreadable: the gzip file is damaged, or a line is too long to be one.
        OSError: the file cannot be read.
    """
    found: dict[int, list[Needle]] = {}
    first = 1
    with opened(path) as stream:
        for block in _blocks(stream):
            for at, needle in hits(block, needles):
                line = first + block.count(b"\n", 0, at)
                found.setdefault(line, []).append(needle)
            first += block.count(b"\n")
    return found


def rewrite(path: Path, lines: Sequence[Lines], mask: Mask, is_free: Wanted) -> int:
    """Replace the file by one without these lines; returns how many records were masked.

    Args:
        lines: sorted, none of them twice.
        mask: takes what is theirs out of a value.
        is_free: whether somebody may have written of them in the column of this name.

    Raises:
        Unreadable, OSError: as `scanned`; the old file stands.
    """
    changed = 0
    with opened(path) as stream, replacing(path) as file, _packed(path, file) as sink:
        columns = None
        written = 0
        waiting = iter(lines)
        now = next(waiting, None)
        record: list[bytes] = []

        def write_record() -> int:
            whole = b"".join(record)
            masked = _masked(whole, columns, mask, is_free)
            record.clear()
            sink.write(masked)
            return masked != whole

        for number, line in enumerate(stream, start=1):
            if number == 1 and is_csv(path.name):
                columns = _header(line)
            if now and now.next is not None and number >= now.next:
                changed += write_record()
                now = next(waiting, None)
            if now is None or number < now.first:
                sink.write(line)
            elif now.masked:
                record.append(line)
            elif number == 1 and line.startswith(BOM):
                sink.write(BOM)
                continue
            else:
                continue
            written += 1
        changed += write_record()
        if not written:
            # A file of one blank line has no rows; an empty one would be an error.
            sink.write(b"\n")
        if not changed and all(one.masked for one in lines):
            raise Unchanged
    return changed


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """The unpacked bytes of a file.

    Raises:
        Unreadable: the gzip file is damaged.
    """
    try:
        with gzip.open(path) if _is_packed(path) else path.open("rb") as stream:
            yield cast(BinaryIO, stream)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise Unreadable(f"the gzip file is cut off or damaged ({error})") from None


@contextmanager
def _packed(path: Path, file: BinaryIO) -> Iterator[BinaryIO]:
    if not _is_packed(path):
        yield file
        return
    with gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as sink:
        yield cast(BinaryIO, sink)


def _is_packed(path: Path) -> bool:
    return path.name.lower().endswith(".gz")


def _blocks(stream: BinaryIO) -> Iterator[bytes]:
    """Whole lines, a block at a time."""
    rest = b""
    while block := stream.read(BLOCK_BYTES):
        lines, end, tail = (rest + block).rpartition(b"\n")
        yield lines + end
        rest = tail
        if len(rest) > MAX_LINE_BYTES:
            raise Unreadable(f"a line is longer than {MAX_LINE_BYTES >> 20} MB")
    if rest:
        yield rest


def _header(line: bytes) -> list[str] | None:
    try:
        return header(line.removeprefix(BOM).rstrip(b"\r\n"))
    except Unreadable:
        return None


def _masked(whole: bytes, columns: Sequence[str] | None, mask: Mask, is_free: Wanted) -> bytes:
    """A record with its free texts masked, and all of it where it is no record."""
    body = whole.rstrip(b"\r\n")
    try:
        text = body.decode()
    except UnicodeDecodeError:
        text = body.decode("latin-1")
        return mask(text).encode("latin-1") + whole[len(body) :]
    if columns is None:
        changed = _masked_json(text, mask, is_free)
    else:
        changed = _masked_csv(text, columns, mask, is_free)
    return changed.encode() + whole[len(body) :]


def _masked_csv(text: str, columns: Sequence[str], mask: Mask, is_free: Wanted) -> str:
    parts, at = [], 0
    for name in columns:
        value = _VALUE.match(text, at)
        if value is None:
            return mask(text)
        parts += [mask(value[1]) if is_free(name) else value[1], value[2]]
        at = value.end()
    return "".join(parts) + text[at:]


def _masked_json(text: str, mask: Mask, is_free: Wanted) -> str:
    decoder = json.JSONDecoder()
    parts, done = [], 0
    try:
        at = _after(text, text.index("{") + 1)
        while text[at] != "}":
            key, at = decoder.raw_decode(text, at)
            start = _after(text, at)
            _, at = decoder.raw_decode(text, start)
            if is_free(column_name(key)):
                parts += [text[done:start], mask(text[start:at])]
                done = at
            at = _after(text, at)
    except (ValueError, IndexError, AttributeError, RecursionError):
        return mask(text)
    return "".join(parts) + text[done:]


def _after(text: str, at: int) -> int:
    """Where the next key or value begins."""
    between = _BETWEEN.match(text, at)
    return between.end() if between else at
