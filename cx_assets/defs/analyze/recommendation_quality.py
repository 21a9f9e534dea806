"""analyze.recommendation_quality: what the offers of a month ago were worth, by what was bought."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pandas as pd

from cx_assets.columns import Column, NotNull, OneOf, Range, Unique
from cx_assets.methods.recommend import MOST_PRODUCTS, OFFERS
from cx_assets.methods.recommend.purchases import PURCHASES
from cx_assets.methods.recommend.quality import mean_of, per_customer
from cx_assets.methods.recommend.ranking import (
    ITEM_TO_ITEM,
    NO_NEIGHBOURS,
    NOTHING,
    POPULARITY,
    ranked_sql,
)
from cx_assets.methods.recommend.similarity import popularity_sql, similarity_sql
from cx_assets.periods import Period
from cx_assets.plots import trends
from cx_assets.settings import Settings
from cx_assets.tables import Table, python_table
from cx_assets.warehouse import Session
from cx_assets.warehouse.scratch import scratch

# Long enough for most who buy again, short enough for an offer to be of now.
TEST_DAYS = 28
# More move no figure by a visible amount.
MOST_CUSTOMERS = 20_000

BOUGHT = [
    ("process.order_items", name) for name in ("customer_id", "product_id", "ordered_at", "status")
]

RECOMMENDATION_QUALITY = Table(
    name="analyze.recommendation_quality",
    description=(
        "One row per method and period: recommendations made as of the last "
        f"{TEST_DAYS} days' start, held against what was bought in them.\n"
        "item_to_item is what personalize.recommendations does, popularity only its fallback. Of "
        "all customers who had bought before and then bought something new to them (at most "
        f"{MOST_CUSTOMERS:,}, picked by a hash): what they bought again counts neither way, since "
        "it is never recommended. Stock is left aside: what was sold was there. Means over "
        "customers, with 95 % intervals; coverage is a count and has none."
    ),
    columns=(
        Column("period", "DATE", "First day of the period.", (NotNull(),)),
        Column(
            "method",
            "VARCHAR",
            "Who recommends.",
            (NotNull(), Unique(), OneOf((ITEM_TO_ITEM, POPULARITY))),
        ),
        Column("trained_until", "DATE", "The first day of the test.", (NotNull(),)),
        Column("customers", "BIGINT", "Customers tested.", (NotNull(), Range(0))),
        Column("bought", "DOUBLE", "Products new to them that they bought, mean.", (Range(1),)),
        Column("recall", "DOUBLE", f"Share of those among {OFFERS} offers.", (Range(0, 1),)),
        Column("recall_low", "DOUBLE", "Lower end of its interval."),
        Column("recall_high", "DOUBLE", "Upper end of its interval."),
        Column("ndcg", "DOUBLE", f"NDCG of {OFFERS} offers.", (Range(0, 1),)),
        Column("ndcg_low", "DOUBLE", "Lower end of its interval."),
        Column("ndcg_high", "DOUBLE", "Upper end of its interval."),
        Column(
            "ndcg_gain",
            "DOUBLE",
            "NDCG less that of popularity, same customers; null for popularity.",
            (Range(0, severity="warn"),),
        ),
        Column("gain_low", "DOUBLE", "Lower end of its interval."),
        Column("gain_high", "DOUBLE", "Upper end of its interval."),
        Column("coverage", "DOUBLE", "Share of all products offered to anybody.", (Range(0, 1),)),
        Column(
            "capped_customers",
            "BIGINT",
            f"Who had bought more than {MOST_PRODUCTS} products; the newest counted.",
            (NotNull(), Range(0)),
        ),
        Column("note", "VARCHAR", "Why nothing was measured; null where something was."),
    ),
    reads=("process.order_items", "process.customers"),
    code_version="2",
    lineage=dict.fromkeys(
        ("customers", "bought", "recall", "ndcg", "ndcg_gain", "coverage", "capped_customers"),
        BOUGHT,
    ),
)

KEYS = (Column("customer_id", "VARCHAR", "Who."), Column("product_id", "VARCHAR", "What."))
SCRATCH = {
    "purchases": (*KEYS, Column("bought_at", "TIMESTAMP", "When last, before the test.")),
    "later": KEYS,
    "tested": KEYS[:1],
    "neighbours": (
        KEYS[1],
        Column("neighbour_id", "VARCHAR", "What goes with it."),
        Column("similarity", "DOUBLE", "How well."),
    ),
    "popular": (KEYS[1], Column("popularity", "DOUBLE", "How much.")),
    "offers": (*KEYS, Column("method", "VARCHAR", "Whose."), Column("rank", "BIGINT", "Place.")),
}

# What they bought in the test and never before.
LATER = f"""
select known.customer_id, known.product_id
from ({PURCHASES}) as known
where known.customer_id in (select customer_id from {{purchases}})
    and not exists (
        select 1
        from {{purchases}} as earlier
        where earlier.customer_id = known.customer_id and earlier.product_id = known.product_id
    )
