"""Each thing that can be wrong with an installation, brought about for real, and what is said."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import duckdb
import pytest
from click.testing import CliRunner

from cx_assets import doctor
from cx_assets.cli import main
from cx_assets.doctor_packages import dagster_family, lock_file, packages
from cx_assets.doctor_runs import pool, runs
from cx_assets.findings import Finding, Level, some
from cx_assets.home import restoring
from cx_assets.instance import POOL, prepare_home
from cx_assets.landing import registry
from cx_assets.settings import Settings
from cx_assets.warehouse.duckdb import DuckDBWarehouse
from cx_assets.warehouse.replica import refresh, replica_path
from cx_assets_tests.test_instance import dead_process, holder, started
from cx_assets_tests.warehouse import test_duckdb

LONG_AGO = 1_000_000_000


def only(findings: list[Finding], level: Level, *words: str) -> Finding:
    """The one finding, which is of this level and says all this."""
    (finding,) = findings
    assert finding.level == level, finding
    for word in words:
        assert word in f"{finding.what} {finding.advice}", finding
    assert bool(finding.advice) == (level is not Level.OK)
    return finding


@pytest.fixture
def home(settings: Settings) -> Settings:
    settings.home.mkdir(mode=0o700)
    return settings


@pytest.fixture
def filled(home: Settings) -> Settings:
    """With a warehouse and a replica of it."""
    write(home)
    refresh(home.warehouse)
    return home


def write(settings: Settings) -> None:
    with DuckDBWarehouse.at(settings.warehouse).connect() as session:
        session.execute("create or replace table t as select random() as n")


@pytest.fixture
def instance(home: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    monkeypatch.setenv("DAGSTER_HOME", os.environ.get("DAGSTER_HOME", ""))
    with dg.DagsterInstance.from_config(str(prepare_home(home))) as opened:
        yield opened


@pytest.mark.slow
def test_nothing_is_wrong_with_a_fresh_home_and_looking_changes_nothing(
    instance: dg.DagsterInstance, filled: Settings
) -> None:
    before = {path: path.stat().st_mtime_ns for path in filled.home.rglob("*")}
    findings = [one for one in doctor.examine(filled) if one.about not in ("packages", "lock file")]
    assert {finding.level for finding in findings} == {Level.OK}, findings
    assert len(findings) == 10
    after = {path: path.stat().st_mtime_ns for path in filled.home.rglob("*")}
    assert {path for path in before if before[path] != after.get(path)} <= {
        path for path in before if path.is_relative_to(filled.dagster_home)
    }


def test_a_home_that_is_not_there_yet_is_not_created(settings: Settings) -> None:
    assert {finding.level for finding in doctor.examine(settings)} >= {Level.OK, Level.ERROR}
    assert not settings.home.exists()


@pytest.mark.slow
@pytest.mark.parametrize("how", ["writing", "reading"])
def test_who_has_the_warehouse_open(filled: Settings, how: str) -> None:
    only(doctor.writers(filled), Level.OK)
    code = (
        f"import duckdb, time; c = duckdb.connect({str(filled.warehouse)!r}, "
        f"read_only={how == 'reading'}); print('open', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert process.stdout
    process.stdout.readline()
    only(
        doctor.writers(filled),
        Level.WARN,
        f"process {process.pid} ({sys.executable} -c import duckdb",
        f"open for {how}",
        "warehouse.read.duckdb",
    )
    only(doctor.tables(filled), Level.OK, "is being written" if how == "writing" else "1 tables")
    process.kill()
    process.communicate()
    only(doctor.writers(filled), Level.OK)


@pytest.mark.slow
def test_a_run_may_have_the_warehouse_open(instance: dg.DagsterInstance, filled: Settings) -> None:
    process = test_duckdb.holder(DuckDBWarehouse.at(filled.warehouse), 60)
    started(instance, process.pid)
    only(doctor.writers(filled), Level.OK)
    process.kill()
    process.wait()


@pytest.mark.slow
def test_a_place_in_the_pool_that_a_dead_run_holds(
    instance: dg.DagsterInstance, home: Settings
) -> None:
    only(pool(home), Level.OK)
    run = holder(instance, os.getpid())
    only(pool(home), Level.OK)
    instance.report_run_canceled(run)  # it has ended, but nobody gave its place back
    only(pool(home), Level.ERROR, run.run_id, "cx home")
    instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
    only(pool(home), Level.OK)
    run = holder(instance, dead_process())
    only(pool(home), Level.ERROR, run.run_id)
    only(runs(home), Level.WARN, run.run_id, "process is gone")
    prepare_home(home)  # what the advice says
    only(pool(home), Level.OK)
    only(runs(home), Level.OK)


@pytest.mark.slow
def test_a_pool_with_room_for_two(instance: dg.DagsterInstance, home: Settings) -> None:
    instance.event_log_storage.set_concurrency_slots(POOL, 2)
    only(pool(home), Level.ERROR, "room for 2", f"concurrency set {POOL} 1")


@pytest.mark.slow
def test_a_run_is_stuck_only_where_its_process_is_gone(
    instance: dg.DagsterInstance, home: Settings
) -> None:
    started(instance, os.getpid())
    only(runs(home), Level.OK)
    run = started(instance, dead_process())
    only(runs(home), Level.WARN, "1 are said to run", run.run_id, "cx home")


@pytest.mark.parametrize(
    ("name", "mode", "level", "advice"),
    [
        ("", 0o755, Level.WARN, "chmod 700 "),
        ("keys", 0o750, Level.ERROR, "chmod 700 "),
        ("keys/a.key", 0o640, Level.ERROR, "chmod 600 "),
        ("keys/a.key", 0o700, Level.ERROR, "chmod 600 "),
    ],
)
def test_modes(home: Settings, name: str, mode: int, level: Level, advice: str) -> None:
    home.keys.mkdir(mode=0o700)
    (home.keys / "a.key").touch(mode=0o600)
    only(doctor.modes(home), Level.OK)
    (home.home / name).chmod(mode)
    only(doctor.modes(home), level, f"{advice}{home.home / name}")


def test_a_place_outside_of_the_home_is_looked_at_too(home: Settings, tmp_path: Path) -> None:
    (tmp_path / "zone").mkdir()
    (tmp_path / "zone").chmod(0o755)
    elsewhere = home.model_copy(update={"landing": tmp_path / "zone"})
    only(doctor.modes(elsewhere), Level.WARN, f"chmod 700 {tmp_path / 'zone'}")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_another_owner(home: Settings) -> None:
    home.keys.mkdir(mode=0o700)
    (home.keys / "a.key").touch(mode=0o600)
    os.chown(home.keys / "a.key", 12345, -1)
    only(doctor.modes(home), Level.ERROR, "user 12345", "chown")


def test_limits(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    only(doctor.limits(home), Level.ERROR, "missing", "cx home")
    home.dagster_home.mkdir()
    file = home.dagster_home / "dagster.yaml"
    shutil.copyfile(doctor.PROJECT_ROOT / "dagster.yaml", file)
    only(doctor.limits(home), Level.OK)
    whole = file.read_text()
    file.write_text(whole.replace("default_limit: 1", "default_limit: 3"))
    only(doctor.limits(home), Level.ERROR, "`concurrency`", "cx home")
    file.write_text(whole.replace("free_slots_after_run_end_seconds: 15", ""))
    only(doctor.limits(home), Level.ERROR, "`run_monitoring`")
    file.write_text("")
    assert [one.level for one in doctor.limits(home)] == [Level.ERROR] * 3
    file.write_text(whole)
    monkeypatch.setenv("DAGSTER_HOME", "/somewhere/else")
    only(doctor.limits(home), Level.WARN, "/somewhere/else", "export DAGSTER_HOME=$(cx home)")


def test_room(filled: Settings) -> None:
    only(doctor.room(filled), Level.OK)
    free = shutil.disk_usage(filled.home).free
    os.truncate(filled.warehouse, int(free * 0.75))  # a sparse file takes no space
    only(doctor.room(filled), Level.WARN, "CX_READ_REPLICA=no")
    os.truncate(filled.warehouse, int(free * 1.5))
    only(doctor.room(filled), Level.ERROR, "Make room")


def test_unfinished_files(filled: Settings) -> None:
    half = [
        filled.landing / "orders" / ".orders.parquet.part",
        filled.outbox / "actions" / ".2024-01-01.parquet.tmp",
        filled.home / f".{replica_path(filled.warehouse).name}.tmp",
        restoring(filled.home) / "world.json",
    ]
    for path in half:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    only(doctor.orphans(filled), Level.OK)  # somebody may be at it
    for path in (*half[:3], half[3].parent):
        os.utime(path, (LONG_AGO, LONG_AGO))
    found = only(doctor.orphans(filled), Level.WARN, "4 have not been touched", "Delete them")
    assert all(str(path) in found.what for path in (*half[:3], half[3].parent))


def test_the_warehouse_cannot_be_read(filled: Settings) -> None:
    only(doctor.tables(filled), Level.OK, "1 tables can be read")
    filled.warehouse.write_bytes(b"no database" * 1000)
    only(doctor.tables(filled), Level.ERROR, "cannot be read", "cx restore")


@pytest.mark.slow
def test_a_log_that_a_killed_process_left(filled: Settings) -> None:
    code = (
        f"import duckdb, os; c = duckdb.connect({str(filled.warehouse)!r}); "
        f"c.execute('create table u as select 1'); os.kill(os.getpid(), {signal.SIGKILL})"
    )
    subprocess.run([sys.executable, "-c", code], check=False)
    only(doctor.tables(filled), Level.WARN, "warehouse.duckdb.wal only", "never delete")
    write(filled)
    only(doctor.tables(filled), Level.OK, "2 tables")


def test_the_replica(filled: Settings) -> None:
    only(doctor.replica(filled), Level.OK, "all that the warehouse does")
    write(filled)
    only(doctor.replica(filled), Level.WARN, "is of 20", "sensor read_replica")
    replica_path(filled.warehouse).unlink()
    only(doctor.replica(filled), Level.WARN, "is missing")
    off = filled.model_copy(update={"read_replica": False})
    only(doctor.replica(off), Level.OK, "is not kept")


@pytest.mark.slow
def test_a_replica_may_be_behind_while_a_run_is_under_way(
    instance: dg.DagsterInstance, filled: Settings
) -> None:
    write(filled)
    only(doctor.replica(filled), Level.WARN)
    started(instance, os.getpid())
    only(doctor.replica(filled), Level.OK, "once the run that is under way has ended")


@pytest.mark.slow
def test_landing_files_of_which_nothing_could_be_read(filled: Settings) -> None:
    only(doctor.landing(filled), Level.OK, "none has been read yet")
    with DuckDBWarehouse.at(filled.warehouse).connect() as session:
        session.execute("create schema collect")
        registry.create(session)
        session.execute(registry.LANDING_FILES_VIEW)
        session.execute("insert into registry.files (path) values ('orders/good.csv')")
    only(doctor.landing(filled), Level.OK, "all of them")
    with DuckDBWarehouse.at(filled.warehouse).connect() as session:
        session.execute(
            "insert into registry.files (path, error) "
            "select 'orders/' || n || '.csv', 'no column order_id' from range(7) as r(n)"
        )
    refresh(filled.warehouse)
    process = test_duckdb.holder(DuckDBWarehouse.at(filled.warehouse), 60)
    only(doctor.landing(filled), Level.WARN, "7 cannot", "orders/0.csv: no column", "and 2 more")
    process.kill()
    process.wait()
    only(doctor.landing(filled), Level.WARN, "7 cannot")


@pytest.mark.slow
def test_what_cannot_be_looked_at_hides_nothing_else(filled: Settings) -> None:
    replica_path(filled.warehouse).unlink()
    filled.warehouse.write_bytes(b"no database" * 1000)
    findings = doctor.examine(filled)
    assert any(one.about == "doctor" and "could not look" in one.what for one in findings)
    assert findings[-1].about == "doctor"
    assert {"modes", "lock", "warehouse"} <= {finding.about for finding in findings}


def test_the_packages_of_these_tests_fit() -> None:
    only(packages(), Level.OK, duckdb.__version__)


def test_the_family_of_dagster() -> None:
    whole = {"dagster": "1.13.27", "dagster-pipes": "1.13.27", "dagster-duckdb": "0.29.27"}
    assert dagster_family(whole) == []
    mixed = {**whole, "dagster-webserver": "1.13.26", "dagster-duckdb": "0.28.27"}
    only(dagster_family(mixed), Level.ERROR, "dagster-duckdb 0.28.27, dagster-webserver 1.13.26")


def test_the_lock_file(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock"
    only(lock_file(lock), Level.OK)
    right = (
        f'duckdb=={duckdb.__version__} \\\n    --hash=sha256:00\nnone==1 ; python_version < "3"\n'
    )
    lock.write_text(right)
    only(lock_file(lock), Level.OK, "as locked")
    lock.write_text(right + "click==0.1 \\\n    --hash=sha256:00\nno-such-package==1.0\n")
    only(lock_file(lock), Level.WARN, "2 packages", "(==0.1)", "no-such-package missing (==1.0)")


def test_the_first_few_and_how_many_more() -> None:
    assert some(["a", "b"]) == "a, b"
    assert some([*"abcdefg"]) == "a, b, c, d, e and 2 more"


@pytest.mark.slow
def test_the_command_ends_with_1_at_an_error(
    filled: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CX_HOME", str(filled.home))
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    shown = CliRunner().invoke(main, ["doctor"])
    assert shown.exit_code == 1
    assert "error dagster.yaml: " in shown.output
    as_json = CliRunner().invoke(main, ["doctor", "--json"])
    assert as_json.exit_code == 1
    findings = json.loads(as_json.output)
    assert {"level", "about", "what", "advice"} == set(findings[0])
    assert "error" in {finding["level"] for finding in findings}
    filled.dagster_home.mkdir()
    shutil.copyfile(doctor.PROJECT_ROOT / "dagster.yaml", filled.dagster_home / "dagster.yaml")
    assert CliRunner().invoke(main, ["doctor"]).exit_code == 0
