-- One row per period and customer who has bought: the history that the lifetime models are fitted on.
-- A day with a purchase counts once, however many orders it has, and the first one is no repeat: the
-- models of Fader and Hardie are about occasions to buy. Ages end with the last day of the period.
with days as (
    select
        customer_id,
        cast(ordered_at as date) as day,
        sum(revenue) as revenue,
        sum(profit) as profit,
        max(case when is_purchase then 1 else 0 end) as has_purchase
    from process.orders
    where ordered_at < $period_end and status <> 'cancelled' and customer_id is not null
    group by customer_id, cast(ordered_at as date)
),

firsts as (
    select customer_id, min(day) as first_day
    from days
    where has_purchase = 1
    group by customer_id
)

select
    cast($period_start as date) as period,  -- First day of the period. [not null]
    days.customer_id,                       -- The customer. [not null] [unique]
    firsts.first_day as first_ordered_on,   -- Day of the first purchase. [not null]
    count(case when days.has_purchase = 1 then 1 end) - 1 as repeat_orders,  -- x: days with a purchase after the first. [not null] [>= 0]
    date_diff(
        'day', firsts.first_day, max(case when days.has_purchase = 1 then days.day end)
    ) as days_to_last_order,                -- t_x: days from the first purchase to the last. [not null] [>= 0]
    date_diff(
        'day', firsts.first_day, cast($period_end as date)
    ) - 1 as days_observed,                 -- T: days from the first purchase to the period's last day. [not null] [>= 0]
    greatest(0, cast(
        sum(case when days.day > firsts.first_day then days.revenue end) as double
    )) / nullif(
        count(case when days.has_purchase = 1 then 1 end) - 1, 0
    ) as repeat_value,                      -- Money after the first day, returns taken off, per repeat order; null without one. [>= 0]
    cast(sum(days.revenue) as double) as net_revenue,       -- Money of all orders, returns taken off. [not null]
    cast(sum(days.profit) as double) as net_profit,         -- Profit of all orders, returns taken off. [not null]
    case
        when sum(days.revenue) > 0 then
            cast(least(1, greatest(-1, sum(days.profit) / sum(days.revenue))) as double)
    end as own_margin                       -- Profit per money, kept within -1 and 1; null where no money was left. [-1 .. 1]
from days
inner join firsts on firsts.customer_id = days.customer_id
group by days.customer_id, firsts.first_day
