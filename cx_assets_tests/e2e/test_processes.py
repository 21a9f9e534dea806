"""Real processes: two runs at once, and runs that are killed at any moment."""

import random
import shutil
import signal
import time
from pathlib import Path

import pyarrow as pa
import pytest

from cx_assets.settings import Settings
from cx_assets_tests.e2e.graph import differing, finish, land, same, start, tables
from cx_assets_tests.e2e.homes import copy

pytestmark = pytest.mark.slow

KILLS = 2
LATE_ANSWERS = "response_id,customer_id,sent_at,responded_at,survey,score,touchpoint\n" + "".join(
    f"late-{number},C{number:09},2024-0{month}-20,2024-0{month}-21,csat,1,delivery\n"
    for month in (5, 6)
    for number in range((month - 5) * 30, (month - 4) * 30)
)
TURN = ("turn_of_the_loop", "2024-05-01", "2024-06-01")


def wait_for_a_write(warehouse: Path) -> None:
    """Until the run has started to write; before that there is nothing to tear."""
    log = warehouse.with_name(warehouse.name + ".wal")
    before = warehouse.stat().st_mtime_ns
    patience = time.monotonic() + 120
    while not log.exists() and warehouse.stat().st_mtime_ns == before:
        assert time.monotonic() < patience, "the run never wrote anything"
        time.sleep(0.02)


def test_two_runs_at_once(
    settings: Settings, small_landing: Path, built_tables: dict[str, pa.Table]
) -> None:
    land(small_landing, settings)
    runs = [start(settings, "landing_to_features"), start(settings, "landing_to_features")]
    for run in runs:
        finish(run)
    made = tables(settings)
    assert "features.customer_features" in made
    assert differing({name: built_tables[name] for name in made}, made) == []


def test_killed_at_any_moment_every_table_is_the_old_or_the_new_one(
    settings: Settings, built: Settings
) -> None:
    shutil.copytree(built.home, settings.home)
    old = tables(settings)
    before = shutil.copyfile(settings.warehouse, settings.home / "before.duckdb")
    (settings.landing / "survey_responses" / "late.csv").write_text(LATE_ANSWERS)

    twin = copy(settings, settings.home.with_name("twin"))
    run = start(twin, *TURN)
    wait_for_a_write(twin.warehouse)
    started = time.monotonic()
    finish(run)
    writing = time.monotonic() - started
    new = tables(twin)
    changed = set(differing(old, new))
    assert changed > {"features.customer_features", "analyze.csat", "insight.scorecard"}

    moments = random.Random(20)
    progress = []
    for kill in range(KILLS):
        shutil.copyfile(before, settings.warehouse)
        run = start(settings, *TURN)
        wait_for_a_write(settings.warehouse)
        time.sleep((kill + moments.random()) / KILLS * 0.9 * writing)
        run.send_signal(signal.SIGKILL)
        run.communicate()
        now = tables(settings)
        for name, table in now.items():
            assert same(table, old[name]) or same(table, new[name]), f"{name}, kill {kill}"
        progress.append(sum(same(now[name], new[name]) for name in changed))
    assert len(set(progress)) >= 2, f"the kills hit few different moments: {progress}"

    run = start(settings, *TURN)
    finish(run)
    assert differing(new, tables(settings)) == []
