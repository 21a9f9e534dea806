"""What an import says about itself: every input line is in exactly one bucket."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import duckdb


@dataclass(frozen=True)
class Bucket:
    """Input lines that share a fate. `money` is None where the lines carry none."""

    name: str
    lines: int
    money: Decimal | None
    fate: str


@dataclass(frozen=True)
class Account:
    """What became of the lines of one input file; ValueError if the buckets do not add up."""

    file: str
    lines: int
    money: Decimal | None
    buckets: tuple[Bucket, ...]

    def __post_init__(self) -> None:
        lines = sum(bucket.lines for bucket in self.buckets)
        money = sum((bucket.money or Decimal(0) for bucket in self.buckets), Decimal(0))
        if lines != self.lines or money != (self.money or 0):
            raise ValueError(
                f"{self.file}: {self.lines} lines and {self.money} of money were read, "
                f"but {lines} lines and {money} of money are accounted for"
            )

    def bucket(self, name: str) -> Bucket:
        return next(bucket for bucket in self.buckets if bucket.name == name)


@dataclass(frozen=True)
class ImportReport:
    """`landed` is rows per landing source; `notes` are sentences worth knowing."""

    dataset: str
    path: Path
    landed: Mapping[str, int]
    accounts: tuple[Account, ...]
    notes: tuple[str, ...] = ()

    def lines(self) -> list[str]:
        """A table for people: each input file with its buckets, then the rows landed."""
        table = [f"{self.dataset} from {self.path}"]
        for account in self.accounts:
            table += ["", _row(account.file, account.lines, account.money, "")]
            table += [_row(f"  {b.name}", b.lines, b.money, b.fate) for b in account.buckets]
        table += ["", "landed"]
        table += [_row(f"  {source}", rows, None, "") for source, rows in self.landed.items()]
        return table + [f"note: {note}" for note in self.notes]

    def __str__(self) -> str:
        return "\n".join(self.lines())


def _row(name: str, lines: int, money: Decimal | None, fate: str) -> str:
    amount = "" if money is None else f"{money:,.3f}"
    return f"{name:<36}{lines:>10,}{amount:>18}  {fate}".rstrip()


def account(
    con: duckdb.DuckDBPyConnection,
    file: str,
    read: str,
    sorted_lines: str,
    fates: Mapping[str, str],
    money: str | None = None,
) -> Account:
    """Count table `read` against `sorted_lines`, its lines with a column `bucket`.

    `fates` names every bucket, in the order of the report, and says what becomes of it; `money` is
    an SQL expression on the columns that both tables have.
    """
    amount = "null" if money is None else f"coalesce(sum({money}), 0)"
    lines, total = con.execute(f"select count(*), {amount} from {read}").fetchall()[0]
    rows = con.execute(f"select bucket, count(*), {amount} from {sorted_lines} group by bucket")
    found = {name: (count, value) for name, count, value in rows.fetchall()}
    nothing = (0, None if money is None else Decimal(0))
    buckets = tuple(Bucket(name, *found.get(name, nothing), fate) for name, fate in fates.items())
    return Account(file, lines, total, buckets)
