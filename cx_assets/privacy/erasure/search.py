"""A search that finds nothing: every byte of every file, and every text that the bytes hide.

Text is searched as it is, gzip unpacked. In Parquet, DuckDB and SQLite files compression hides
texts, so each text of each table is looked at too. Their bytes have strings back to back, where a
boundary says nothing: there a hit counts unless a living text, of which the needle is a part,
explains it.
"""

import csv
import gzip
import json
import os
import sqlite3
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, cast

import duckdb

from cx_assets.landing.file_read import column_name
from cx_assets.landing.files import Unreadable, is_csv
from cx_assets.landing.lines import BLOCK_BYTES
from cx_assets.privacy.erasure.hidden_texts import GZIP, Text, hidden_texts, start
from cx_assets.privacy.erasure.needles import Needle, hits, may_hold, replaced
from cx_assets.warehouse import WarehouseLocked

UNREADABLE = "cannot be searched"
UNSEARCHABLE = (
    OSError,
    EOFError,
    zlib.error,
    csv.Error,
    duckdb.Error,
    sqlite3.Error,
    Unreadable,
    WarehouseLocked,
)
JOURNALS = (".wal", "-wal", "-journal")


@dataclass(frozen=True, order=True)
class Found:
    """A kind of needle in one file; `shared` with somebody who stays, so it may stand there."""

    path: str
    kind: str
    count: int
    shared: bool = False


@dataclass
class Searched:
    """What was looked at, and what was found."""

    files: int = 0
    bytes: int = 0
    tables: int = 0
    found: list[Found] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """Whether nothing was found but what somebody who stays has too."""
        return all(one.shared for one in self.found)


def find(root: Path, needles: Sequence[Needle]) -> Searched:
    """Search every file below a folder. A file that cannot be searched is found as such.

    No database below it may be open for writing. Links are not followed.
    """
    searched = Searched()
    for folder, subfolders, names in os.walk(root):
        subfolders.sort()
        for name in sorted(names):
            path = Path(folder, name)
            if not path.is_symlink() and path.is_file():
                _search(path, path.relative_to(root), needles, searched)
    searched.found.sort()
    return searched


def _search(path: Path, name: Path, needles: Sequence[Needle], searched: Searched) -> None:
    shown = replaced(str(name), [one for one in needles if one.is_distinctive])
    counts = Counter(one for one in needles if one.is_distinctive and one.found_in(str(name)))
    kinds: Counter[tuple[str, bool]] = Counter()
    try:
        searched.bytes += path.stat().st_size
        searched.files += 1
        tables, inside = _inside(path, needles)
        searched.tables += tables
        counts += inside
    except UNSEARCHABLE:
        kinds[UNREADABLE, False] += 1
    for needle, count in counts.items():
        kinds[needle.kind, needle.shared] += count
    searched.found += [Found(shown, kind, n, shared) for (kind, shared), n in kinds.items()]


def _inside(path: Path, needles: Sequence[Needle]) -> tuple[int, Counter[Needle]]:
    """The tables of a file, and how often each needle stands in it."""
    if texts := hidden_texts(path, needles):
        return _in_tables(path, texts, needles)
    is_packed = start(path).startswith(GZIP)
    with cast(BinaryIO, gzip.open(path) if is_packed else path.open("rb")) as stream:
        counts = _in_bytes(stream, needles, bounded=not path.name.endswith(JOURNALS))
    return 0, counts + _in_values(path, is_packed, needles)


def _in_tables(
    path: Path, texts: Iterable[Text], needles: Sequence[Needle]
) -> tuple[int, Counter[Needle]]:
    """Hits in the texts of a file of tables, and in those of its bytes that are no text's."""
    counts: Counter[Needle] = Counter()
    explained: set[Needle] = set()
    tables = set()
    for table, column, text in texts:
        tables.add(table)
        for needle in needles if may_hold(text, needles) else ():
            if not needle.is_distinctive:
                counts[needle] += column.lower() in needle.columns and needle.is_value(text)
            elif may_hold(text, (needle,)):
                if needle.found_in(text):
                    counts[needle] += 1
                else:
                    explained.add(needle)
    with path.open("rb") as file:
        raw = _in_bytes(file, needles, bounded=False)
    raw = Counter({one: n for one, n in raw.items() if not counts[one] and one not in explained})
    return len(tables), counts + raw


def _in_bytes(stream: BinaryIO, needles: Sequence[Needle], bounded: bool) -> Counter[Needle]:
    """Hits of the distinctive needles in a stream, as UTF-8 and UTF-16; each is counted once."""
    wanted = [one for one in needles if one.is_distinctive]
    wide = [
        (spelling.lower().encode("utf-16-le"), one) for one in wanted for spelling in one.spellings
    ]
    # What a block's end cuts, with the letters before it that a boundary asks for.
    overlap = max((len(sought) for sought, _ in wide), default=0) * 2 + 16
    counts: Counter[Needle] = Counter()
    rest, seen = b"", 0
    while True:
        block = stream.read(BLOCK_BYTES)
        held = rest + block
        # A needle at the very end may go on in the next block.
        end = len(held) - overlap if block else len(held)
        found = {(at, one) for at, one in hits(held, wanted, bounded) if seen <= at < end}
        lowered = held.lower()
        for sought, one in wide:
            at = lowered.find(sought, seen)
            while 0 <= at < end:
                found.add((at, one))
                at = lowered.find(sought, at + 1)
        counts.update(one for _, one in found)
        if not block:
            return counts
        kept = max(0, end - overlap)
        rest, seen = held[kept:], max(0, end) - kept


def _in_values(path: Path, is_packed: bool, needles: Sequence[Needle]) -> Counter[Needle]:
    """The values of a CSV or JSON lines file that are a needle too common to be searched for."""
    wanted = [one for one in needles if not one.is_distinctive]
    counts: Counter[Needle] = Counter()
    lines = ".jsonl" in path.suffixes
    if not wanted or not (lines or is_csv(path.name)):
        return counts
    opened = gzip.open if is_packed else open
    with opened(path, "rt", encoding="utf-8-sig", errors="replace", newline="") as stream:
        rows = map(_object, stream) if lines else csv.DictReader(stream)
        for row in rows:
            for name, value in row.items():
                for needle in wanted:
                    if column_name(name or "") in needle.columns:
                        counts[needle] += needle.is_value(str(value))
    return counts


def _object(line: str) -> dict[str, object]:
    try:
        read = json.loads(line)
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}
