"""What is searched for: identifiers, as they are spelled in text, CSV, JSON and binary files.

A needle that is too common in itself (an id of digits only, a name of one word, anything shorter
than four characters) says nothing where it stands: it is only looked for as the whole value of a
column that is named like it.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from string import punctuation

from cx_assets.privacy.erasure.person import HANDLE, Person

ERASED = "[erased]"
SHORTEST = 4
FEWEST_DIGITS = 8
# With more needles than this, one look at a block's words is quicker than a search for each.
MANY = 50
# So many words in one pattern of RE2's, whose memory is bounded.
IN_PATTERN = 200

_CASED = ("customer_id", "token")
_WORD = "[0-9A-Za-z]"
# JSON writes a line break as \n: its n is no letter before the needle.
_ESCAPED = r"(?<=\\[bfnrt])|(?<=\\u[0-9a-fA-F]{4})"
_ESCAPE = re.compile(rb"\\(?:u[0-9a-fA-F]{4}|[bfnrt])")
_WORDS = re.compile(rb"[0-9a-z]+")


@dataclass(frozen=True)
class Needle:
    """One identifier, id or token; `shared` with somebody who stays."""

    kind: str
    text: str
    shared: bool = False

    @cached_property
    def is_distinctive(self) -> bool:
        """Whether the text alone says whose it is, wherever it stands."""
        if len(self.text) < SHORTEST:
            return False
        match self.kind:
            case "customer_id":
                return not self.text.isdigit()
            case "phone":
                return sum(map(str.isdigit, self.text)) >= FEWEST_DIGITS
            case "full_name" | "street":
                return len(self.text.split()) > 1 or any(letter > "\u2e7f" for letter in self.text)
        return True

    @cached_property
    def spellings(self) -> tuple[str, ...]:
        """As it is written in plain text, in quoted CSV and in JSON."""
        text = f"@{self.text.lstrip('@')}" if self.kind == HANDLE else self.text
        in_json = (json.dumps(text, ensure_ascii=ascii)[1:-1] for ascii in (True, False))
        return tuple(dict.fromkeys((text, text.replace('"', '""'), *in_json)))

    @cached_property
    def lowered(self) -> tuple[str, ...]:
        """The spellings in lower case; DuckDB's is another one than Python's for one letter."""
        both = (text.lower() for one in self.spellings for text in (one, one.replace("İ", "i")))
        return tuple(dict.fromkeys(both))

    @cached_property
    def columns(self) -> frozenset[str]:
        """The columns whose whole value it may be."""
        return frozenset({"handle", HANDLE} if self.kind == HANDLE else {self.kind})

    def is_value(self, value: str) -> bool:
        """Whether it is this whole value of one of its columns."""
        return self._plain(value) == self._plain(self.text)

    def _plain(self, text: str) -> str:
        text = text.strip()
        text = text.lstrip("@") if self.kind == HANDLE else text
        return text if self.kind in _CASED else text.lower()

    def found_in(self, text: str) -> bool:
        return any(pattern(self.kind, spelling).search(text) for spelling in self.spellings)

    def replaced(self, text: str) -> str:
        for spelling in self.spellings:
            text = pattern(self.kind, spelling).sub(ERASED, text)
        return text


def needles(people: Iterable[Person]) -> list[Needle]:
    """Everything by which these people could be found again."""
    found: dict[tuple[str, str], Needle] = {}
    for person in people:
        kinds = {"customer_id": person.customer_ids, **person.identifiers, "token": person.tokens}
        for kind, values in kinds.items():
            for value in sorted(values):
                if text := value.strip():
                    shared = value in person.shared and kind != "customer_id"
                    found[kind, text] = Needle(kind, text, shared)
    return list(found.values())


def may_hold(text: str, wanted: Iterable[Needle]) -> bool:
    """Whether a needle stands in the text, as a word or within one."""
    lowered = text.lower()
    return any(one in lowered for needle in wanted for one in needle.lowered)


def may_hold_sql(text: str, wanted: Iterable[Needle]) -> tuple[str, dict[str, str]]:
    """The same as an SQL condition on a text expression, and its parameters.

    A pattern of many words is one pass over the text, where a search for each would be many.
    """
    spelled = sorted({one for needle in wanted for one in needle.lowered})
    patterns = {
        f"pattern_{start}": "|".join(map(_escaped, spelled[start : start + IN_PATTERN]))
        for start in range(0, len(spelled), IN_PATTERN)
    }
    tests = [f"regexp_matches(lower({text}), ${name})" for name in patterns]
    return f"({' or '.join(tests) or 'false'})", patterns


def _escaped(text: str) -> str:
    return "".join(f"\\{one}" if one in punctuation else one for one in text)


def replaced(text: str, wanted: Iterable[Needle]) -> str:
    """The text with `[erased]` in place of every needle."""
    for needle in wanted:
        if may_hold(text, (needle,)):
            text = needle.replaced(text)
    return text


def hits(
    block: bytes, wanted: Sequence[Needle], bounded: bool = True
) -> Iterator[tuple[int, Needle]]:
    """Where a needle stands in the bytes; a search for each, at some GB a second.

    Args:
        bounded: whether it must be a word of its own. Binary files have strings back to back.
    """
    lowered = block.lower()
    for needle in _plausible(lowered, wanted) if bounded else wanted:
        for spelling in needle.spellings:
            # Bytes know the two cases of ASCII only.
            for sought in {spelling.encode().lower(), spelling.lower().encode()}:
                whole = bytes_pattern(needle.kind, sought.decode()) if bounded else None
                cased = spelling.encode() if needle.kind in _CASED else b""
                at = lowered.find(sought)
                while at >= 0:
                    if block.startswith(cased, at) and (not whole or whole.match(block, at)):
                        yield at, needle
                    at = lowered.find(sought, at + 1)


def _plausible(lowered: bytes, wanted: Sequence[Needle]) -> Sequence[Needle]:
    """The needles whose longest word is a word of the block."""
    if len(wanted) <= MANY:
        return wanted
    words = set(_WORDS.findall(_ESCAPE.sub(b" ", lowered)))
    return [
        needle
        for needle in wanted
        if any(anchor(one) is None or anchor(one) in words for one in needle.spellings)
    ]


@cache
def anchor(spelling: str) -> bytes | None:
    """The longest word of a spelling, by which it can be looked up; None where it has none."""
    words = _WORDS.findall(_ESCAPE.sub(b" ", spelling.lower().encode()))
    return max(words, key=len, default=None)


@cache
def pattern(kind: str, spelling: str) -> re.Pattern[str]:
    """The spelling as a word of its own; an e-mail address is no part of a longer one."""
    left = right = ""
    if re.match(f"{_WORD}|@", spelling):
        longer = rf"(?<!{_WORD}[._%+-])" if kind == "email" else ""
        left = rf"(?:(?<!{_WORD}){longer}|{_ESCAPED})"
    if re.match(_WORD, spelling[-1]):
        right = "(?![0-9A-Za-z_])" if kind == HANDLE else f"(?!{_WORD})"
    flags = re.NOFLAG if kind in _CASED else re.IGNORECASE
    return re.compile(left + re.escape(spelling) + right, flags)


@cache
def bytes_pattern(kind: str, spelling: str) -> re.Pattern[bytes]:
    """The same for UTF-8; where case counts, the caller looks at it."""
    return re.compile(pattern(kind, spelling).pattern.encode(), re.IGNORECASE)
