"""What is left of people outside of landing zone and warehouse: outbox, run storage, logs.

Parquet files lose their rows. Dagster's SQLite files hold previews of tables in their events, as
materialisations show the first rows of a table; there the ids are masked, and so they are in logs.
"""

import os
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from pathlib import Path

from cx_assets.landing.files import Unreadable, is_parquet
from cx_assets.landing.lines import BLOCK_BYTES
from cx_assets.privacy.erasure import parquet_rows
from cx_assets.privacy.erasure.landing_rows import FILE, Note
from cx_assets.privacy.erasure.needles import Needle, hits, may_hold, replaced
from cx_assets.privacy.erasure.person import Keys
from cx_assets.privacy.erasure.replacing import replacing
from cx_assets.settings import Settings
from cx_assets.warehouse import Session
from cx_assets.warehouse.names import quoted

SQLITE = (".db", ".sqlite")
SQLITE_JOURNALS = ("-wal", "-shm", "-journal")
BUSY_SECONDS = 60


def erase_parquet_rows(
    session: Session, settings: Settings, keys: Keys, note: Note
) -> dict[str, str]:
    """Take the rows out of every Parquet file below the home that is no landing file.

    Returns:
        The files that could not be looked into, and why.
    """
    unreadable = {}
    for path in _files(settings):
        if is_parquet(path.name):
            try:
                _erase_parquet_rows(session, path, keys, settings.home, note)
            except (Unreadable, OSError) as problem:
                unreadable[_named(path, settings.home)] = str(problem)
    return unreadable


def mask_records(settings: Settings, needles: Sequence[Needle]) -> dict[str, int]:
    """Mask ids in the databases of Dagster and in its logs; returns the values changed, by file."""
    theirs = [needle for needle in needles if needle.is_distinctive and not needle.shared]
    changed = {}
    for path in _files(settings):
        if not path.is_relative_to(settings.dagster_home) or path.name.endswith(SQLITE_JOURNALS):
            continue
        mask = _mask_database if path.suffix in SQLITE else _mask_text
        if count := mask(path, theirs):
            changed[_named(path, settings.home)] = count
    return changed


def _files(settings: Settings) -> Iterator[Path]:
    """The files below the home and the outbox, apart from the landing zone's."""
    for top in {settings.home, settings.outbox, settings.reports}:
        for folder, subfolders, names in os.walk(top):
            subfolders[:] = [one for one in subfolders if Path(folder, one) != settings.landing]
            yield from (path for name in names if (path := Path(folder, name)).is_file())


def _named(path: Path, home: Path) -> str:
    return str(path.relative_to(home) if path.is_relative_to(home) else path)


def _erase_parquet_rows(session: Session, path: Path, keys: Keys, home: Path, note: Note) -> None:
    condition = keys.is_theirs({name.lower() for name in parquet_rows.columns_of(session, path)})
    if condition is None:
        return
    rows = session.rows(
        f"select file_row_number + 1 from {parquet_rows.scan_sql(path)} where {condition}"
    )
    if rows:
        note(FILE, _named(path, home), len(rows))
        gone = {row for (row,) in rows}
        parquet_rows.rewrite(path, gone, (), mask=str, is_free=lambda column: False)


def _mask_text(path: Path, needles: Sequence[Needle]) -> int:
    """Mask a log; one that another process writes to goes on under its old name's file."""
    if not _holds(path, needles):
        return 0
    changed = 0
    with path.open("rb") as file, replacing(path) as sink:
        for line in file:
            text = line.decode("utf-8", "surrogateescape")
            masked = replaced(text, needles)
            changed += masked != text
            sink.write(masked.encode("utf-8", "surrogateescape"))
    return changed


def _mask_database(path: Path, needles: Sequence[Needle]) -> int:
    """Mask every text of an SQLite file, and leave no byte of it in free pages or the log."""
    journals = [path.with_name(path.name + ending) for ending in SQLITE_JOURNALS]
    if not any(_holds(one, needles) for one in (path, *journals) if one.exists()):
        return 0
    with closing(sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)) as db:
        db.execute("pragma secure_delete = on")
        tables = db.execute(
            "select name from sqlite_master where type = 'table' and name not like 'sqlite_%'"
        ).fetchall()
        db.execute("begin immediate")
        changed = sum(_mask_table(db, name, needles) for (name,) in tables)
        db.execute("commit")
        db.execute("vacuum")
        db.execute("pragma wal_checkpoint(truncate)")
    return changed


def _mask_table(db: sqlite3.Connection, table: str, needles: Collection[Needle]) -> int:
    columns = [row[1] for row in db.execute(f"pragma table_info({quoted(table)})")]
    db.create_function("masked", 1, lambda text: replaced(text, needles), deterministic=True)
    db.create_function("may_hold", 1, lambda text: may_hold(text, needles), deterministic=True)
    return sum(
        db.execute(
            f"update {quoted(table)} set {column} = masked({column}) "
            f"where typeof({column}) = 'text' and may_hold({column}) "
            f"and masked({column}) <> {column}"
        ).rowcount
        for column in map(quoted, columns)
    )


def _holds(path: Path, needles: Sequence[Needle]) -> bool:
    """Whether a needle stands anywhere in the bytes of a file."""
    longest = max((len(one.encode()) for n in needles for one in n.spellings), default=0)
    with path.open("rb") as file:
        rest = b""
        while block := file.read(BLOCK_BYTES):
            if any(True for _ in hits(rest + block, needles, bounded=False)):
                return True
            rest = (rest + block)[-longest:] if longest else b""
    return False
