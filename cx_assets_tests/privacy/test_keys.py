import os
import stat
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from cx_assets.privacy import keys
from cx_assets.privacy.keys import KeyProblem
from cx_assets.privacy.rotation import rotate
from cx_assets.privacy.vault import Identity, Vault

ONE, TWO = "11" * 32, "22" * 32


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def vault(home: Path, env: dict[str, str] | None = None) -> Vault:
    path = home / "vault.sqlite"
    return Vault(path, keys.load(home / "keys", path, env or {}))


def test_the_first_call_makes_keys_that_stay(tmp_path: Path) -> None:
    old_umask = os.umask(0)
    try:
        made = vault(tmp_path).keys
        vault(tmp_path).put([])
    finally:
        os.umask(old_umask)
    assert vault(tmp_path).keys == made
    assert made.pseudonym not in made.masters.values()
    assert mode(tmp_path / "keys") == 0o700
    assert {mode(path) for path in (tmp_path / "keys").iterdir()} == {0o600}
    assert mode(tmp_path / "vault.sqlite") == 0o600
    assert names(tmp_path / "keys") == ["master.key", "pseudonym.key"]


def test_keys_never_show_in_their_representation(tmp_path: Path) -> None:
    made = vault(tmp_path, {"CX_MASTER_KEY": ONE, "CX_PSEUDONYM_KEY": TWO}).keys
    assert ONE not in repr(made)
    assert str(bytes.fromhex(ONE)) not in repr(made)
    assert not (tmp_path / "keys").exists()


@pytest.mark.parametrize("name", [".", "master.key", "pseudonym.key"])
@pytest.mark.parametrize("bits", [0o004, 0o040, 0o020])
def test_what_others_may_read_is_refused_with_the_way_out(
    tmp_path: Path, name: str, bits: int
) -> None:
    vault(tmp_path)
    path = tmp_path / "keys" / name
    path.chmod(mode(path) | bits)
    wanted = "700" if name == "." else "600"
    with pytest.raises(KeyProblem, match=f"chmod {wanted} {path}"):
        vault(tmp_path)


@pytest.mark.parametrize("text", ["", "hunter2", "ab" * 31, "zz" * 32, "ab" * 33])
def test_a_malformed_key_is_not_quoted(tmp_path: Path, text: str) -> None:
    vault(tmp_path)
    (tmp_path / "keys" / "master.key").write_text(text)
    with pytest.raises(KeyProblem, match=r"master\.key is no key of 64") as caught:
        vault(tmp_path)
    assert not text or text not in str(caught.value)


@pytest.mark.parametrize("name", ["master.key", "pseudonym.key"])
def test_a_lost_key_is_not_replaced_by_a_new_one(tmp_path: Path, name: str) -> None:
    vault(tmp_path).put([Identity("s", "2024-01-01", {"email": "a@b.c"})])
    (tmp_path / "keys" / name).unlink()
    with pytest.raises(KeyProblem, match="backup of the keys"):
        vault(tmp_path)
    assert not (tmp_path / "keys" / name).exists()


def test_a_wrong_master_key_is_named_by_its_id(tmp_path: Path) -> None:
    pseudonym = {"CX_PSEUDONYM_KEY": TWO}
    vault(tmp_path, {"CX_MASTER_KEY": ONE, **pseudonym}).put([Identity("s", "2024", {"a": "b"})])
    with pytest.raises(KeyProblem, match=keys.key_id(bytes.fromhex(ONE))):
        vault(tmp_path, {"CX_MASTER_KEY": "33" * 32, **pseudonym}).reveal("s")


