"""When new answers land: which run to ask for, and when to believe that it has been done.

A turn of the loop is asked for when a file's content is new, and is over only when the run that it
asked for has succeeded. Everything is decided from the state (a sensor's cursor), the files' sizes
and times, and the status of that run; nothing here knows Dagster or the warehouse.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from enum import Enum
from typing import Self

from pydantic import BaseModel

# A file is settled when neither size nor time changed from one look to the next, and its time is
# this old: a rewrite within the clock's resolution would go unseen otherwise.
SETTLE_SECONDS = 2.0
FIRST_RETRY_SECONDS = 30.0
LONGEST_RETRY_SECONDS = 3600.0
# A look must end before the daemon gives up on it (60 s); what is left over has its turn next.
MOST_FILES_A_TURN = 200


class RunState(Enum):
    UNKNOWN = "unknown"  # no run has this key: it was asked for, but never created
    GOING = "going"
    DONE = "done"
    FAILED = "failed"


class Stamp(BaseModel, frozen=True):
    """Size and modification time: a change of either asks for a look at the content."""

    size: int
    mtime_ns: int


class Content(BaseModel, frozen=True):
    """What a file held: its hash and the first days of the periods in which it has rows."""

    stamp: Stamp
    sha256: str
    periods: tuple[date, ...]


class TakenIn(BaseModel, frozen=True):
    """A content that a run has taken in which this sensor did not ask for."""

    sha256: str
    periods: tuple[date, ...]


class Turn(BaseModel, frozen=True):
    """A run that was asked for: the periods from `start` to `end`, because of these files."""

    number: int
    attempt: int
    start: date
    end: date
    files: dict[str, Content]
    asked_at: float

    @property
    def run_key(self) -> str:
        """New for every turn and every attempt: Dagster remembers a run key for ever."""
        contents = sorted(f"{path}:{content.sha256}" for path, content in self.files.items())
        digest = hashlib.sha256("\n".join(contents).encode()).hexdigest()[:16]
        return f"turn-{self.number}/attempt-{self.attempt}/{digest}"


class State(BaseModel, frozen=True):
    """What the sensor remembers: contents taken in, stamps of the last look, the turn under way."""

    turns: int = 0
    collected: dict[str, Content] = {}
    seen: dict[str, Stamp] = {}
    asked: Turn | None = None

    @classmethod
    def load(cls, cursor: str | None) -> Self:
        return cls.model_validate_json(cursor) if cursor else cls()

    def dump(self) -> str:
        return self.model_dump_json()


class Decision(BaseModel, frozen=True):
    """The new state, the run to ask for if any, and why, in words."""

    state: State
    ask: Turn | None
    reason: str


def decide(
    state: State,
    listing: Mapping[str, Stamp],
    now: float,
    *,
    run_state: Callable[[str], RunState],
    fingerprint: Callable[[str], str],
    periods_of: Callable[[str], Iterable[date]],
    taken_in: Callable[[], Mapping[str, TakenIn]],
    erased_from: Callable[[str, str], str],
    first: date,
    last: date,
) -> Decision:
    """Look once.

    Args:
        state: what was returned the last time.
        listing: the landing files and their stamps; paths relative to the landing zone.
        now: seconds since the epoch.
        run_state: what became of the run with this key.
        fingerprint, periods_of: hash and periods of a file; called only for settled changes.
        taken_in: the contents, by path, that other runs have taken in; asked for only while the
            state is empty, so that a sensor that starts late does not begin with all of history.
        erased_from: the hash that a file of this path and hash has after erasures, if any: what was
            measured of its other rows stands.
        first, last: the first and the newest period that exist.
    """
    if state.asked:
        outcome = run_state(state.asked.run_key)
        if outcome is RunState.GOING:
            return Decision(state=state, ask=None, reason=f"{state.asked.run_key} is under way")
        if outcome is RunState.UNKNOWN:
            return Decision(state=state, ask=state.asked, reason="asked for, but no run was made")
        if outcome is RunState.FAILED:
            return _ask_again(state, state.asked, now)
        state = state.model_copy(
            update={"collected": {**state.collected, **state.asked.files}, "asked": None}
        )
    elsewhere = {} if state.collected or state.turns else taken_in()
    return _look(state, listing, now, fingerprint, periods_of, elsewhere, erased_from, first, last)


def _ask_again(state: State, failed: Turn, now: float) -> Decision:
    """At once after the first failure, then at doubling distances: a broken model stays broken."""
    wait = min(FIRST_RETRY_SECONDS * 2 ** (failed.attempt - 1), LONGEST_RETRY_SECONDS)
    due = failed.asked_at + (wait if failed.attempt > 1 else 0)
    if now < due:
        return Decision(
            state=state, ask=None, reason=f"{failed.run_key} failed; again in {due - now:.0f} s"
        )
    again = failed.model_copy(update={"attempt": failed.attempt + 1, "asked_at": now})
    return Decision(
        state=state.model_copy(update={"asked": again}),
        ask=again,
        reason=f"{failed.run_key} failed; asked for again",
    )


def _look(
    state: State,
    listing: Mapping[str, Stamp],
    now: float,
    fingerprint: Callable[[str], str],
    periods_of: Callable[[str], Iterable[date]],
    elsewhere: Mapping[str, TakenIn],
    erased_from: Callable[[str, str], str],
    first: date,
    last: date,
) -> Decision:
    collected = dict(state.collected)
    known = {collected[path].sha256 for path in listing if path in collected}
    new: dict[str, Content] = {}
    unsettled = 0
    for path, stamp in sorted(listing.items()):
        before = collected.get(path)
        if before and before.stamp == stamp:
            continue
        is_settled = state.seen.get(path) == stamp and now - stamp.mtime_ns / 1e9 >= SETTLE_SECONDS
        if not is_settled or len(new) == MOST_FILES_A_TURN:
            unsettled += 1
            continue
        sha256 = fingerprint(path)
        if before and sha256 in (before.sha256, erased_from(path, before.sha256)):
            # Touched, or without those who were erased, and nothing more.
            collected[path] = before.model_copy(update={"stamp": stamp, "sha256": sha256})
            continue
        taken = elsewhere.get(path)
        if taken and sha256 in (taken.sha256, erased_from(path, taken.sha256)):
            collected[path] = Content(stamp=stamp, sha256=sha256, periods=taken.periods)
            continue
        content = Content(stamp=stamp, sha256=sha256, periods=tuple(periods_of(path)))
        if sha256 in known:  # a copy of what is there already adds no answer
            collected[path] = content
            continue
        new[path] = content
        known.add(sha256)

    # The old periods of a rewritten file change too: its answers may have moved.
    touched = {
        day
        for path, content in new.items()
        for day in (*content.periods, *(collected[path].periods if path in collected else ()))
        if first <= day <= last
    }
    state = state.model_copy(update={"collected": collected, "seen": dict(listing)})
    if not touched:
        # Nothing of these files lies in a period that exists; the run of that period reads them.
        state = state.model_copy(update={"collected": {**collected, **new}})
        waiting = f"; {unsettled} files are still settling" if unsettled else ""
        return Decision(state=state, ask=None, reason=f"no new answers{waiting}")
    turn = Turn(
        number=state.turns + 1, attempt=1, start=min(touched), end=last, files=new, asked_at=now
    )
    return Decision(
        state=state.model_copy(update={"asked": turn, "turns": turn.number}),
        ask=turn,
        reason=f"{len(new)} new files touch the periods from {turn.start} on",
    )