"""
TESTED = f"""
select customer_id
from {{later}}
group by customer_id
order by md5(customer_id), customer_id
limit {MOST_CUSTOMERS}
"""
OF_TESTED = "select * from {purchases} where customer_id in (select customer_id from {tested})"
HITS = """
select offers.method, offers.customer_id, offers.rank
from {offers} as offers
inner join {later} as later
    on later.customer_id = offers.customer_id and later.product_id = offers.product_id
order by offers.method, offers.customer_id, offers.rank
"""
NEW = """
select customer_id, count(*) as bought
from {later}
where customer_id in (select customer_id from {tested})
group by customer_id
order by customer_id
"""
COVERED = "select method, count(distinct product_id) from {offers} group by method"
SOLD = "select count(distinct product_id) from {purchases}"
CAPPED = f"""
select count(*)
from (
    select customer_id from {{purchases}} group by customer_id having count(*) > {MOST_PRODUCTS}
) as capped
"""


def offer(session: Session, tables: dict[str, str], as_of: dict[str, datetime]) -> None:
    """Fill `offers`: what each method would have offered to the tested then."""
    purchases = "select * from {purchases}".format(**tables)
    session.append(
        tables["neighbours"],
        f"select product_id, neighbour_id, similarity from ({similarity_sql(purchases)})",
        as_of,
    )
    session.append(tables["popular"], popularity_sql(purchases), as_of)
    for method, neighbours in (
        (ITEM_TO_ITEM, f"select * from {tables['neighbours']}"),
        (POPULARITY, NO_NEIGHBOURS),
    ):
        ranked = ranked_sql(
            customers=f"select * from {tables['tested']}",
            purchases=OF_TESTED.format(**tables),
            neighbours=neighbours,
            popular=f"select * from {tables['popular']}",
            unavailable=NOTHING,
        )
        session.append(
            tables["offers"],
            f"select customer_id, product_id, '{method}' as method, rank from ({ranked})",
            as_of,
        )


def quality_rows(session: Session, period: Period) -> pd.DataFrame:
    """The rows of a period, without the column `period`."""
    day = {"day": period.start.date()}
    as_of = {"as_of": period.end - timedelta(days=TEST_DAYS)}
    with scratch(session, RECOMMENDATION_QUALITY.name, SCRATCH) as tables:
        session.append(tables["purchases"], PURCHASES, {**day, **as_of})
        session.append(tables["later"], LATER.format(**tables), {**day, "as_of": period.end})
        session.append(tables["tested"], TESTED.format(**tables))
        offer(session, tables, as_of)
        hits = session.frame(HITS.format(**tables))
        bought = session.frame(NEW.format(**tables)).set_index("customer_id")["bought"]
        covered = dict(session.rows(COVERED.format(**tables)))
        ((sold,),) = session.rows(SOLD.format(**tables))
        ((capped,),) = session.rows(CAPPED.format(**tables))
    found = {
        method: per_customer(hits[hits["method"] == method], bought)
        for method in (ITEM_TO_ITEM, POPULARITY)
    }
    gain = found[ITEM_TO_ITEM]["ndcg"] - found[POPULARITY]["ndcg"]
    return pd.DataFrame(
        {
            "method": method,
            "trained_until": as_of["as_of"].date(),
            "customers": len(bought),
            "bought": bought.mean(),
            **columns("recall", each["recall"]),
            **columns("ndcg", each["ndcg"]),
            **(columns("gain", gain, "ndcg_gain") if method == ITEM_TO_ITEM else {}),
            "coverage": covered.get(method, 0) / sold if len(bought) else None,
            "capped_customers": capped,
            "note": None if len(bought) else "nobody who had bought before bought anything new",
        }
        for method, each in found.items()
    )


def columns(name: str, values: pd.Series, mean: str | None = None) -> dict[str, float]:
    """A mean and its interval, as columns."""
    measured = mean_of(values)
    return {
        mean or name: measured.value,
        f"{name}_low": measured.low,
        f"{name}_high": measured.high,
    }


def quality_picture(session: Session, periods: Sequence[Period]) -> str:
    rows = session.frame(
        "select period, method, ndcg as value, ndcg_low as low, ndcg_high as high "
        'from "analyze".recommendation_quality '
        "where period <= $period and customers > 0 order by period, method",
        {"period": periods[-1].start.date()},
    )
    if rows.empty:
        return "Nothing was measured yet."
    lines = {
        method.replace("_", "-"): rows[rows["method"] == method].reset_index(drop=True)
        for method in (ITEM_TO_ITEM, POPULARITY)
    }
    return trends(rows["period"].unique(), lines, f"NDCG of {OFFERS} offers, new to the customer")


@python_table(RECOMMENDATION_QUALITY, plot=quality_picture)
def recommendation_quality(session: Session, period: Period, settings: Settings) -> pd.DataFrame:
    return quality_rows(session, period)
