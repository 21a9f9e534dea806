"""personalize.recommendations: ten products to offer to each customer, and why."""

from collections.abc import Mapping, Sequence
from typing import Any

from cx_assets.columns import Column, Consent, NotNull, OneOf, Range, UniqueTogether
from cx_assets.methods.recommend import OFFERS
from cx_assets.methods.recommend.purchases import PURCHASES
from cx_assets.methods.recommend.ranking import ITEM_TO_ITEM, POPULARITY, ranked_sql
from cx_assets.methods.recommend.similarity import popularity_sql
from cx_assets.periods import Period
from cx_assets.plots import bars
from cx_assets.settings import Settings
from cx_assets.tables import Table, table_asset
from cx_assets.warehouse import Session
from cx_assets.warehouse.scratch import hash_parts, scratch

CHOSEN = [
    *(("process.order_items", name) for name in ("customer_id", "product_id", "ordered_at")),
    *(("analyze.item_similarity", name) for name in ("neighbour_id", "similarity")),
]

RECOMMENDATIONS = Table(
    name="personalize.recommendations",
    description=(
        f"One row per customer, rank and period: up to {OFFERS} products to offer.\n"
        "First what analyze.item_similarity says of the customer's own purchases (the older, the "
        "less), then what is popular now. All are new to the customer: what somebody buys again "
        "needs no recommendation. Nothing that is out of stock at the period's end (unknown stock "
        "counts as some). Only for open accounts with both consents, since an offer both analyses "
        "and contacts a person, and for no test account. analyze.recommendation_quality says what "
        "such offers are worth."
    ),
    columns=(
        Column("period", "DATE", "First day of the period.", (NotNull(),)),
        Column(
            "customer_id", "VARCHAR", "To whom.", (NotNull(), Consent(("marketing", "analytics")))
        ),
        Column("rank", "BIGINT", "1 is offered first.", (NotNull(), Range(1, OFFERS))),
        Column("product_id", "VARCHAR", "What.", (NotNull(),)),
        Column("product_name", "VARCHAR", "Its name, where it has one."),
        Column(
            "method",
            "VARCHAR",
            "What speaks for it.",
            (NotNull(), OneOf((ITEM_TO_ITEM, POPULARITY))),
        ),
        Column(
            "score",
            "DOUBLE",
            "The higher, the better; of the two methods on a scale each.",
            (NotNull(), Range(0)),
        ),
        Column(
            "because_of",
            "VARCHAR",
            "The bought product that says most for it; null for popularity.",
        ),
        Column("reason", "VARCHAR", "Why, in words.", (NotNull(),)),
    ),
    tests=(
        UniqueTogether(("customer_id", "rank")),
        UniqueTogether(("customer_id", "product_id")),
    ),
    reads=(
        "process.customers",
        "process.products",
        "process.order_items",
        "analyze.item_similarity",
    ),
    code_version="2",
    lineage={
        "customer_id": [("process.customers", "customer_id")],
        "product_name": [("process.products", "name")],
        "rank": CHOSEN,
        "product_id": [*CHOSEN, ("process.products", "stock_on_hand")],
        "method": CHOSEN,
        "score": CHOSEN,
        "because_of": CHOSEN,
        "reason": [*CHOSEN, ("process.products", "name")],
    },
)

# Customers and purchases of a part: so much is scored at once, however many there are.
MOST_AT_ONCE = 100_000

HASH = Column("hash", "VARCHAR", "The part of the customers that this one is in.")
SCRATCH = {
    "customers": (Column("customer_id", "VARCHAR", "To whom."), HASH),
    "purchases": (
        Column("customer_id", "VARCHAR", "Who."),
        Column("product_id", "VARCHAR", "What."),
        Column("bought_at", "TIMESTAMP", "When last."),
        HASH,
    ),
    "popular": (
        Column("product_id", "VARCHAR", "What."),
        Column("popularity", "DOUBLE", "How much."),
    ),
}

HASHED = "select *, substring(md5(customer_id), 1, 8) as hash from ({rows}) as hashed order by hash"
MAY_BE_OFFERED = """
select customer_id
from process.customers
where period = $day and closed_at is null and consent_analytics and consent_marketing
    and not is_test_account
"""
OF_PART = "from {table} where hash >= $part_start and hash < $part_end"
NEIGHBOURS = """
select product_id, neighbour_id, similarity from "analyze".item_similarity where period = $day
"""
OUT_OF_STOCK = """
select product_id from process.products where period = $day and stock_on_hand <= 0
"""
SIZE = "select (select count(*) from {customers}) + (select count(*) from {purchases})"

RECOMMENDED = """
select
    cast($day as date) as period,
    ranked.customer_id,
    ranked.rank,
    ranked.product_id,
    offered.name as product_name,
    ranked.method,
    ranked.score,
    ranked.because_of,
    case
        when ranked.because_of is null then 'popular now'
        else 'bought by others who bought ' || coalesce(bought.name, ranked.because_of)
    end as reason
from ({ranked}) as ranked
left join process.products as offered
    on offered.product_id = ranked.product_id and offered.period = $day
left join process.products as bought
    on bought.product_id = ranked.because_of and bought.period = $day
order by ranked.customer_id, ranked.rank
"""


def recommended_sql(tables: Mapping[str, str]) -> str:
    """The rows of a part; parameters `$day`, `$as_of` and those of OF_PART."""
    return RECOMMENDED.format(
        ranked=ranked_sql(
            customers=f"select customer_id {OF_PART.format(table=tables['customers'])}",
            purchases=(
                "select customer_id, product_id, bought_at "
                f"{OF_PART.format(table=tables['purchases'])}"
            ),
            neighbours=NEIGHBOURS,
            popular=f"select * from {tables['popular']}",
            unavailable=OUT_OF_STOCK,
        )
    )


def append_recommendations(
    session: Session, staged: str, periods: Sequence[Period], settings: Settings
) -> None:
    for period in periods:
        day: dict[str, Any] = {"day": period.start.date()}
        as_of = {"as_of": period.end}
        with scratch(session, RECOMMENDATIONS.name, SCRATCH) as tables:
            session.append(tables["customers"], HASHED.format(rows=MAY_BE_OFFERED), day)
            session.append(tables["purchases"], HASHED.format(rows=PURCHASES), {**day, **as_of})
            every_purchase = f"select * from {tables['purchases']}"
            session.append(tables["popular"], popularity_sql(every_purchase), as_of)
            session.execute(
                f"delete from {tables['purchases']} "
                f"where customer_id not in (select customer_id from {tables['customers']})"
            )
            ((size,),) = session.rows(SIZE.format(**tables))
            for part in hash_parts(size, MOST_AT_ONCE):
                session.append(staged, recommended_sql(tables), {**day, **as_of, **part})


def offered_picture(session: Session, periods: Sequence[Period]) -> str:
    rows = session.rows(
        "select coalesce(max(product_name), product_id), count(*) as customers "
        "from personalize.recommendations where period = $period and rank = 1 "
        "group by product_id order by customers desc, product_id limit 12",
        {"period": periods[-1].start.date()},
    )
    if not rows:
        return "Nobody may be offered anything, or nothing is there to offer."
    rows.reverse()  # The most on top.
    title = f"Customers by what is offered to them first, {periods[-1].key}"
    return bars([str(name) for name, _ in rows], [count for _, count in rows], title)


recommendations = table_asset(RECOMMENDATIONS, append_recommendations, offered_picture)
