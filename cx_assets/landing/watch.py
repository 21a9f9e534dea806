"""What a sensor may ask of the landing zone without touching the warehouse."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from cx_assets.landing import files
from cx_assets.landing.contract import EARLIEST, Source
from cx_assets.landing.files import MAX_BYTES, LandedFile, fingerprint
from cx_assets.landing.reader import read
from cx_assets.periods import Grain
from cx_assets.warehouse.duckdb import DuckDBWarehouse
from cx_assets.warehouse.names import quoted

__all__ = ["LandedFile", "event_periods", "fingerprint", "listing", "rows"]


def listing(landing: Path, source: Source) -> list[LandedFile]:
    """The files of a source that may be opened, sorted by path; nothing is opened."""
    return [file for file in files.listing(landing, source) if file.problem is None]


def event_periods(
    path: Path, source: Source, grain: Grain, max_bytes: int = MAX_BYTES
) -> list[date]:
    """First days of the periods in which a landing file has good rows, in time order.

    A file that cannot be read has none. The first period of the project is not looked at.
    """
    status = path.stat()
    file = LandedFile(path.name, status.st_size, status.st_mtime_ns)
    with DuckDBWarehouse(database=":memory:").connect() as session:
        reading = read(session, source, path.parent, [file], grain, EARLIEST.date(), max_bytes)
        rows = session.rows(
            f"select distinct period from {reading.typed} where refusal is null order by period"
        )
    return [period for (period,) in rows]


def rows(
    landing: Path,
    source: Source,
    grain: Grain,
    columns: Sequence[str],
    max_bytes: int = MAX_BYTES,
) -> list[tuple[Any, ...]]:
    """These columns of the good rows of all files of a source; for small sources."""
    with DuckDBWarehouse(database=":memory:").connect() as session:
        found = listing(landing, source)
        reading = read(session, source, landing, found, grain, EARLIEST.date(), max_bytes)
        return session.rows(
            f"select distinct {', '.join(map(quoted, columns))} from {reading.typed} "
            "where refusal is null order by all"
        )
