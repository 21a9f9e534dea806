"""Rules of plain Python baskets: ours, and those of an outside package."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import pandas as pd
from efficient_apriori import apriori

from cx_assets.methods.rules import (
    KEPT,
    Baskets,
    ItemSets,
    Limits,
    count_baskets,
    find_item_sets,
    least_count,
    rules_query,
)
from cx_assets.warehouse import Session

Items = Sequence[Collection[str]]
# Antecedent and consequent: the baskets with both, with the antecedent and with the consequent.
Counts = dict[tuple[tuple[str, ...], str], tuple[int, int, int]]


@dataclass(frozen=True)
class Mined:
    """What was found in some baskets, and the rules as a frame."""

    baskets: Baskets
    sets: ItemSets
    rules: pd.DataFrame

    @property
    def counts(self) -> Counts:
        rows = self.rules[
            [
                "antecedent",
                "consequent",
                "both_baskets",
                "antecedent_baskets",
                "consequent_baskets",
            ]
        ]
        return {
            (tuple(antecedent), consequent): (both, left, right)
            for antecedent, consequent, both, left, right in rows.itertuples(index=False)
        }


def mine(
    session: Session,
    baskets: Items,
    support: str,
    confidence: str,
    most_items: int = 200,
    limits: Limits | None = None,
) -> Mined:
    lay(session, baskets)
    counted = count_baskets(session, "lines", most_items)
    rows = f"select basket, item from lines where {KEPT}"
    least = least_count(Decimal(support), counted.kept)
    sets = find_item_sets(session, rows, least, limits)
    query = rules_query(session, len(sets.sizes), counted.kept, Decimal(confidence))
    return Mined(counted, sets, session.frame(query))


def lay(session: Session, baskets: Items) -> None:
    """The table lines, a row per basket and item."""
    session.execute("create or replace temp table lines (basket bigint, item varchar)")
    lines = pd.DataFrame(
        [(number, item) for number, basket in enumerate(baskets) for item in basket],
        columns=["basket", "item"],
    ).astype({"basket": "int64", "item": str})
    session.append("lines", lines)


def outside(baskets: Items, support: str, confidence: str) -> Counts:
    """efficient-apriori's rules with one item on the right.

    It compares floats, so it is asked for a little less, and its counts are compared here.
    """
    _, rules = apriori(
        [tuple(basket) for basket in baskets],
        min_support=max(float(support) - 1e-9, 1e-9),
        min_confidence=max(float(confidence) - 1e-9, 0),
        max_length=1_000,
    )
    return {
        (tuple(sorted(rule.lhs)), rule.rhs[0]): (rule.count_full, rule.count_lhs, rule.count_rhs)
        for rule in rules
        if len(rule.rhs) == 1
        and Fraction(rule.count_full, len(baskets)) >= Fraction(support)
        and Fraction(rule.count_full, rule.count_lhs) >= Fraction(confidence)
    }
