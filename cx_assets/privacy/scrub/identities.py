"""National identity numbers, by the form they are written in and their check digits.

Sources: the registers' own rules as python-stdnum has them; for China's resident identity number
GB 11643 (of the place of registration any number will do: counties come and go); for the United
Kingdom's National Insurance number, which has no check digit, HM Revenue & Customs' NIM39110.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from stdnum.br import cpf
from stdnum.de import idnr
from stdnum.es import dni, nie
from stdnum.fr import nir
from stdnum.gb import nhs
from stdnum.in_ import aadhaar
from stdnum.iso7064 import mod_11_2
from stdnum.it import codicefiscale
from stdnum.nl import bsn
from stdnum.pl import pesel
from stdnum.se import personnummer
from stdnum.us import ssn

from cx_assets.privacy.scrub.folding import Span
from cx_assets.privacy.scrub.numbers import said_before

NINO = re.compile(r"(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z][0-9]{6}[A-D]")
# As many digits as this with a date and a check in them are nothing else.
LONG = 14


@dataclass(frozen=True)
class Identity:
    """`form` has its separators; `checked` tells whether the number has a check digit or letter."""

    form: re.Pattern[str]
    is_valid: Callable[[str], bool]
    checked: bool = True


def identity(form: str, is_valid: Callable[[str], bool], checked: bool = True) -> Identity:
    """No letter or digit stands before or after, and no other part of a decimal or a date."""
    edges = rf"(?<![0-9A-Za-z])(?<![0-9][.-])(?:{form})(?![0-9A-Za-z])(?!\.[0-9]|-[0-9])"
    return Identity(re.compile(edges, re.IGNORECASE), is_valid, checked)


def is_nino(number: str) -> bool:
    return NINO.fullmatch(number.replace(" ", "").upper()) is not None


def is_resident_identity(number: str) -> bool:
    """Six digits of a place, the day of birth, three of a sequence, and ISO 7064 MOD 11-2."""
    number = number.replace(" ", "").upper()
    try:
        date.fromisoformat(number[6:14])
    except ValueError:
        return False
    return bool(mod_11_2.is_valid(number))


IDENTITIES = (
    # China, resident identity card
    identity(r"[0-9]{6} ?(?:19|20)[0-9]{6} ?[0-9]{3}[0-9X]", is_resident_identity),
    # Germany, tax identification number
    identity(r"[0-9]{2}([ /]?)[0-9]{3}\1[0-9]{3}\1[0-9]{3}", idnr.is_valid),
    # United Kingdom, National Health Service and National Insurance
    identity(r"[0-9]{3}( ?)[0-9]{3}\1[0-9]{4}", nhs.is_valid),
    identity(r"[A-Z]{2}( ?)[0-9]{2}\1[0-9]{2}\1[0-9]{2}\1[A-D]", is_nino, checked=False),
    # United States, social security
    identity(r"[0-9]{3}([- ]?)[0-9]{2}\1[0-9]{4}", ssn.is_valid, checked=False),
    # France, social security
    identity(
        r"[1278]( ?)[0-9]{2}\1[0-9]{2}\1[0-9][0-9AB]\1[0-9]{3}\1[0-9]{3} ?[0-9]{2}",
        nir.is_valid,
    ),
    # Spain, citizens and foreigners
    identity(r"[0-9]{2}(\.?)[0-9]{3}\1[0-9]{3}[- ]?[A-Z]", dni.is_valid),
    identity(r"[XYZ][- ]?[0-9]{7}[- ]?[A-Z]", nie.is_valid),
    # Italy, tax code; letters L to V stand for digits where two people would share one
    identity(
        r"[A-Z]{3}( ?)[A-Z]{3}\1[0-9L-V]{2}[A-Z][0-9L-V]{2}\1[A-Z][0-9L-V]{3}[A-Z]",
        codicefiscale.is_valid,
    ),
    # Netherlands, citizen service number
    identity(r"[0-9]{4}([. ]?)[0-9]{2}\1[0-9]{3}", bsn.is_valid),
    # Brazil, natural persons
    identity(r"[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}|[0-9]{9}-?[0-9]{2}", cpf.is_valid),
    # Poland
    identity(r"[0-9]{11}", pesel.is_valid),
    # Sweden
    identity(r"(?:[0-9]{2})?[0-9]{6}[-+]?[0-9]{4}", personnummer.is_valid),
    # India
    identity(r"[0-9]{4}([ -]?)[0-9]{4}\1[0-9]{4}", aadhaar.is_valid),
)


def find_identities(text: str) -> Iterator[Span]:
    """Numbers of a known form whose check is right, first come first.

    A short one in digits alone could be many things: it is none of these where it is said to be of
    an order or a phone, and one without a check digit only where it is said to be an identity.
    """
    found = (span for kind in IDENTITIES for span in _found(kind, text))
    done = 0
    for start, end in sorted(found, key=lambda span: (span[0], -span[1])):
        if start >= done:
            yield start, end
            done = end


def _found(kind: Identity, text: str) -> Iterator[Span]:
    for match in kind.form.finditer(text):
        if not kind.is_valid(match[0]):
            continue
        if match[0].isdigit() and len(match[0]) < LONG:
            said = said_before(text, match.start())
            if said in ("order", "phone") or (not kind.checked and said != "id"):
                continue
        yield match.span()
