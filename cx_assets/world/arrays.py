"""Types of arrays, months as half-open windows, and small vectorised helpers."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Times = NDArray[np.datetime64]
Rng = np.random.Generator

HOUR = 3_600
DAY = 24 * HOUR
MONTH = 365.25 / 12 * DAY
NEVER = np.datetime64("NaT", "s")


def stream(seed: int, stage: str, period: int = 0) -> Rng:
    """The generator of one stage and period: a leaf of the tree that grows from the seed."""
    branch = (zlib.crc32(stage.encode()), period)
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=branch))


@dataclass(frozen=True)
class Period:
    """A month [start, end), counted from the first one."""

    index: int
    start: np.datetime64
    end: np.datetime64

    @classmethod
    def of(cls, first: date, index: int) -> "Period":
        month = np.datetime64(first, "M") + index
        return cls(index, month.astype("datetime64[s]"), (month + 1).astype("datetime64[s]"))

    @property
    def label(self) -> str:
        return str(self.start.astype("datetime64[M]"))

    @property
    def key(self) -> str:
        return f"{self.label}-01"

    @property
    def month(self) -> int:
        """The month of the year, 0 for January."""
        return int(self.start.astype("datetime64[M]").astype(np.int64)) % 12

    def holds(self, times: Times) -> Bools:
        return (times >= self.start) & (times < self.end)


def later(times: Times, seconds: Floats | Ints | float) -> Times:
    """Each time plus so many seconds."""
    moved: Times = times + np.asarray(seconds).astype("timedelta64[s]")
    return moved


def seconds_between(start: Times, stop: Times) -> Floats:
    return (stop - start).astype("timedelta64[s]").astype(np.float64)


def time_between(rng: Rng, start: Times, stop: Times) -> Times:
    """Uniform in [start, stop)."""
    return later(start, np.floor(rng.random(len(start)) * seconds_between(start, stop)))


def soon_after(rng: Rng, start: Times, mean_seconds: float, before: np.datetime64) -> Times:
    """An exponential delay after start, drawn into [start, before) where it would pass it."""
    room = seconds_between(start, np.full(len(start), before, "datetime64[s]"))
    delay = rng.exponential(mean_seconds, len(start))
    return later(start, np.floor(np.where(delay < room, delay, rng.random(len(start)) * room)))


def choice(rng: Rng, shares: Sequence[float], size: int) -> Ints:
    """Positions 0..len(shares)-1, drawn with these shares."""
    edges = np.cumsum(shares) / np.sum(shares)
    return np.searchsorted(edges, rng.random(size), side="right").astype(np.int64)


def some(rng: Rng, share: float | Floats, size: int) -> Bools:
    return rng.random(size) < share


def names_of(names: Sequence[str], codes: Ints) -> pa.Array:
    """The name at each code; null where the code is negative."""
    return pa.array(names, pa.string()).take(pa.array(codes, mask=codes < 0))


def joined(*parts: pa.Array | str) -> pa.Array:
    """Strings put together row by row; null where a part is."""
    return pc.binary_join_element_wise(*parts, "")


def padded(numbers: Ints, width: int) -> pa.Array:
    return pc.utf8_lpad(pa.array(numbers).cast(pa.string()), width, "0")


def ids(prefix: str, numbers: Ints, known: Bools | None = None) -> pa.Array:
    """Ids such as O000000042; null where not known."""
    made = joined(prefix, padded(numbers, 9))
    return made if known is None else pc.if_else(pa.array(known), made, None)


def text_column(strings: pa.Array) -> pd.Series:
    """Arrow strings as a column of a frame, without a Python object per row."""
    return pd.Series(strings, dtype=pd.ArrowDtype(pa.string()))


class Pool:
    """Strings in groups, from which a row draws within its own group."""

    def __init__(self, groups: Sequence[Sequence[str]]) -> None:
        self.strings = [string for group in groups for string in group]
        self._sizes = np.array([len(group) for group in groups])
        self._first = np.cumsum(self._sizes) - self._sizes

    def draw(self, rng: Rng, group: Ints) -> Ints:
        """Positions in `strings`."""
        within = np.floor(rng.random(len(group)) * self._sizes[group]).astype(np.int64)
        drawn: Ints = self._first[group] + within
        return drawn
