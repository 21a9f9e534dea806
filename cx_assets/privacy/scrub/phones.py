"""Phone numbers, as people write them."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain, islice

import phonenumbers
from phonenumbers import Leniency, PhoneNumberMatcher

from cx_assets.privacy.scrub.folding import Span, blanked
from cx_assets.privacy.scrub.numbers import MOST_GROUPS, rows, said_before, windows

# Whose national numbers are known without a country code, where nobody says otherwise.
REGIONS = ("CN", "DE", "ES", "FR", "GB", "US")

# The fewest digits of a number that is said to be a phone's, of one that is not, and the most that
# there are (ITU-T E.164).
FEWEST_SAID, FEWEST, MOST = 6, 7, 15
# 0, an area or mobile code, and the rest: from 9 digits in small German towns to 12.
TRUNK = re.compile(r"0[1-9][0-9]{7,10}")
# How the numbers of a region look to whoever reads them, whether or not they are in use.
USUAL = {
    "CN": re.compile(r"1[3-9][0-9]([ -]?)[0-9]{4}\1[0-9]{4}"),
    "US": re.compile(r"(?:(?:00)?1[-. ])?[2-9][0-9]{2}(?:\) ?|[-. ])[0-9]{3}[-. ][0-9]{4}"),
}
EXTENSION = re.compile(r" ?(?:x|ext\.?) ?[0-9]{1,6}(?![0-9])")
ABROAD = "00"
SEPARATORS = re.compile(r"[^0-9]+")

DAY, MONTH, YEAR = r"(?:3[01]|[12][0-9]|0?[1-9])", r"(?:1[0-2]|0?[1-9])", r"(?:19|20)[0-9]{2}"
CURRENCY = r"(?:[€$£¥₹元]|块|EUR|USD|GBP|CNY|RMB|Euro|euros?|dollars?|pounds?)"
AMOUNT = r"[0-9]{1,3}(?:[., ][0-9]{3})+(?:[.,][0-9]{1,2})?|[0-9]+(?:[.,][0-9]+)?"
# Dates, ratings, prices and decimals: never a phone number, whatever stands before them.
OTHER = re.compile(
    rf"(?<![0-9])(?<![0-9][.\-/])(?:"
    rf"{YEAR}([-./]){MONTH}\1{DAY}|(?:{DAY}([-./]){MONTH}|{MONTH}([-./]){DAY})(?:\2|\3)(?:{YEAR}|[0-9]{{2}})"
    rf"|{YEAR}(?:1[0-2]|0[1-9])(?:3[01]|[12][0-9]|0[1-9])"
    rf"|[0-9]{{1,2}}/[0-9]{{1,2}}|[0-9]+\.[0-9]{{1,2}}|(?:{AMOUNT}) ?(?:{CURRENCY}|%)"
    rf")(?![0-9A-Za-z]|[.\-/][0-9])"
    rf"|{CURRENCY} ?(?:{AMOUNT})(?![0-9])"
)
PLUS = re.compile(r"\+[ (]?$")


def find_international(text: str) -> Iterator[Span]:
    """Numbers with a + before a country's code: as long as one of the country's, else 15 digits."""
    for groups in rows(_without_others(text)):
        start = groups[0][0]
        if PLUS.search(text, max(0, start - 2), start):
            lasts = windows(groups, 0, FEWEST, MOST)
            valid = (last for last in lasts if is_valid("+" + text[start : groups[last][1]]))
            for last in islice(chain(valid, lasts), 1):
                yield _whole(text, start, groups[last][1])


def find_phones(text: str, regions: Sequence[str] = REGIONS) -> Iterator[Span]:
    """Numbers without a +: those with a trunk code, those said to be a phone's, and what looks like
    one of the regions, to libphonenumber or to the eye.

    Args:
        regions: countries (ISO 3166, two letters) that they may be of.
    """
    text = _without_others(text)
    for groups in rows(text):
        at = 0
        while at < len(groups):
            last = _last_group(text, groups, at, tuple(regions))
            if last is not None:
                yield _whole(text, groups[at][0], groups[last][1])
                at = last
            at += 1


def _without_others(text: str) -> str:
    return blanked(text, (match.span() for match in OTHER.finditer(text)))


def _last_group(text: str, groups: list[Span], at: int, regions: tuple[str, ...]) -> int | None:
    """The last group of the phone number that starts with group `at`; None: it is none."""
    start = groups[at][0]
    said = said_before(text, start)
    if said == "order" or len(groups) > MOST_GROUPS:
        return None
    lasts = windows(groups, at, FEWEST_SAID if said == "phone" else FEWEST, MOST)
    written = {last: text[start : groups[last][1]] for last in lasts}
    national = (last for last in lasts if is_national(written[last], regions))
    trunk = (last for last in lasts if TRUNK.fullmatch(SEPARATORS.sub("", written[last])))
    return next(chain(national, trunk, lasts if said == "phone" else ()), None)


def is_valid(written: str) -> bool:
    """Whether a number with a + is one of a country's plan."""
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(written))
    except phonenumbers.NumberParseException:
        return False


@lru_cache(maxsize=65_536)
def is_national(written: str, regions: tuple[str, ...]) -> bool:
    """Whether one of the regions has such a number and writes it so, or it has 00 for the +."""
    if written.startswith(ABROAD) and is_valid("+" + written.removeprefix(ABROAD)):
        return True
    return any(
        (region in USUAL and USUAL[region].fullmatch(written))
        or any(
            match.raw_string == written
            for match in PhoneNumberMatcher(written, region, Leniency.STRICT_GROUPING)
        )
        for region in regions
    )


def _whole(text: str, start: int, end: int) -> Span:
    """The number with what belongs to it: a +, a bracket that is closed inside, an extension."""
    if plus := PLUS.search(text, max(0, start - 2), start):
        start = plus.start()
    if text[start - 1 : start] == "(" and ")" in text[start:end]:
        start -= 1
    extension = EXTENSION.match(text, end)
    return start, extension.end() if extension else end
