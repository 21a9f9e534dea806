"""Numbers in a text: groups of digits that stand together, and what is said of them before."""

import re
from collections.abc import Iterator

from cx_assets.privacy.scrub.folding import FILL, Span

DIGITS = re.compile(r"[0-9]+")
# Groups of one number are at most this far apart; a comma or a colon ends it.
GROUPS = r"[0-9]+(?:[ .\-/()]{1,3}[0-9]+)*"
ROW = re.compile(rf"(?<![0-9]){GROUPS}(?![0-9])")
# An extension may follow: 0743x915, 0743ext. 915.
ROW_APART = re.compile(rf"(?<![0-9A-Za-z]){GROUPS}(?![0-9]|(?!x[0-9]|ext)[A-Za-z])")
# A country or trunk code may be one digit; elsewhere one digit is a figure in a list.
SINGLE_UNTIL = 2
# More groups than this are a list of figures.
MOST_GROUPS = 12

# How far before a number the word may stand that says what it is.
REACH = 32
# A word of trade must be nearer: "order number is: 1", not "the parcel never came, I am at 1".
REACH_OF_ORDER = 12
PHONE_WORDS = (
    r"(?:tele)?phones?|tel|fon|telefon\w*|t[eé]l[eé]phone\w*|tel[eé]fono\w*|mobil\w*|m[oó]vil|cell"
    r"|handy\w*|(?:ruf|mobil)nummer|call(?:ed|ing|s)?|ring|dial|text|sms|fax|whats ?app|signal"
    r"|telegram|wechat|qq|anruf\w*|rufen?|ruft|erreich\w*|ll[aá]m\w*|appel\w*|joindre|portable"
    r"|reach|contact|my number|meine nummer|mi n[uú]mero|mon num[eé]ro"
)
PHONE_WORDS_HAN = "电话|手机|致电|来电|打给|拨打|联系|微信|我的号码"
ID_WORDS = (
    r"nhs|ssn|social security|nino|national insurance|bsn|burgerservice\w*|sofinummer"
    r"|steuer\w*|idnr|tax|tin|aadhaa?r|uidai|pesel|cpf|person\w*nummer|dni|nie|nif|nir"
    r"|s[eé]curit[eé] sociale|passport|national id|identity|id (?:card|number|no)|ausweis\w*"
)
ID_WORDS_HAN = "身份证|证件号"
ORDER_WORDS = (
    r"orders?|ord|bestell\w*|auftrags?\w*|invoices?|rechnung\w*|receipts?|ref|reference|track\w*"
    r"|parcels?|packages?|shipments?|shipping|delivery|sendung\w*|paket\w*|tickets?|cases?|vorgang\w*"
    r"|vouchers?|coupons?|gutschein\w*|articles?|artikel\w*|items?|sku|products?|produkt\w*|models?"
    r"|modell\w*|serial|serien\w*|isbn|ean|gtin|versions?|transactions?|pedidos?|facturas?"
    r"|env[ií]os?|seguimiento|commandes?|factures?|colis|suivi|kundennummer"
    r"|customer (?:id|number|no)"
)
ORDER_WORDS_HAN = "订单|单号|运单|快递|物流|发票|货号|编号|型号|条码|批号"
NUMBER_WORDS = r"numbers?|nummern?|no|nr|num[eé]ro|n[uú]mero"
SAID = re.compile(
    rf"(?P<phone>\b(?:{PHONE_WORDS})\b|{PHONE_WORDS_HAN})"
    rf"|(?P<id>\b(?:{ID_WORDS})\b|{ID_WORDS_HAN})"
    rf"|(?P<order>(?:\b(?:{ORDER_WORDS})\b|{ORDER_WORDS_HAN})(?:.{{0,12}}\b(?:{NUMBER_WORDS})\b)?)",
    re.IGNORECASE,
)
# Another number, the end of a line or a sentence; a point after a short word only shortens it.
BREAK = re.compile(rf"[0-9\n。!?;{FILL}]|(?<=\w{{4}})\. ")
# O-000123, RMA_77: letters tied to a number, unless they say otherwise, are of the shop's making.
TIED = re.compile(r"[0-9A-Za-z][-_/]$|#$")


def said_before(text: str, start: int) -> str | None:
    """What the nearest word before says of the number at `start`: phone, id or order; else None.

    A word counts up to the end of its sentence, and for the first number after it only.
    """
    before = text[max(0, start - REACH) : start]
    near = BREAK.split(before)[-1]
    *_, word = [None, *SAID.finditer(near)]
    if word and (word.lastgroup != "order" or len(near) - word.end() <= REACH_OF_ORDER):
        return word.lastgroup
    return "order" if TIED.search(before) else None


def rows(text: str, row: re.Pattern[str] = ROW_APART) -> Iterator[list[Span]]:
    """The groups of digits of every row of them: with no letter at either end, or (ROW) any."""
    for found in row.finditer(text):
        yield [group.span() for group in DIGITS.finditer(text, *found.span())]


def windows(groups: list[Span], first: int, least: int, most: int) -> list[int]:
    """Where a number of `least` to `most` digits may end that starts with group `first`.

    Returns positions of last groups, the longest number first.
    """
    ends, size = [], 0
    for last in range(first, len(groups)):
        start, end = groups[last]
        size += end - start
        if size > most or (end - start == 1 and last - first >= SINGLE_UNTIL):
            break
        if size >= least:
            ends.append(last)
    return ends[::-1]
