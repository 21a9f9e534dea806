"""What a sensor may ask of the landing zone without touching the warehouse."""

from datetime import date
from pathlib import Path

from cx_assets.landing import files
from cx_assets.landing.contract import EARLIEST, Source
from cx_assets.landing.files import LandedFile, fingerprint
from cx_assets.landing.reader import read
from cx_assets.periods import Grain
from cx_assets.warehouse.duckdb import DuckDBWarehouse

__all__ = ["LandedFile", "event_periods", "fingerprint", "listing"]


def listing(landing: Path, source: Source) -> list[LandedFile]:
    """The files of a source that may be opened, sorted by path; nothing is opened."""
    return [file for file in files.listing(landing, source) if file.problem is None]


def event_periods(path: Path, source: Source, grain: Grain) -> list[date]:
    """First days of the periods in which a landing file has good rows, in time order.

    A file that cannot be read has none. The first period of the project is not looked at.
    """
    status = path.stat()
    file = LandedFile(path.name, status.st_size, status.st_mtime_ns)
    with DuckDBWarehouse(database=":memory:").connect() as session:
        reading = read(session, source, path.parent, [file], grain, EARLIEST.date())
        rows = session.rows(
            f"select distinct period from {reading.typed} where refusal is null order by period"
        )
    return [period for (period,) in rows]
