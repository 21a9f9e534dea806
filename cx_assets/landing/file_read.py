"""What is known of one file after it was read, and the checks that all formats share."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from cx_assets.landing.contract import Source
from cx_assets.landing.files import LandedFile, Unreadable

_SHOWN = 200
MAX_COLUMNS = 10_000
# So many letter cases and spaces around one name are no writer's habit.
MAX_SPELLINGS = 10


@dataclass
class FileRead:
    """One file that was read: its rows, by a count of their own, or why it has none."""

    file: LandedFile
    rows: int = 0
    unknown_columns: tuple[str, ...] = ()
    error: str | None = None
    is_closed: bool = False  # It could not be opened, so its content is not known to be wrong.


@contextmanager
def reported(read: FileRead) -> Iterator[None]:
    """Keep what makes a file unreadable as its error, and go on."""
    try:
        yield
    except Unreadable as problem:
        read.error = str(problem)
    except OSError as problem:
        read.error, read.is_closed = cannot_open(problem), True


def cannot_open(error: OSError) -> str:
    return f"the file cannot be opened ({error.strerror or error}); give the reader access to it"


def column_name(name: str) -> str:
    """A column's name as it is matched: no spaces or byte order mark around it, in lower case."""
    return name.strip("\ufeff \t").lower()


def refuse_many(columns: int) -> None:
    if columns > MAX_COLUMNS:
        raise Unreadable(f"more than {MAX_COLUMNS:,} columns; keep data out of the columns' names")


def check_columns(source: Source, written: Sequence[str]) -> tuple[str, ...]:
    """The columns that the source does not know, in alphabetical order.

    Raises:
        Unreadable: a column stands twice, or one that every file must have is missing; or there
            are too many to be columns.
    """
    refuse_many(len(written))
    counts = Counter(name for name in map(column_name, written) if name)
    twice = sorted(name for name, times in counts.items() if times > 1)
    if twice:
        raise Unreadable(f"columns stand twice: {', '.join(twice)}; keep one of each")
    missing = [name for name in source.owed if name not in counts]
    if missing:
        found = ", ".join(counts)[:_SHOWN] or "none"
        raise Unreadable(f"columns are missing: {', '.join(missing)}; add them (found: {found})")
    return tuple(sorted(counts.keys() - {field.name for field in source.fields}))
