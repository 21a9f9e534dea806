"""A share of whole counts against a decimal threshold, without a rounding anywhere.

.8 is no binary fraction, and neither are most shares: compared as floats, rules that stand at
exactly .8 are lost or kept by chance.
"""

from decimal import Decimal


def least_count(share: Decimal, total: int) -> int:
    """The smallest count that is at least `share` of `total`, and at least one.

    ValueError where `share` is no number from 0 to 1.
    """
    numerator, denominator = ratio(share)
    return max(1, -(-numerator * total // denominator))


def reaches(count: str, total: str, share: Decimal) -> str:
    """The SQL condition that `count` is at least `share` of `total`, two BIGINT expressions."""
    numerator, denominator = ratio(share)
    return f"{count} * {denominator} >= {total} * {numerator}"


def ratio(share: Decimal) -> tuple[int, int]:
    """The share as a fraction in lowest terms; ValueError where it is no number from 0 to 1."""
    if not 0 <= share <= 1:
        raise ValueError(f"a share lies between 0 and 1, not at {share}")
    return share.as_integer_ratio()
