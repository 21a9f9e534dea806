"""A landing zone under a temporary folder, and runs over it."""

import gzip
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from cx_assets.landing import collect, registry
from cx_assets.landing.collect import FileAccount
from cx_assets.landing.contract import Source
from cx_assets.landing.files import MAX_BYTES
from cx_assets.landing.sources import SOURCES
from cx_assets.periods import Period, next_first_day
from cx_assets.privacy import keys
from cx_assets.privacy.guard import Guard
from cx_assets.privacy.vault import Vault
from cx_assets.warehouse import Session
from cx_assets.warehouse.duckdb import DuckDBWarehouse

FIRST_PERIOD = date(2024, 1, 1)
ORDERS_HEADER = "order_id,customer_id,ordered_at,channel\n"
GOOD_ORDERS = ORDERS_HEADER + "".join(
    f"good-{number},c{number},2024-0{number % 3 + 1}-10T12:00:00Z,web\n" for number in range(6)
)


def months(first: int, last: int) -> list[Period]:
    """The months `first` to `last` of 2024, counted from 1."""
    starts = [date(2024, month, 1) for month in range(first, last + 1)]
    return [Period(_midnight(day), _midnight(next_first_day(day, "monthly"))) for day in starts]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time())


@dataclass
class Zone:
    """A landing zone and a warehouse of its own."""

    root: Path
    clock: int = field(default=1_700_000_000, repr=False)

    @property
    def landing(self) -> Path:
        return self.root / "landing"

    @property
    def warehouse(self) -> Path:
        return self.root / "warehouse.duckdb"

    @property
    def guard(self) -> Guard:
        vault = self.root / "vault.sqlite"
        return Guard(Vault(vault, keys.load(self.root / "keys", vault, {})))

    def put(self, path: str, content: str | bytes) -> Path:
        """Land a file, a second later than the one before; a `.gz` is compressed here."""
        data = content.encode() if isinstance(content, str) else content
        if path.endswith(".gz"):
            data = gzip.compress(data, mtime=0)
        return self.put_raw(path, data)

    def put_raw(self, path: str, data: bytes) -> Path:
        target = self.landing / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        self.touch(target)
        return target

    def touch(self, path: Path) -> None:
        self.clock += 1
        os.utime(path, ns=(self.clock * 10**9, self.clock * 10**9))

    @contextmanager
    def session(self) -> Iterator[Session]:
        with DuckDBWarehouse.at(self.warehouse).connect() as session:
            yield session

    def run(
        self,
        periods: Sequence[Period],
        source: str = "orders",
        first_period: date = FIRST_PERIOD,
        max_bytes: int = MAX_BYTES,
    ) -> dict[str, FileAccount]:
        """One whole run; every account must balance."""
        with self.session() as session:
            prepared = collect.prepare(
                session,
                SOURCES[source],
                self.landing,
                periods,
                "monthly",
                first_period,
                self.guard,
                max_bytes,
            )
            accounts = {account.path: account for account in prepared.accounts}
            assert [account for account in accounts.values() if not account.balanced] == []
            collect.promote(session, prepared, self.guard)
        return accounts

    def query(self, sql: str, parameters: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        with self.session() as session:
            session.execute("create schema if not exists collect")
            session.execute(registry.LANDING_FILES_VIEW)
            session.execute(registry.REJECTED_ROWS_VIEW)
            return session.rows(sql, parameters)

    def rejects(self) -> list[tuple[str, int, str]]:
        return self.query(
            "select source_file, source_line, reason from collect.rejected_rows order by all"
        )

    def state(self, source: str = "orders") -> dict[str, list[tuple[Any, ...]]]:
        """Every row of the source's table and of the registry, sorted."""
        tables = (f"collect.{source}", *registry.TABLES)
        return {table: self.query(f"from {table} order by all") for table in tables}


def columns_of(source: Source) -> list[str]:
    return [field.name for field in source.fields]


def day(offset: int) -> str:
    return (date(2024, 1, 1) + timedelta(days=offset)).isoformat()
