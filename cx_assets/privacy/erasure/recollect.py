"""The registry and collect.<source> made to agree with landing files that were rewritten.

The changed files are read again by the collection's own code, for exactly the periods that were
collected of them. Working out the new lines, duplicates and rejects here would be a second reader,
and could not go on after a kill: the old file, by which alone it could tell what went, is gone.
All of it is one transaction, so nothing that was collected is ever seen pending.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, time

from cx_assets.landing import collect, ledger, registry
from cx_assets.landing.contract import Source
from cx_assets.landing.files import fingerprint, listing
from cx_assets.landing.sources import SOURCES
from cx_assets.periods import Period, period_at
from cx_assets.privacy.guard import Guard
from cx_assets.settings import Settings
from cx_assets.warehouse import Session


class Unbalanced(RuntimeError):
    """A row of a landing file would be lost; nothing was changed."""


def recollect(session: Session, settings: Settings) -> list[str]:
    """Collect the known files whose content has changed; the caller holds the transaction.

    Returns:
        Their paths.

    Raises:
        Unbalanced: for some file, rows landed are not collected + duplicates + rejected + pending.
    """
    changed: list[str] = []
    guard = Guard.of(settings)
    for source in SOURCES.values():
        stale = _stale(session, source, settings)
        if not stale:
            continue
        changed += stale
        paths = session.stage("erasing.stale", ledger.PATHS)
        session.append(paths, ledger.path_table(stale))
        # Same size and same time do not mean the same content here.
        session.execute(f"update registry.files set size = null where path in (from {paths})")
        for periods in _windows(session, settings, paths):
            _collect(session, source, settings, periods, guard)
    return changed


def _stale(session: Session, source: Source, settings: Settings) -> list[str]:
    known = registry.known_files(session, source)
    return [
        file.path
        for file in listing(settings.landing, source)
        if not file.problem
        and file.path in known
        and known[file.path].sha256 != fingerprint(settings.landing / file.path)
    ]


def _windows(session: Session, settings: Settings, paths: str) -> Iterator[list[Period]]:
    """The stretches of periods that were collected of the files, one after the other.

    Where none was, a window of no time: the files are read, and all their rows are pending.
    """
    collected = session.rows(
        f"select distinct period from registry.file_periods where path in (from {paths}) "
        "and (duplicates is not null or rows = 0) order by period"
    )
    periods = [period_at(day, settings.period) for (day,) in collected]
    if not periods:
        nothing = datetime.combine(settings.first_period, time())
        yield [Period(nothing, nothing)]
    yield from _stretches(periods)


def _stretches(periods: Iterable[Period]) -> Iterator[list[Period]]:
    stretch: list[Period] = []
    for period in periods:
        if stretch and stretch[-1].end != period.start:
            yield stretch
            stretch = []
        stretch.append(period)
    if stretch:
        yield stretch


def _collect(
    session: Session,
    source: Source,
    settings: Settings,
    periods: Sequence[Period],
    guard: Guard,
) -> None:
    prepared = collect.prepare(
        session,
        source,
        settings.landing,
        periods,
        settings.period,
        settings.first_period,
        guard,
        settings.max_file_bytes,
    )
    lost = [account for account in prepared.accounts if not account.balanced]
    if lost:
        raise Unbalanced(f"{source.name}: {lost[:20]}")
    collect.promote(session, prepared, guard)