def test_rotation_of_key_files_wraps_every_key_anew(tmp_path: Path) -> None:
    people = [Identity(f"s{n}", "2024-01-01", {"email": f"{n}@b.c"}) for n in range(20)]
    vault(tmp_path).put(people)
    before = (tmp_path / "keys" / "master.key").read_bytes()
    sealed = _rows(tmp_path)

    assert rotate(tmp_path / "keys", tmp_path / "vault.sqlite", {}) == 20

    after = (tmp_path / "keys" / "master.key").read_bytes()
    assert after != before
    assert mode(tmp_path / "keys" / "master.key") == 0o600
    assert [vault(tmp_path).reveal(one.subject) for one in people] == [
        [one.identifiers] for one in people
    ]
    assert not {row[2] for row in _rows(tmp_path)} & {row[2] for row in sealed}
    # The old key opens nothing any more.
    (tmp_path / "keys" / "master.key").write_bytes(before)
    with pytest.raises(KeyProblem):
        vault(tmp_path).reveal("s1")


def test_rotation_from_the_environment_needs_both_keys(tmp_path: Path) -> None:
    home, path = tmp_path / "keys", tmp_path / "vault.sqlite"
    old = {"CX_MASTER_KEY": ONE, "CX_PSEUDONYM_KEY": TWO}
    vault(tmp_path, old).put([Identity("s", "2024-01-01", {"email": "a@b.c"})])
    with pytest.raises(KeyProblem, match="CX_MASTER_KEY_PREVIOUS"):
        rotate(home, path, old)
    new = {**old, "CX_MASTER_KEY": "33" * 32}
    assert rotate(home, path, {**new, "CX_MASTER_KEY_PREVIOUS": ONE}) == 1
    assert vault(tmp_path, new).reveal("s") == [{"email": "a@b.c"}]


def test_a_rotation_that_was_cut_off_is_finished_by_the_next(tmp_path: Path) -> None:
    vault(tmp_path).put([Identity("s", "2024-01-01", {"email": "a@b.c"})])
    home, path = tmp_path / "keys", tmp_path / "vault.sqlite"
    # Cut off before anything was wrapped, and what lands in between.
    keys.make_file(home / keys.NEXT_MASTER)
    vault(tmp_path).put([Identity("t", "2024-01-01", {"email": "c@b.c"})])
    # Cut off after all was wrapped.
    assert vault(tmp_path).rewrap() == 2
    vault(tmp_path).put([Identity("u", "2024-01-01", {"email": "d@b.c"})])

    assert rotate(home, path, {}) == 0
    assert names(home) == ["master.key", "pseudonym.key"]
    assert [vault(tmp_path).reveal(name) for name in "stu"] == [
        [{"email": f"{letter}@b.c"}] for letter in "acd"
    ]


@pytest.mark.parametrize("is_made", [False, True])
def test_what_a_killed_call_left_of_a_key_goes(tmp_path: Path, is_made: bool) -> None:
    vault(tmp_path).put([])
    home = tmp_path / "keys"
    (home / ".master.next.key.0badcafe.tmp").write_text(ONE)
    if is_made:
        keys.make_file(home / keys.NEXT_MASTER)
        (home / ".master.next.key.0badcafe.tmp").write_text(ONE)
    rotate(home, tmp_path / "vault.sqlite", {})
    assert names(home) == ["master.key", "pseudonym.key"]


@pytest.mark.parametrize("name", ["master.key", "pseudonym.key"])
def test_no_copy_of_a_key_is_left_lying_about(tmp_path: Path, name: str) -> None:
    vault(tmp_path)
    (tmp_path / "keys" / f".{name}.0badcafe.tmp").write_text(ONE)
    vault(tmp_path)
    assert names(tmp_path / "keys") == ["master.key", "pseudonym.key"]


@pytest.mark.slow
def test_many_processes_at_once_make_one_key(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    with ProcessPoolExecutor(8, mp_context=get_context("spawn")) as pool:
        made = list(pool.map(_make, [tmp_path / "master.key"] * 40))
    assert len(set(made)) == 1
    assert names(tmp_path) == ["master.key"]


def _make(path: Path) -> str:
    keys.make_file(path)
    return path.read_text()


def _rows(home: Path) -> list[tuple[object, ...]]:
    with vault(home).transaction() as db:
        return db.execute("select subject, master, wrapped from data_keys").fetchall()
