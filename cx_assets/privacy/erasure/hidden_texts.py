"""The texts of files of tables: Parquet, DuckDB, SQLite. Their bytes may hide them, compressed."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path

from cx_assets.privacy.erasure.needles import Needle, may_hold_sql
from cx_assets.privacy.erasure.parquet_rows import columns_of, scan_sql
from cx_assets.warehouse import Session
from cx_assets.warehouse.contents import reading
from cx_assets.warehouse.duckdb import DuckDBWarehouse
from cx_assets.warehouse.names import quoted, table_sql

GZIP, PARQUET, SQLITE = b"\x1f\x8b", b"PAR1", b"SQLite format 3\0"
DUCKDB, DUCKDB_AT = b"DUCK", 8
BUSY_SECONDS = 60

Text = tuple[str, str, str]
_TEXTS = ("VARCHAR", "BLOB", "JSON", "ENUM")


def start(path: Path) -> bytes:
    """The first bytes of a file, which say what it is."""
    with path.open("rb") as file:
        return file.read(16)


def hidden_texts(path: Path, needles: Sequence[Needle]) -> Iterator[Text] | None:
    """Table, column and text of what may hold a needle, each table once at least, with no text.

    None where the file is not one of tables.
    """
    first = start(path)
    if first.startswith(PARQUET):
        return _of_parquet(path, needles)
    if first[DUCKDB_AT:].startswith(DUCKDB):
        return _of_duckdb(path, needles)
    return _of_sqlite(path) if first == SQLITE else None


def _of_parquet(path: Path, needles: Sequence[Needle]) -> Iterator[Text]:
    with DuckDBWarehouse(database=":memory:").connect() as session:
        yield from _with_needles(
            session, path.name, scan_sql(path), columns_of(session, path), needles
        )


def _of_duckdb(path: Path, needles: Sequence[Needle]) -> Iterator[Text]:
    with reading(path).connect() as session:
        tables = session.rows(
            "select schema_name || '.' || table_name from duckdb_tables() where not internal"
        )
        for (table,) in tables:
            columns = session.columns(table)
            yield from _with_needles(session, table, table_sql(table), columns, needles)


def _of_sqlite(path: Path) -> Iterator[Text]:
    uri = f"{path.absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS)) as db:
        tables = db.execute("select name from sqlite_master where type = 'table'").fetchall()
        for (table,) in tables:
            yield table, "", ""
            columns = db.execute(f"pragma table_info({quoted(table)})").fetchall()
            for column in (row[1] for row in columns):
                for (text,) in db.execute(
                    f"select {quoted(column)} from {quoted(table)} "
                    f"where typeof({quoted(column)}) = 'text'"
                ):
                    yield table, column, text


def _with_needles(
    session: Session,
    table: str,
    relation: str,
    columns: Mapping[str, str],
    needles: Sequence[Needle],
) -> Iterator[Text]:
    yield table, "", ""
    named = frozenset[str]().union(*(one.columns for one in needles))
    for column, kind in columns.items():
        if column.lower() in named or any(text in kind for text in _TEXTS):
            value = f"{quoted(column)}::varchar"
            test, parameters = may_hold_sql(value, needles)
            for (text,) in session.rows(
                f"select {value} from {relation} where {test} group by all", parameters
            ):
                yield table, column, text
