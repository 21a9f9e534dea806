-- One row per order, in the period it was placed, with what it brought and whether it came in time.
with totals as (
    select
        period,
        order_id,
        count(*) as lines,
        sum(cast(quantity as decimal(18, 4))) as units,
        sum(revenue) as revenue,
        sum(cost) as cost
    from process.order_items
    where period >= $period_start and period < $period_end
    group by period, order_id
)

select
    orders.period,                                   -- First day of the period. [not null]
    orders.order_id,                                 -- The order. [not null] [unique]
    orders.customer_id,                              -- Who ordered; null for a guest.
    orders.ordered_at,                               -- When it was ordered. [not null]
    coalesce(orders.status, 'placed') as status,     -- Where it stands. [one of: placed, shipped, delivered, cancelled, returned]
    coalesce(orders.status, 'placed') not in ('cancelled', 'returned') as is_purchase,  -- Counts as a purchase: neither cancelled nor returned. [not null]
    coalesce(orders.channel, 'unknown') as channel,  -- Where it was ordered. [not null]
    orders.promised_at,                              -- When delivery was promised.
    orders.delivered_at,                             -- When it was delivered.
    orders.delivered_at > orders.promised_at as is_late,  -- Delivered after the promise; null while either is unknown.
    coalesce(totals.lines, 0) as lines,              -- Order lines. [not null]
    coalesce(totals.units, 0) as units,              -- Units, returns taken off. [not null]
    cast(coalesce(orders.discount, 0) as decimal(28, 4)) as discount,  -- Discount on the order. [not null]
    cast(
        coalesce(totals.revenue, 0) - cast(coalesce(orders.discount, 0) as decimal(28, 4))
        as decimal(28, 4)
    ) as revenue,                                    -- Money after the discount. [not null]
    cast(
        coalesce(totals.revenue, 0) - cast(coalesce(orders.discount, 0) as decimal(28, 4))
        - coalesce(totals.cost, 0) - cast(coalesce(orders.shipping_cost, 0) as decimal(28, 4))
        as decimal(28, 4)
    ) as profit                                      -- Money after discount, goods and shipping. [not null]
from collect.orders as orders
left join totals on totals.order_id = orders.order_id and totals.period = orders.period
where orders.period >= $period_start and orders.period < $period_end
