"""The vault: identifiers, sealed per customer with AES-GCM under a key of the customer's own.

Each customer's key is wrapped by the master key. Who destroys the wrapped key has destroyed every
copy of what it sealed, backups of the vault's other rows included. The vault is an SQLite file:
it has no lock in common with the warehouse, and overwrites what is deleted (`secure_delete`).
"""

import json
import os
import secrets
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from cx_assets.privacy.keys import KeyProblem, Keys
from cx_assets.privacy.pseudonyms import pseudonym

NONCE = 12  # Bytes, as NIST SP 800-38D has it for AES-GCM.

SCHEMA = """
create table if not exists current_master (only integer primary key check (only = 1), master text);
create table if not exists data_keys (
    subject text primary key, master text not null, wrapped blob not null
) without rowid;
create table if not exists identities (
    subject text not null, digest text not null, known_at text not null, sealed blob not null,
    primary key (subject, digest)
) without rowid;
create table if not exists tombstones (
    mark text primary key, person text not null, requested_at text not null, consent_at text
) without rowid;
create table if not exists erasures (
    request_id text primary key, requested_at text not null, removed text, erased_at text,
    certificate text
) without rowid;
"""


@dataclass(frozen=True)
class Identity:
    """What identifies one person at one time; `subject` is the customer's pseudonym."""

    subject: str
    known_at: str
    identifiers: Mapping[str, str]


class Vault:
    """The vault in one file. Every method is one transaction."""

    def __init__(self, path: Path, keys: Keys) -> None:
        self.path = path
        self.keys = keys

    def put(self, identities: Iterable[Identity]) -> int:
        """Seal what is new; returns how many were. The same identity twice is one.

        Raises:
            KeyProblem: the vault's master key is not at hand.
        """
        new = 0
        with self.transaction() as db:
            master = self._current_master(db)
            for identity in identities:
                plain = json.dumps(dict(identity.identifiers), sort_keys=True).encode()
                digest = pseudonym(self.keys.pseudonym, "identity", plain.decode())
                place = (identity.subject, digest)
                if db.execute(
                    "update identities set known_at = max(known_at, ?) "
                    "where subject = ? and digest = ?",
                    (identity.known_at, *place),
                ).rowcount:
                    continue
                key = self._data_key(db, identity.subject, master)
                sealed = _seal(key, plain, f"{identity.subject}/{digest}")
                db.execute(
                    "insert into identities values (?, ?, ?, ?)",
                    (*place, identity.known_at, sealed),
                )
                new += 1
        return new

    def reveal(self, subject: str) -> list[dict[str, str]]:
        """The identities of a customer, oldest first; none where nobody knows the customer.

        Raises:
            KeyProblem: the master key is not at hand, or the vault was tampered with.
        """
        with self.transaction() as db:
            row = db.execute(
                "select master, wrapped from data_keys where subject = ?", (subject,)
            ).fetchone()
            if row is None:
                return []
            key = _open(self.keys.master(row[0]), row[1], subject)
            sealed = db.execute(
                "select digest, sealed from identities where subject = ? order by known_at, digest",
                (subject,),
            ).fetchall()
        return [json.loads(_open(key, text, f"{subject}/{digest}")) for digest, text in sealed]

    def destroy(self, subjects: Sequence[str]) -> int:
        """Destroy the keys of these customers and what they sealed; returns how many had one."""
        with self.transaction() as db:
            each = [(subject,) for subject in subjects]
            db.executemany("delete from identities where subject = ?", each)
            return db.executemany("delete from data_keys where subject = ?", each).rowcount

    def rewrap(self) -> int:
        """Wrap every customer's key with the newest master key; returns how many were not yet."""
        with self.transaction() as db:
            self._current_master(db)
            new = self.keys.newest
            old = db.execute(
                "select subject, master, wrapped from data_keys where master <> ?", (new,)
            ).fetchall()
            rows = []
            for subject, master, wrapped in old:
                key = _open(self.keys.master(master), wrapped, subject)
                rows.append((new, _seal(self.keys.master(new), key, subject), subject))
            db.executemany("update data_keys set master = ?, wrapped = ? where subject = ?", rows)
            db.execute("update current_master set master = ?", (new,))
        return len(rows)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """A connection that holds the vault; all of it or nothing is written."""
        if not self.path.exists():
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            os.close(os.open(self.path, os.O_CREAT | os.O_WRONLY, 0o600))
        db = sqlite3.connect(self.path, timeout=60, isolation_level=None)
        try:
            db.execute("pragma secure_delete = on")
            db.execute("pragma synchronous = full")
            db.execute("begin immediate")
            for statement in SCHEMA.split(";"):
                db.execute(statement)
            yield db
            db.execute("commit")
        except BaseException:
            if db.in_transaction:
                db.execute("rollback")
            raise
        finally:
            db.close()

    def _current_master(self, db: sqlite3.Connection) -> str:
        """The master key that new keys are wrapped with: the newest one, until a rotation's end."""
        db.execute(
            "insert into current_master values (1, ?) on conflict do nothing", (self.keys.newest,)
        )
        (master,) = db.execute("select master from current_master").fetchone()
        self.keys.master(master)
        return str(master)

    def _data_key(self, db: sqlite3.Connection, subject: str, master: str) -> bytes:
        row = db.execute(
            "select master, wrapped from data_keys where subject = ?", (subject,)
        ).fetchone()
        if row is not None:
            return _open(self.keys.master(row[0]), row[1], subject)
        key = secrets.token_bytes(32)
        wrapped = _seal(self.keys.master(master), key, subject)
        db.execute("insert into data_keys values (?, ?, ?)", (subject, master, wrapped))
        return key


def _seal(key: bytes, plain: bytes, bound_to: str) -> bytes:
    nonce = secrets.token_bytes(NONCE)
    return nonce + AESGCM(key).encrypt(nonce, plain, bound_to.encode())


def _open(key: bytes, sealed: bytes, bound_to: str) -> bytes:
    try:
        return AESGCM(key).decrypt(sealed[:NONCE], sealed[NONCE:], bound_to.encode())
    except InvalidTag:
        raise KeyProblem(
            "a row of the vault does not open with its key: the vault was changed from outside. "
            "Restore it from a backup."
        ) from None
