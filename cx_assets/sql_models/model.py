"""What is known about one SQL model, and the error that a wrong one raises."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cx_assets.columns import Column, UniqueTogether

STAGES = ("collect", "process", "features", "analyze", "insight", "personalize", "feedback")

Grain = Literal["snapshot", "events"]


class ModelError(Exception):
    """A model that cannot be loaded; the message starts with `path:line: `."""


class Problem(Exception):
    """Something wrong at a line of the text at hand."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


@contextmanager
def problems_in(path: Path) -> Iterator[None]:
    """Turn a Problem into a ModelError about the file `path`.

    So is an expression deeper than Python can follow.
    """
    try:
        yield
    except RecursionError as error:
        raise ModelError(f"{path}:1: nested too deeply to be read") from error
    except Problem as problem:
        raise ModelError(f"{path}:{problem.line}: {problem}") from problem


@dataclass(frozen=True)
class SqlModel:
    """One file `<stage>/<name>.sql`, which fills the table `<stage>.<name>`.

    `sql` is the file as written; `parameters` are the names it binds, without the `$`.
    `depends_on` are the tables it reads and those its tests refer to, sorted.
    `grain` is "snapshot" for a model that states how things are at a period's end, and so runs once
    a period, or "events" for one whose rows carry their own period, so that one run can cover all
    periods of [$period_start, $period_end).
    `code_version` changes when the SQL does, but not for a comment, a test, layout or case.
    `lineage` gives for every column the (table, column) pairs that its value is computed from, one
    step upstream, sorted; it is empty for a constant or a bare count(*).
    """

    path: Path
    stage: str
    name: str
    sql: str
    description: str
    columns: tuple[Column, ...]
    table_tests: tuple[UniqueTogether, ...]
    depends_on: tuple[str, ...]
    parameters: frozenset[str]
    grain: Grain
    code_version: str
    lineage: Mapping[str, tuple[tuple[str, str], ...]]

    @property
    def table(self) -> str:
        return f"{self.stage}.{self.name}"
