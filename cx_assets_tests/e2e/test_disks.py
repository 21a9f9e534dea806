"""A disk that is full and a file system that is read-only: one sentence, and nothing is lost."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from benchmarks.kills.full_disk import ballast, mounted
from cx_assets.disk import DiskProblem, said
from cx_assets.outbox import write_whole
from cx_assets.privacy.guard import Guard
from cx_assets.privacy.vault import Identity
from cx_assets.settings import Settings
from cx_assets.warehouse.duckdb import DuckDBWarehouse
from cx_assets_tests.conftest import LAST_PERIOD
from cx_assets_tests.e2e.commands import BIN, environment
from cx_assets_tests.e2e.graph import differing, tables
from cx_assets_tests.e2e.test_kills import benchmark

pytestmark = pytest.mark.slow


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small file system of the test's own."""
    try:
        with mounted(tmp_path / "disk") as folder:
            yield folder
    except subprocess.CalledProcessError:
        pytest.skip("a file system may not be mounted here: run as root, or with CAP_SYS_ADMIN")


@pytest.fixture
def home(disk: Path, built: Settings) -> Settings:
    shutil.copytree(built.home, disk / "home")
    return Settings.from_env({"CX_HOME": str(disk / "home"), "CX_LAST_PERIOD": LAST_PERIOD})


def cx(settings: Settings, *words: str) -> subprocess.CompletedProcess[str]:
    env = environment(settings.home, CX_FIRST_PERIOD="2024-01-01", CX_LAST_PERIOD=LAST_PERIOD)
    return subprocess.run(
        [BIN / "cx", *words], env=env, capture_output=True, text=True, check=False
    )


def test_a_step_on_a_full_disk_fails_clearly_and_then_goes_on(
    disk: Path, built: Settings, tmp_path: Path
) -> None:
    told = benchmark(
        "--full-disk", "--base", built.home, "--work", tmp_path / "work", "--left", 20_000,
        *("--kind", "outbox", "--kind", "key rotation"),
    )  # fmt: skip
    assert told.count("| failed |") == 2, told


def test_each_engine_on_a_full_disk_is_understood(disk: Path, home: Settings) -> None:
    before = tables(home)
    known = Identity("somebody", "2024-01-01", {"full_name": "x" * 1_000_000})

    def write_rows() -> None:
        with DuckDBWarehouse.at(home.warehouse).connect() as session:
            session.execute("create table process.more as select random() from range(1000000)")

    writing: dict[str, Callable[[], object]] = {
        "DuckDB": write_rows,
        "SQLite": lambda: Guard.of(home).vault.put([known]),
        "a file": lambda: write_whole(pa.table({"x": [os.urandom(1_000_000)]}), home.outbox / "a"),
    }
    for name, write in writing.items():
        with (
            ballast(disk, 100_000),
            pytest.raises(DiskProblem, match=r"is full \(0\.\d MB free\): make room"),
            said(home.home),
        ):
            write()
        assert differing(before, tables(home)) == [], name
        assert not (home.outbox / "a").exists()
        write()
        with DuckDBWarehouse.at(home.warehouse).connect() as session:
            session.execute("drop table if exists process.more")


def test_other_errors_are_left_alone(tmp_path: Path) -> None:
    for error in (ValueError("x"), OSError(2, "No such file", "/" + "y" * 5_000)):
        with pytest.raises(type(error)), said(tmp_path):
            raise error


def test_a_command_on_a_full_disk_says_so_in_a_sentence(disk: Path, home: Settings) -> None:
    before = home.warehouse.read_bytes()
    with ballast(disk, 0):
        refused = cx(home, "erase", "C000000001")
    assert refused.returncode == 1
    assert f"Error: the disk of {home.dagster_home} is full (0.0 MB free)" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert home.warehouse.read_bytes() == before


def test_a_read_only_home_is_read_and_refuses_to_be_written(disk: Path, home: Settings) -> None:
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    for words in (("demo",), ("erase", "C000000001"), ("rotate-keys",)):
        refused = cx(home, *words)
        assert refused.returncode == 1, words
        assert f"{home.home}" in refused.stderr, words
        assert "is on a file system that is read-only" in refused.stderr, words
        assert "Traceback" not in refused.stderr, words
    assert "Scorecard of 2024-06-01" in cx(home, "scorecard").stdout
    findings = json.loads(cx(home, "doctor", "--json").stdout)
    assert [one["what"] for one in findings if one["about"] == "disk"] == [
        f"{home.home} is on a file system that is read-only"
    ]
