"""E-mail addresses, social handles, and addresses of pages that hold a user's name."""

import re
from collections.abc import Iterator

from cx_assets.privacy.scrub.folding import FILL, Span

# Chinese and Japanese put no space before an address: what is in their characters and what is not
# are different words here.
HAN = "\u3005\u3040-\u30ff\u3400-\u9fff\U00020000-\U0003ffff"
CLOSING = "\u2018-\u201f\u2026\u3000-\u303f"
ATOM = f'[^\\s@<>()\\[\\]{{}}|,;:!?"\\\\/{CLOSING}{HAN}{FILL}]'
WORD = f"[^\\W{HAN}]"
LETTER = f"[^\\W\\d_{HAN}]"
LABEL = f"(?:{WORD}|-)+"

DOTTED = rf"(?:{LABEL}\.)+{LETTER}{LABEL}|\[?\d{{1,3}}(?:\.\d{{1,3}}){{3}}\]?"
IN_HAN = rf"[{HAN}]+(?:\.(?:[{HAN}]+|{LABEL}))+"
# A host without a dot is a payment service's, or one of the writer's own house.
EMAIL = re.compile(
    rf"(?:(?<!{ATOM}){ATOM}+|\"[^\"\n{FILL}]{{1,64}}\")@(?:{DOTTED}|{IN_HAN}|{LETTER}{LABEL})"
    rf"|(?<![{HAN}])[{HAN}]+@(?:{DOTTED}|{IN_HAN})"
)

# Spelled out: "ann (at) shop.example", "ann at shop dot com". Without brackets both words must be
# there, and the end is none that is a word as well ("look at the dot in the middle").
SPELLED_LOCAL = r"(?<![\w.+-])[\w.+-]{1,64}"
SPELLED_LABEL = r"[a-z0-9-]{1,63}"
DOT = r" ?(?:\.|[(\[{<] ?dot ?[)\]}>]| dot ) ?"
ENDS = "com|net|org|edu|gov|info|io|co|eu|de|ch|cn|uk|fr|es|nl|pl|se|br"
SPELLED = re.compile(
    rf"{SPELLED_LOCAL} ?[(\[{{<] ?at ?[)\]}}>] ?{SPELLED_LABEL}(?:{DOT}{SPELLED_LABEL})+"
    rf"|{SPELLED_LOCAL} at {SPELLED_LABEL}(?: dot {SPELLED_LABEL})* dot (?:{ENDS})\b",
    re.IGNORECASE | re.ASCII,
)

HANDLE = re.compile(
    rf"(?<!{ATOM})@(?:(?=[\d_]{{0,30}}{LETTER}){WORD}{{2,}}(?:[.-]{WORD}+)*|[{HAN}]{{2,30}}{WORD}*)"
)
PAGE = re.compile(
    rf"(?<![a-z])[a-z][a-z+]{{1,9}}://[^\s/?#@{FILL}]{{1,256}}@[^\s{CLOSING}{HAN}{FILL}]*",
    re.IGNORECASE,
)


def find_pages(text: str) -> Iterator[Span]:
    """Addresses with a user, and maybe a password, before the host (RFC 3986, userinfo)."""
    return (match.span() for match in PAGE.finditer(text))


def find_emails(text: str) -> Iterator[Span]:
    """E-mail addresses, with letters of any language on both sides of the @ (RFC 6531).

    A local part in Chinese or Japanese is as long as what is written in their characters before
    the @, since no space says where it starts.
    """
    written = [match.span() for match in EMAIL.finditer(text)]
    spelled = (match.span() for match in SPELLED.finditer(text))
    apart = [one for one in spelled if not any(_overlap(one, other) for other in written)]
    return iter(sorted(written + apart))


def find_handles(text: str) -> Iterator[Span]:
    return (match.span() for match in HANDLE.finditer(text))


def _overlap(one: Span, other: Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]
