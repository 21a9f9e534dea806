"""Numbers of payment cards and bank accounts."""

import re
from collections.abc import Iterator
from functools import lru_cache

from stdnum import iban, luhn, numdb

from cx_assets.privacy.scrub.folding import Span
from cx_assets.privacy.scrub.numbers import DIGITS, ROW, rows, windows

# First digits of the issuers (ISO/IEC 7812) and how long their cards' numbers are. Visa's old 13
# digits are left out: no such card is valid any more, and many articles' EAN-13 would pass.
ISSUERS = (
    (re.compile(r"4"), (16, 19)),  # Visa
    (re.compile(r"5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720"), (16,)),  # Mastercard
    (re.compile(r"3[47]"), (15,)),  # American Express
    (re.compile(r"30[0-5]|3[689]"), (14, 15, 16, 17, 18, 19)),  # Diners Club
    (re.compile(r"6011|64[4-9]|65"), (16, 17, 18, 19)),  # Discover
    (re.compile(r"35(?:2[89]|[3-8])"), (16, 17, 18, 19)),  # JCB
    (re.compile(r"1800|2131"), (15,)),  # JCB, its older cards
    (re.compile(r"62|81"), (16, 17, 18, 19)),  # UnionPay
    (re.compile(r"5018|5020|5038|5893|6304|6759|676[1-3]"), (16, 17, 18, 19)),  # Maestro
    (re.compile(r"220[0-4]"), (16, 17, 18, 19)),  # Mir
    (re.compile(r"60|508|82"), (16,)),  # RuPay
)
SHORTEST_CARD, LONGEST_CARD = 14, 19

IBAN_START = re.compile(r"(?<![0-9A-Za-z])([A-Za-z]{2})[0-9]{2}")
LATIN = re.compile(r"[0-9A-Za-z]")
IBAN_CHARACTER = re.compile(r"[ -]?([0-9A-Za-z])")


def find_cards(text: str) -> Iterator[Span]:
    """Numbers of an issuer's first digits and length whose check digit is right."""
    for groups in rows(text, ROW):
        at = 0
        while at < len(groups):
            start = groups[at][0]
            for last in windows(groups, at, SHORTEST_CARD, LONGEST_CARD):
                end = groups[last][1]
                if is_card("".join(DIGITS.findall(text, start, end))):
                    yield start, end
                    at = last
                    break
            at += 1


def is_card(digits: str) -> bool:
    issued = any(first.match(digits) and len(digits) in sizes for first, sizes in ISSUERS)
    return issued and luhn.is_valid(digits)


def find_ibans(text: str) -> Iterator[Span]:
    """Account numbers of ISO 13616: a registered country, its length and form, and mod 97 is 1."""
    done = 0
    for start in IBAN_START.finditer(text):
        length = iban_length(start[1].upper())
        if start.start() < done or not length:
            continue
        number, end = "", start.start()
        while len(number) < length and (character := IBAN_CHARACTER.match(text, end)):
            number, end = number + character[1], character.end()
        if not LATIN.match(text, end) and iban.is_valid(number):
            yield start.start(), end
            done = end


@lru_cache(maxsize=1024)
def iban_length(country: str) -> int:
    """How many characters an account number of the country has; 0: it has none."""
    ((_, registered),) = numdb.get("iban").info(country)
    return 4 + sum(map(int, re.findall("[0-9]+", registered["bban"]))) if registered else 0
