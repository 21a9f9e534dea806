"""Latent satisfaction: a level of one's own, a memory, and shocks at the moment they happen."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from cx_assets.world.arrays import Bools, Floats, Ints, Period, Rng, Times, seconds_between
from cx_assets.world.phrases import Topic

# A month has fewer than 2**22 seconds, so a person and a moment fit into one sortable integer.
SHIFT = 22
NO_CAUSE = -1


@dataclass
class Feelings:
    """The satisfaction of everybody, at any moment of the current period.

    Between `begin` and `close`: `absorb` takes the period's shocks, then `at`, `recorded` and
    `cause` answer for (owner, time) pairs within the period.
    """

    level: Floats
    memory: float
    noise: float
    satisfaction: Floats = field(init=False)
    """At the start of the period between begin and close, at its end after close."""
    recent: Ints = field(init=False)
    """Bad experiences on record in the period before."""

    def __post_init__(self) -> None:
        self.satisfaction = self.level.copy()
        self.recent = np.zeros(len(self.level), dtype=np.int64)

    def begin(self, period: Period, rng: Rng) -> None:
        distance = self.satisfaction - self.level
        drift = rng.normal(0, self.noise, len(self.level))
        self.satisfaction = self.level + self.memory * distance + drift
        self._start = period.start

    def absorb(self, shocks: pd.DataFrame) -> None:
        """Shocks of the period: owner, at, size, cause (a Topic or NO_CAUSE), recorded."""
        shocks = shocks.iloc[
            np.argsort(
                self._key(shocks["owner"].to_numpy(), shocks["at"].to_numpy()), kind="stable"
            )
        ]
        self._owner = shocks["owner"].to_numpy()
        self._keys = self._key(self._owner, shocks["at"].to_numpy())
        self._size = shocks["size"].to_numpy()
        self._recorded = shocks["recorded"].to_numpy()
        self._cause = shocks["cause"].to_numpy()
        self._sizes = _running(self._size)
        self._records = _running(self._recorded)
        bad = np.where(self._cause != NO_CAUSE, np.arange(len(shocks)), -1)
        self._last_bad = np.concatenate([[-1], np.maximum.accumulate(bad)]).astype(np.int64)

    def at(self, owner: Ints, time: Times) -> Floats:
        first, last = self._span(owner, time)
        felt: Floats = self.satisfaction[owner] + self._sizes[last] - self._sizes[first]
        return felt

    def recorded(self, owner: Ints, time: Times) -> Ints:
        """Bad experiences on record since the start of the period before, three at most."""
        first, last = self._span(owner, time)
        count = self.recent[owner] + self._records[last] - self._records[first]
        return np.minimum(count, 3).astype(np.int64)

    def cause(self, owner: Ints, time: Times) -> Ints:
        """The Topic of the latest bad experience of the period; NO_CAUSE without one."""
        first, last = self._span(owner, time)
        latest = self._last_bad[last]
        if not len(self._cause):
            return np.full(len(owner), NO_CAUSE)
        return np.where(latest >= first, self._cause[np.maximum(latest, 0)], NO_CAUSE)

    def close(self) -> None:
        size = len(self.level)
        self.satisfaction = self.satisfaction + np.bincount(
            self._owner, weights=self._size, minlength=size
        )
        self.recent = np.bincount(self._owner[self._recorded], minlength=size)

    def _key(self, owner: Ints, time: Times) -> Ints:
        offset = seconds_between(np.full(len(time), self._start), time).astype(np.int64)
        return (owner.astype(np.int64) << SHIFT) + offset

    def _span(self, owner: Ints, time: Times) -> tuple[Ints, Ints]:
        """Positions of the owner's shocks from the start of the period to just before a time."""
        first = np.searchsorted(self._keys, owner.astype(np.int64) << SHIFT)
        return first, np.searchsorted(self._keys, self._key(owner, time))


def shocks_of(
    owner: Ints, at: Times, size: Floats | float, cause: Topic | None, recorded: Bools | bool = True
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "owner": owner,
            "at": at,
            "size": np.broadcast_to(np.asarray(size, dtype=float), len(owner)),
            "cause": NO_CAUSE if cause is None else int(cause),
            "recorded": np.broadcast_to(recorded, len(owner)),
        }
    )


def _running(values: Floats | Bools) -> Floats:
    return np.concatenate([[0.0], np.cumsum(values, dtype=float)])
