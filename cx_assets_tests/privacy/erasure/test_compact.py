"""The warehouse written anew: nothing of what was deleted, all of what was not."""

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from cx_assets.privacy.erasure.compact import CopyDiffers, compact
from cx_assets.warehouse import WarehouseLocked

pytestmark = pytest.mark.slow

DESCRIBED = """
    select schema_name, table_name, comment, sql from duckdb_tables() where not internal
    union all select schema_name, view_name, comment, sql from duckdb_views() where not internal
    union all select schema_name, table_name || column_name, comment, data_type || is_nullable
    from duckdb_columns() where not internal
    order by all
"""


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    """A file with a deleted word in its free blocks, and a view, comments and a killed copy."""
    path = tmp_path / "warehouse.duckdb"
    with duckdb.connect(path) as connection:
        connection.execute("""
            create schema "analyze";
            create table "analyze".t ("a b" varchar not null, list varchar[], d decimal(28, 4));
            comment on table "analyze".t is 'it''s';
            comment on column "analyze".t."a b" is 'what';
            create view main.v as select "a b" from "analyze".t;
            set force_compression = 'uncompressed';
            create table gone as select 'secretword' || md5(i::varchar) as a from range(20000) r(i);
            checkpoint;
            insert into "analyze".t values ('stays', null, 1.5), ('stays', null, 1.5);
            insert into "analyze".t select md5(i::varchar), ['x'], i from range(20000) as r(i);
            checkpoint;
            drop table gone;
        """)
    for left in (".warehouse.duckdb.compact.tmp", "warehouse.read.duckdb"):
        path.with_name(left).write_bytes(b"secretword")
    (tmp_path / "warehouse.duckdb.tmp").mkdir()
    (tmp_path / "warehouse.duckdb.tmp" / "spilled").write_bytes(b"secretword")
    assert b"secretword" in path.read_bytes()
    return path


def described(path: Path) -> list[tuple[object, ...]]:
    with duckdb.connect(path, read_only=True) as connection:
        return [*connection.sql(DESCRIBED).fetchall(), *connection.sql("from v").fetchall()]


def test_no_byte_of_what_was_deleted_is_left(warehouse: Path) -> None:
    before = described(warehouse)
    compact(warehouse)
    assert described(warehouse) == before
    assert [path.name for path in warehouse.parent.iterdir()] == ["warehouse.duckdb"]
    assert b"secretword" not in warehouse.read_bytes()
    assert warehouse.stat().st_mode & 0o777 == 0o600


def test_another_copy_is_refused(warehouse: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = warehouse.read_bytes()
    monkeypatch.setattr("cx_assets.privacy.erasure.compact.contents", lambda path: {"of": path})
    with pytest.raises(CopyDiffers):
        compact(warehouse)
    assert warehouse.read_bytes() == before
    assert not warehouse.with_name(".warehouse.duckdb.compact.tmp").exists()


def test_an_open_warehouse_is_not_replaced(warehouse: Path) -> None:
    hold = f"import duckdb; c = duckdb.connect({str(warehouse)!r}); print(1, flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout
        holder.stdout.readline()
        with pytest.raises(WarehouseLocked):
            compact(warehouse, wait_seconds=0)
        holder.communicate(b"\n")
