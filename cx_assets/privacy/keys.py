"""The two secrets of an installation, from the environment or from files of mode 0600.

The master key wraps the customers' own keys in the vault and can be rotated. The pseudonym key
turns identifiers into pseudonyms; it stays for good, as those made with another key match none.
"""

import hashlib
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

BYTES = 32
MASTER, NEXT_MASTER, PSEUDONYM = "master.key", "master.next.key", "pseudonym.key"
MASTER_VARIABLE, PREVIOUS_VARIABLE = "CX_MASTER_KEY", "CX_MASTER_KEY_PREVIOUS"
PSEUDONYM_VARIABLE = "CX_PSEUDONYM_KEY"


class KeyProblem(RuntimeError):
    """A key is missing, malformed or open to others; the message says what to do, and no key."""


@dataclass(frozen=True)
class Keys:
    """The pseudonym key, and every master key at hand by its id; `newest` is one of the ids."""

    pseudonym: bytes = field(repr=False)
    masters: Mapping[str, bytes] = field(repr=False)
    newest: str

    def master(self, key_id: str) -> bytes:
        """
        Raises:
            KeyProblem: this key is not at hand.
        """
        try:
            return self.masters[key_id]
        except KeyError:
            raise KeyProblem(
                f"the vault was sealed with the master key {key_id}, and only "
                f"{', '.join(self.masters)} is here. Put the key file back, or set "
                f"{PREVIOUS_VARIABLE}."
            ) from None


def load(folder: Path, vault: Path, env: Mapping[str, str] = os.environ) -> Keys:
    """The keys of an installation; its first call makes those that are not in the environment.

    Args:
        folder: where the key files are.
        vault: the vault's file. Where it exists, a missing key is no new one's turn.

    Raises:
        KeyProblem: a key is missing, malformed or readable by others.
    """
    named = {name: env[name] for name in (MASTER_VARIABLE, PSEUDONYM_VARIABLE) if env.get(name)}
    if len(named) < 2:
        _check_folder(folder)
    if MASTER_VARIABLE in named:
        masters = [_parsed(named[MASTER_VARIABLE], MASTER_VARIABLE)]
        if env.get(PREVIOUS_VARIABLE):
            masters.append(_parsed(env[PREVIOUS_VARIABLE], PREVIOUS_VARIABLE))
    else:
        masters = [_file_key(folder / MASTER, may_create=not vault.exists())]
        if (folder / NEXT_MASTER).exists():
            masters.insert(0, _file_key(folder / NEXT_MASTER, may_create=False))
    if PSEUDONYM_VARIABLE in named:
        pseudonym = _parsed(named[PSEUDONYM_VARIABLE], PSEUDONYM_VARIABLE)
    else:
        pseudonym = _file_key(folder / PSEUDONYM, may_create=not vault.exists())
    return Keys(pseudonym, {key_id(key): key for key in masters}, key_id(masters[0]))


def key_id(key: bytes) -> str:
    """A short name of a key that gives nothing away."""
    return hashlib.sha256(b"cx_assets key id" + key).hexdigest()[:16]


def make_file(path: Path) -> None:
    """Make a key file with a fresh key; where one stands already, it stays.

    What a killed call has left of a key goes. Two calls at once may each take the other's for that;
    then one tries again.
    """
    _remove_unfinished(path)
    while not path.exists():
        with suppress(FileExistsError, FileNotFoundError):
            _make_file(path)


def _make_file(path: Path) -> None:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    handle = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        # A link, unlike a rename, never takes the place of a key that another process just made.
        os.link(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _remove_unfinished(path: Path) -> None:
    for temporary in path.parent.glob(f".{path.name}.*.tmp"):
        temporary.unlink(missing_ok=True)


def problems(folder: Path) -> list[str]:
    """What is wrong with the modes of the key folder and its files, and what to do."""
    found = []
    for path in (folder, *sorted(folder.glob("*.key"))) if folder.exists() else ():
        status = path.stat()
        if status.st_mode & 0o077:
            mode = "700" if path.is_dir() else "600"
            found.append(f"{path} may be read by others: chmod {mode} {path}")
        if status.st_uid not in (os.geteuid(), 0):
            found.append(f"{path} belongs to another user: chown it to the user who runs this")
    return found


def _check_folder(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if found := problems(folder):
        raise KeyProblem("; ".join(found))


def _file_key(path: Path, may_create: bool) -> bytes:
    _remove_unfinished(path)
    if not path.exists():
        if not may_create:
            raise KeyProblem(
                f"{path} is missing, and the vault of identifiers was sealed with it. Put the file "
                "back from your backup of the keys."
            )
        make_file(path)
    return _parsed(path.read_text(encoding="ascii", errors="replace").strip(), str(path))


def _parsed(text: str, where: str) -> bytes:
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != BYTES:
        raise KeyProblem(
            f"{where} is no key of {2 * BYTES} hexadecimal digits. Make one with: "
            "python -c 'import secrets; print(secrets.token_hex(32))'"
        )
    return key
