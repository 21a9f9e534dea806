"""Reading a publisher's files into typed tables, and writing landing files whole or not at all."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import duckdb

from cx_assets.landing.contract import Source
from cx_assets.landing.sources import SOURCES


class NotThatDataSet(ValueError):
    """A path cannot be read as the data set it is said to hold; the message is one sentence."""


@dataclass(frozen=True)
class Column:
    """One column to read: our name, the publishers' spellings, the type, and if it may be empty."""

    name: str
    spellings: tuple[str, ...]
    type: Literal["text", "number", "time"] = "text"
    may_be_empty: bool = False


# Everything is read as text and parsed here, so CSV, Parquet and Excel give the same values.
# Decimals let the account be exact; four places hold every published price.
_PARSERS = {
    "text": "{0}",
    "number": "try_cast({0} as decimal(18, 4))",
    "time": "coalesce(try_cast({0} as timestamp),"
    " try_strptime({0}, ['%m/%d/%Y %H:%M', '%d-%m-%Y %H:%M', '%Y%m%d']))",
}


def connect() -> duckdb.DuckDBPyConnection:
    """An empty database in memory; one thread, so that equal input gives equal bytes."""
    return duckdb.connect(config={"threads": 1})


def existing_file(path: Path, expected: str) -> Path:
    """`path` itself; NotThatDataSet unless it is a file. `expected` says what should be there."""
    if path.is_file():
        return path
    state = "is a folder" if path.is_dir() else "does not exist"
    raise NotThatDataSet(f"{path} {state}: expected {expected}.")


def literal(text: object) -> str:
    """`text` as an SQL string literal."""
    return "'" + str(text).replace("'", "''") + "'"


def identifier(name: str) -> str:
    """`name` as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Turn what DuckDB says of a broken file into NotThatDataSet, naming `path`."""
    try:
        yield
    except duckdb.Error as error:
        raise NotThatDataSet(f"{path} cannot be read ({str(error).splitlines()[0]}).") from error


def csv(path: Path) -> str:
    """SQL to read from: the text columns of a CSV file with a header, in UTF-8 or else Latin-1."""
    encoding = "utf-8" if _is_utf8(path) else "latin-1"
    return (
        f"read_csv({literal(path)}, encoding = '{encoding}', header = true, all_varchar = true,"
        " delim = ',', quote = '\"', escape = '\"')"
    )


