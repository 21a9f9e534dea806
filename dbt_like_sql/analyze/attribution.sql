-- One row per kind of customer, channel and period: the purchases of the period, and their money, by the
-- channel that brought the customer.
-- An order goes to the last of the customer's sessions in the 30 days before it that did not come direct;
-- to direct where all of them did; to unknown where there were none, as for guests and most of a store.
-- The first touch stands beside it: the first such session of those 30 days.
-- Who a session was is as known at the period's end (features.web_visitors). Test accounts' orders have
-- rows of their own, so orders and revenue add up to those of process.orders that are purchases.
-- It says what came before an order, not what caused it, and counts all there was: no interval.
with orders as (
    select
        orders.order_id,
        orders.customer_id,
        orders.ordered_at,
        orders.revenue,
        coalesce(customers.is_test_account, false) as is_test_account
    from process.orders as orders
    left join process.customers as customers
        on customers.customer_id = orders.customer_id
        and customers.period = cast($period_start as date)
    where orders.ordered_at >= $period_start
        and orders.ordered_at < $period_end
        and orders.is_purchase
),

touches as (
    select
        orders.order_id,
        sessions.channel,
        row_number() over (
            partition by orders.order_id
            order by
                case when sessions.channel = 'direct' then 1 else 0 end,
                sessions.began_at desc,
                sessions.session_id desc
        ) as number_from_last,
        row_number() over (
            partition by orders.order_id
            order by
                case when sessions.channel = 'direct' then 1 else 0 end,
                sessions.began_at,
                sessions.session_id
        ) as number_from_first
    from orders
    inner join features.web_visitors as visitors
        on visitors.customer_id = orders.customer_id
        and visitors.period = cast($period_start as date)
    inner join features.web_sessions as sessions
        on sessions.visitor_id = visitors.visitor_id
        and sessions.began_at >= visitors.known_from
        and sessions.began_at < visitors.known_until
        and sessions.began_at <= orders.ordered_at
        and sessions.began_at >= orders.ordered_at - interval '30 days'
    where sessions.began_at >= $period_start - interval '30 days'
        and sessions.began_at < $period_end
),

credited as (
    select
        orders.is_test_account,
        coalesce(touches.channel, 'unknown') as channel,
        1 as orders,
        orders.revenue,
        0 as first_touch_orders,
        cast(0 as decimal(28, 4)) as first_touch_revenue
    from orders
    left join touches on touches.order_id = orders.order_id and touches.number_from_last = 1
    union all
    select
        orders.is_test_account,
        coalesce(touches.channel, 'unknown'),
        0,
        cast(0 as decimal(28, 4)),
        1,
        orders.revenue
    from orders
    left join touches on touches.order_id = orders.order_id and touches.number_from_first = 1
)

select
    cast($period_start as date) as period,  -- First day of the period. [not null]
    case when is_test_account then 'test_account' else 'person' end as customer_kind,  -- Test accounts are set apart. [one of: person, test_account]
    channel,                                -- The channel, direct or unknown. [not null]
    cast(sum(orders) as bigint) as orders,  -- Purchases by the last touch. [not null] [>= 0]
    cast(sum(revenue) as decimal(28, 4)) as revenue,  -- Their money. [not null]
    cast(sum(first_touch_orders) as bigint) as first_touch_orders,  -- Purchases by the first touch. [not null] [>= 0]
    cast(sum(first_touch_revenue) as decimal(28, 4)) as first_touch_revenue  -- Their money. [not null]
from credited
group by is_test_account, channel
-- [unique: customer_kind, channel]
