"""Readers in processes of their own while a warehouse is written and its replica swapped."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from cx_assets.defs import replica_sensor
from cx_assets.defs.replica_sensor import read_replica, refresh_read_replica
from cx_assets.instance import prepare_home
from cx_assets.settings import Settings
from cx_assets.warehouse import WarehouseLocked
from cx_assets.warehouse.copying import NoRoom, copy_bytes, locked, need_room
from cx_assets.warehouse.duckdb import DuckDBWarehouse
from cx_assets.warehouse.replica import is_current, refresh, replica_path, write_ahead_log
from cx_assets_tests.test_instance import dead_process, started
from cx_assets_tests.warehouse.test_duckdb import holder

SWAPS = 50
ROWS = 2_000
TABLES = ("process.orders", "insight.scorecard")


def write(warehouse: Path, n: int) -> None:
    """A run: two tables that must agree, each in a transaction of its own, as assets write."""
    with DuckDBWarehouse.at(warehouse).connect() as session:
        for table in TABLES:
            session.execute(f"create schema if not exists {table.split('.')[0]}")
            session.execute(
                f"create or replace table {table} as "
                f"select {n} as n, random() as noise from range({ROWS + n})"
            )


def seen(replica: Path) -> int:
    """The run that the replica shows."""
    with duckdb.connect(str(replica), read_only=True) as connection:
        values = connection.execute(
            "select n from process.orders union select n from insight.scorecard"
        ).fetchall()
    ((n,),) = values
    return int(n)


@pytest.fixture
def warehouse(settings: Settings) -> Path:
    write(settings.warehouse, 0)
    return settings.warehouse


def reader(how: str, replica: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "cx_assets_tests.warehouse.replica_reader", how, str(replica)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stdout.readline() == "reading\n", process.communicate()[1]
    return process


def figures(process: subprocess.Popen[str]) -> list[tuple[int, ...]]:
    out, error = process.communicate("stop\n")
    assert process.returncode == 0, error
    return [tuple(one) for one in json.loads(out)]


@pytest.mark.slow
def test_readers_see_whole_runs_only_through_fifty_swaps(warehouse: Path) -> None:
    with DuckDBWarehouse.at(warehouse).connect() as session:
        # So that a copy takes long enough to be met half way.
        session.execute("create table ballast as select random() from range(3000000)")
    replica = refresh(warehouse).path
    fresh, kept = reader("fresh", replica), reader("kept", replica)
    for n in range(1, SWAPS + 1):
        write(warehouse, n)
        refresh(warehouse)
    views = figures(fresh)
    runs = [view[0] for view in views]
    assert views == [(n, n, ROWS + n, ROWS + n) for n in runs]
    assert runs == sorted(runs)
    assert len(runs) > 3, f"the reader saw few of the swaps: {runs}"
    assert figures(kept) == [(0, 0, ROWS, ROWS)]
    assert seen(replica) == SWAPS


def test_the_replica_is_the_owners_and_is_a_file_of_its_own(warehouse: Path) -> None:
    replica = refresh(warehouse).path
    assert replica == warehouse.with_name("warehouse.read.duckdb")
    assert replica.stat().st_mode & 0o777 == 0o600
    assert replica.read_bytes() == warehouse.read_bytes()
    with duckdb.connect(str(replica), read_only=True):
        write(warehouse, 1)
    assert seen(replica) == 0


def test_who_has_the_old_one_open_keeps_all_of_it(warehouse: Path) -> None:
    replica = refresh(warehouse).path
    whole = replica.read_bytes()
    with replica.open("rb") as old:
        write(warehouse, 1)
        refresh(warehouse)
        assert old.read() == whole
    assert seen(replica) == 1


@pytest.mark.slow
def test_what_a_killed_writer_had_committed_is_in_the_replica(warehouse: Path) -> None:
    code = (
        f"import duckdb, os, signal; con = duckdb.connect({str(warehouse)!r}); "
        + "; ".join(f"con.execute('update {table} set n = 7')" for table in TABLES)
        + "; os.kill(os.getpid(), signal.SIGKILL)"
    )
    refresh(warehouse)
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -signal.SIGKILL
    assert write_ahead_log(warehouse).stat().st_size
    assert not is_current(warehouse)
    assert seen(refresh(warehouse).path) == 7
    assert is_current(warehouse)


def test_only_a_write_makes_it_outdated(warehouse: Path) -> None:
    assert not is_current(warehouse)
    refresh(warehouse)
    with DuckDBWarehouse.at(warehouse).connect() as session:
        session.rows("select count(*) from process.orders")
    assert is_current(warehouse)
    write(warehouse, 1)
    assert not is_current(warehouse)


@pytest.mark.slow
def test_a_log_that_a_writer_left_at_the_replica_is_not_read_with_the_next(warehouse: Path) -> None:
    replica = refresh(warehouse).path
    code = (
        f"import duckdb, os, signal; con = duckdb.connect({str(replica)!r}); "
        "con.execute('update process.orders set n = 99'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code], check=False)
    assert write_ahead_log(replica).exists()
    refresh(warehouse)
    assert seen(replica) == 0


@pytest.mark.slow
def test_nobody_writes_while_it_is_copied_and_a_writer_is_waited_for(warehouse: Path) -> None:
    process = holder(DuckDBWarehouse.at(warehouse), 30)
    with pytest.raises(WarehouseLocked, match=f"PID {process.pid}"):
        refresh(warehouse, wait_seconds=0.1)
    process.kill()
    process.wait()
    assert not replica_path(warehouse).exists()


@pytest.mark.slow
def test_the_lock_outlasts_the_copy(warehouse: Path, tmp_path: Path) -> None:
    """Whoever closes a descriptor of the file too early has lost it."""
    code = f"import duckdb; duckdb.connect({str(warehouse)!r})"
    with locked(warehouse) as file:
        copy_bytes(file, tmp_path / "copy")
        other = subprocess.run(
            [sys.executable, "-c", code], check=False, capture_output=True, text=True
        )
    assert f"PID {os.getpid()}" in other.stderr
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_full_disk_is_said_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(NoRoom, match="make room there"):
        need_room(tmp_path, 1 << 60)


@pytest.mark.slow
def test_killed_at_any_moment_the_old_replica_stands_and_the_next_copy_goes_on(
    warehouse: Path,
) -> None:
    with DuckDBWarehouse.at(warehouse).connect() as session:
        session.execute("create table ballast as select random() from range(8000000)")
    replica = refresh(warehouse).path
    write(warehouse, 1)
    code = (
        "from pathlib import Path; from cx_assets.warehouse.replica import refresh; "
        f"print('ready', flush=True); input(); refresh(Path({str(warehouse)!r}))"
    )
    temporary = replica.with_name(f".{replica.name}.tmp")
    moments, orphans = random.Random(5), 0
    for _ in range(3):
        process = subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert process.stdout
        process.stdout.readline()
        assert process.stdin
        process.stdin.write(b"\n")
        process.stdin.flush()
        while not temporary.exists() and process.poll() is None:
            pass
        time.sleep(moments.uniform(0, 0.01))
        process.kill()
        process.communicate()
        orphans += temporary.exists()
        assert seen(replica) in (0, 1)
    assert orphans >= 2, "the kills came too late"
    refresh(warehouse)
    assert seen(replica) == 1
    assert not temporary.exists()


@pytest.fixture
def instance(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    monkeypatch.setenv("DAGSTER_HOME", os.environ.get("DAGSTER_HOME", ""))
    with dg.DagsterInstance.from_config(str(prepare_home(settings))) as opened:
        yield opened


def look(instance: dg.DagsterInstance, settings: Settings) -> dg.RunRequest | str:
    """One look of the sensor; the daemon makes no second run for a run key that it knows."""
    with dg.build_sensor_context(instance=instance, resources={"settings": settings}) as context:
        data = read_replica.evaluate_tick(context)
    if not data.run_requests:
        return str(data.skip_message)
    (request,) = data.run_requests
    known = instance.get_runs(dg.RunsFilter(tags={"dagster/run_key": request.run_key or ""}))
    assert not known, "this run key was used before"
    return request


def obey(
    instance: dg.DagsterInstance, settings: Settings, request: dg.RunRequest | str
) -> dg.ExecuteInProcessResult:
    assert isinstance(request, dg.RunRequest)
    return refresh_read_replica.execute_in_process(
        instance=instance,
        tags={**request.tags, "dagster/run_key": request.run_key or ""},
        resources={"settings": settings},
        raise_on_error=False,
    )


@pytest.mark.slow
def test_after_each_run_there_is_a_new_one(
    instance: dg.DagsterInstance, settings: Settings
) -> None:
    assert "there is no" in str(look(instance, settings))
    for n in range(2):
        write(settings.warehouse, n)
        assert obey(instance, settings, look(instance, settings)).success
        assert seen(replica_path(settings.warehouse)) == n
        assert look(instance, settings) == "the replica holds all that the warehouse does"
    replica_path(settings.warehouse).unlink()
    assert obey(instance, settings, look(instance, settings)).success
    off = settings.model_copy(update={"read_replica": False})
    assert look(instance, off) == "CX_READ_REPLICA is off"


@pytest.mark.slow
def test_half_a_run_is_never_copied(
    instance: dg.DagsterInstance, settings: Settings, warehouse: Path
) -> None:
    request = look(instance, settings)
    run = started(instance, os.getpid())  # it begins between the sensor's look and the copy
    assert "its end comes first" in str(look(instance, settings))
    assert obey(instance, settings, request).success
    assert not replica_path(warehouse).exists()
    instance.report_run_canceled(run)
    dead = started(instance, dead_process())
    assert obey(instance, settings, look(instance, settings)).success
    assert seen(replica_path(warehouse)) == 0
    instance.report_run_failed(dead)


@pytest.mark.slow
def test_a_copy_that_fails_is_tried_again_but_not_for_ever(
    instance: dg.DagsterInstance,
    settings: Settings,
    warehouse: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    replica_path(warehouse).mkdir()  # nothing can take the place of a folder
    for _ in range(replica_sensor.MOST_FAILURES):
        assert not obey(instance, settings, look(instance, settings)).success
    assert "could not copy it" in str(look(instance, settings))
    replica_path(warehouse).rmdir()
    write(warehouse, 1)  # another state of the warehouse is another question
    assert obey(instance, settings, look(instance, settings)).success
    assert seen(replica_path(warehouse)) == 1


@pytest.mark.slow
def test_a_copy_that_is_under_way_is_not_asked_for_again(
    instance: dg.DagsterInstance, settings: Settings, warehouse: Path
) -> None:
    request = look(instance, settings)
    assert isinstance(request, dg.RunRequest)
    instance.create_run_for_job(refresh_read_replica, tags=request.tags)
    assert "is to copy it" in str(look(instance, settings))


def test_the_copy_takes_its_turn_in_the_pool_of_the_writers() -> None:
    (step,) = refresh_read_replica.nodes
    assert step.definition.pools == {"warehouse"}
