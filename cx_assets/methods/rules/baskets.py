"""Which baskets count: those that hold no more items than a customer could have chosen together.

A basket of n items holds n (n - 1) / 2 pairs and 2^n sets, so that a single one of thousands
(a wholesaler's, a till that was never closed) costs more than a million others and says least about
what goes together. It is left out whole, of the number of baskets too: support, confidence and lift
then all speak of the same baskets, namely those that were looked at.
"""

from dataclasses import dataclass

from cx_assets.warehouse import Session

# Whether a row's basket is not over the cap, in SQL, once `count_baskets` has run.
KEPT = "basket not in (select basket from rules_baskets where over_cap)"

BASKETS = """
create or replace temp table rules_baskets as
select basket, count(*) > {most_items} as over_cap from {rows} group by basket
"""
COUNTS = "select count(*), coalesce(sum(cast(over_cap as integer)), 0) from rules_baskets"


@dataclass(frozen=True)
class Baskets:
    """How many baskets count, and how many were left out for holding too many items."""

    kept: int
    over_cap: int


def count_baskets(session: Session, rows: str, most_items: int) -> Baskets:
    """Count the baskets and set those of more than `most_items` items apart, for `KEPT`.

    Args:
        rows: a table with the column basket, a row per basket and item.
    """
    session.execute(BASKETS.format(rows=rows, most_items=most_items))
    return counted_baskets(session)


def counted_baskets(session: Session) -> Baskets:
    """What `count_baskets` counted last in this session."""
    ((baskets, over_cap),) = session.rows(COUNTS)
    return Baskets(int(baskets - over_cap), int(over_cap))
