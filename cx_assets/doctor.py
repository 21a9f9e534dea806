"""`cx doctor`: what is wrong with an installation and what to do. It looks and changes nothing."""

import os
import shutil
import stat
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import yaml

from cx_assets.disk import is_read_only
from cx_assets.doctor_packages import lock_file, packages
from cx_assets.doctor_runs import any_under_way, pool, processes, runs
from cx_assets.findings import Finding, error, ok, or_ok, some, warn
from cx_assets.home import elsewhere, unfinished
from cx_assets.settings import PROJECT_ROOT, Settings
from cx_assets.warehouse.contents import reading
from cx_assets.warehouse.holders import holders
from cx_assets.warehouse.replica import is_current, replica_path, write_ahead_log

# Whoever writes a file touches it more often than this.
UNFINISHED_SECONDS = 3600.0
# The warehouse is copied for readers and for backups.
COPIES = 2
# Without these sections the pool does nothing, or a run that dies keeps its place for ever.
NEEDED_SECTIONS = ("concurrency", "run_launcher", "run_monitoring")


def examine(settings: Settings) -> list[Finding]:
    """Everything that was looked at; one thing that cannot be looked at hides no other."""
    checks: list[Callable[[], list[Finding]]] = [
        packages,
        lock_file,
        lambda: limits(settings),
        lambda: pool(settings),
        lambda: runs(settings),
        lambda: modes(settings),
        lambda: room(settings),
        lambda: orphans(settings),
        lambda: writers(settings),
        lambda: tables(settings),
        lambda: replica(settings),
        lambda: landing(settings),
    ]
    return [finding for check in checks for finding in _safely(check)]


def _safely(check: Callable[[], list[Finding]]) -> list[Finding]:
    try:
        return check()
    except Exception as problem:
        said = f"{type(problem).__name__}: {problem}"
        return [error("doctor", f"could not look: {said}", "Mend that, and ask again.")]


def limits(settings: Settings) -> list[Finding]:
    """DAGSTER_HOME has the project's dagster.yaml, and is the one that this shell means."""
    about, file = "dagster.yaml", settings.dagster_home / "dagster.yaml"
    if not file.exists():
        return [error(about, f"{file} is missing, so the pool does nothing", "Run `cx home`.")]
    given, wanted = (_sections(path) for path in (file, PROJECT_ROOT / "dagster.yaml"))
    problems = [
        error(about, f"`{name}` is not as the project has it", "Run `cx home`: it writes it anew.")
        for name in NEEDED_SECTIONS
        if given.get(name) != wanted[name]
    ]
    means = os.environ.get("DAGSTER_HOME")
    if means and Path(means).resolve() != settings.dagster_home.resolve():
        problems.append(
            warn(
                about,
                f"DAGSTER_HOME is {means}, so `dg` and `dagster` here keep their runs there, "
                "and the pool does not hold between there and here",
                "Set it: export DAGSTER_HOME=$(cx home)",
            )
        )
    return or_ok(problems, about, "has the limits of the project")


def _sections(path: Path) -> dict[str, object]:
    found = yaml.safe_load(path.read_text(encoding="utf-8"))
    return found if isinstance(found, dict) else {}


def modes(settings: Settings) -> list[Finding]:
    """Only the owner may enter the home, what lies outside of it, and the keys."""
    outside = set(elsewhere(settings).values()) - {settings.keys}
    problems = [
        finding
        for path in sorted({settings.home, *outside})
        for finding in _too_open(path, 0o600 if path.is_file() else 0o700, warn)
    ]
    for path in sorted([settings.keys, *settings.keys.rglob("*")]):
        problems += _too_open(path, 0o700 if path.is_dir() else 0o600, error)
    return or_ok(problems, "modes", "only the owner may enter the home and read the keys")


def _too_open(path: Path, mode: int, at: Callable[[str, str, str], Finding]) -> Iterator[Finding]:
    if not path.exists():
        return
    status = path.stat()
    if found := stat.S_IMODE(status.st_mode) & ~mode:
        advice = f"chmod {mode:o} {path}"
        yield at("modes", f"others than the owner have rights ({found:03o}) on {path}", advice)
    if status.st_uid != os.geteuid():
        advice = f"Work as that user, or: chown -R {os.geteuid()} {path}"
        yield at("modes", f"{path} belongs to the user {status.st_uid}", advice)


