"""What an erasure leaves behind: a page that says what was removed where, and names nobody."""

import hashlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from cx_assets.privacy.erasure.needles import Needle, replaced
from cx_assets.privacy.erasure.removal import Removal
from cx_assets.privacy.erasure.search import Found, Searched
from cx_assets.warehouse.copying import OWNER_ONLY, put_in_place

FOLDER = "erasures"
_LONGEST = 100


@dataclass(frozen=True)
class Certificate:
    """One request and what became of it; times are UTC."""

    request_id: str
    requested_at: datetime
    erased_at: datetime
    version: str
    key_destroyed: bool
    together_with: int
    tables: Mapping[str, int]
    files: Mapping[str, int]
    masked: Mapping[str, int]
    unreadable: Mapping[str, str]
    files_searched: int
    bytes_searched: int
    tables_searched: int
    findings: Sequence[Found]
    shared: Sequence[Found]

    @property
    def is_proof(self) -> bool:
        """Whether the key is gone and the search, which could look everywhere, found nothing."""
        return self.key_destroyed and not self.findings and not self.unreadable


def certificate(
    request_id: str,
    requested_at: datetime,
    erased_at: datetime,
    key_destroyed: bool,
    removal: Removal,
    searched: Searched,
    needles: Sequence[Needle],
    together_with: int = 0,
) -> Certificate:
    """The certificate of a request; whatever names the person in it is masked.

    Args:
        together_with: how many others were erased in the same go; the counts are of all of them.
    """
    theirs = [one for one in needles if one.is_distinctive]

    def masked(counts: Mapping[str, int]) -> dict[str, int]:
        return {replaced(name, theirs): rows for name, rows in sorted(counts.items())}

    return Certificate(
        request_id=replaced(request_id, theirs),
        requested_at=requested_at,
        erased_at=erased_at,
        version=version("cx-assets"),
        key_destroyed=key_destroyed,
        together_with=together_with,
        tables=masked(removal.tables),
        files=masked(removal.files),
        masked=masked(removal.masked),
        unreadable={
            replaced(name, theirs): replaced(why, theirs)
            for name, why in sorted(removal.unreadable.items())
        },
        files_searched=searched.files,
        bytes_searched=searched.bytes,
        tables_searched=searched.tables,
        findings=[one for one in searched.found if not one.shared],
        shared=[one for one in searched.found if one.shared],
    )


def write(made: Certificate, reports: Path) -> Path:
    """Write it to <reports>/erasures/<request>.json, whole or not at all, for the owner's eyes."""
    folder = reports / FOLDER
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"{_file_name(made.request_id)}.json"
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.unlink(missing_ok=True)
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(asdict(made), file, indent=2, default=str, ensure_ascii=False)
        file.flush()
        os.fsync(file.fileno())
    put_in_place(temporary, path)
    return path


def _file_name(request_id: str) -> str:
    """The id as a file's name; two ids that only differ in what may not stand there differ."""
    safe = re.sub(r"[^0-9A-Za-z_-]", "_", request_id)[:_LONGEST]
    if safe == request_id:
        return safe
    return f"{safe}-{hashlib.sha256(request_id.encode()).hexdigest()[:8]}"
