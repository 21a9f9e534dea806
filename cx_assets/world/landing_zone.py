"""The landing zone as the world fills it: dirt on every table, one file per source and month."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa

from cx_assets.world.arrays import Bools, Ints, Period, stream
from cx_assets.world.dirt import Dirt
from cx_assets.world.files import FORMATS, as_written, landed_at, write
from cx_assets.world.settings import WorldSettings


class LandingZone:
    """Numbers the rows, dirties the tables and writes `<source>/<source>_<YYYY-MM>.<format>`.

    Modification times ascend by a second per file from the first period on, so they order the
    files as they landed and lie before those of any file that is written by hand.
    """

    def __init__(self, folder: Path, settings: WorldSettings) -> None:
        self.folder = folder
        self.dirt = Dirt(settings.dirt)
        self.files: list[Path] = []
        self.rows: dict[str, int] = {}
        self._seed = settings.seed
        self._numbers: Counter[str] = Counter()
        first = settings.first_period
        self._clock = int(datetime(first.year, first.month, 1, tzinfo=UTC).timestamp())

    def begin(self, period: Period) -> None:
        self._period = period
        self.files, self.rows = [], {}
        self.dirt.counts.clear()

    def number(self, source: str, size: int) -> Ints:
        """The next `size` numbers of a source, from 1 on."""
        start = self._numbers[source] + 1
        self._numbers[source] += size
        return np.arange(start, start + size)

    def land(self, source: str, table: pa.Table, may_be_late: Bools | None = None) -> None:
        """Writes the period's file of a source; a source with nothing to say sends none."""
        rng = stream(self._seed, f"dirt/{source}", self._period.index)
        messy = self.dirt.mess(source, as_written(source, table), may_be_late, rng)
        size = len(messy.table) + len(messy.ragged)
        if not size:
            return
        path = self.folder / source / f"{source}_{self._period.label}.{FORMATS[source]}"
        write(path, messy.table, messy.ragged)
        self._clock += 1
        landed_at(path, self._clock)
        self.files.append(path)
        self.rows[source] = size
