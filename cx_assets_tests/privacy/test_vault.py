from pathlib import Path

import pytest

from cx_assets.privacy.keys import KeyProblem
from cx_assets.privacy.vault import Identity, Vault
from cx_assets_tests.privacy.test_keys import vault

ANNA = {"customer_id": "C1", "email": "anna.very.long@example.org", "full_name": "Änna Lång 王芳"}


def put(home: Path, *identities: Identity) -> Vault:
    made = vault(home)
    made.put(identities)
    return made


def test_nothing_can_be_read_from_the_file(tmp_path: Path) -> None:
    put(tmp_path, Identity("s1", "2024-01-01", ANNA))
    raw = (tmp_path / "vault.sqlite").read_bytes()
    for value in ANNA.values():
        assert value.encode() not in raw


def test_the_same_identity_is_kept_once_and_in_the_order_it_was_known(tmp_path: Path) -> None:
    later = {**ANNA, "email": "anna@new.example"}
    made = vault(tmp_path)
    assert made.put([Identity("s1", "2024-02-01", later), Identity("s1", "2024-01-01", ANNA)]) == 2
    assert made.put([Identity("s1", "2024-01-01", ANNA)]) == 0
    assert made.reveal("s1") == [ANNA, later]
    # She is back at the first address.
    made.put([Identity("s1", "2024-03-01", ANNA)])
    assert made.reveal("s1") == [later, ANNA]
    assert made.reveal("nobody") == []


def test_equal_identities_of_two_customers_are_sealed_apart(tmp_path: Path) -> None:
    made = put(tmp_path, Identity("s1", "2024", ANNA), Identity("s2", "2024", ANNA))
    with made.transaction() as db:
        sealed = [row[0][12:] for row in db.execute("select sealed from identities")]
    assert sealed[0] != sealed[1]


def test_destroyed_is_gone_from_the_bytes_and_others_stay(tmp_path: Path) -> None:
    made = put(
        tmp_path,
        *(Identity(f"subject-{n}", "2024", {**ANNA, "customer_id": f"C{n}"}) for n in range(50)),
    )
    with made.transaction() as db:
        (wrapped,) = db.execute(
            "select wrapped from data_keys where subject = 'subject-7'"
        ).fetchone()
    assert wrapped in made.path.read_bytes()

    assert made.destroy(["subject-7", "nobody"]) == 1

    raw = made.path.read_bytes()
    assert wrapped not in raw
    assert b"subject-7" not in raw
    assert made.reveal("subject-7") == []
    assert made.reveal("subject-8")[0]["customer_id"] == "C8"
    assert made.destroy(["subject-7"]) == 0


@pytest.mark.parametrize("column", ["sealed", "subject"])
def test_a_row_that_was_changed_from_outside_does_not_open(tmp_path: Path, column: str) -> None:
    made = put(tmp_path, Identity("s1", "2024", ANNA), Identity("s2", "2024", ANNA))
    with made.transaction() as db:
        if column == "sealed":
            db.execute("update identities set sealed = zeroblob(60) where subject = 's1'")
        else:  # s1's row put under s2's name, key and all.
            db.execute("delete from data_keys where subject = 's2'")
            db.execute("update data_keys set subject = 's2' where subject = 's1'")
    with pytest.raises(KeyProblem, match="changed from outside"):
        made.reveal("s1" if column == "sealed" else "s2")


def test_a_failed_put_leaves_nothing_behind(tmp_path: Path) -> None:
    def identities():  # type: ignore[no-untyped-def]
        yield Identity("s1", "2024", ANNA)
        raise OSError("the disk is full")

    made = vault(tmp_path)
    with pytest.raises(OSError, match="disk"):
        made.put(identities())
    assert made.reveal("s1") == []
