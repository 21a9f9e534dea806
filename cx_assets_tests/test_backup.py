"""A home that is backed up and restored is the same one, and nothing else ever comes out."""

import os
import random
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest
from click.testing import CliRunner
from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from cx_assets.backup import back_up
from cx_assets.backup_archive import BackupError, Manifest, no_bar
from cx_assets.cli import main
from cx_assets.home import restoring
from cx_assets.restore import restore
from cx_assets.settings import Settings
from cx_assets.warehouse import WarehouseLocked
from cx_assets.warehouse.contents import contents
from cx_assets.warehouse.duckdb import DuckDBWarehouse
from cx_assets_tests import keeping
from cx_assets_tests.warehouse.test_duckdb import holder

TABLES = {
    "warehouse.duckdb": {"analyze.clv", "process.orders"},
    "notes.duckdb": {"main.notes"},
}
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, Path, Manifest]:
    """A home, its backup without keys, and what that says of itself. Read only."""
    return keeping.kept(tmp_path_factory.mktemp("kept"))


def rows(database: Path, table: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(database), read_only=True) as connection:
        return connection.execute(
            f"select columns(*)::varchar from {table} order by all"
        ).fetchall()


def names(home: Path) -> set[str]:
    return {path.relative_to(home).as_posix() for path in home.rglob("*") if path.is_file()}


def tree(home: Path) -> dict[str, bytes]:
    return {name: (home / name).read_bytes() for name in names(home)}


def test_everything_comes_back_and_is_the_same(
    kept: tuple[Settings, Path, Manifest], tmp_path: Path
) -> None:
    settings, archive, manifest = kept
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    assert {name: set(tables) for name, tables in manifest.tables.items()} == TABLES
    assert manifest.left_out == [f"{keeping.LINK} (a link, or no plain file)"]
    home = restore(archive, tmp_path / "new" / "home").home
    for name, content in keeping.FILES.items():
        assert (home / name).read_bytes() == content
        assert (home / name).stat().st_mtime_ns == keeping.LANDED_NS
    for table in ('"analyze".clv', "process.orders", "process.sums"):
        assert rows(home / "warehouse.duckdb", table) == rows(settings.warehouse, table)
    assert rows(home / "notes.duckdb", "notes") == [("x",)]
    with closing(sqlite3.connect(home / "vault.sqlite")) as vault:
        assert vault.execute("select sealed from identities").fetchall() == [("x",)]
    assert not any((home / name).exists() for name in (keeping.LINK, keeping.KEY))
    assert not any(
        name.endswith((".tmp", ".part", ".wal", "-wal", ".read.duckdb")) for name in names(home)
    )
    modes = {stat.S_IMODE(path.stat().st_mode) for path in home.rglob("*") if path.is_file()}
    assert modes == {0o600}
    assert {stat.S_IMODE(path.stat().st_mode) for path in home.rglob("*/")} == {0o700}
    with dg.DagsterInstance.from_config(str(home / "dagster")) as instance:
        (run,) = instance.get_runs()
        assert run.is_success
        assert instance.all_logs(run.run_id)
    assert list(archive.parent.glob(".b.zip*")) == []
    assert not restoring(home).exists()


def test_keys_are_in_it_only_where_that_was_asked_for(
    kept: tuple[Settings, Path, Manifest], tmp_path: Path
) -> None:
    settings, archive, manifest = kept
    assert manifest.keys_left_out
    assert restore(archive, tmp_path / "one").keys_missing
    assert not back_up(settings, tmp_path / "with.zip", with_keys=True).keys_left_out
    restored = restore(tmp_path / "with.zip", tmp_path / "two")
    assert not restored.keys_missing
    key = restored.home / keeping.KEY
    assert key.read_bytes() == b"secret"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(key.parent.stat().st_mode) == 0o700


def test_a_home_that_holds_something_is_moved_aside_and_its_keys_stay_in_use(
    kept: tuple[Settings, Path, Manifest], tmp_path: Path
) -> None:
    _, archive, _ = kept
    home = tmp_path / "home"
    (home / "keys").mkdir(parents=True, mode=0o700)
    (home / "keys" / "mine.key").write_text("mine")
    before = tree(home)
    with pytest.raises(BackupError, match="--force"):
        restore(archive, home)
    assert tree(home) == before
    restored = restore(archive, home, force=True)
    assert restored.aside
    assert tree(restored.aside) == before
    assert (home / "keys" / "mine.key").read_text() == "mine"
    assert (home / "world.json").exists()
    assert not restored.keys_missing


