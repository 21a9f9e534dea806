"""Names of known people, found by keyed digests: nobody who scrubs needs to hold a name.

How a name is matched:

- Upper and lower case, accents, umlauts (Müller, Mueller, Muller) and compatible forms (NFKC) are
  one. Hyphens, apostrophes and points separate words.
- Two words of one name together, in either order, with at most two small words ("van der") or
  initials between them. In lower case both need three letters, and one must be no common word:
  "mark price" stays, Mark Price goes.
- One word of a name alone, if it starts with a capital, has four letters and is no common word:
  "Rose", "Will" and "Bill" stay, as does "smith"; Smith goes.
- Names in Han, Kana or Hangul as a whole: two to six characters, wherever they stand in a text that
  has no spaces between words. A family name alone is no name there.

Of other scripts that do not write spaces (Thai, Khmer) only names between spaces are found.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import combinations

from cx_assets.privacy.scrub.common_words import COMMON_WORDS, SMALL_WORDS
from cx_assets.privacy.scrub.folding import Folded, Span

# Han, Kana and Hangul.
UNSPACED = "\u3005\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3\U00020000-\U0003ffff"
# Vowel signs and accents that stand by themselves: part of a word, but no letters to `re`.
MARKS = "".join(
    chr(code) for code in range(0x300, 0x1100) if unicodedata.category(chr(code))[0] == "M"
)
WORD = re.compile(f"[^\\W\\d_{UNSPACED}](?:[^\\W\\d_{UNSPACED}]|[{MARKS}])*")
RUN = re.compile(f"[{UNSPACED}](?:[ ·]?[{UNSPACED}])+")
ACCENT = re.compile("[\u0300-\u036f]")
JOINT = re.compile(r"[ ,._'’·-]{1,3}")
# Letters with a stroke or a bow, which Unicode does not take apart, and how umlauts are spelled.
PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"})
SPELLED = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"})

SHORTEST_ALONE = 4
SHORTEST_IN_LOWER_CASE = 3
MOST_BETWEEN = 2
LONGEST_UNSPACED = 6


@dataclass(frozen=True)
class KnownNames:
    """`tokens` are the digests of the `name_keys` of every known name."""

    tokens: frozenset[bytes]
    digest: Callable[[str], bytes]
    has: Callable[[str], bool] = field(init=False, repr=False, compare=False)
    parts: Callable[[str], tuple[str, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # The same words come again and again, and a digest costs more than all the rest.
        has = lru_cache(maxsize=262_144)(lambda key: self.digest(key) in self.tokens)
        parts = lru_cache(maxsize=262_144)(
            lambda word: tuple(form for form in forms(word) if has(_part(form)))
        )
        object.__setattr__(self, "has", has)
        object.__setattr__(self, "parts", parts)


def name_keys(full_name: str) -> list[str]:
    """The keys to digest of a full name, sorted; none where it has nothing that is matched.

    They tell whether a word is part of a name, which two are of one name, and which goes alone.
    """
    text = Folded.of(full_name).text
    words = [forms(word) for word in WORD.findall(text)]
    words = [word for word in words if len(word[0]) > 1 and word[0] not in SMALL_WORDS]
    keys = {_alone(form) for word in words if _stands_alone(word) for form in word}
    for one, other in combinations(words, 2):
        keys |= {_pair(first, second) for first in one for second in other}
    if keys:
        keys |= {_part(form) for word in words for form in word}
    whole = "".join(re.findall(f"[{UNSPACED}]", text))
    if 2 <= len(whole) <= LONGEST_UNSPACED and whole not in COMMON_WORDS:
        keys |= {_whole(whole), _first(whole[0])}
    return sorted(keys)


def find_names(text: str, known: KnownNames) -> Iterator[Span]:
    """Where known names stand in a folded text; one after another."""
    return _joined(sorted([*_spaced(text, known), *_unspaced(text, known)]))


@lru_cache(maxsize=262_144)
def forms(word: str) -> tuple[str, ...]:
    """How a word may be spelled in plain letters: müller as muller and mueller."""
    lower = unicodedata.normalize("NFC", word).casefold()
    return tuple(dict.fromkeys((_plain(lower), _plain(lower.translate(SPELLED)))))


def _plain(lower: str) -> str:
    apart = unicodedata.normalize("NFKD", lower.translate(PLAIN))
    return "".join(one for one in apart if not ACCENT.match(one))


def _spaced(text: str, known: KnownNames) -> Iterator[Span]:
    """Single words that go alone, and pairs of words of one name."""
    earlier: list[tuple[int, tuple[str, ...]]] = []
    done = 0
    for match in WORD.finditer(text):
        start, end = match.span()
        if not JOINT.fullmatch(text, done, start):
            earlier = []
        done = end
        word, parts = match[0], known.parts(match[0])
        if not (parts or earlier):
            continue
        capital = not word[0].islower()
        if parts and capital and any(known.has(_alone(part)) for part in parts):
            yield start, end
        for first, others in earlier if parts else ():
            both = capital and not text[first].islower()
            pairs = (_pair(one, other) for one in others for other in parts)
            if any(map(known.has, pairs)) and (both or _rare(others, parts)):
                yield first, end
        small = len(word) == 1 or forms(word)[0] in SMALL_WORDS
        earlier = [*earlier[-MOST_BETWEEN:], (start, parts)] if small or parts else []


def _unspaced(text: str, known: KnownNames) -> Iterator[Span]:
    for run in RUN.finditer(text):
        places = [at for at in range(*run.span()) if text[at] not in " ·"]
        for at, start in enumerate(places):
            if not known.has(_first(text[start])):
                continue
            for length in range(min(LONGEST_UNSPACED, len(places) - at), 1, -1):
                written = places[at : at + length]
                if known.has(_whole("".join(text[place] for place in written))):
                    yield start, written[-1] + 1
                    break


def _joined(spans: Iterable[Span]) -> Iterator[Span]:
    """Overlapping spans as one."""
    start = end = -1
    for first, last in spans:
        if first >= end:
            if end > 0:
                yield start, end
            start, end = first, last
        end = max(end, last)
    if end > 0:
        yield start, end


def _stands_alone(word: tuple[str, ...]) -> bool:
    return len(word[0]) >= SHORTEST_ALONE and not _is_common(word)


def _rare(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether two words in lower case are more than a chance meeting of common ones."""
    shortest = min(map(len, one + other))
    return shortest >= SHORTEST_IN_LOWER_CASE and not (_is_common(one) and _is_common(other))


def _is_common(word: tuple[str, ...]) -> bool:
    return not COMMON_WORDS.isdisjoint(word)


def _part(form: str) -> str:
    return f"part {form}"


def _alone(form: str) -> str:
    return f"alone {form}"


def _pair(one: str, other: str) -> str:
    return f"pair {min(one, other)} {max(one, other)}"


def _whole(name: str) -> str:
    return f"whole {name}"


def _first(character: str) -> str:
    return f"first {character}"
