"""A text in plain characters, with the way back to where each of them stood.

Finders look at the folded text alone, so a number in full-width digits, or with an invisible
character in it, is the same number to all of them.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Span = tuple[int, int]

LABELS = ("email", "handle", "url", "phone", "iban", "card", "id", "name")
LABEL = re.compile(rf"\[({'|'.join(LABELS)})\]")
# Stands for what has been found, or may not be: neither a letter, a digit nor a separator, and no
# character at all to Unicode.
FILL = "\uffff"

# What takes no room: soft hyphen, joiners, marks of direction, variation selectors, key caps, tags.
INVISIBLE_RANGES = (
    (0xAD, 0xAD),
    (0x34F, 0x34F),
    (0x61C, 0x61C),
    (0x180B, 0x180E),
    (0x200B, 0x200F),
    (0x202A, 0x202E),
    (0x2060, 0x206F),
    (0x20E3, 0x20E3),
    (0xFE00, 0xFE0F),
    (0xFEFF, 0xFEFF),
    (0xE0000, 0xE01EF),
)
INVISIBLE = re.compile(
    "[" + "".join(f"{chr(first)}-{chr(last)}" for first, last in INVISIBLE_RANGES) + "]"
)


class _Folding(dict[int, str]):
    """One character for one: a digit of any script is 0 to 9, any dash a hyphen, any space a space,
    and the rest its compatible form (NFKC) where that is a single character."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        digit = unicodedata.digit(character, None)
        category = unicodedata.category(character)
        if digit is not None:
            folded = str(digit)
        elif category == "Pd" or character == "\N{MINUS SIGN}":
            folded = "-"
        elif category == "Zs":
            folded = " "
        else:
            compatible = unicodedata.normalize("NFKC", character)
            folded = compatible if len(compatible) == 1 else character
        self[code] = folded
        return folded


_FOLDING = _Folding()


@dataclass(frozen=True)
class Folded:
    """`places[n]` is where character n of `text` stands in `original`; None: at n."""

    original: str
    text: str
    places: Sequence[int] | None = None

    @classmethod
    def of(cls, text: str) -> "Folded":
        if text.isascii():
            return cls(text, text)
        if not INVISIBLE.search(text):
            return cls(text, text.translate(_FOLDING))
        places = [at for at, character in enumerate(text) if not INVISIBLE.match(character)]
        seen = "".join(text[at] for at in places)
        return cls(text, seen.translate(_FOLDING), places)

    def replaced(self, found: Iterable[tuple[Span, str]]) -> str:
        """The original with a label in place of each span of the folded text; none may overlap."""
        places = range(len(self.text)) if self.places is None else self.places
        pieces, done = [], 0
        for (start, end), label in sorted(found):
            pieces += [self.original[done : places[start]], f"[{label}]"]
            # With it goes what is invisible behind it.
            done = places[end] if end < len(places) else len(self.original)
        return "".join([*pieces, self.original[done:]])


def blanked(text: str, spans: Iterable[Span]) -> str:
    """The text, as long as before, with the spans filled; they are in order."""
    pieces, done = [], 0
    for start, end in spans:
        pieces += [text[done:start], FILL * (end - start)]
        done = end
    return "".join([*pieces, text[done:]])