def test_a_home_in_use_is_not_swapped(
    kept: tuple[Settings, Path, Manifest], tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    duckdb.connect(str(home / "warehouse.duckdb")).close()
    process = holder(DuckDBWarehouse.at(home / "warehouse.duckdb"), 30)
    before = names(home)
    with pytest.raises(BackupError, match=f"open in process {process.pid}"):
        restore(kept[1], home, force=True)
    process.kill()
    process.wait()
    assert names(home) == before
    assert not restoring(home).exists()


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("b.zip", "never written over"),
        ("home/b.zip", "would be lost together with it"),
        ("home/landing/b.zip", "would be lost together with it"),
        ("nowhere/b.zip", "there is no folder"),
    ],
)
def test_where_a_backup_may_not_go(
    kept: tuple[Settings, Path, Manifest], target: str, why: str
) -> None:
    settings, archive, _ = kept
    before = archive.read_bytes()
    with pytest.raises(BackupError, match=why):
        back_up(settings, archive.parent / target)
    assert archive.read_bytes() == before


def test_who_is_in_the_way_is_said(settings: Settings, tmp_path: Path) -> None:
    with DuckDBWarehouse.at(settings.warehouse).connect() as session:
        session.execute("create table t as select 1")
    process = holder(DuckDBWarehouse.at(settings.warehouse), 30)
    with pytest.raises(WarehouseLocked, match=f"PID {process.pid}"):
        back_up(settings, tmp_path / "b.zip", lock_wait_seconds=0.1)
    process.kill()
    process.wait()
    assert list(tmp_path.glob("*b.zip*")) == []


WRITER = """
import sqlite3, sys
from pathlib import Path
from cx_assets.settings import Settings
from cx_assets.warehouse.duckdb import DuckDBWarehouse

settings = Settings.from_env({"CX_HOME": sys.argv[1]})
warehouse = DuckDBWarehouse.at(settings.warehouse)
settings.landing.mkdir(parents=True)
settings.dagster_home.mkdir()
events = sqlite3.connect(settings.dagster_home / "events.db")
events.execute("create table events (n)")
n = 0
while True:
    n += 1
    (settings.landing / f"{n}.csv").write_text(str(n))
    with warehouse.connect() as session, session.transaction():
        session.execute(f"create or replace table a as select {n} as n from range({n} % 7 + 1)")
        session.execute(f"create or replace table b as select {n} as n from range({n} % 7 + 1)")
    with events:
        events.execute("insert into events values (?)", (n,))
    if n == 3:
        print("writing", flush=True)
"""


def test_a_backup_during_writes_is_of_one_moment(settings: Settings, tmp_path: Path) -> None:
    """A run reads a landed file, writes two tables and then records that: no table is without its
    file, and no record without its tables."""
    words = [sys.executable, "-c", WRITER, str(settings.home)]
    process = subprocess.Popen(words, stdout=subprocess.PIPE)
    assert process.stdout
    process.stdout.readline()
    moments = set()
    for number in range(3):
        made = back_up(settings, tmp_path / f"{number}.zip")
        tables = made.tables["warehouse.duckdb"]
        assert tables["main.a"] == tables["main.b"]
        home = restore(tmp_path / f"{number}.zip", tmp_path / f"{number}").home
        ((written,),) = set(rows(home / "warehouse.duckdb", "a"))
        assert (home / "landing" / f"{written}.csv").exists()
        with closing(sqlite3.connect(home / "dagster" / "events.db")) as events:
            ((recorded,),) = events.execute("select max(n) from events").fetchall()
        assert 3 <= recorded <= int(written) <= recorded + 1
        moments.add(written)
        while not (settings.landing / f"{int(written) + 2}.csv").exists():
            assert process.poll() is None
            time.sleep(0.01)
    process.kill()
    process.communicate()
    assert len(moments) == 3


def test_what_does_not_read_back_is_no_backup(settings: Settings, tmp_path: Path) -> None:
    """The disk changes a byte between writing and reading."""
    settings.reports.mkdir(parents=True)
    (settings.reports / "index.html").write_text("a page" * 1000)

    def bar(label: str, size: int) -> AbstractContextManager[Callable[[int], object]]:
        if label == "Checking the archive":
            with (tmp_path / ".b.zip.tmp").open("r+b") as file:
                file.seek(75)
                file.write(b"?")
        return no_bar(label, size)

    with pytest.raises(BackupError, match="reports/index"):
        back_up(settings, tmp_path / "b.zip", bar=bar)
    assert list(tmp_path.glob("*b.zip*")) == []


Rows = list[tuple[int, str, float | None]]
ROWS = st.lists(
    st.tuples(st.integers(-3, 3), st.text(max_size=3), st.none() | st.floats(-2, 2)), max_size=6
)


@hypothesis_settings(max_examples=15)
@given(one=ROWS, other=ROWS, seed=st.randoms())
@example(one=[(1, "a", None)] * 2, other=[(2, "b", None)] * 2, seed=random.Random(1))
def test_the_figures_of_a_table_are_those_of_its_rows_in_any_order(
    one: Rows, other: Rows, seed: random.Random
) -> None:
    path = Path(os.environ["CX_HOME"]) / "figures.duckdb"
    path.unlink(missing_ok=True)
    with DuckDBWarehouse.at(path).connect() as session:
        for name, rows in (
            ("one", one),
            ("shuffled", seed.sample(one, len(one))),
            ("other", other),
        ):
            session.execute(f"create table {name} (a integer, b varchar, c double)")
            for row in rows:
                values = dict(zip("abc", row, strict=True))
                session.execute(f"insert into {name} values ($a, $b, $c)", values)
    figures = contents(path)
    assert figures["main.one"] == figures["main.shuffled"]
    same = sorted(map(repr, one)) == sorted(map(repr, other))
    assert (figures["main.one"] == figures["main.other"]) == same


