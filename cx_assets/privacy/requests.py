"""Erasure requests, from the landing zone to the certificate.

A request is noted in the vault before anything is removed, with what identifies the person, sealed
under a key of the request's own. So a process killed at any moment leaves all that the next call
needs; when the certificate is written, that key is destroyed too.
"""

import json
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from cx_assets.landing import watch
from cx_assets.landing.sources import ERASURE_REQUESTS
from cx_assets.outbox import write_whole
from cx_assets.privacy import tombstones
from cx_assets.privacy.erasure import (
    Needle,
    Removal,
    Searched,
    certificate,
    erase,
    find,
    needles,
    write,
)
from cx_assets.privacy.guard import Guard
from cx_assets.privacy.people import Erased, people_of
from cx_assets.privacy.pseudonyms import marks
from cx_assets.privacy.publication.role_files import withdraw
from cx_assets.privacy.vault import Identity
from cx_assets.settings import Settings
from cx_assets.warehouse import Warehouse

COLLECTED = "collect.erasure_requests"
COLUMNS = ("request_id", "customer_id", "requested_at")


class StillThere(RuntimeError):
    """Something of the erased is left, or could not be searched; the certificates say where."""


@dataclass(frozen=True)
class Request:
    """A request without a certificate."""

    request_id: str
    customer_id: str
    requested_at: datetime

    @property
    def subject(self) -> str:
        """Under this name the vault keeps, until all is done, whom the request is about."""
        return f"request {self.request_id}"


def pending(settings: Settings, guard: Guard) -> list[Request]:
    """The requests that have landed, or were begun, and have no certificate yet; oldest first.

    The warehouse is not opened, so a sensor may ask.
    """
    return _pending(guard, watch.rows(settings.landing, ERASURE_REQUESTS, settings.period, COLUMNS))


def ask(settings: Settings, customer_id: str, when: datetime) -> Path:
    """Land a request in the name of a customer; returns its file."""
    name = f"asked-{when:%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"
    path = settings.landing / ERASURE_REQUESTS.name / f"{name}.parquet"
    row = {"request_id": [name], "customer_id": [customer_id], "requested_at": [when.isoformat()]}
    write_whole(pa.table(row), path)
    return path


def fulfil(
    warehouse: Warehouse, settings: Settings, tell: Callable[[str], object] = lambda text: None
) -> list[Path]:
    """Erase everybody who asked for it; returns the certificates, one for each request.

    The caller holds the pool's slot and has no connection to the warehouse open. Killed at any
    moment, the next call goes on.

    Args:
        tell: is told what is being done, without a name or an id of a customer.

    Raises:
        StillThere: the search found something. The requests stay pending.
        WarehouseLocked, NoRoom, CopyDiffers, Unbalanced: as `erasure.erase`; call again.
    """
    guard = Guard.of(settings)
    requests = _all_pending(warehouse, settings, guard)
    if not requests:
        return []
    tell(f"{len(requests):,} erasure requests: noting them")
    _note(guard, requests)
    with warehouse.connect() as session:
        erased = people_of(session, guard, requests)
    for one in erased:
        person, *others = marks(guard.key, one.telling)
        tombstones.put_up(guard.vault, person, others, one.requested_at)
    tell("removing rows from tables, landing files, outbox and run storage")
    withdraw(settings)
    removal = erase(warehouse, settings, [one.person for one in erased])
    _keep_counts(guard, requests, removal)
    guard.vault.destroy([one.subject for one in erased])
    tell("searching every file for what may be left")
    wanted = needles(one.person for one in erased)
    searched = _search(settings, wanted)
    return _certify(settings, guard, requests, erased, searched, wanted)


def _all_pending(warehouse: Warehouse, settings: Settings, guard: Guard) -> list[Request]:
    """Those of the landing zone, and those whose landing file is gone since it was collected."""
    landed = watch.rows(settings.landing, ERASURE_REQUESTS, settings.period, COLUMNS)
    with warehouse.connect() as session:
        if session.columns(COLLECTED):
            landed += session.rows(f"select {', '.join(COLUMNS)} from {COLLECTED}")
    return _pending(guard, landed)


