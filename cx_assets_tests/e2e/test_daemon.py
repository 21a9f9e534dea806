"""`dg dev` on a graph that is built: the loop closes by itself, and the UI shows it."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Running:
    settings: Settings
    url: str


@pytest.fixture(scope="module")
def running(small_landing: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """`dg dev` on a graph that is already built."""
    home = tmp_path_factory.mktemp("running")
    settings = Settings.from_env({**os.environ, "CX_HOME": str(home)})
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
    yield Running(settings, f"http://127.0.0.1:{port}")
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


def test_answers_that_land_change_the_scores_in_one_run(running: Running) -> None:
    settings = running.settings
    before, responses = may_csat(settings)
    folder = settings.landing / "survey_responses"
    (folder / "_dropped.csv").write_text(ANSWERS)
    (folder / "_dropped.csv").rename(folder / "dropped.csv")

    with dg.DagsterInstance.from_config(str(settings.dagster_home)) as instance:
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
    after, more = may_csat(settings)
    assert more == responses + 9
    assert after == pytest.approx((before * responses + 9) / more)


def page(url: str) -> str:
    """What a person's browser makes of the page, as HTML."""
    browser = shutil.which("chromium")
    if not browser:
        pytest.skip("no chromium here; .ci/run installs it")
    with tempfile.TemporaryDirectory() as profile:
        shown = subprocess.run(
            [
                browser,
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                f"--user-data-dir={profile}",
                "--virtual-time-budget=20000",
                "--dump-dom",
                url,
            ],
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
    return shown.stdout


def test_the_ui_shows_what_a_table_means(running: Running) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    shown = ""
    while "Mean answer on the survey" not in shown:
        assert time.monotonic() < deadline, f"the page never came: {shown[-2000:]}"
        shown = page(f"{running.url}/assets/analyze/csat?view=overview")
    for words in ("customer-insight", "turn_of_the_loop", "new_feedback", "ci_low"):
        assert words in shown
