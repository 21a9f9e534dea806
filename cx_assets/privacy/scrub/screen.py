"""The cheap question that comes first: may there be any structured identifier in the text at all?

One pattern answers it in Python and in SQL, and `scrub` asks it of every text. So a query that
selects by it misses nothing that `scrub` would replace, names apart.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import lru_cache

from cx_assets.privacy.scrub.folding import INVISIBLE_RANGES
from cx_assets.warehouse.names import literal

# The shortest number that anything is made of: a local phone number after "call me at".
FEWEST_DIGITS = 6
# No digit lies beyond (Unicode 16).
LAST_DIGIT = 0x20000
AT_SIGNS = ((0x40, 0x40), (0xFE6B, 0xFE6B), (0xFF20, 0xFF20))
# Letters that could spell "dot" or "at" in another form: full-width and mathematical ones.
FORMAL_LETTERS = ((0xFF21, 0xFF5A), (0x1D400, 0x1D6FF))


def may_hold_identifiers(text: str) -> bool:
    return _compiled().search(text) is not None


def candidates_sql(column: str) -> str:
    """A boolean expression, never null, over a column of texts (as SQL writes its name)."""
    pattern = _pattern(lambda code: f"\\x{{{code:x}}}")
    return f"coalesce(regexp_matches({column}, {literal(pattern)}), false)"


@lru_cache(maxsize=1)
def _compiled() -> re.Pattern[str]:
    return re.compile(_pattern(lambda code: re.escape(chr(code))))


def _pattern(write: Callable[[int], str]) -> str:
    """An @, six digits with anything between, "(at)", "dot", or what hides such things."""

    def ranges(of: Iterable[tuple[int, int]]) -> str:
        return "".join(f"{write(first)}-{write(last)}" for first, last in of)

    telling = ranges((*AT_SIGNS, *FORMAL_LETTERS, *INVISIBLE_RANGES))
    digits = ranges(_digit_ranges())
    spelled = r"[dD][oO][tT]|[aA][tT] ?[)\]}>]"
    return rf"[{telling}]|{spelled}|(?:[{digits}][^{digits}]*){{{FEWEST_DIGITS}}}"


@lru_cache(maxsize=1)
def _digit_ranges() -> list[tuple[int, int]]:
    """The code points that fold to a digit, as first and last of each unbroken stretch."""
    found: list[tuple[int, int]] = []
    for code in range(LAST_DIGIT):
        if unicodedata.digit(chr(code), None) is None:
            continue
        if found and found[-1][1] == code - 1:
            found[-1] = (found[-1][0], code)
        else:
            found.append((code, code))
    return found