def _pending(guard: Guard, landed: Iterable[tuple[str, str, datetime]]) -> list[Request]:
    with guard.vault.transaction() as db:
        noted = db.execute("select request_id, requested_at, erased_at from erasures").fetchall()
    found = {row[0]: Request(*row) for row in landed}
    for request_id, requested_at, erased_at in noted:
        found.pop(request_id, None)
        if erased_at is None:
            begun = Request(request_id, "", datetime.fromisoformat(requested_at))
            customer_id = guard.vault.reveal(begun.subject)[-1]["customer_id"]
            found[request_id] = Request(request_id, customer_id, begun.requested_at)
    return sorted(found.values(), key=lambda one: (one.requested_at, one.request_id))


def _note(guard: Guard, requests: Sequence[Request]) -> None:
    for request in requests:
        known = guard.vault.reveal(guard.subject(request.customer_id))
        known.append({"customer_id": request.customer_id})
        when = request.requested_at.isoformat()
        guard.vault.put(
            Identity(request.subject, f"{when} {number:06}", identifiers)
            for number, identifiers in enumerate(known)
        )
        with guard.vault.transaction() as db:
            db.execute(
                "insert into erasures (request_id, requested_at) values (?, ?) "
                "on conflict do nothing",
                (request.request_id, when),
            )


def _keep_counts(guard: Guard, requests: Sequence[Request], removal: Removal) -> None:
    """Add what was removed to what an earlier call, killed since, had removed."""
    with guard.vault.transaction() as db:
        for request in requests:
            (before,) = db.execute(
                "select removed from erasures where request_id = ?", (request.request_id,)
            ).fetchone()
            total = _sum(Removal(**json.loads(before)), removal) if before else removal
            db.execute(
                "update erasures set removed = ? where request_id = ?",
                (json.dumps(asdict(total)), request.request_id),
            )


def _sum(one: Removal, other: Removal) -> Removal:
    def added(name: str) -> dict[str, int]:
        return dict(Counter(getattr(one, name)) + Counter(getattr(other, name)))

    return Removal(added("tables"), added("files"), added("masked"), other.unreadable)


def _search(settings: Settings, wanted: Sequence[Needle]) -> Searched:
    """Everything below the home, and whatever of it was put elsewhere."""
    searched = find(settings.home, wanted)
    outside = {
        path if path.is_dir() else path.parent
        for path in (settings.landing, settings.outbox, settings.reports, settings.warehouse)
        if not path.is_relative_to(settings.home) and path.exists()
    }
    for folder in sorted(outside):
        more = find(folder, wanted)
        searched.files += more.files
        searched.bytes += more.bytes
        searched.tables += more.tables
        searched.found += more.found
    return searched


def _certify(
    settings: Settings,
    guard: Guard,
    requests: Sequence[Request],
    erased: Sequence[Erased],
    searched: Searched,
    wanted: Sequence[Needle],
) -> list[Path]:
    now = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    paths, proofs = [], []
    for request, one in zip(requests, erased, strict=True):
        with guard.vault.transaction() as db:
            (removed,) = db.execute(
                "select removed from erasures where request_id = ?", (request.request_id,)
            ).fetchone()
        made = certificate(
            request.request_id,
            request.requested_at,
            now,
            not guard.vault.reveal(one.subject),
            Removal(**json.loads(removed)),
            searched,
            wanted,
            together_with=len(requests) - 1,
        )
        paths.append(write(made, settings.reports))
        proofs.append(made.is_proof)
    if not all(proofs):
        raise StillThere(
            f"{len(requests)} erasures are not complete: {paths[0]} says under findings and "
            "unreadable where something is left. Remove or repair these files and erase again."
        )
    with guard.vault.transaction() as db:
        db.executemany(
            "update erasures set erased_at = ?, removed = null, certificate = ? "
            "where request_id = ?",
            [
                (now.isoformat(), str(path), request.request_id)
                for path, request in zip(paths, requests, strict=True)
            ],
        )
    guard.vault.destroy([request.subject for request in requests])
    return paths
