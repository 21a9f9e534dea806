"""Noise for figures: the discrete Laplace law, drawn exactly, with nothing but whole numbers.

Noise out of floating-point numbers gives itself away by the numbers that cannot come out (Mironov
2012, "On significance of the least significant bits for differential privacy"). So figures are
whole numbers, and a draw is Algorithms 1 and 2 of Canonne, Kamath, Steinke 2020, "The discrete
Gaussian for differential privacy": exact arithmetic on random whole numbers of the system.
"""

import math
import secrets
from collections.abc import Callable
from fractions import Fraction

RandBelow = Callable[[int], int]  # A whole number from 0 to n - 1, all equally likely.


def discrete_laplace(scale: Fraction, randbelow: RandBelow = secrets.randbelow) -> int:
    """A draw x with probability proportional to exp(-|x| / scale).

    Added to a figure that one person changes by at most d, it is differentially private with
    epsilon = d / scale.
    """
    if scale <= 0:
        raise ValueError(f"the scale is {scale}, and must be above 0")
    whole, parts = scale.numerator, scale.denominator
    while True:
        remainder = randbelow(whole)
        if not _happens(Fraction(remainder, whole), randbelow):
            continue
        times = 0
        while _happens(Fraction(1), randbelow):
            times += 1
        size = (remainder + whole * times) // parts
        is_negative = randbelow(2) == 1
        if size or not is_negative:
            return -size if is_negative else size


def probability(x: int, scale: Fraction) -> float:
    """The probability of the draw x."""
    p = math.exp(-1 / scale)
    return (1 - p) / (1 + p) * math.exp(-abs(x) / scale)


def _happens(gamma: Fraction, randbelow: RandBelow) -> bool:
    """True with probability exp(-gamma), for gamma from 0 to 1."""
    tries = 1
    while randbelow(gamma.denominator * tries) < gamma.numerator:
        tries += 1
    return tries % 2 == 1
