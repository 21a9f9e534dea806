"""What a home holds, so that two homes can be compared, and what may be in none."""

import hashlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cx_assets.home import unfinished
from cx_assets.landing import registry
from cx_assets.landing.sources import SOURCES
from cx_assets.outbox import ACTIONS, SURVEYS
from cx_assets.privacy.guard import Guard
from cx_assets.settings import Settings
from cx_assets.warehouse import Session
from cx_assets.warehouse.contents import Contents, contents
from cx_assets.warehouse.duckdb import DuckDBWarehouse
from cx_assets.warehouse.names import quoted
from cx_assets.warehouse.replica import replica_path

# What a certificate says of the person; the rest is when it was and what else stood there.
TOLD = ("request_id", "key_destroyed", "tables", "files", "findings", "unreadable")

BALANCE = """
with collected as (
    select source_file as path, count(*) as rows from collect.{source} group by all
), periods as (
    select path, sum(duplicates) as duplicates,
        sum(rows) filter (duplicates is null) as pending
    from registry.file_periods group by all
)
select path from registry.files
left join periods using (path)
left join collected using (path)
where files.source = '{source}' and files.rows <> rejected + coalesce(duplicates, 0)
    + coalesce(pending, 0) + coalesce(collected.rows, 0)
"""


@dataclass(frozen=True)
class State:
    """Tables, the replica's tables, landing, outbox and certificates by name; people by subject.

    `wrong` is what is never allowed, in words. `left` are temporary files, `keys` key files.
    """

    tables: dict[str, str]
    replica: dict[str, Contents]
    files: dict[str, str]
    people: dict[str, frozenset[str]]
    requests: dict[str, bool]
    keys: frozenset[str]
    left: frozenset[str]
    wrong: tuple[str, ...]


def take(settings: Settings, aside: Path) -> State:
    """The state of a home, as the next process would find it: looked at in a copy.

    Whatever cannot be opened is raised.
    """
    shutil.rmtree(aside, ignore_errors=True)
    shutil.copytree(settings.home, aside, ignore=shutil.ignore_patterns("dagster"))
    copy = Settings.from_env({"CX_HOME": str(aside)})
    with DuckDBWarehouse.at(copy.warehouse).connect() as session:
        wrong = [*_unbalanced(session), *_doubled(session)]
        books = dict(_books(session))
    files = dict(_files(copy))
    people, requests, kept = _people(copy)
    replica = replica_path(copy.warehouse)
    return State(
        tables={
            **{name: str(held) for name, held in contents(copy.warehouse).items()},
            **books,
        },
        replica=contents(replica) if replica.exists() else {},
        files={**files, **kept},
        people=people,
        requests=requests,
        keys=frozenset(path.name for path in copy.keys.iterdir()),
        left=frozenset(str(path.relative_to(aside)) for path in unfinished(copy)),
        wrong=(*wrong, *_sent_unrecorded(files)),
    )


def _books(session: Session) -> Iterator[tuple[str, str]]:
    """The registry's tables by source, as each source is a transaction of its own."""
    for table in registry.TABLES:
        rows: dict[str, list[object]] = {}
        for source, *row in session.rows(f"select source, * from {table} order by all"):
            rows.setdefault(source, []).append(row)
        yield table, "by source"
        for source, theirs in rows.items():
            yield f"{table} of {source}", _digest(repr(theirs).encode())


def _unbalanced(session: Session) -> Iterator[str]:
    for source in SOURCES:
        if session.columns(f"collect.{source}"):
            for (path,) in session.rows(BALANCE.format(source=source)):
                yield f"{path}: rows landed are not those collected, left out and pending"


def _doubled(session: Session) -> Iterator[str]:
    for source in SOURCES.values():
        if session.columns(f"collect.{source.name}"):
            key = ", ".join(map(quoted, source.key))
            ((doubled,),) = session.rows(
                f"select count(*) - count(distinct (period, {key})) from collect.{source.name}"
            )
            if doubled:
                yield f"collect.{source.name}: {doubled} rows stand twice"


def _files(settings: Settings) -> Iterator[tuple[str, str]]:
    """Landing and outbox files that are whole, with a hash; certificates with what they tell."""
    for top in (settings.landing, settings.outbox):
        for path in sorted(top.rglob("*")):
            if path.is_file() and not path.name.startswith("."):
                yield str(path.relative_to(settings.home)), _digest(path.read_bytes())
    for path in sorted((settings.reports / "erasures").glob("[!.]*.json")):
        told = json.loads(path.read_text())
        yield path.name, repr({name: told[name] for name in TOLD})


def _people(
    settings: Settings,
) -> tuple[dict[str, frozenset[str]], dict[str, bool], dict[str, str]]:
    """Whom the vault knows and how, each key unwrapped; its requests; its tombstones, hashed."""
    guard = Guard.of(settings)
    with guard.vault.transaction() as db:
        (sound,) = db.execute("pragma integrity_check").fetchone()
        if sound != "ok":
            raise AssertionError(f"{settings.vault}: {sound}")
        subjects = [row[0] for row in db.execute("select subject from data_keys").fetchall()]
        requests = dict(
            db.execute("select request_id, erased_at is not null from erasures").fetchall()
        )
        stones = db.execute("select * from tombstones order by mark").fetchall()
    people = {
        subject: frozenset(
            json.dumps(known, sort_keys=True) for known in guard.vault.reveal(subject)
        )
        for subject in subjects
    }
    return people, requests, {"tombstones": _digest(repr(stones).encode())}


def _sent_unrecorded(files: dict[str, str]) -> Iterator[str]:
    for publication in (ACTIONS, SURVEYS):
        for name in files:
            sent = Path(name)
            record = f"landing/{publication.record}/{sent.name}"
            if sent.parent == Path("outbox") / publication.name and record not in files:
                yield f"{name} was sent, and {record} is not there"


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
