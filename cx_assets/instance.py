"""DAGSTER_HOME: where Dagster keeps its runs. Without it, the pool does nothing."""

import os
import shutil
from pathlib import Path

import dagster as dg

from cx_assets.settings import PROJECT_ROOT, Settings

POOL = "warehouse"


def prepare_home(settings: Settings) -> Path:
    """Create DAGSTER_HOME with the project's dagster.yaml, and point Dagster to it.

    Ends the runs whose process is gone, and gives back their places in the pool.
    """
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    settings.landing.mkdir(parents=True, exist_ok=True, mode=0o700)
    settings.dagster_home.mkdir(exist_ok=True, mode=0o700)
    shutil.copyfile(PROJECT_ROOT / "dagster.yaml", settings.dagster_home / "dagster.yaml")
    os.environ["DAGSTER_HOME"] = str(settings.dagster_home)
    with dg.DagsterInstance.get() as instance:
        bury_dead_runs(instance)
    return settings.dagster_home


def bury_dead_runs(instance: dg.DagsterInstance) -> list[str]:
    """End the runs that have started, or have a place in the pool, though their process is gone.

    A run that is killed keeps its place, or the one it was next for, and the next run would wait
    for it for ever; between two steps it has none, and whoever asked for it waits all the same. The
    daemon does the same for its own runs (see `launcher`), but nobody does for a run that was
    started without it, by `cx demo` or `dg launch`.

    Returns:
        The ids of these runs.
    """
    dead = sorted(dead_holders(instance).union(dead_runs(instance)))
    for run_id in dead:
        run = instance.get_run_by_id(run_id)
        if run and not run.is_finished:
            instance.report_run_failed(run, "The process of this run is gone.")
        instance.event_log_storage.free_concurrency_slots_for_run(run_id)
    return dead


def dead_holders(instance: dg.DagsterInstance) -> set[str]:
    """The runs that have a place in the pool, or are next for one, though their process is gone."""
    pool = instance.event_log_storage.get_concurrency_info(POOL)
    placed = pool.active_run_ids | pool.pending_run_ids | pool.assigned_run_ids
    return {run_id for run_id in placed if not is_alive(instance, run_id)}


def dead_runs(instance: dg.DagsterInstance) -> set[str]:
    """The runs that have started and not ended, though their process is gone."""
    going = instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED]))
    return {run.run_id for run in going if not is_alive(instance, run.run_id)}


def under_way(instance: dg.DagsterInstance, beside: str = "") -> list[str]:
    """The runs that have begun and not ended, beside that one; not those whose process is gone."""
    statuses = [
        dg.DagsterRunStatus.STARTING,
        dg.DagsterRunStatus.STARTED,
        dg.DagsterRunStatus.CANCELING,
    ]
    runs = instance.get_runs(dg.RunsFilter(statuses=statuses))
    return [run.run_id for run in runs if run.run_id != beside and is_alive(instance, run.run_id)]


def is_alive(instance: dg.DagsterInstance, run_id: str) -> bool:
    """Whether a run is under way in a process that exists; also where nobody can tell yet."""
    run = instance.get_run_by_id(run_id)
    if run is None or run.is_finished:
        return False
    # It has not said a word yet, so nobody can tell; run monitoring has a limit for the start.
    process = process_of(instance, run_id)
    return process is None or _process_exists(*process)


def process_of(instance: dg.DagsterInstance, run_id: str) -> tuple[int, float] | None:
    """The number of the process that has last spoken of a run, and when; None: none has yet."""
    records = instance.get_records_for_run(run_id, limit=20, ascending=False).records
    for record in records:
        event = record.event_log_entry.dagster_event
        if event and event.pid:
            return event.pid, record.event_log_entry.timestamp
    return None


def _process_exists(pid: int, since: float) -> bool:
    """Whether the process runs, and is no later one that was given the same number."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    proc = Path(f"/proc/{pid}")
    return not proc.exists() or proc.stat().st_ctime <= since + 1
