"""What `cx doctor` looks at in Dagster's own records: the pool, and runs that are none any more."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from cx_assets.findings import Finding, error, ok, or_ok, some, warn
from cx_assets.instance import POOL, dead_holders, dead_runs, process_of, under_way
from cx_assets.settings import Settings

# `cx home` ends them, and so does the daemon.
ADVICE = "Run `cx home`: it ends them and gives their places back. The daemon does so by itself."


@contextmanager
def records(settings: Settings) -> Iterator[dg.DagsterInstance | None]:
    """The instance of a home; None where nothing ran yet, since a look would create its tables."""
    if not (settings.dagster_home / "history").is_dir():
        yield None
        return
    with dg.DagsterInstance.from_config(str(settings.dagster_home)) as instance:
        yield instance


def pool(settings: Settings) -> list[Finding]:
    """The pool has room for one, and no dead run has its place."""
    about = "pool"
    with records(settings) as instance:
        if instance is None:
            return [ok(about, "nothing ran yet")]
        problems = [
            error(
                about,
                f"`{POOL}` has room for {limit.limit} steps, and DuckDB for one",
                f"Set it: dagster instance concurrency set {POOL} 1",
            )
            for limit in instance.event_log_storage.get_pool_limits()
            if limit.name == POOL and limit.limit != 1
        ]
        if dead := sorted(dead_holders(instance)):
            what = f"is held by runs that are over, so every other waits: {some(dead)}"
            problems.append(error(about, what, ADVICE))
    return or_ok(problems, about, "has one place, and no dead run holds it")


def runs(settings: Settings) -> list[Finding]:
    """What is said to be running is running."""
    about = "runs"
    with records(settings) as instance:
        dead = sorted(dead_runs(instance)) if instance else []
    what = f"{len(dead)} are said to run, though their process is gone: {some(dead)}"
    return or_ok([warn(about, what, ADVICE)] if dead else [], about, "none is stuck")


def any_under_way(settings: Settings) -> bool:
    with records(settings) as instance:
        return bool(instance and under_way(instance))


def processes(settings: Settings) -> set[int]:
    """The processes of the runs that are under way."""
    with records(settings) as instance:
        if instance is None:
            return set()
        found = [process_of(instance, run_id) for run_id in under_way(instance)]
    return {process[0] for process in found if process}
