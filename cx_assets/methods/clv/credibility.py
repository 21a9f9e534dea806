"""How far a customer's own margin is to be believed: Bühlmann's credibility."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from cx_assets.methods.intervals import Floats


@dataclass(frozen=True)
class Credibility:
    """The best linear estimate of a customer's margin from n orders.

    margin = (1 - Z) * company + Z * own, with Z = n / (n + K) and K = within / between
    (Bühlmann 1967). With few orders it is the company's margin, with many the customer's own.

    Attributes:
        company: profit per money, over all customers.
        k: K, in orders; inf where customers do not differ by more than chance.
    """

    company: float
    k: float

    def weight(self, orders: ArrayLike) -> Floats:
        """Z of customers with so many orders, in [0, 1)."""
        n = np.asarray(orders, dtype=float)
        if math.isinf(self.k):
            return np.zeros_like(n)
        return np.where(n > 0, n / np.where(n > 0, n + self.k, 1.0), 0.0)


def credibility(
    company: float, within: float, variance: float, mean_inverse_orders: float
) -> Credibility:
    """Estimate K by moments.

    Args:
        company: profit per money, over all customers.
        within: pooled variance of a single order's margin within customers; nan where nobody
            ordered twice.
        variance: variance of the customers' own margins; nan for fewer than two customers.
        mean_inverse_orders: mean over customers of 1 / orders.

    The own margins vary by what customers are and by chance: variance = between + within *
    mean(1 / orders).
    """
    between = variance - within * mean_inverse_orders
    # Not `between <= 0`: where something is unknown, nobody's own margin is believed.
    if not between > 1e-12:
        return Credibility(company, math.inf)
    return Credibility(company, within / between)
