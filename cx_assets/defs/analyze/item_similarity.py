"""analyze.item_similarity: which products the buyers of a product buy lately."""

from collections.abc import Sequence

from cx_assets.columns import Column, NotNull, Range, UniqueTogether
from cx_assets.methods.recommend import (
    BOUGHT_HALF_LIFE,
    LEAST_TOGETHER,
    MOST_PRODUCTS,
    NEIGHBOURS,
    OFFERED_HALF_LIFE,
)
from cx_assets.methods.recommend.purchases import PURCHASES
from cx_assets.methods.recommend.similarity import similarity_sql
from cx_assets.periods import Period
from cx_assets.plots import drivers
from cx_assets.settings import Settings
from cx_assets.tables import Query, Table, python_table
from cx_assets.warehouse import Session

BOUGHT = [
    ("process.order_items", name)
    for name in ("customer_id", "product_id", "ordered_at", "status", "is_return")
]
# Pairs of fewer customers are too much a matter of chance for a picture.
SHOWN_CUSTOMERS = 10

ITEM_SIMILARITY = Table(
    name="analyze.item_similarity",
    description=(
        "One row per product, neighbour and period: how much the purchase of the one speaks for "
        f"the other, for the {NEIGHBOURS} nearest.\n"
        "A cosine over customers, with shrinkage: each customer has one vote, shared by all that "
        f"the customer bought (of more than {MOST_PRODUCTS} products the newest count). As a "
        f"reason a purchase counts half after {BOUGHT_HALF_LIFE:g} days, as an offer after "
        f"{OFFERED_HALF_LIFE:g}, so the table is not symmetric. Pairs of fewer than "
        f"{LEAST_TOGETHER} customers are not in it. Without guests, test accounts, returned lines "
        "and orders that were cancelled or returned."
    ),
    columns=(
        Column("period", "DATE", "First day of the period.", (NotNull(),)),
        Column("product_id", "VARCHAR", "The product that was bought.", (NotNull(),)),
        Column("neighbour_id", "VARCHAR", "The product to offer for it.", (NotNull(),)),
        Column("product_name", "VARCHAR", "Name of the first, where it has one."),
        Column("neighbour_name", "VARCHAR", "Name of the second."),
        Column("rank", "BIGINT", "1 is nearest.", (NotNull(), Range(1, NEIGHBOURS))),
        Column("similarity", "DOUBLE", "How near.", (NotNull(), Range(0))),
        Column(
            "customers",
            "BIGINT",
            "Customers who bought both, in any order.",
            (NotNull(), Range(LEAST_TOGETHER)),
        ),
    ),
    tests=(
        UniqueTogether(("product_id", "neighbour_id")),
        UniqueTogether(("product_id", "rank")),
    ),
    reads=("process.order_items", "process.products", "process.customers"),
    code_version="2",
    lineage={
        **dict.fromkeys(("product_id", "neighbour_id", "rank", "similarity", "customers"), BOUGHT),
        "product_name": [("process.products", "name")],
        "neighbour_name": [("process.products", "name")],
    },
)


def similarity_picture(session: Session, periods: Sequence[Period]) -> str:
    pairs = session.rows(
        "select coalesce(product_name, product_id) || ' > ' "
        "|| coalesce(neighbour_name, neighbour_id), similarity "
        'from "analyze".item_similarity where period = $period and customers >= $shown '
        "order by similarity desc, product_id, neighbour_id limit 12",
        {"period": periods[-1].start.date(), "shown": SHOWN_CUSTOMERS},
    )
    if not pairs:
        return f"No two products share {SHOWN_CUSTOMERS} customers yet."
    return drivers(dict(pairs), f"The nearest products, of {SHOWN_CUSTOMERS} customers and more")


def similar_rows(period: Period) -> Query:
    """The rows of a period."""
    return Query(
        f"""
select
    cast($day as date) as period,
    near.*,
    products.name as product_name,
    neighbours.name as neighbour_name
from ({similarity_sql(PURCHASES)}) as near
left join process.products as products
    on products.product_id = near.product_id and products.period = $day
left join process.products as neighbours
    on neighbours.product_id = near.neighbour_id and neighbours.period = $day
order by near.product_id, near.rank
""",
        {"as_of": period.end, "day": period.start.date()},
    )


@python_table(ITEM_SIMILARITY, plot=similarity_picture)
def item_similarity(session: Session, period: Period, settings: Settings) -> Query:
    return similar_rows(period)
