"""The kill benchmark in small, and the proof that it sees what is wrong."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.kills.kinds import KINDS
from benchmarks.kills.rounds import differences, problems
from benchmarks.kills.state import State, take
from cx_assets.settings import PROJECT_ROOT, Settings
from cx_assets.warehouse.duckdb import DuckDBWarehouse

pytestmark = pytest.mark.slow

COLLECT = KINDS["collect"]
# Of the others some are killed in test_processes, test_erase, test_replica and test_backup.
FEW = ("outbox", "key rotation", "upgrade")


def benchmark(*words: object) -> str:
    """`python -m benchmarks.kills`, which fails where anything was lost, doubled or torn."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.kills", *map(str, words)],
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout[-4000:]}\n{done.stderr[-2000:]}"
    return done.stdout


@pytest.fixture
def home(settings: Settings, built: Settings) -> Settings:
    shutil.copytree(built.home, settings.home)
    return settings


def look(settings: Settings, tmp_path: Path) -> State:
    return take(settings, tmp_path / "aside")


def test_steps_survive_kills(built: Settings, tmp_path: Path) -> None:
    kinds = [word for name in FEW for word in ("--kind", name)]
    told = benchmark(
        "--kills", 2 * len(FEW), *kinds, "--base", built.home, "--work", tmp_path / "work"
    )
    rows = re.findall(r"^\| ([\w ]+) \| (\d+) \| \d+ \| (\d+) \| \d+ \|$", told, re.MULTILINE)
    assert [(name, int(kills)) for name, kills, _ in rows] == [
        *((name, 2) for name in FEW),
        ("all", 2 * len(FEW)),
    ]
    assert int(rows[-1][2]) > 0, f"no kill hit a write:\n{told}"


def test_a_torn_table_a_lost_row_and_a_doubled_row_are_seen(home: Settings, tmp_path: Path) -> None:
    old = look(home, tmp_path)
    assert old.wrong == ()
    assert list(problems(COLLECT, old, old, old)) == []
    with DuckDBWarehouse.at(home.warehouse).connect() as session:
        for table, key in (("process.orders", "order_id"), ("collect.web_events", "event_id")):
            session.execute(f"delete from {table} where {key} = (select min({key}) from {table})")
        session.execute("insert into collect.orders from collect.orders limit 1")
    torn = list(problems(COLLECT, look(home, tmp_path), old, old))
    assert "process.orders is neither the old nor the new one" in torn
    assert any(one.startswith("web_events/") and "rows landed are not" in one for one in torn)
    assert "collect.orders: 1 rows stand twice" in torn


def test_a_second_decision_and_one_that_is_not_recorded_are_seen(
    home: Settings, tmp_path: Path
) -> None:
    old = look(home, tmp_path)
    sent = home.outbox / "actions" / "2024-06-01.parquet"
    os.link(sent, sent.with_name("2024-05-01.parquet"))
    sent.write_bytes(b"another")
    seen = list(problems(COLLECT, look(home, tmp_path), old, old))
    assert "outbox/actions/2024-06-01.parquet is neither the old nor the new one" in seen
    assert any("2024-05-01.parquet was sent" in one for one in seen)


def test_a_customer_who_is_gone_from_the_vault_is_seen(home: Settings, tmp_path: Path) -> None:
    old = look(home, tmp_path)
    subject, *others = sorted(old.people)
    without = replace(old, people={one: old.people[one] for one in others})
    assert any(subject in one for one in problems(COLLECT, without, old, old))
    assert list(differences(without, old)) == [f"people: {subject}"]
