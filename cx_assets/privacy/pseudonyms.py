"""Keyed pseudonyms: HMAC-SHA256 of an identifier, the same bytes in SQL and in Python.

Without the key nobody can try out names or numbers against them, which a plain hash allows.
"""

import hashlib
import hmac
from collections.abc import Iterable

BLOCK = 64  # Bytes of a block of SHA-256 (RFC 2104).

# What makes two spellings of an identifier the same, in SQL over the text {0}.
SAME: dict[str, str] = {
    "customer": "{0}",
    "name": r"lower(trim(regexp_replace({0}, '\s+', ' ', 'g')))",
    "email": "lower(trim({0}))",
    "phone": "regexp_replace({0}, '[^0-9+]', '', 'g')",
    "handle": "lower(ltrim(trim({0}), '@'))",
    "street": r"lower(trim(regexp_replace({0}, '\s+', ' ', 'g')))",
}


def pseudonym(key: bytes, kind: str, same: str) -> str:
    """The pseudonym of an identifier, 64 hexadecimal digits.

    Args:
        kind: what it identifies; the same text of two kinds has two pseudonyms.
        same: the identifier in the one spelling that `SAME` gives.
    """
    return hmac.new(key, f"{kind}:{same}".encode(), hashlib.sha256).hexdigest()


def pseudonym_sql(kind: str, text: str) -> str:
    """An SQL expression of the pseudonym of the text expression; null of null.

    It needs the parameters that `pads` gives.
    """
    return hmac_sql(f"'{kind}:' || {SAME[kind].format(text)}")


def hmac_sql(message: str) -> str:
    """An SQL expression of the HMAC-SHA256 of a text expression, 64 hexadecimal digits."""
    return f"sha256($outer_pad || unhex(sha256($inner_pad || encode({message}))))"


def pads(key: bytes) -> dict[str, object]:
    """The bound parameters of `hmac_sql`: the key stands in no SQL text."""
    block = key.ljust(BLOCK, b"\0")
    return {
        "inner_pad": bytes(byte ^ 0x36 for byte in block),
        "outer_pad": bytes(byte ^ 0x5C for byte in block),
    }


def marks(key: bytes, pseudonyms: Iterable[str]) -> list[str]:
    """What a tombstone keeps of pseudonyms: it recognises them, and they cannot be had from it."""
    return [pseudonym(key, "erased", one) for one in pseudonyms]


def mark_sql(pseudonym: str) -> str:
    """An SQL expression of the mark of a pseudonym expression."""
    return hmac_sql(f"'erased:' || {pseudonym}")
