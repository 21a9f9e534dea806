"""One column of one table: its name, type, meaning and the tests its values must pass.

Landing sources, SQL models and Python tables all describe their columns with this class, so the
catalogue, the checks and the generated documentation come from one place.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

Severity = Literal["error", "warn"]


@dataclass(frozen=True)
class NotNull:
    severity: Severity = "error"


@dataclass(frozen=True)
class Unique:
    """No two rows of a period share the value; null is no value."""

    severity: Severity = "error"


@dataclass(frozen=True)
class UniqueTogether:
    """No two rows of a period share the values of all these columns; here null is a value too."""

    columns: tuple[str, ...]
    severity: Severity = "error"


@dataclass(frozen=True)
class OneOf:
    values: tuple[str, ...]
    severity: Severity = "error"


@dataclass(frozen=True)
class Range:
    """minimum <= value <= maximum; None leaves that side open."""

    minimum: float | None = None
    maximum: float | None = None
    severity: Severity = "error"


@dataclass(frozen=True)
class References:
    """Every value stands in `column` of `table` (written schema.table), in the same period."""

    table: str
    column: str
    severity: Severity = "error"


@dataclass(frozen=True)
class Consent:
    """Every customer has agreed to all of these by the end of the same period; null is nobody."""

    to: tuple[Literal["marketing", "analytics"], ...]
    severity: Severity = "error"

    # Where it stands who has agreed to what.
    table: ClassVar[str] = "process.customers"


Test = NotNull | Unique | OneOf | Range | References | Consent


@dataclass(frozen=True)
class Column:
    """`type` is the SQL type (VARCHAR, BIGINT, DOUBLE, TIMESTAMP, DATE, BOOLEAN, VARCHAR[])."""

    name: str
    type: str
    description: str
    tests: tuple[Test, ...] = ()


def names(columns: Sequence[Column]) -> list[str]:
    return [column.name for column in columns]
