"""The loop closes by itself: `dg dev` runs, a survey file lands, the scores follow."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from cx_assets.settings import PROJECT_ROOT, Settings
from cx_assets.warehouse.duckdb import DuckDBWarehouse
from cx_assets_tests.conftest import LAST_PERIOD
from cx_assets_tests.e2e.commands import BIN, command, environment
from cx_assets_tests.e2e.graph import build, land

pytestmark = pytest.mark.slow

PATIENCE_SECONDS = 300
ANSWERS = "response_id,sent_at,responded_at,survey,score\n" + "".join(
    f"dropped-{number},2024-05-0{number}T09:00:00,2024-05-0{number}T12:00:00,csat,1\n"
    for number in range(1, 10)
)


@pytest.fixture
def running(settings: Settings, small_landing: Path) -> Iterator[Settings]:
    """`dg dev` on a graph that is already built."""
    env = environment(settings.home, CX_LAST_PERIOD=LAST_PERIOD)
    command(env, "cx", "home")
    land(small_landing, settings)
    with dg.DagsterInstance.from_config(str(settings.dagster_home)) as instance:
        build(settings, instance=instance)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [str(BIN / "dg"), "dev", "--port", str(port)],
        cwd=PROJECT_ROOT,
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    yield settings
    os.killpg(process.pid, signal.SIGINT)
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def may_csat(settings: Settings) -> tuple[float, int]:
    with DuckDBWarehouse.at(settings.warehouse).connect() as session:
        ((mean, responses),) = session.rows(
            'select mean_score, responses from "analyze".csat '
            "where survey = 'csat' and dimension = 'all' and period = '2024-05-01'"
        )
    return mean, responses


def test_answers_that_land_change_the_scores_in_one_run(running: Settings) -> None:
    before, responses = may_csat(running)
    folder = running.landing / "survey_responses"
    (folder / "_dropped.csv").write_text(ANSWERS)
    (folder / "_dropped.csv").rename(folder / "dropped.csv")

    with dg.DagsterInstance.from_config(str(running.dagster_home)) as instance:
        deadline = time.monotonic() + PATIENCE_SECONDS
        runs: list[dg.DagsterRun] = []
        while not (runs and runs[0].is_finished):
            assert time.monotonic() < deadline, f"no run has ended: {runs}"
            time.sleep(2)
            runs = list(instance.get_runs(dg.RunsFilter(job_name="turn_of_the_loop")))
    (run,) = runs
    assert run.is_success
    assert run.tags["dagster/asset_partition_range_start"] == "2024-05-01"
    assert run.tags["dagster/asset_partition_range_end"] == LAST_PERIOD
    after, more = may_csat(running)
    assert more == responses + 9
    assert after == pytest.approx((before * responses + 9) / more)
