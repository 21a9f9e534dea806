import hashlib
import hmac
from collections.abc import Iterator

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cx_assets.privacy.pseudonyms import SAME, mark_sql, marks, pads, pseudonym, pseudonym_sql

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=80)
KEYS = st.binary(min_size=32, max_size=32)


@pytest.fixture(scope="module")
def db() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


@given(key=KEYS, text=TEXT)
def test_sql_gives_the_bytes_of_pythons_hmac(
    db: duckdb.DuckDBPyConnection, key: bytes, text: str
) -> None:
    (found,) = db.execute(
        f"select {pseudonym_sql('customer', '$text::varchar')}", {"text": text, **pads(key)}
    ).fetchall()[0]
    assert found == hmac.new(key, f"customer:{text}".encode(), hashlib.sha256).hexdigest()
    assert found == pseudonym(key, "customer", text)


@given(key=KEYS, text=TEXT)
def test_a_mark_is_the_same_in_sql_and_python(
    db: duckdb.DuckDBPyConnection, key: bytes, text: str
) -> None:
    (found,) = db.execute(
        f"select {mark_sql('$text::varchar')}", {"text": text, **pads(key)}
    ).fetchall()[0]
    assert [found] == marks(key, [text])
    assert found != pseudonym(key, "customer", text)


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("email", "Anna@Example.ORG ", "anna@example.org"),
        ("handle", "@Anna_L", "anna_l"),
        ("phone", "+49 (170) 12-34", "+491701234"),
        ("name", "Anna  Lång", "anna lång"),
        ("street", "Main  Street 1", "main street 1"),
    ],
)
def test_two_spellings_have_one_pseudonym_and_two_kinds_have_two(
    db: duckdb.DuckDBPyConnection, kind: str, one: str, other: str
) -> None:
    def of(kind: str, text: str) -> str:
        sql = f"select {pseudonym_sql(kind, '$text::varchar')}"
        return str(db.execute(sql, {"text": text, **pads(b"k" * 32)}).fetchall()[0][0])

    assert of(kind, one) == of(kind, other) == pseudonym(b"k" * 32, kind, other)
    assert len({of(each, other) for each in SAME}) == len(SAME)


def test_nothing_has_no_pseudonym(db: duckdb.DuckDBPyConnection) -> None:
    for kind in SAME:
        sql = f"select {pseudonym_sql(kind, 'null::varchar')}"
        assert db.execute(sql, pads(b"k" * 32)).fetchall() == [(None,)]
