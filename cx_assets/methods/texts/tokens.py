"""A text as the models see it: its plain form, its script, its words and its character n-grams."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

from sklearn.feature_extraction.text import CountVectorizer

# What personal data were masked with; no word of the customer's.
MASK = re.compile(r"\[(?:email|handle|url|phone|iban|card|id|name)\]")
DIGIT = re.compile(r"\d")
# Scripts that put no space between words: Thai, Lao, Myanmar, Khmer, Kana and Han.
UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005\u3040-\u30ff\u3400-\u9fff\U00020000-\U0003ffff"
)
# Vowel signs and accents that stand by themselves: part of a word, but no letters to `re`.
MARKS = "".join(
    chr(code) for code in range(0x300, 0x1100) if unicodedata.category(chr(code))[0] == "M"
)
RUN = re.compile(rf"([{UNSPACED}]+)|([^\W\d_{UNSPACED}](?:[^\W\d_{UNSPACED}]|[{MARKS}])+)")
BIGRAM = re.compile(f"[{UNSPACED}]{{2}}")
# Names that Unicode gives letters, where people say otherwise.
COMMON_NAMES = {"cjk": "han", "ideographic": "han", "hiragana": "kana", "katakana": "kana"}
NO_LETTERS = "none"


def plain(text: str) -> str:
    """Lower case, one form for each character, without masks; every digit is a 0."""
    shown = unicodedata.normalize("NFKC", MASK.sub(" ", text)).lower()
    return DIGIT.sub("0", shown).strip()


def script_of(text: str) -> str:
    """The script of most of the letters (latin, han, kana, cyrillic, ...); none without letters."""
    letters = Counter(map(_script, filter(str.isalpha, plain(text))))
    return max(sorted(letters), key=letters.__getitem__, default=NO_LETTERS)


@lru_cache(maxsize=65_536)
def _script(letter: str) -> str:
    name = unicodedata.name(letter, "unknown").split()[0].lower()
    return COMMON_NAMES.get(name, name)


def words(text: str) -> list[str]:
    """Words of two letters or more; where a script has no spaces, each two neighbouring characters.

    Bigrams are what retrieval in Chinese and Japanese does as well with as with true words (Nie,
    Gao, Zhang and Zhou 2000), and they need no dictionary.
    """
    found = []
    for unspaced, word in RUN.findall(plain(text)):
        if word:
            found.append(word)
        else:
            pairs = [unspaced[at : at + 2] for at in range(len(unspaced) - 1)]
            found.extend(pairs or [unspaced])
    return found


def overlap(one: str, other: str) -> bool:
    """Whether these are bigrams of which one ends as the other starts: one stretch cut twice."""
    if not (BIGRAM.fullmatch(one) and BIGRAM.fullmatch(other)):
        return False
    return one[-1] == other[0] or other[-1] == one[0]


def first_apart(terms: Iterable[str], most: int) -> list[str]:
    """The first `most` of the terms, without those that overlap an earlier one."""
    told: list[str] = []
    for term in terms:
        if len(told) == most:
            break
        if not any(overlap(term, other) for other in told):
            told.append(term)
    return told


# Spaces stand for the start and the end of a word.
_within_words = CountVectorizer(
    preprocessor=plain, analyzer="char_wb", ngram_range=(1, 4)
).build_analyzer()


def character_ngrams(text: str) -> list[str]:
    """One to four characters within a word, a space before and after it among them."""
    return [ngram for ngram in _within_words(text) if ngram != " "]
