"""A few purchases, the queries on them, and the same by plain arithmetic."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from math import sqrt

import pandas as pd

from cx_assets.methods.recommend import (
    BOUGHT_HALF_LIFE,
    OFFERED_HALF_LIFE,
    POPULAR_HALF_LIFE,
    SHRINKAGE,
)
from cx_assets.methods.recommend.ranking import ranked_sql
from cx_assets.methods.recommend.similarity import popularity_sql, similarity_sql
from cx_assets.warehouse import Session

AS_OF = datetime(2024, 7, 1)
Purchase = tuple[str, str, int]  # customer, product, days ago
PURCHASES = "select customer_id, product_id, bought_at from purchases"


def lay(
    session: Session,
    purchases: Iterable[Purchase],
    customers: Iterable[str] = (),
    gone: Iterable[str] = (),
) -> None:
    """purchases, neighbours, popular, customers and gone, as temporary tables."""
    session.execute(
        "create or replace temp table purchases "
        "(customer_id varchar, product_id varchar, bought_at timestamp)"
    )
    rows = [(who, what, AS_OF - timedelta(days=days)) for who, what, days in purchases]
    if rows:
        session.append(
            "purchases", pd.DataFrame(rows, columns=["customer_id", "product_id", "bought_at"])
        )
    as_of = {"as_of": AS_OF}
    session.execute(
        f"create or replace temp table neighbours as {similarity_sql(PURCHASES)}", as_of
    )
    session.execute(f"create or replace temp table popular as {popularity_sql(PURCHASES)}", as_of)
    for name, column, values in (
        ("customers", "customer_id", customers),
        ("gone", "product_id", gone),
    ):
        session.execute(
            f"create or replace temp table {name} as "
            f"select unnest(cast($values as varchar[])) as {column}",
            {"values": sorted(values)},
        )


def ranked(session: Session) -> pd.DataFrame:
    """The offers of what was laid, in order."""
    sql = ranked_sql(
        customers="select customer_id from customers",
        purchases=PURCHASES,
        neighbours="select product_id, neighbour_id, similarity from neighbours",
        popular="select product_id, popularity from popular",
        unavailable="select product_id from gone",
    )
    return session.frame(f"select * from ({sql}) order by customer_id, rank", {"as_of": AS_OF})


def similarities(purchases: Sequence[Purchase]) -> dict[tuple[str, str], float]:
    """Of all pairs that two customers or more bought, by the formula."""
    baskets: dict[str, dict[str, int]] = defaultdict(dict)
    for who, what, days in purchases:
        baskets[who][what] = days
    votes: dict[tuple[str, str], float] = defaultdict(float)
    together: dict[tuple[str, str], int] = defaultdict(int)
    bought: dict[str, float] = defaultdict(float)
    offered: dict[str, float] = defaultdict(float)
    for basket in baskets.values():
        for what, days in basket.items():
            bought[what] += faded(days, BOUGHT_HALF_LIFE) / len(basket)
            offered[what] += faded(days, OFFERED_HALF_LIFE) / len(basket)
            for other, ago in basket.items():
                if other != what:
                    votes[what, other] += (
                        faded(days, BOUGHT_HALF_LIFE) * faded(ago, OFFERED_HALF_LIFE) / len(basket)
                    )
                    together[what, other] += 1
    return {
        pair: value / (sqrt(bought[pair[0]] * offered[pair[1]]) + SHRINKAGE)
        for pair, value in votes.items()
        if together[pair] >= 2
    }


def popularities(purchases: Sequence[Purchase]) -> dict[str, float]:
    found: dict[str, float] = defaultdict(float)
    for _, what, days in purchases:
        found[what] += faded(days, POPULAR_HALF_LIFE)
    return found


def faded(days: int, half_life: float) -> float:
    return float(0.5 ** (days / half_life))
