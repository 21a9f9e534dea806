"""`python -m benchmarks.fuzz.guided landing`, `models` or `scrub`: Atheris on our own parsers.

Atheris mutates the input towards code that no input has reached yet. It is no dependency: install
it beside the others (`pip install atheris`); it has wheels for Linux, and Python 3.11 to 3.13. It
stops at the first failure; what follows the target goes to libFuzzer (`-max_total_time=300`).
"""

import re
import sys
import tempfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["cx_assets", "sqlglot"]):
    from benchmarks.fuzz.damage import TICKETS, good_files
    from cx_assets.landing.files import listing
    from cx_assets.landing.reader import read
    from cx_assets.landing.sources import ORDERS
    from cx_assets.periods import SETTINGS
    from cx_assets.privacy.scrub import scrub
    from cx_assets.settings import PROJECT_ROOT
    from cx_assets.sql_models import ModelError
    from cx_assets.sql_models.parse import parse_model
    from cx_assets.warehouse.duckdb import DuckDBWarehouse

SUFFIXES = ("csv", "jsonl", "csv.gz", "jsonl.gz", "parquet")


def landing(folder: Path) -> Callable[[bytes], None]:
    """The first byte chooses the kind of file. Every row is refused or has a period."""
    zone = folder / "landing" / ORDERS.name
    zone.mkdir(parents=True)
    warehouse = DuckDBWarehouse.at(folder / "warehouse.duckdb")

    def one(data: bytes) -> None:
        path = zone / f"a.{SUFFIXES[data[0] % len(SUFFIXES)] if data else 'csv'}"
        path.write_bytes(data[1:])
        with warehouse.connect() as session:
            reading = read(
                session,
                ORDERS,
                zone.parent,
                listing(zone.parent, ORDERS),
                "monthly",
                date(2024, 1, 1),
                1 << 24,
            )
            ((rows, untold),) = session.rows(
                "select count(*), count(*) filter (refusal is null and period is null) "
                f"from {reading.typed}"
            )
        (file,) = reading.files
        path.unlink()
        assert (rows, untold) == (file.rows, 0), (rows, untold, file)

    return one


def models(folder: Path) -> Callable[[bytes], None]:
    """A file by itself: it is parsed, or refused with file and line."""
    path = folder / "process" / "fuzzed.sql"
    path.parent.mkdir()
    place = re.compile(rf"{re.escape(str(path))}:\d+: \S")
    parameters = {"period_start", "period_end", *SETTINGS.sql_parameters()}

    def one(data: bytes) -> None:
        path.write_bytes(data)
        if (refused := refusal(path, folder, parameters)) and not place.match(refused):
            raise AssertionError(refused)

    return one


def refusal(path: Path, folder: Path, parameters: set[str]) -> str | None:
    try:
        parse_model(path, folder, parameters)
    except ModelError as error:
        return str(error)
    return None


def scrubbed(_: Path) -> Callable[[bytes], None]:
    """What is scrubbed already stays as it is."""

    def one(data: bytes) -> None:
        once = scrub([data.decode(errors="replace")])
        if scrub(once) != once:
            raise AssertionError(once)

    return one


TARGETS = {"landing": landing, "models": models, "scrub": scrubbed}


def corpus(target: str, folder: Path) -> None:
    """What to begin with: the good files, the project's own models, what customers wrote."""
    if target == "models":
        for path in (PROJECT_ROOT / "dbt_like_sql").glob("*/*.sql"):
            (folder / path.stem).write_bytes(path.read_bytes())
        return
    if target == "scrub":
        for number, ticket in enumerate(TICKETS):
            (folder / str(number)).write_text(str(ticket["text"]))
        return
    for name, data in good_files("orders").items():
        kind = name.partition(".")[2].removesuffix(".gz")
        (folder / name).write_bytes(bytes([SUFFIXES.index(kind)]) + data)


def main() -> None:
    target, *arguments = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as seeds:
        corpus(target, Path(seeds))
        one = TARGETS[target](Path(folder))
        atheris.Setup([sys.argv[0], *arguments, seeds], one)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
