"""A home with something of everything in it, for the tests of backup, restore and doctor."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import dagster as dg
import pytest

from cx_assets.backup import back_up
from cx_assets.backup_archive import Manifest
from cx_assets.instance import prepare_home
from cx_assets.settings import Settings
from cx_assets.warehouse.duckdb import DuckDBWarehouse
from cx_assets.warehouse.replica import refresh

LANDED_NS = 1_700_000_000_123_456_789
FILES = {
    "landing/orders/2024/january.csv": b"order_id\n1\n",
    "landing/orders/caf\u00e9 \u4e2d\u6587.csv": b"order_id\n2\n",
    "landing/orders/not_ours.db": b"not a database at all",
    "outbox/actions/2024-01-01.parquet": b"PAR1",
    "reports/index.html": b"<p>",
    "world.json": b"{}",
    "empty": b"",
}
KEY = "keys/pseudonyms.key"
UNFINISHED = ("landing/orders/february.csv.part", "outbox/.a.parquet.tmp")
LINK = "landing/orders/link.csv"
VALUES = """
select * from (values
    (1, 'a', 0.1::double, [1, null], {'x': date '2024-01-01'}, 1.50::decimal(9, 2)),
    (1, 'a', 0.1, [1, null], {'x': date '2024-01-01'}, 1.50),
    (2, null, 'nan', null, null, null),
    (3, 'it''s; {''x'': 1}', -0.0, [], {'x': null}, -0.01)
) as t(id, text, number, list, struct, money)
"""


@dg.op
def nothing() -> None: ...


@dg.job(executor_def=dg.in_process_executor)
def nothing_to_do() -> None:
    nothing()


def fill(settings: Settings, files: dict[str, bytes] = FILES) -> str:
    """Put everything into a home; the id of the run that its records speak of."""
    prepare_home(settings)
    for name, content in files.items():
        path = settings.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, ns=(LANDED_NS, LANDED_NS))
    for name in UNFINISHED:
        (settings.home / name).write_bytes(b"half of it")
    (settings.home / LINK).symlink_to("/etc/hostname")
    settings.keys.mkdir(mode=0o700)
    (settings.home / KEY).write_bytes(b"secret")
    (settings.home / KEY).chmod(0o600)
    with DuckDBWarehouse.at(settings.warehouse).connect() as session:
        for schema in ("process", "analyze"):
            session.execute(f'create schema "{schema}"')
        session.execute(f'create table "analyze".clv as {VALUES}')
        session.execute("create table process.orders as select range as n from range(1000)")
        session.execute("create view process.sums as select sum(n) from process.orders")
    with DuckDBWarehouse.at(settings.home / "notes.duckdb").connect() as session:
        session.execute("create table notes as select 'x' as note")
    with closing(sqlite3.connect(settings.vault)) as vault:
        vault.execute("create table identities as select 'x' as sealed")
    refresh(settings.warehouse)
    with dg.DagsterInstance.from_config(str(settings.dagster_home)) as instance:
        return nothing_to_do.execute_in_process(instance=instance).run_id


def kept(folder: Path) -> tuple[Settings, Path, Manifest]:
    """Such a home below `folder`, its backup without keys, and what that says of itself."""
    settings = Settings.from_env({**os.environ, "CX_HOME": str(folder / "home")})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAGSTER_HOME", os.environ.get("DAGSTER_HOME", ""))
        fill(settings)
    return settings, folder / "b.zip", back_up(settings, folder / "b.zip")


def kill_once_there(code: str, sign: Path, after: float) -> bool:
    """Run Python in a process of its own, and kill it so many seconds after `sign` has appeared.

    Returns:
        Whether it was killed before it had ended.
    """
    process = subprocess.Popen([sys.executable, "-c", code])
    while not sign.exists() and process.poll() is None:
        time.sleep(0.0005)
    time.sleep(after)
    process.kill()
    return process.wait() == -signal.SIGKILL
