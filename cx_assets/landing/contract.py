"""How a landing source is declared. One declaration drives parsing, checks, rejects and docs."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from cx_assets.columns import Column

FieldType = Literal["text", "integer", "number", "time", "date", "boolean"]
Identifies = Literal["customer", "name", "email", "phone", "handle", "street"]

SQL_TYPES: dict[FieldType, str] = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "time": "TIMESTAMP",
    "date": "DATE",
    "boolean": "BOOLEAN",
}

# A name or id longer than this, or a text longer than that, is a broken file and no value.
MAX_ID_LENGTH = 500
MAX_TEXT_LENGTH = 100_000
EARLIEST = datetime(1900, 1, 1)
LATEST = datetime(2200, 1, 1)


@dataclass(frozen=True)
class Field:
    """One column of a landing file.

    `need` says what the file owes: "value" (the column, and a value in every row), "column" (the
    column, but a value may be empty) or "nothing" (the whole column may be missing).
    `identifies` says how the value leads to a person; all but "customer", the company's own number,
    are direct identifiers. `free_text` is written by people, who may name anybody in it;
    `is_address` is that of a page, which may have an e-mail address in it.
    """

    name: str
    type: FieldType
    description: str
    need: Literal["value", "column", "nothing"] = "nothing"
    one_of: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    max_length: int = MAX_ID_LENGTH
    identifies: Identifies | None = None
    free_text: bool = False
    is_address: bool = False

    @property
    def is_direct(self) -> bool:
        """Whether the value itself must not be shown: a direct identifier, or a text with one."""
        return self.identifies not in (None, "customer") or self.free_text or self.is_address

    @property
    def sql_type(self) -> str:
        return SQL_TYPES[self.type]


# What the reader adds to the fields of a source on their way through.
RESERVED = frozenset(
    {
        "file",
        "source_file",
        "source_line",
        "landed",
        "problem",
        "refusal",
        "kept",
        "period",
        "erased",
    }
)

# What is worked out from a customer's name and e-mail before they are pseudonyms.
TRACES = (
    Column(
        "is_test_account", "BOOLEAN", "Name or e-mail has the word test, tester, testing or 测试."
    ),
    Column("name_keys", "BIGINT[]", "Pseudonyms of the name's spellings, to scrub texts of them."),
)


@dataclass(frozen=True)
class Source:
    """One kind of landing file: `landing/<name>/**`.

    `key` identifies a row; `event_time` places it in a period. A `versioned` source describes
    things rather than events: each row is a newer state of its key, and a state older than the
    first period is what was known when history began, so it belongs to the first period.
    """

    name: str
    description: str
    key: tuple[str, ...]
    event_time: str
    fields: tuple[Field, ...]
    versioned: bool = False

    def __post_init__(self) -> None:
        taken = RESERVED.intersection(field.name for field in self.fields)
        if taken:
            raise ValueError(f"{self.name}: the reader needs the name {sorted(taken)[0]!r} itself")

    def field(self, name: str) -> Field:
        return next(field for field in self.fields if field.name == name)

    @property
    def identifiers(self) -> tuple[Field, ...]:
        """The fields whose values must not get into the warehouse: direct identifiers."""
        return tuple(f for f in self.fields if f.identifies not in (None, "customer"))

    @property
    def texts(self) -> tuple[Field, ...]:
        """The fields that people wrote."""
        return tuple(field for field in self.fields if field.free_text)

    @property
    def knows_people(self) -> bool:
        """Whether its rows say who somebody is: a customer with direct identifiers."""
        return bool(self.identifiers) and any(f.identifies == "customer" for f in self.fields)

    @property
    def owed(self) -> tuple[str, ...]:
        """The columns that every file of this source must have."""
        return tuple(field.name for field in self.fields if field.need != "nothing")
