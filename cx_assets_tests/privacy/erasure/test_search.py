import gzip
import sqlite3
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cx_assets.privacy.erasure.needles import Needle
from cx_assets.privacy.erasure.search import UNREADABLE, Found, find

ID, MAIL, NUMBER = (
    Needle("customer_id", "C000123"),
    Needle("email", "anna.berg@example.com"),
    Needle("customer_id", "17850"),
)


def found(root: Path, *needles: Needle) -> list[Found]:
    return find(root, needles).found


def test_text_at_boundaries_across_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cx_assets.privacy.erasure.search.BLOCK_BYTES", 11)
    (tmp_path / "a.txt").write_text("C0001234 xC000123 " + "C000123 " * 3 + "." * 50 + "C000123")
    (tmp_path / "a.txt.gz").write_bytes(gzip.compress(b"." * 70 + b"Anna.Berg@example.com " * 2))
    (tmp_path / "wide").write_bytes("x C000123".encode("utf-16-le"))
    assert found(tmp_path, ID, MAIL) == [
        Found("a.txt", "customer_id", 4),
        Found("a.txt.gz", "email", 2),
        Found("wide", "customer_id", 1),
    ]


def test_numbers_are_found_as_customers_only(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("order_id,Customer_ID\n17850,1\n1,17850\n")
    (tmp_path / "a.jsonl").write_text('{"customer_id":17850}\n{"product_id":"17850"}\nbroken\n')
    pq.write_table(
        pa.table({"customer_id": [1, 17850], "product_id": ["17850", "x"]}), tmp_path / "a.parquet"
    )
    assert found(tmp_path, NUMBER) == [
        Found("a.csv", "customer_id", 1),
        Found("a.jsonl", "customer_id", 1),
        Found("a.parquet", "customer_id", 1),
    ]


def test_tables_are_searched_inside_and_a_longer_word_is_no_finding(tmp_path: Path) -> None:
    words = [f"joanna.berg@example.com {number}" for number in range(3000)] + ["C0001234"]
    pq.write_table(pa.table({"text": words}), tmp_path / "other.parquet", compression="none")
    pq.write_table(pa.table({"text": [*words, "to C000123"]}), tmp_path / "theirs.parquet")
    with duckdb.connect(tmp_path / "w.duckdb") as connection:
        connection.execute("create schema s; create table s.t as select ['x', 'C000123'] as list")
    with sqlite3.connect(tmp_path / "e.db") as db:
        db.execute("create table events (event text)")
        db.execute("insert into events values ('| C000123 |')")
    db.close()
    searched = find(tmp_path, [ID, Needle("email", "anna.berg@example.com", shared=True)])
    assert searched.found == [
        Found("e.db", "customer_id", 1),
        Found("theirs.parquet", "customer_id", 1),
        Found("w.duckdb", "customer_id", 1),
    ]
    assert (searched.files, searched.tables) == (4, 4)
    assert not searched.is_clean


def test_freed_bytes_are_found(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "e.db") as db:
        db.execute("pragma secure_delete = off")
        db.execute("create table events (event text)")
        db.execute("insert into events values ('| C000123 |')")
        db.commit()
        db.execute("delete from events")
    db.close()
    assert found(tmp_path, ID) == [Found("e.db", "customer_id", 1)]


def test_what_cannot_be_searched_is_a_finding(tmp_path: Path) -> None:
    (tmp_path / "cut.gz").write_bytes(gzip.compress(b"x" * 999)[:-9])
    (tmp_path / "cut.parquet").write_bytes(b"PAR1 and no more")
    (tmp_path / "C000123 of anna.berg@example.com").mkdir()
    (tmp_path / "C000123 of anna.berg@example.com" / "empty").touch()
    assert found(tmp_path, ID, MAIL) == [
        Found("[erased] of [erased]/empty", "customer_id", 1),
        Found("[erased] of [erased]/empty", "email", 1),
        Found("cut.gz", UNREADABLE, 1),
        Found("cut.parquet", UNREADABLE, 1),
    ]
