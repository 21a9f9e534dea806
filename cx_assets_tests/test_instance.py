"""A run that was killed must not keep its place in the pool; one that lives must keep it."""

import os
import subprocess
import sys
from collections.abc import Iterator

import dagster as dg
import pytest
from dagster._core.launcher.base import WorkerStatus

from cx_assets.instance import POOL, bury_dead_runs, prepare_home
from cx_assets.settings import Settings


@pytest.fixture
def instance(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    monkeypatch.setenv("DAGSTER_HOME", os.environ.get("DAGSTER_HOME", ""))
    home = prepare_home(settings)
    with dg.DagsterInstance.from_config(str(home)) as opened:
        yield opened


def started(instance: dg.DagsterInstance, pid: int) -> dg.DagsterRun:
    """A run that the process `pid` has started."""
    run = instance.create_run_for_job(dg.job(name="anything")(lambda: None))
    for kind in (dg.DagsterEventType.RUN_STARTING, dg.DagsterEventType.RUN_START):
        event = dg.DagsterEvent(event_type_value=kind.value, job_name="anything", pid=pid)
        instance.report_dagster_event(event, run.run_id)
    return run


def holder(instance: dg.DagsterInstance, pid: int) -> dg.DagsterRun:
    """A run of the process `pid` that holds the pool's only place."""
    run = started(instance, pid)
    storage = instance.event_log_storage
    storage.initialize_concurrency_limit_to_default(POOL)
    assert storage.claim_concurrency_slot(POOL, run.run_id, "a_step").is_claimed
    return run


def free_places(instance: dg.DagsterInstance) -> int:
    info = instance.event_log_storage.get_concurrency_info(POOL)
    return info.slot_count - info.active_slot_count


def dead_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_a_dead_run_gives_its_place_back_and_is_said_to_have_failed(
    instance: dg.DagsterInstance,
) -> None:
    run = holder(instance, dead_process())
    assert free_places(instance) == 0
    assert bury_dead_runs(instance) == [run.run_id]
    assert free_places(instance) == 1
    ended = instance.get_run_by_id(run.run_id)
    assert ended
    assert ended.status == dg.DagsterRunStatus.FAILURE


def test_a_run_that_died_between_two_steps_is_said_to_have_failed(
    instance: dg.DagsterInstance,
) -> None:
    """It holds no place; the sensor that asked for it would wait for ever."""
    run = started(instance, dead_process())
    living = started(instance, os.getpid())
    assert bury_dead_runs(instance) == [run.run_id]
    statuses = {one.run_id: one.status for one in instance.get_runs()}
    assert statuses == {
        run.run_id: dg.DagsterRunStatus.FAILURE,
        living.run_id: dg.DagsterRunStatus.STARTED,
    }


def test_a_dead_run_that_was_next_makes_way(instance: dg.DagsterInstance) -> None:
    """Killed between being given the place and taking it."""
    storage = instance.event_log_storage
    holding = holder(instance, os.getpid())
    waiting = started(instance, dead_process())
    assert not storage.claim_concurrency_slot(POOL, waiting.run_id, "next").is_claimed
    storage.free_concurrency_slots_for_run(holding.run_id)
    assert storage.get_concurrency_info(POOL).assigned_run_ids == {waiting.run_id}
    assert bury_dead_runs(instance) == [waiting.run_id]
    latest = started(instance, os.getpid())
    assert storage.claim_concurrency_slot(POOL, latest.run_id, "a_step").is_claimed


def test_a_living_run_keeps_its_place(instance: dg.DagsterInstance) -> None:
    run = holder(instance, os.getpid())
    assert bury_dead_runs(instance) == []
    assert free_places(instance) == 0
    going = instance.get_run_by_id(run.run_id)
    assert going
    assert not going.is_finished


def test_the_daemon_sees_that_the_process_of_a_run_is_gone(instance: dg.DagsterInstance) -> None:
    launcher = instance.run_launcher
    assert launcher.supports_check_run_worker_health
    going, dead = (started(instance, pid) for pid in (os.getpid(), dead_process()))
    assert launcher.check_run_worker_health(going).status == WorkerStatus.RUNNING
    assert launcher.check_run_worker_health(dead).status == WorkerStatus.FAILED