def test_killed_at_any_moment_nothing_is_lost_and_the_next_one_completes(
    settings: Settings, tmp_path: Path
) -> None:
    keeping.fill(settings)
    (settings.landing / "ballast").write_bytes(random.Random(1).randbytes(30_000_000))
    archive, moments = tmp_path / "b.zip", random.Random(3)
    imports = (
        "from pathlib import Path; from cx_assets.backup import back_up; "
        "from cx_assets.restore import restore; from cx_assets.settings import Settings; "
        f"settings = Settings.from_env({{'CX_HOME': {str(settings.home)!r}}}); "
        f"archive = Path({str(archive)!r}); "
    )
    killed = 0
    for sign in (".b.zip.parts", ".b.zip.tmp"):
        killed += keeping.kill_once_there(
            imports + "back_up(settings, archive)", tmp_path / sign, moments.uniform(0, 0.3)
        )
        assert not archive.exists()
    back_up(settings, archive)
    assert list(tmp_path.glob(".b.zip*")) == []
    assert killed == 2
    before = tree(settings.home)

    for _ in range(2):
        killed += keeping.kill_once_there(
            imports + "restore(archive, settings.home, force=True)",
            restoring(settings.home),
            moments.uniform(0, 0.1),
        )
        assert tree(settings.home) == before
    assert killed == 4
    aside = restore(archive, settings.home, force=True).aside
    assert aside
    assert tree(aside) == before
    assert (settings.landing / "ballast").read_bytes() == before["landing/ballast"]
    assert not restoring(settings.home).exists()
    assert [path.name for path in settings.home.parent.glob(".*before*")] == [aside.name]


def test_the_commands_say_what_was_done_and_what_comes_next(
    kept: tuple[Settings, Path, Manifest], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, archive, _ = kept
    monkeypatch.setenv("CX_HOME", str(settings.home))
    run = CliRunner().invoke
    made = run(main, ["backup", str(tmp_path / "b.zip")])
    assert made.exit_code == 0, made.output
    assert "3 tables with 1,005 rows, read back and found the same" in made.output
    assert f"Left out: {keeping.LINK} (a link, or no plain file)" in made.output
    assert f"keep a copy of {settings.keys} apart from it" in made.output
    again = run(main, ["backup", str(tmp_path / "b.zip")])
    assert again.exit_code == 1
    assert again.output.startswith("Error: ")
    assert "choose a new name" in again.output

    refused = run(main, ["restore", str(archive)])
    assert refused.exit_code == 1
    assert "--into" in refused.output
    restored = run(main, ["restore", str(archive), "--into", str(tmp_path / "two")])
    assert restored.exit_code == 0, restored.output
    assert "1,005 rows, all compared" in restored.output
    assert f"Next: CX_HOME={tmp_path / 'two'} cx doctor" in restored.output
    monkeypatch.setenv("CX_LANDING", str(tmp_path / "elsewhere"))
    split = run(main, ["restore", str(archive), "--force"])
    assert split.exit_code == 2
    assert "put landing outside of" in " ".join(split.output.split())


def test_places_outside_of_the_home_are_in_the_backup(tmp_path: Path) -> None:
    settings = Settings.from_env(
        {
            "CX_HOME": str(tmp_path / "home"),
            "CX_LANDING": str(tmp_path / "disk" / "files"),
            "CX_WAREHOUSE": str(tmp_path / "disk" / "big.duckdb"),
            "CX_VAULT": str(tmp_path / "disk" / "identifiers"),
        }
    )
    settings.landing.mkdir(parents=True)
    (settings.landing / "a.csv").write_text("a")
    settings.home.mkdir()
    (settings.home / "reports").symlink_to(tmp_path / "disk" / "pages", target_is_directory=True)
    (tmp_path / "disk" / "pages").mkdir()
    (settings.reports / "index.html").write_text("page")
    with DuckDBWarehouse.at(settings.warehouse).connect() as session:
        session.execute("create table t as select 1")
    with closing(sqlite3.connect(settings.vault)) as vault:
        vault.execute("create table identities as select 'x' as sealed")
    (settings.home / "landing").mkdir()
    (settings.home / "landing" / "long_ago.csv").write_text("from before CX_LANDING was set")
    (settings.home / "thumbs.db").write_text("no database")
    left_out = back_up(settings, tmp_path / "b.zip").left_out
    assert left_out == ["landing (not in use: the settings name another)"]
    home = restore(tmp_path / "b.zip", tmp_path / "new").home
    assert names(home) == {
        "landing/a.csv",
        "reports/index.html",
        "thumbs.db",
        "vault.sqlite",
        "warehouse.duckdb",
    }
