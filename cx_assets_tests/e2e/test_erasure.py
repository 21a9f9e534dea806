"""Somebody asks to be forgotten: `cx erase` on the whole graph, and everything that comes after."""

import gzip
import json
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cx_assets.privacy.guard import Guard
from cx_assets.settings import Settings
from cx_assets.warehouse.duckdb import DuckDBWarehouse
from cx_assets_tests.conftest import LAST_PERIOD
from cx_assets_tests.e2e.commands import command, environment
from cx_assets_tests.e2e.graph import build, differing, land, tables

pytestmark = pytest.mark.slow

# Who wrote, bought, answered, was seen on social media and was decided about.
IN_EVERYTHING = """
    select any_value(customer_id) from collect.social_mentions as mentions
    join collect.customers as customers on customers.social_handle = mentions.handle
    semi join process.support_tickets using (customer_id)
    semi join process.survey_responses using (customer_id)
    semi join process.orders using (customer_id)
    semi join personalize.next_best_actions using (customer_id)
"""


def everything(home: Path) -> bytes:
    """Every byte below the home, what gzip and Parquet hide included, in small letters."""
    found = []
    for path in sorted(home.rglob("*")):
        if path.is_file():
            raw = path.read_bytes()
            found += [str(path).encode(), gzip.decompress(raw) if path.suffix == ".gz" else raw]
            if path.suffix == ".parquet":
                found.append(repr(pq.read_table(path).to_pylist()).encode())
    return b"\n".join(found).lower()


def all_rows(made: dict[str, pa.Table]) -> str:
    return repr([table.to_pylist() for table in made.values()]).lower()


def test_who_is_erased_is_nowhere_and_stays_out(
    settings: Settings, built: Settings, built_tables: dict[str, pa.Table]
) -> None:
    shutil.copytree(built.home, settings.home)
    with DuckDBWarehouse.at(settings.warehouse).connect() as session:
        ((who,),) = session.rows(IN_EVERYTHING)
    guard = Guard.of(settings)
    pseudonym = guard.subject(who)
    known = guard.vault.reveal(pseudonym)
    needles = {value.lower() for identity in known for value in identity.values()} | {pseudonym}
    needles -= {known[-1]["full_name"].lower()}  # It may be somebody else's too.
    raw = everything(settings.home)
    assert [needle for needle in needles if needle.encode() not in raw] == []

    env = environment(settings.home, CX_FIRST_PERIOD="2024-01-01", CX_LAST_PERIOD=LAST_PERIOD)
    assert known == [json.loads(line) for line in command(env, "cx", "reveal", who).splitlines()]
    assert "1 requests fulfilled" in command(env, "cx", "erase", who)

    raw = everything(settings.home)
    assert [needle for needle in needles if needle.encode() in raw] == []
    (page,) = (settings.reports / "erasures").glob("*.json")
    certificate = json.loads(page.read_text())
    assert certificate["key_destroyed"] is True
    assert (certificate["findings"], certificate["unreadable"]) == ([], {})
    assert certificate["tables"]["collect.customers"] > 0
    assert guard.vault.reveal(pseudonym) == []

    # Others' rows are what they were, and so are the tables of aggregates.
    after = tables(settings)
    assert after.keys() == built_tables.keys()
    gone = certificate["tables"].keys()
    books = {"collect.landing_files", "collect.rejected_rows"}
    changed = set(differing(built_tables, after))
    assert {name for name in changed if name.split(".")[0] != "registry"} - books <= gone
    for name in gone - {"registry.rejected_rows"}:
        before = built_tables[name].to_pylist()
        theirs = [row for row in before if row.get("customer_id") not in (who, None)]
        kept = [row for row in after[name].to_pylist() if row.get("customer_id") is not None]
        lines = ("source_line",)
        if theirs and "customer_id" in theirs[0]:
            assert _without(kept, lines) == _without(theirs, lines), name

    # The CRM's files come once more, and all periods are collected anew.
    assert "Nobody has asked" in command(env, "cx", "erase")
    land(built.landing, settings)
    build(settings, job="landing_to_features")
    again = tables(settings)
    rows = all_rows(again)
    assert [needle for needle in needles if needle in rows] == []
    assert guard.vault.reveal(pseudonym) == []
    orders = built_tables["process.orders"].to_pylist()
    theirs = [row["order_id"] for row in orders if row["customer_id"] != who]
    assert again["process.orders"]["order_id"].to_pylist() == theirs


def _without(rows: list[dict[str, object]], names: tuple[str, ...]) -> list[str]:
    return sorted(repr({k: v for k, v in row.items() if k not in names}) for row in rows)
