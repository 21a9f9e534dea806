"""Real processes: two runs at once, and runs that are killed at any moment."""

import random
import signal
import time
from pathlib import Path

import pyarrow as pa
import pytest

from cx_assets.settings import Settings
from cx_assets_tests.e2e.graph import build, differing, land, same, start, tables

pytestmark = pytest.mark.slow

KILLS = 20
EARLY_ANSWERS = """response_id,customer_id,sent_at,responded_at,survey,score,touchpoint
late-1,,2024-01-20,2024-01-21,csat,1,delivery
late-2,,2024-03-20,2024-04-02,csat,1,delivery
"""
EARLY_ORDERS = """order_id,customer_id,ordered_at,status
late-1,late-customer,2024-01-20,delivered
"""


def land_more(settings: Settings) -> None:
    """Late files that change every stage, in the first period already."""
    (settings.landing / "survey_responses" / "late.csv").write_text(EARLY_ANSWERS)
    (settings.landing / "orders" / "late.csv").write_text(EARLY_ORDERS)


def test_two_runs_at_once(
    settings: Settings, small_landing: Path, built_tables: dict[str, pa.Table]
) -> None:
    land(small_landing, settings)
    runs = [start(settings), start(settings)]
    for run in runs:
        _, errors = run.communicate()
        assert run.returncode == 0, errors.decode()[-3000:]
    assert differing(built_tables, tables(settings)) == []


def test_killed_at_any_moment_every_table_is_the_old_or_the_new_one(
    settings: Settings, small_landing: Path
) -> None:
    land(small_landing, settings)
    build(settings)
    build(settings)  # the second run finds the record of what the first one published
    old = tables(settings)
    land_more(settings)

    started = time.monotonic()
    twin = settings.model_copy(
        update={name: settings.home / "twin" / name for name in ("landing", "outbox", "warehouse")}
    )
    land(settings.landing, twin)
    build(twin)
    new = tables(twin)
    assert len(differing(old, new)) > 10, "the late files change little, so a kill proves little"
    whole_run = time.monotonic() - started

    moments = random.Random(20)
    for _ in range(KILLS):
        run = start(settings)
        time.sleep(moments.uniform(0.2, 1.0) * (whole_run + 3))
        run.send_signal(signal.SIGKILL)
        run.communicate()
        for name, table in tables(settings).items():
            assert same(table, old[name]) or same(table, new[name]), f"{name} is torn"

    run = start(settings)
    _, errors = run.communicate()
    assert run.returncode == 0, errors.decode()[-3000:]
    assert differing(new, tables(settings)) == []
