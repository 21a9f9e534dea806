"""What was bought by whom, as a query; and how much of it still counts."""

from cx_assets.methods.recommend import MOST_PRODUCTS

PURCHASES = """
select customer_id, product_id, max(ordered_at) as bought_at
from process.order_items
where ordered_at < $as_of
    and customer_id is not null
    and product_id is not null
    and not is_return
    and status not in ('cancelled', 'returned')
    and customer_id not in (
        select customer_id from process.customers where period = $day and is_test_account
    )
group by customer_id, product_id
"""
"""customer_id, product_id and when last, one row per both, of what was bought before `$as_of`.

Guests, returned lines and orders that were cancelled or returned are not in it, nor are the
accounts that the period `$day` takes for the company's own tests.
"""


def fading(half_life: float, bought_at: str = "bought_at") -> str:
    """An expression: 1 for a purchase on the day of `$as_of`, half of it a half-life before."""
    age = f"date_diff('day', cast({bought_at} as date), cast($as_of as date))"
    return f"power(0.5, {age} / {half_life})"


def newest_sql(purchases: str) -> str:
    """The newest MOST_PRODUCTS purchases of each customer.

    Args:
        purchases: a query of customer_id, product_id and bought_at.
    """
    return f"""
select customer_id, product_id, bought_at
from (
    select
        *,
        row_number() over (
            partition by customer_id order by bought_at desc, product_id
        ) as place
    from ({purchases}) as purchases
) as placed
where place <= {MOST_PRODUCTS}
"""
