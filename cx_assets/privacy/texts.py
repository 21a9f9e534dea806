"""Scrubbing texts where they come in: which names are known, and a column of texts without them.

Names are known by keyed pseudonyms only. What a text may hold is asked for in batches, so memory
grows neither with the number of texts nor with that of customers.
"""

from datetime import date
from itertools import groupby

import pyarrow as pa

from cx_assets.columns import Column
from cx_assets.landing.contract import Source
from cx_assets.landing.temporary import create, pages
from cx_assets.privacy.pseudonyms import pseudonym
from cx_assets.privacy.scrub import KnownNames, candidates_sql, scrub
from cx_assets.privacy.scrub import name_keys as spellings
from cx_assets.warehouse import Session
from cx_assets.warehouse.names import quoted

PLACE = (
    Column("source_file", "VARCHAR", "The file, relative to the landing zone."),
    Column("source_line", "BIGINT", "Line or row in the file."),
)
TEXTS = (*PLACE, Column("text", "VARCHAR", "The text, scrubbed."))
NAMES = (*PLACE, Column("name_keys", "BIGINT[]", "Pseudonyms of the name's spellings."))
KEY_BYTES = 8  # Enough: ten million names give a wrong match among 10^12 words.


def known_names(session: Session, source: Source, is_read: bool) -> str:
    """Table (name_key, since): the spellings of all names, and the period they were known from.

    Args:
        is_read: whether there is any text to look for them in; else it stays empty.
    """
    nobody = "select null::bigint as name_key, null::date as since where false"
    everybody = """
        select name_key, min(period) as since
        from (select period, unnest(name_keys) as name_key from collect.customers)
        group by name_key
    """
    is_there = is_read and "name_keys" in session.columns("collect.customers")
    return create(session, source, "known names", everybody if is_there else nobody)


def scrubbed(
    session: Session, source: Source, rows: str, column: str, names: str, key: bytes
) -> str:
    """Table (source_file, source_line, text) of the texts that scrubbing changes.

    Args:
        rows: a table with source_file, source_line, period and the column; a row without a period
            is scrubbed of all names there are.
        names: a table as `known_names` makes it.
    """
    table = session.stage(f"{source.name}.scrubbed {column}", TEXTS)
    anybody = session.rows(f"from {names} limit 1")
    query = f"""
        select source_file, source_line, coalesce(period, date '9999-12-31') as known_by,
            {quoted(column)}
        from {rows}
        where {quoted(column)} is not null and {"true" if anybody else candidates_sql(column)}
    """
    for page in pages(session, source, query, order="known_by"):
        places, texts = [], []
        rows_of_page = zip(*(values.to_pylist() for values in page.columns), strict=True)
        for period, group in groupby(rows_of_page, key=lambda row: row[2]):
            originals = list(group)
            before = [row[3] for row in originals]
            after = scrub(before)
            if anybody:
                after = _without_names(session, names, after, period, key)
            for row, text in zip(originals, after, strict=True):
                if text != row[3]:
                    places.append(row[:2])
                    texts.append(text)
        if texts:
            files, lines = zip(*places, strict=True)
            session.append(
                table, pa.table({"source_file": files, "source_line": lines, "text": texts})
            )
    return table


def name_keys(session: Session, source: Source, rows: str, key: bytes) -> str:
    """Table (source_file, source_line, name_keys) of the rows that have a full_name."""
    table = session.stage(f"{source.name}.name keys", NAMES)
    query = f"select source_file, source_line, full_name from {rows} where full_name is not null"
    for page in pages(session, source, query, order="source_file, source_line"):
        files, lines, full_names = (values.to_pylist() for values in page.columns)
        found = [
            [_number(_digest(key, spelling)) for spelling in spellings(full_name)]
            for full_name in full_names
        ]
        session.append(
            table,
            pa.table(
                {
                    "source_file": files,
                    "source_line": lines,
                    "name_keys": pa.array(found, pa.list_(pa.int64())),
                }
            ),
        )
    return table


def _without_names(
    session: Session, names: str, texts: list[str | None], period: date, key: bytes
) -> list[str | None]:
    """The texts without those names that were known by the period's end.

    Scrubbing asks for the digest of whatever could be a name, and for more of those that are. So it
    is done anew, with what the warehouse knows of all that was asked, until it asks nothing new.
    """
    digests: dict[str, bytes] = {}
    known: set[bytes] = set()

    def digest(spelling: str) -> bytes:
        if spelling not in digests:
            digests[spelling] = _digest(key, spelling)
        return digests[spelling]

    answered = 0
    while True:
        scrubbed = scrub(texts, KnownNames(frozenset(known), digest))
        asked = list(digests.values())[answered:]
        if not asked:
            return scrubbed
        answered = len(digests)
        found = session.rows(
            f"select name_key from {names} where since <= $period "
            "and name_key in (select unnest($asked))",
            {"period": period, "asked": [_number(one) for one in asked]},
        )
        known |= {_bytes(number) for (number,) in found}


def _digest(key: bytes, spelling: str) -> bytes:
    return bytes.fromhex(pseudonym(key, "spelling", spelling))[:KEY_BYTES]


def _number(digest: bytes) -> int:
    return int.from_bytes(digest, "big", signed=True)


def _bytes(number: int) -> bytes:
    return number.to_bytes(KEY_BYTES, "big", signed=True)
