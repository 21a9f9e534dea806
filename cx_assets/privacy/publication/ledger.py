"""What was released, for good: the figures, the noise they cost, and who was counted so far.

A release is one transaction of an SQLite file: who was counted, what it costs and the figures with
their noise stand there before any file does. So a process that is killed spends nothing twice, and
publishing a period again gives the same figures.

Who was counted is known by a mark, HMAC of the customer's id. It stays when a customer is erased,
as tombstones do: without it, somebody who comes back could be told from the figures.
"""

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from pathlib import Path

import pyarrow as pa

SCHEMA = """
create table if not exists releases (
    period text primary key, k integer not null, epsilon text, groups text not null
) without rowid;
create table if not exists counted (mark text primary key) without rowid;
"""

Groups = list[tuple[dict[str, str], dict[str, float | None]]]


class BudgetSpent(RuntimeError):
    """A release would cost more of the privacy budget than is left; nothing was released."""


@dataclass(frozen=True)
class Release:
    """The figures of a period as they are published: for each group its labels and figures."""

    period: date
    k: int
    epsilon: Fraction | None
    groups: Groups


class Ledger:
    """The ledger in one file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def transaction(self) -> Iterator["Entries"]:
        """All or nothing; no other process writes meanwhile."""
        if not self.path.exists():
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            os.close(os.open(self.path, os.O_CREAT | os.O_WRONLY, 0o600))
        with closing(sqlite3.connect(self.path, timeout=60, isolation_level=None)) as db:
            db.execute("pragma synchronous = full")
            db.execute("begin immediate")
            for statement in SCHEMA.split(";"):
                db.execute(statement)
            # What is not committed is rolled back when the connection closes.
            yield Entries(db)
            db.execute("commit")


class Entries:
    """The ledger within one transaction."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def releases(self) -> list[Release]:
        """All releases, the earliest period first."""
        found = self._db.execute("select period, k, epsilon, groups from releases order by period")
        return [
            Release(
                date.fromisoformat(period),
                k,
                None if epsilon is None else Fraction(epsilon),
                [(labels, values) for labels, values in json.loads(groups)],
            )
            for period, k, epsilon, groups in found
        ]

    def spent(self) -> Fraction:
        """The epsilon of all releases together (sequential composition)."""
        return sum((one.epsilon or Fraction(0) for one in self.releases()), Fraction(0))

    def spend(self, release: Release, budget: Fraction | None) -> None:
        """Enter a release of a period that has none.

        Raises:
            BudgetSpent: its noise would cost more than is left.
        """
        spent = self.spent()
        cost = release.epsilon or Fraction(0)
        if budget is not None and cost and spent + cost > budget:
            raise BudgetSpent(
                f"the release of {release.period} would cost {float(cost):g} of the privacy "
                f"budget, and of {float(budget):g} (CX_PRIVACY_BUDGET) "
                f"{float(budget - spent):g} are left. Nothing was released; what was released "
                "before stands. A smaller CX_PRIVACY_EPSILON costs less and makes more noise."
            )
        epsilon = None if release.epsilon is None else str(release.epsilon)
        self._db.execute(
            "insert into releases values (?, ?, ?, ?)",
            (release.period.isoformat(), release.k, epsilon, json.dumps(release.groups)),
        )

    def counted(self) -> pa.Table:
        """The marks of everybody who was in a figure so far."""
        marks = [mark for (mark,) in self._db.execute("select mark from counted")]
        return pa.table({"mark": pa.array(marks, pa.string())})

    def count(self, marks: Iterable[str]) -> None:
        self._db.executemany("insert or ignore into counted values (?)", ((one,) for one in marks))
