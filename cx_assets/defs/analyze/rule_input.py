"""What rules are made of: who bought what together, at the level of products and of categories."""

from datetime import timedelta
from typing import Literal

from cx_assets.methods.rules import KEPT
from cx_assets.periods import Period
from cx_assets.warehouse import Session

WINDOW = timedelta(days=365)
Level = Literal["product", "category"]

# A row per basket and product: of the orders of the last year that were neither cancelled nor sent
# back nor a test account's, without returned lines. A product stands in the category that it had at
# the period's end.
LINES = """
create or replace temp table rules_lines as
with baskets as (
    select
        period,
        order_id,
        cast(row_number() over (order by period, order_id) as integer) as basket
    from process.orders as orders
    where is_purchase and ordered_at >= $window_start and ordered_at < $period_end
        and not exists (
            select 1
            from process.customers as accounts
            where accounts.period = $period and accounts.customer_id = orders.customer_id
                and accounts.is_test_account
        )
)
select distinct
    baskets.basket,
    items.product_id,
    coalesce(products.category, items.category) as category
from process.order_items as items
inner join baskets on baskets.order_id = items.order_id and baskets.period = items.period
left join process.products as products
    on products.product_id = items.product_id and products.period = $period
where items.product_id is not null and not items.is_return and items.quantity > 0
"""
# Of the baskets that are not over the cap.
ROWS: dict[Level, str] = {
    "product": f"select basket, product_id as item from rules_lines where {KEPT}",
    "category": (
        "select distinct basket, category as item from rules_lines "
        f"where {KEPT} and category <> 'unknown'"
    ),
}
NAMES: dict[Level, str] = {
    "product": "select product_id as item, name from process.products where period = $period",
    "category": "select cast(null as varchar) as item, cast(null as varchar) as name",
}
# Every pair of categories both ways, whether it makes a rule or not.
CATEGORY_PAIRS = f"""
with held as ({ROWS["category"]}),
counts as (select item, count(*) as baskets from held group by item),
together as (
    select a.item, b.item as other, count(*) as baskets
    from held as a
    inner join held as b on b.basket = a.basket and b.item <> a.item
    group by a.item, b.item
)
select
    a.item as category,
    b.item as other,
    a.baskets as category_baskets,
    cast(coalesce(together.baskets, 0) * cast($baskets as bigint) as double)
    / (a.baskets * b.baskets) as lift
from counts as a
inner join counts as b on b.item <> a.item
left join together on together.item = a.item and together.other = b.item
order by a.item, b.item
"""


def lay_lines(session: Session, period: Period) -> None:
    """Put the lines of the year to the period's end into the temporary table rules_lines."""
    session.execute(
        LINES,
        {
            "period": period.start.date(),
            "period_end": period.end,
            "window_start": period.end - WINDOW,
        },
    )
