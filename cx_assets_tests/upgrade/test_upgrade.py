"""A home that version 1 left behind opens, is brought up to date and gives the same answers.

version_1.tar.xz is what `cx demo --customers 60` of commit 7b40e6d wrote for January to March 2024:
warehouse, landing zone and outbox.
"""

import json
import tarfile
from pathlib import Path

import pyarrow as pa
import pytest

from cx_assets import upgrade
from cx_assets.privacy import free_blocks
from cx_assets.privacy.guard import Guard
from cx_assets.settings import Settings
from cx_assets.upgrade import VERSION, TooNew
from cx_assets.warehouse.duckdb import DuckDBWarehouse
from cx_assets_tests.e2e.graph import build, differing, same, tables

HERE = Path(__file__).parent
PERIODS = ("2024-01-01", "2024-03-01")
# What version 1 had open, and the columns that are new.
PRIVATE = {
    "full_name", "email", "phone", "social_handle", "street", "handle", "text", "comment",
    "is_test_account", "name_keys",
}  # fmt: skip
# They tell what has landed, and the last turn's own records were not collected yet.
BOOKS = ("collect.landing_files", "collect.rejected_rows")


@pytest.fixture
def old(settings: Settings) -> Settings:
    settings.home.mkdir()
    with tarfile.open(HERE / "version_1.tar.xz") as archive:
        archive.extractall(settings.home, filter="data")
    return settings


def bring_up(settings: Settings) -> None:
    upgrade.upgrade(DuckDBWarehouse.at(settings.warehouse), settings, Guard.of(settings))


def open_columns(made: dict[str, pa.Table]) -> dict[str, pa.Table]:
    return {
        name: table.drop_columns([one for one in table.column_names if one in PRIVATE])
        for name, table in made.items()
    }


@pytest.mark.slow
def test_identifiers_leave_the_warehouse_and_all_else_stays(old: Settings) -> None:
    with DuckDBWarehouse.at(old.warehouse).connect() as session:
        session.execute(
            "insert into registry.rejected_rows values "
            "('customers', 'customers/a.csv', 7, 'updated_at is no time', 'C1,x,Eve Adams'), "
            "('support_tickets', 'support_tickets/a.csv', 8, 'opened_at is no time', 'to a@b.org')"
        )
    before = tables(old)
    people = before["collect.customers"].to_pylist()
    needles = {row[name] for row in people for name in ("email", "phone", "social_handle")}
    needles -= {None}
    raw = old.warehouse.read_bytes()
    assert sum(one.encode() in raw for one in needles) > 50

    bring_up(old)

    after = tables(old)
    assert after.pop("registry.version").to_pylist() == [{"version": VERSION}]
    assert (
        differing(
            open_columns({k: v for k, v in before.items() if "rejected" not in k}),
            open_columns({k: v for k, v in after.items() if "rejected" not in k}),
        )
        == []
    )
    held = old.warehouse.read_bytes() + repr([t.to_pylist() for t in after.values()]).encode()
    assert [one for one in needles if one.encode() in held] == []
    guard = Guard.of(old)
    for row in people[:20]:
        known = guard.vault.reveal(guard.subject(row["customer_id"]))
        assert row["email"] in [identity.get("email") for identity in known]
    # A row that was rejected keeps its file, line and reason.
    told = ["source", "source_file", "source_line", "reason"]
    (was, now) = (made["registry.rejected_rows"].select(told) for made in (before, after))
    assert same(was, now)
    payloads = after["registry.rejected_rows"]["payload"].to_pylist()
    assert sorted(payloads, key=str) == [None, "to [email]"]


@pytest.mark.slow
def test_a_run_on_it_gives_the_same_answers(old: Settings) -> None:
    before = tables(old)
    build(old, *PERIODS, job="landing_to_features")
    after = tables(old)
    stages = ("collect.", "process.", "features.")
    answers = {
        name: table
        for name, table in open_columns(before).items()
        if name.startswith(stages) and name not in BOOKS
    }
    assert len(answers) > 20
    mentions = answers["process.social_mentions"]["customer_id"]
    assert mentions.null_count < len(mentions)
    assert differing(answers, {name: open_columns(after)[name] for name in answers}) == []


@pytest.mark.slow
def test_a_second_upgrade_does_nothing(old: Settings) -> None:
    bring_up(old)
    stamp = old.warehouse.stat()
    bring_up(old)
    assert old.warehouse.stat().st_ino == stamp.st_ino


@pytest.mark.slow
def test_killed_before_the_end_it_is_still_of_version_1(
    old: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tables(old)
    monkeypatch.setattr(upgrade, "_write_version", lambda session: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        bring_up(old)
    assert differing(before, tables(old)) == []
    monkeypatch.undo()
    bring_up(old)
    assert tables(old)["registry.version"].num_rows == 1


@pytest.mark.slow
def test_killed_before_the_file_is_written_anew_the_next_call_does_it(
    old: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    emails = {row["email"] for row in tables(old)["collect.customers"].to_pylist()} - {None}
    monkeypatch.setattr(free_blocks, "compact", lambda path: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        bring_up(old)
    assert any(email.encode() in old.warehouse.read_bytes() for email in emails)
    monkeypatch.undo()
    bring_up(old)
    assert not any(email.encode() in old.warehouse.read_bytes() for email in emails)
    assert "registry.to_compact" not in tables(old)


def test_a_warehouse_of_a_later_version_is_left_alone(old: Settings) -> None:
    with DuckDBWarehouse.at(old.warehouse).connect() as session:
        session.execute("create table registry.version as select 99 as version")
    with pytest.raises(TooNew, match="version 99"):
        bring_up(old)


def test_an_empty_warehouse_is_of_this_version(settings: Settings) -> None:
    bring_up(settings)
    assert json.dumps(tables(settings)["registry.version"].to_pylist()) == '[{"version": 2}]'
