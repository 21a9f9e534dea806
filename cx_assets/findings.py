"""What a look at an installation has found, and how it is said."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

MOST_NAMES = 5


class Level(StrEnum):
    OK = "ok"
    WARN = "warn"
    ERROR = "error"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: how it is, and what to do where it is not as it should be."""

    level: Level
    about: str
    what: str
    advice: str = ""


def ok(about: str, what: str) -> Finding:
    return Finding(Level.OK, about, what)


def warn(about: str, what: str, advice: str) -> Finding:
    return Finding(Level.WARN, about, what, advice)


def error(about: str, what: str, advice: str) -> Finding:
    return Finding(Level.ERROR, about, what, advice)


def or_ok(problems: Iterable[Finding], about: str, what: str) -> list[Finding]:
    """The problems, or that there are none."""
    return list(problems) or [ok(about, what)]


def some(names: Sequence[object]) -> str:
    """The first few names, and how many more there are."""
    more = len(names) - MOST_NAMES
    return ", ".join(map(str, names[:MOST_NAMES])) + (f" and {more:,} more" if more > 0 else "")