def _is_utf8(path: Path) -> bool:
    """Any bytes are Latin-1, so UTF-8 is what can be told apart."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            while file.read(1 << 20):
                pass
    except UnicodeDecodeError:
        return False
    return True


def read(
    con: duckdb.DuckDBPyConnection,
    table: str,
    path: Path,
    rows: str,
    columns: Sequence[Column],
    key: Sequence[str] = (),
) -> None:
    """Create `table` from the SQL `rows`: `line` (1 for the first row of data) and the columns.

    Texts are trimmed and an empty one is null. NotThatDataSet, naming `path`, where it cannot be
    read or has no rows, a column is missing, a value is empty or malformed, or a key repeats.
    """
    with readable(path):
        described = con.execute(f"describe select * from {rows}").fetchall()
        present = {name.strip().lower(): name for name, *_ in described}
        texts = ", ".join(
            f"nullif(trim({identifier(_choose(path, column, present))}::varchar), '')"
            f" as {column.name}"
            for column in columns
        )
        con.execute(
            f"create temp table {table}_text as "
            f"select row_number() over () as line, {texts} from {rows}"
        )
    if not con.execute(f"select 1 from {table}_text limit 1").fetchone():
        raise NotThatDataSet(f"{path} has no rows: expected at least one.")
    typed = ", ".join(f"{_PARSERS[c.type].format(c.name)} as {c.name}" for c in columns)
    con.execute(f"create table {table} as select line, {typed} from {table}_text")
    for column in columns:
        _refuse_bad_values(con, table, path, column)
    if key:
        _refuse_repeated_keys(con, table, path, key)
    con.execute(f"drop table {table}_text")


def _choose(path: Path, column: Column, present: Mapping[str, str]) -> str:
    for spelling in column.spellings:
        if spelling.lower() in present:
            return present[spelling.lower()]
    found = ", ".join(present.values())
    raise NotThatDataSet(
        f"{path} has no column {' or '.join(column.spellings)}: its columns are {found}."
    )


def _refuse_bad_values(
    con: duckdb.DuckDBPyConnection, table: str, path: Path, column: Column
) -> None:
    name = column.name
    empty_too = "false" if column.may_be_empty else "true"
    bad = con.execute(
        f"select line, t.{name} from {table} join {table}_text as t using (line)"
        f" where {table}.{name} is null and (t.{name} is not null or {empty_too})"
        " order by line limit 1"
    ).fetchone()
    if bad:
        line, value = bad
        what = "is empty" if value is None else f"is {value!r}"
        raise NotThatDataSet(
            f"{path}, data row {line}: {column.spellings[0]} {what}, expected a {column.type}."
        )


def _refuse_repeated_keys(
    con: duckdb.DuckDBPyConnection, table: str, path: Path, key: Sequence[str]
) -> None:
    columns = ", ".join(key)
    repeated = con.execute(
        f"select line, {columns} from {table}"
        f" qualify row_number() over (partition by {columns} order by line) > 1"
        " order by line limit 1"
    ).fetchone()
    if repeated:
        line, *values = repeated
        value = ", ".join(map(str, values))
        raise NotThatDataSet(
            f"{path}, data row {line} repeats {columns} {value}: expected one row for each."
        )


CONSENTED = "select *, true as consent_marketing, true as consent_analytics from ({customers})"


def land(
    con: duckdb.DuckDBPyConnection,
    landing: Path,
    dataset: str,
    rows: Mapping[str, str],
    assume_consent: bool = False,
) -> dict[str, int]:
    """Write `landing/<source>/<dataset>.parquet` for each source in `rows`; rows by source.

    `rows` maps a source to the SQL that selects its columns, by the contract's names. All files
    are prepared before the first one is moved into place, so an error leaves the landing zone as
    it was. Rows are in the order of event time, then key.

    Args:
        assume_consent: every customer is taken to have given both consents.
    """
    if assume_consent:
        rows = {**rows, "customers": CONSENTED.format(customers=rows["customers"])}
    prepared: dict[Path, Path] = {}
    landed: dict[str, int] = {}
    try:
        for name, query in rows.items():
            target = landing / name / f"{dataset}.parquet"
            # Not *.parquet: whoever watches the landing zone must not see it yet.
            temporary = target.with_name(f".{dataset}.parquet.part")
            target.parent.mkdir(parents=True, exist_ok=True)
            prepared[temporary] = target
            landed[name] = _write(con, temporary, SOURCES[name], query)
        for temporary, target in prepared.items():
            temporary.replace(target)
    finally:
        for temporary in prepared:
            temporary.unlink(missing_ok=True)
    return landed


def consent_note(assume_consent: bool) -> str:
    """What the report says of consents, which no public data set tells of."""
    if assume_consent:
        return (
            "Everybody is taken to have given both consents: a trial, and nobody may be written to."
        )
    return (
        "The data tell of no consent to marketing, so there are no offers, actions and surveys; "
        "--assume-consent gives it to everybody, for a trial."
    )


def _write(con: duckdb.DuckDBPyConnection, path: Path, source: Source, query: str) -> int:
    given = [name for name, *_ in con.execute(f"describe {query}").fetchall()]
    columns = ", ".join(f"{name}::{source.field(name).sql_type} as {name}" for name in given)
    order = ", ".join((source.event_time, *source.key))
    copied = con.execute(
        f"copy (select {columns} from ({query}) order by {order})"
        f" to {literal(path)} (format parquet, compression zstd)"
    ).fetchall()
    return int(copied[0][0])


def customer_states(orders: str, attribute: str) -> str:
    """SQL: one row when a customer first orders and one whenever `attribute` has changed since.

    `orders` is a table with customer_id, order_id, ordered_at and the attribute.
    """
    return f"""
        with moments as (
            select customer_id, ordered_at, max_by({attribute}, order_id) as {attribute}
            from {orders}
            where customer_id is not null
            group by customer_id, ordered_at
        ),
        history as (
            select
                customer_id,
                ordered_at as updated_at,
                min(ordered_at) over customer as signed_up_at,
                {attribute},
                lag({attribute}) over customer as previous
            from moments
            window customer as (partition by customer_id order by ordered_at)
        )
        select customer_id, updated_at, signed_up_at, {attribute}
        from history
        where updated_at = signed_up_at or {attribute} is distinct from previous
    """
