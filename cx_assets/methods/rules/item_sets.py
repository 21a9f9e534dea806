"""Frequent item sets, level by level: Apriori, with what each basket holds kept for one level.

Agrawal and Srikant (1994), "Fast Algorithms for Mining Association Rules", VLDB: the pruning of
candidates is Apriori's, the table of what a basket holds AprioriTid's. The search is the
warehouse's; what comes back to Python is a few counts per level.
"""

from dataclasses import dataclass

from cx_assets.methods.rules import level_sql
from cx_assets.warehouse import Session


@dataclass(frozen=True)
class Limits:
    """Where the search ends, whatever the baskets are like.

    Pairs need none: a basket holds at most as many as its cap allows.

    length: items of a set.
    candidates: sets of one length that could be frequent, from three items on.
    baskets: those that such sets could be in, added up over the sets of one length.
    """

    length: int | None = None
    candidates: int = 200_000
    baskets: int = 200_000_000


@dataclass(frozen=True)
class ItemSets:
    """What was found; the sets themselves are in the session's temporary tables `rules_...`.

    sizes: how many sets there are of one item, of two and so on.
    stopped: why longer sets were not looked for, in words, where there may be some.
    """

    sizes: tuple[int, ...]
    stopped: str | None


def find_item_sets(
    session: Session, rows: str, least: int, limits: Limits | None = None
) -> ItemSets:
    """All sets of items that stand together in at least `least` baskets, as whole counts.

    Args:
        rows: a query of distinct rows with the columns basket and item, of any type, none null.
    """
    limits = limits or Limits()
    sizes = [level_sql.lay_items(session, rows, least)]
    while sizes[-1] and len(sizes) != limits.length:
        size = len(sizes)
        if size > 1:
            if stopped := _over(session, size, limits):
                return ItemSets(tuple(sizes), stopped)
            level_sql.hold_parts(session, size)
        sizes.append(level_sql.count(session, size + 1, sum(sizes), least))
    return ItemSets(tuple(size for size in sizes if size), None)


def _over(session: Session, size: int, limits: Limits) -> str | None:
    """Which limit the sets of the next size are over, in words."""
    candidates, baskets = level_sql.paired(session, size)
    if candidates > limits.candidates:
        return f"{candidates:,} sets of {size + 1} could be frequent, over {limits.candidates:,}"
    if baskets > limits.baskets:
        return f"sets of {size + 1} could be in {baskets:,} baskets, over {limits.baskets:,}"
    return None
