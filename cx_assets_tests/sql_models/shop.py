"""The known tables, the parameters and some good models of the tests."""

from datetime import datetime

from cx_assets.columns import Column


def _table(**types: str) -> tuple[Column, ...]:
    return tuple(Column(name, type_, f"The {name}.") for name, type_ in types.items())


KNOWN = {
    "collect.orders": _table(
        period="DATE",
        order_id="VARCHAR",
        customer_id="VARCHAR",
        ordered_at="TIMESTAMP",
        status="VARCHAR",
        tags="VARCHAR[]",
        discount="DOUBLE",
    ),
    "collect.customers": _table(
        period="DATE", customer_id="VARCHAR", country="VARCHAR", signed_up_at="TIMESTAMP"
    ),
    "collect.landing_files": _table(path="VARCHAR", rows="BIGINT"),
    "analyze.segments": _table(period="DATE", customer_id="VARCHAR", segment_id="BIGINT"),
}
PARAMETERS: dict[str, object] = {
    "period_start": datetime(2024, 1, 1),
    "period_end": datetime(2024, 2, 1),
    "discount_rate": 0.1,
}

ORDERS = """\
-- One row per order.
select
    cast(date_trunc('month', ordered_at) as date) as period, -- The period of the order. [not null]
    order_id,                                                -- The order. [not null] [unique]
    customer_id,                                             -- Who ordered; null for a guest.
    ordered_at,                                              -- When. [not null]
    coalesce(discount, 0) as discount                        -- Discount as money. [>= 0]
from collect.orders
where ordered_at >= $period_start and ordered_at < $period_end
"""

HABITS = """\
-- One row per customer and period: what the customer did, as of the period's end.
--
-- Customers who never ordered are here too.
with orders_so_far as (
    select customer_id, count(*) as frequency, max(ordered_at) as last_ordered_at
    from process.orders
    where ordered_at < $period_end -- as of: nothing from the future
    group by customer_id
)
select
    cast($period_start as date) as period, -- The period.
    customers.customer_id,                 -- The customer. [not null] [unique]
    coalesce(frequency, 0) as frequency,   -- Orders so far,
                                           -- guests left out. [>= 0]
    case
        when frequency > 3 then 'often' else 'seldom'
    end as habit,                          -- How often. [one of: often, seldom]
    date_diff('day', last_ordered_at, $period_end) as recency_days, -- Days since.
    country                                -- Country. [in collect.customers.country, warn]
from collect.customers as customers
left join orders_so_far using (customer_id)
where customers.period = $period_start
-- [unique: customer_id, country]
"""


def snapshot(expression: str, source: str, *, before: str = "") -> str:
    """A model of one column `x` beside its period; `expression` stands alone on line 4."""
    return (
        f"-- A table.\n{before}select\n    cast($period_start as date) as period, -- The period.\n"
        f"    {expression} as x -- A value.\n{source}\n"
    )
