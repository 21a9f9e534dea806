"""A hundred damaged files and a good one in one landing zone, taken in by the product's own run."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from benchmarks.fuzz.damage import damaged, damages, good_files
from benchmarks.product import assets, jobs_of, run_range
from cx_assets.periods import PERIODS, windows
from cx_assets.settings import Settings
from cx_assets.warehouse import Session
from cx_assets.warehouse.duckdb import DuckDBWarehouse

SOURCES = ("orders", "support_tickets")
# The rows of the good files are of these months; a damaged time may be of any.
MONTHS = 6
TABLES = (
    "collect.customers",
    *(f"collect.{source}" for source in SOURCES),
    "collect.landing_files",
    "collect.rejected_rows",
)


@dataclass(frozen=True)
class Outcome:
    """What became of one file. `problem` is what may not happen, in words."""

    path: str
    result: str  # "taken in", "some rows refused", "refused whole"
    rows: int
    rejected: int
    problem: str | None


def take_in(seed: int, files: int, folder: Path) -> list[Outcome]:
    """Damage `files` files by a seed, land them and run; the folder is made and removed.

    Anything that the run raises is raised.
    """
    shutil.rmtree(folder, ignore_errors=True)
    settings = Settings.from_env({"CX_HOME": str(folder)})
    good = _land(settings.landing, seed, files)
    periods = windows(PERIODS, PERIODS.get_partition_keys()[:MONTHS])
    run_range(jobs_of({"fuzzed": assets(TABLES)})["fuzzed"], settings, periods)
    with DuckDBWarehouse.at(settings.warehouse).connect() as session:
        found = [outcome for source in SOURCES for outcome in _outcomes(session, source, good)]
    shutil.rmtree(folder)
    missing = files + len(good) - len(found)
    if missing:
        raise AssertionError(f"{missing} files are not in collect.landing_files")
    return found


def _land(landing: Path, seed: int, files: int) -> set[str]:
    """The good files' paths; each is the last of its source, so its rows win over their like."""
    random = Random(seed)
    good = set()
    for source in SOURCES:
        (landing / source).mkdir(parents=True)
    for number in range(files):
        source = random.choice(SOURCES)
        name, data = random.choice(list(good_files(source).items()))
        path = landing / source / f"{number}-{name}"
        path.write_bytes(damaged(name, data, damages(random)))
    for source in SOURCES:
        path = landing / source / "good.csv"
        path.write_bytes(good_files(source)["a.csv"])
        good.add(f"{source}/good.csv")
    return good


def _outcomes(session: Session, source: str, good: set[str]) -> list[Outcome]:
    rows: Sequence[tuple[str, int, int, int, int, int, int, str | None]] = session.rows(
        f"""
        with collected as (
            select source_file as path, count(*) as collected from collect.{source} group by all
        ), told as (
            select source_file as path, count(source_line) as told
            from collect.rejected_rows where length(reason) > 0 group by all
        )
        select path, rows, coalesce(collected, 0), duplicates, rejected, pending,
            coalesce(told, 0), error
        from collect.landing_files left join collected using (path) left join told using (path)
        where source = $source
        """,
        {"source": source},
    )
    return [_outcome(*row, is_good=row[0] in good) for row in rows]


def _outcome(
    path: str,
    rows: int,
    collected: int,
    duplicates: int,
    rejected: int,
    pending: int,
    told: int,
    error: str | None,
    *,
    is_good: bool,
) -> Outcome:
    problem = None
    if rows != collected + duplicates + rejected + pending:
        problem = f"{rows} rows, but {collected=} {duplicates=} {rejected=} {pending=}"
    elif told != rejected:
        problem = f"{rejected} rows rejected, but {told} told with line and reason"
    elif error and rows:
        problem = f"refused whole, but with {rows} rows"
    elif is_good and (error or rows != collected):
        problem = f"the good file lost rows: {rows=} {collected=} {error=}"
    result = "refused whole" if error else "some rows refused" if rejected else "taken in"
    return Outcome(path, result, rows, rejected, problem)