def room(settings: Settings) -> list[Finding]:
    """There is space for the copies that are made of the warehouse."""
    size = settings.warehouse.stat().st_size if settings.warehouse.exists() else 0
    folder = next(path for path in settings.warehouse.parents if path.exists())
    if is_read_only(folder):
        advice = "Mount it for writing, or set CX_HOME to a folder elsewhere."
        return [error("disk", f"{folder} is on a file system that is read-only", advice)]
    free = shutil.disk_usage(folder).free
    what = f"{free / 1e6:,.0f} MB free in {folder}, the warehouse has {size / 1e6:,.0f} MB"
    if free >= COPIES * size:
        return [ok("disk", what)]
    at = warn if free >= size else error
    advice = (
        f"Make room for {COPIES} copies of it: for readers and for a backup; or set "
        "CX_READ_REPLICA=no."
    )
    return [at("disk", what, advice)]


def orphans(settings: Settings) -> list[Finding]:
    """Files and folders that somebody began to write and will not finish."""
    latest = time.time() - UNFINISHED_SECONDS
    left = [path for path in unfinished(settings) if path.lstat().st_mtime < latest]
    problems = [
        warn(
            "unfinished files",
            f"{len(left)} have not been touched for an hour: {some(left)}",
            "Whoever wrote them was stopped. Delete them.",
        )
    ]
    return or_ok(problems if left else [], "unfinished files", "none is left over")


def writers(settings: Settings) -> list[Finding]:
    """Who has the warehouse open, and whether it is a run."""
    about, ours = "lock", processes(settings)
    problems = [
        warn(
            about,
            f"{holder} has {settings.warehouse} open for "
            f"{'writing' if holder.writes else 'reading'}, so a run waits a little and then fails",
            f"Close it there. To read, open {replica_path(settings.warehouse)} instead.",
        )
        for holder in holders(settings.warehouse)
        if holder.pid not in ours
    ]
    return or_ok(problems, about, "nobody but runs has the warehouse open")


def tables(settings: Settings) -> list[Finding]:
    """The warehouse can be read, and its write-ahead log belongs to someone."""
    about, warehouse = "warehouse", settings.warehouse
    if not warehouse.exists():
        return [ok(about, f"there is no {warehouse} yet: `make demo`, or materialise your periods")]
    log = write_ahead_log(warehouse)
    kept = log.stat().st_size if log.exists() else 0
    if any(holder.writes for holder in holders(warehouse)):
        return [ok(about, f"is being written (write-ahead log: {kept / 1e6:,.1f} MB)")]
    try:
        with reading(warehouse).connect() as session:
            ((number,),) = session.rows("select count(*) from duckdb_tables() where not internal")
    except duckdb.Error as problem:
        advice = "Restore a backup: `cx restore FILE --force` moves this home aside."
        return [error(about, f"{warehouse} cannot be read: {problem}", advice)]
    if kept:
        return [
            warn(
                about,
                f"{kept / 1e6:,.3f} MB are in {log.name} only: a process was killed",
                "The next run takes them in; never delete or move that file by itself.",
            )
        ]
    return [ok(about, f"{number} tables can be read")]


def replica(settings: Settings) -> list[Finding]:
    """Readers have the newest there is, or will have it after the run that is under way."""
    about, path = "read replica", replica_path(settings.warehouse)
    if not settings.read_replica or not settings.warehouse.exists():
        return [ok(about, "is not kept" if settings.warehouse.exists() else "there is nothing yet")]
    if is_current(settings.warehouse):
        return [ok(about, "holds all that the warehouse does")]
    if any_under_way(settings):
        return [ok(about, "is made anew once the run that is under way has ended")]
    advice = (
        "The daemon has it made after each run: start it (`make dev`), switch the sensor "
        "read_replica on, and look at the runs of refresh_read_replica."
    )
    newest = _time(settings.warehouse)
    if not path.exists():
        return [warn(about, f"is missing; the warehouse is of {newest}", advice)]
    return [warn(about, f"is of {_time(path)}, the warehouse of {newest}", advice)]


def _time(path: Path) -> str:
    return f"{datetime.fromtimestamp(path.stat().st_mtime, UTC):%Y-%m-%d %H:%M:%S} UTC"


def landing(settings: Settings) -> list[Finding]:
    """Landing files of which not a row could be read; asked of the replica while a run writes."""
    about = "landing files"
    databases = [settings.warehouse, replica_path(settings.warehouse)]
    readable = [
        path
        for path in databases
        if path.exists() and not any(holder.writes for holder in holders(path))
    ]
    if not readable:
        return [ok(about, "there is nothing to ask now")]
    with reading(readable[0]).connect() as session:
        if not session.columns("collect.landing_files"):
            return [ok(about, "none has been read yet")]
        rejected = session.rows(
            "select path || ': ' || error from collect.landing_files where error is not null "
            "order by path"
        )
    problems = [
        warn(
            about,
            f"{len(rejected)} cannot be read at all: {some([line for (line,) in rejected])}",
            "Mend and land them again; `error` in collect.landing_files says what to do for each.",
        )
    ]
    return or_ok(problems if rejected else [], about, "all of them could be read")
