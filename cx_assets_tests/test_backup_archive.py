"""An archive that is not what `cx backup` wrote is refused, whatever was done to it."""

import json
import shutil
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from cx_assets.backup_archive import BackupError, Manifest
from cx_assets.restore import restore
from cx_assets.settings import Settings
from cx_assets.warehouse.contents import contents
from cx_assets_tests import keeping

Members = dict[str, bytes]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, Path, Manifest]:
    """A home, its backup, and what that says of itself. Read only."""
    return keeping.kept(tmp_path_factory.mktemp("kept"))


def rewritten(archive: Path, to: Path, change: Callable[[Members, dict[str, Any]], None]) -> Path:
    """The archive with other members and another manifest."""
    with zipfile.ZipFile(archive) as old:
        members = {name: old.read(name) for name in old.namelist()}
    manifest = json.loads(members.pop("manifest.json"))
    change(members, manifest)
    with zipfile.ZipFile(to, "w") as new:
        for name, content in members.items():
            new.writestr(name, content)
        new.writestr("manifest.json", json.dumps(manifest))
    return to


def renamed(name: str) -> Callable[[Members, dict[str, Any]], None]:
    def change(members: Members, manifest: dict[str, Any]) -> None:
        members[name] = members.pop("world.json")
        (file,) = [file for file in manifest["files"] if file["path"] == "world.json"]
        file["path"] = name

    return change


def other_bytes(members: Members, manifest: dict[str, Any]) -> None:
    members["world.json"] = b"[]"


def more_bytes(members: Members, manifest: dict[str, Any]) -> None:
    members["world.json"] = b"{}" * 1000


def one_more(members: Members, manifest: dict[str, Any]) -> None:
    members["landing/more.csv"] = b""


def one_less(members: Members, manifest: dict[str, Any]) -> None:
    del members["world.json"]


def other_table(members: Members, manifest: dict[str, Any]) -> None:
    manifest["tables"]["warehouse.duckdb"]["analyze.clv"]["hash"] = "1"


def lost_table(members: Members, manifest: dict[str, Any]) -> None:
    manifest["tables"]["warehouse.duckdb"]["process.lost"] = {"rows": 1, "hash": "1"}


def other_database(members: Members, manifest: dict[str, Any]) -> None:
    manifest["tables"]["../home/warehouse.duckdb"] = manifest["tables"]["warehouse.duckdb"]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (renamed("../world.json"), "would leave the home"),
        (renamed("landing/../../world.json"), "would leave the home"),
        (renamed("/world.json"), "would leave the home"),
        (renamed("./world.json"), "would leave the home"),
        (renamed("landing"), "landing"),  # a file where others need a folder
        (other_bytes, "world.json is not the file that was backed up"),
        (more_bytes, "world.json is not as its manifest says"),
        (one_more, "differ"),
        (one_less, "differ"),
        (other_database, "differ"),
        (other_table, "1 tables of warehouse.duckdb are not as they were.*analyze.clv"),
        (lost_table, "1 tables of warehouse.duckdb are not as they were.*process.lost"),
        (lambda _, manifest: manifest.update(format=2), "manifest cannot be read"),
    ],
)
def test_another_archive_is_refused(
    kept: tuple[Settings, Path, Manifest],
    tmp_path: Path,
    change: Callable[[Members, dict[str, Any]], None],
    why: str,
) -> None:
    other = rewritten(kept[1], tmp_path / "other.zip", change)
    with pytest.raises((BackupError, OSError), match=why):
        restore(other, tmp_path / "in" / "home")
    assert list((tmp_path / "in").iterdir()) == []
    assert {path.name for path in tmp_path.iterdir()} == {"in", "other.zip"}


def test_a_link_in_the_archive_is_refused(
    kept: tuple[Settings, Path, Manifest], tmp_path: Path
) -> None:
    other = shutil.copyfile(kept[1], tmp_path / "other.zip")
    with zipfile.ZipFile(other, "a") as archive:
        archive.getinfo("world.json").external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.comment = b"so that the directory is written anew"
    with pytest.raises(BackupError, match="no plain file"):
        restore(other, tmp_path / "home")


@hypothesis_settings(max_examples=60)
@given(data=st.data())
def test_no_changed_byte_goes_unnoticed(
    kept: tuple[Settings, Path, Manifest],
    tmp_path_factory: pytest.TempPathFactory,
    data: st.DataObject,
) -> None:
    """Either it is refused, or what comes out is the home that was backed up."""
    folder = tmp_path_factory.mktemp("changed")
    content = bytearray(kept[1].read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    (folder / "b.zip").write_bytes(content)
    try:
        home = restore(folder / "b.zip", folder / "home").home
    except BackupError:
        assert not (folder / "home").exists()
    else:
        for name, text in keeping.FILES.items():
            assert (home / name).read_bytes() == text
        for database, tables in kept[2].tables.items():
            assert contents(home / database) == tables
    shutil.rmtree(folder)


def test_what_is_no_backup_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "text.zip").write_text("hello")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("a", "b")
    for name, why in [
        ("text.zip", "no backup"),
        ("other.zip", "no manifest"),
        ("no.zip", "no file"),
    ]:
        with pytest.raises(BackupError, match=why):
            restore(tmp_path / name, tmp_path / "home")
