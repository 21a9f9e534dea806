"""The rows of people in the landing files: found by the reader's own eyes, and taken out.

Whose a row is says its customer, or, where it has none, its order, visitor, handle or key. A row
that cannot be read goes where it holds an identifier. In what others wrote, identifiers are masked.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from cx_assets.columns import Column
from cx_assets.landing.contract import MAX_ID_LENGTH, Source
from cx_assets.landing.file_read import cannot_open
from cx_assets.landing.files import LandedFile, Unreadable, is_csv, is_parquet, listing
from cx_assets.landing.reader import read
from cx_assets.landing.sources import SOURCES
from cx_assets.privacy.erasure import landing_text, parquet_rows
from cx_assets.privacy.erasure.landing_text import Lines
from cx_assets.privacy.erasure.needles import SHORTEST, Needle, replaced
from cx_assets.privacy.erasure.person import Keys
from cx_assets.settings import Settings
from cx_assets.warehouse import Session

# Files that are read at once; a larger one is read alone.
BATCH_BYTES = 256 << 20
# The sources in which an order or a visitor is seen with a customer.
OWNERS = ("orders", "web_events")

# Told of a place (FILE or MASKED), a file and its rows.
Note = Callable[[str, str, int], None]
FILE, MASKED = "file", "masked"

_HITS = (Column("path", "VARCHAR", "The file."), Column("line", "BIGINT", "A line with a needle."))


@dataclass
class LandingRows:
    """What was found: rows that went by file, and the files that could not be looked into."""

    gone: dict[str, int] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Batch:
    """Files whose rows are in `typed`; those in `wrong` have none, as they cannot be read."""

    typed: str
    files: tuple[LandedFile, ...]
    wrong: frozenset[str]


def add_owners(session: Session, settings: Settings, keys: Keys) -> None:
    """Note whom the landing files show with an order or a visitor."""
    for name in OWNERS:
        for batch in _batches(session, SOURCES[name], settings, {}):
            columns = [found.name for found in SOURCES[name].fields]
            keys.add_owners(session, f"(from {batch.typed} where refusal is null)", columns)


def erase_rows(
    session: Session,
    settings: Settings,
    keys: Keys,
    needles: Sequence[Needle],
    note: Note = lambda place, path, rows: None,
) -> LandingRows:
    """Rewrite the files that hold rows or identifiers of people; no other file is touched.

    Args:
        note: is told the rows of a file that go just before it is replaced, and what was masked.
    """
    found = LandingRows()
    theirs = [needle for needle in needles if not needle.shared]
    for source in SOURCES.values():
        for batch in _batches(session, source, settings, found.unreadable):
            gone = _gone(session, source, batch, keys)
            for file in batch.files:
                path = settings.landing / file.path
                rewriter = _Rewriter(session, source, batch, file.path, path, theirs)
                try:
                    rewriter.run(gone.get(file.path, []), found.gone, note)
                except Unreadable as problem:
                    found.unreadable[file.path] = str(problem)
                except OSError as problem:
                    found.unreadable[file.path] = cannot_open(problem)
    return found


@dataclass(frozen=True)
class _Rewriter:
    """One file of a batch."""

    session: Session
    source: Source
    batch: _Batch
    name: str
    path: Path
    needles: Sequence[Needle]

    def run(self, gone: Sequence[Lines], counts: dict[str, int], note: Note) -> None:
        hits = self._hits()
        if self.name in self.batch.wrong:
            # Without columns a line is all there is; the header stays, masked.
            more = [Lines(line, line + 1, line == 1 and is_csv(self.name)) for line in hits]
        else:
            more = self._judged(hits)
        taken = {lines.first for lines in gone}
        lines = sorted([*gone, *(one for one in more if one.first not in taken)])
        if not lines:
            return
        rows = sum(not one.masked for one in lines)
        if rows:
            note(FILE, self.name, rows)
            counts[self.name] = rows
        if is_parquet(self.name):
            masked = parquet_rows.rewrite(
                self.path,
                {one.first for one in lines if not one.masked},
                {one.first for one in lines if one.masked},
                self._mask,
                self._is_free,
            )
        else:
            masked = landing_text.rewrite(self.path, lines, self._mask, self._is_free)
        if masked:
            note(MASKED, self.name, masked)

    def _hits(self) -> dict[int, list[Needle]]:
        """The lines with an identifier; an id that is a number only counts in a broken one."""
        wanted = [
            one
            for one in self.needles
            if one.is_distinctive or (one.kind == "customer_id" and len(one.text) >= SHORTEST)
        ]
        if is_parquet(self.name):
            return parquet_rows.scanned(self.session, self.path, wanted)
        return landing_text.scanned(self.path, wanted)

    def _judged(self, hits: Mapping[int, list[Needle]]) -> list[Lines]:
        """Each record with a hit: it is nobody's and goes, or somebody else's and is masked."""
        if not hits:
            return []
        table = self.session.stage("erasing.hits", _HITS)
        lines = pa.array(sorted(hits), pa.int64())
        self.session.append(table, pa.table({"path": [self.name] * len(lines), "line": lines}))
        has_customer = any(one.name == "customer_id" for one in self.source.fields)
        nobody = "refusal is not null" + (" and customer_id is null" if has_customer else "")
        rows = self.session.rows(
            f"""
            with records as (
                select source_file as path, source_line as line, {nobody} as is_nobodys,
                    lead(source_line) over (order by source_line) as next
                from {self.batch.typed} where source_file = $path
            )
            select records.line, next, is_nobodys, list(hits.line)
            from {table} as hits asof join records using (path, line)
            group by all order by all
        """,
            {"path": self.name},
        )
        judged = []
        for first, following, is_nobodys, found in rows:
            if is_nobodys or any(one.is_distinctive for line in found for one in hits[line]):
                judged.append(Lines(first, following, not is_nobodys))
        return judged

    def _mask(self, text: str) -> str:
        return replaced(text, [one for one in self.needles if one.is_distinctive])

    def _is_free(self, column: str) -> bool:
        """Whether people may have written in it; keys and values of others are not touched."""
        declared = {one.name: one for one in self.source.fields}.get(column)
        return declared is None or declared.free_text or declared.max_length > MAX_ID_LENGTH


def _batches(
    session: Session, source: Source, settings: Settings, unreadable: dict[str, str]
) -> Iterator[_Batch]:
    """The files of a source, read; those that may not be opened go to `unreadable`."""
    files = listing(settings.landing, source)
    unreadable |= {file.path: file.problem for file in files if file.problem}
    waiting: list[LandedFile] = []
    for file in [*(file for file in files if not file.problem), None]:
        size = sum(one.size for one in waiting) + (file.size if file else 0)
        if waiting and (file is None or size > BATCH_BYTES):
            reading = read(
                session,
                source,
                settings.landing,
                waiting,
                settings.period,
                settings.first_period,
                settings.max_file_bytes,
            )
            wrong = frozenset(one.file.path for one in reading.files if one.error)
            yield _Batch(reading.typed, tuple(waiting), wrong)
            waiting = []
        if file:
            waiting.append(file)


def _gone(session: Session, source: Source, batch: _Batch, keys: Keys) -> dict[str, list[Lines]]:
    """The records that are theirs by their keys, by file."""
    condition = keys.is_theirs([one.name for one in source.fields])
    found: dict[str, list[Lines]] = {}
    if condition:
        for path, first, following in session.rows(f"""
            select source_file, source_line, next
            from (
                select *, lead(source_line) over (
                    partition by source_file order by source_line
                ) as next
                from {batch.typed}
            )
            where {condition} order by all
        """):
            found.setdefault(path, []).append(Lines(first, following))
    return found
