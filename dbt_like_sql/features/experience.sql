-- One row per survey invitation of the period, and one per customer at the period's end: what was on
-- record of the customer at that moment. Who answers, and what is answered, is learned from the
-- invitations; the customers at the period's end are scored with it.
-- Experiences count for 60 days, habits for a year. An anonymous invitation has nothing on record.
with moments as (
    select
        response_id as moment_id,
        true as is_invitation,
        customer_id,
        sent_at as at,
        survey,
        touchpoint,
        channel,
        order_id
    from process.survey_responses
    where sent_at >= $period_start and sent_at < $period_end
    union all
    select 'customer/' || customer_id, false, customer_id, $period_end, null, null, null, null
    from process.customers
    where period = cast($period_start as date)
),

returns as (
    select distinct order_id
    from process.order_items
    where ordered_at < $period_end and is_return
),

orders as (
    select
        orders.*,
        case
            when orders.is_late then epoch(orders.delivered_at) - epoch(orders.promised_at)
            else 0
        end / 86400.0 as delay_days,
        orders.status = 'returned' or returns.order_id is not null as has_returns,
        cast(orders.discount as double) / nullif(cast(
            orders.discount + orders.revenue as double), 0) as discount_share
    from process.orders as orders
    left join returns on returns.order_id = orders.order_id
    where orders.ordered_at < $period_end and orders.status <> 'cancelled'
),

own_orders as (
    select
        moments.moment_id,
        max(case when orders.is_late and orders.delivered_at < moments.at then 1 else 0 end) as is_late
    from moments
    inner join orders on orders.order_id = moments.order_id
    group by moments.moment_id
),

deliveries as (
    select
        moments.moment_id,
        count(case when orders.is_late then 1 end) as late_deliveries,
        max(orders.delay_days) as delay_days,
        count(case when orders.has_returns then 1 end) as returned_orders
    from moments
    inner join orders on orders.customer_id = moments.customer_id
    where orders.delivered_at < moments.at
        and orders.delivered_at >= moments.at - interval '60' day
    group by moments.moment_id
),

purchases as (
    select
        moments.moment_id,
        count(*) as orders,
        cast(avg(orders.revenue) as double) as mean_order_value,
        cast(avg(cast(orders.discount_share as decimal(18, 9))) as double) as discount_share,
        max(orders.ordered_at) as last_ordered_at
    from moments
    inner join orders on orders.customer_id = moments.customer_id
    where orders.ordered_at < moments.at and orders.ordered_at >= moments.at - interval '365' day
    group by moments.moment_id
),

newest_orders as (
    select
        moments.moment_id,
        orders.channel,
        row_number() over (
            partition by moments.moment_id order by orders.ordered_at desc, orders.order_id desc
        ) as newest
    from moments
    inner join orders on orders.customer_id = moments.customer_id
    where orders.ordered_at < moments.at and orders.ordered_at >= moments.at - interval '365' day
),

opened as (
    select moments.moment_id, count(*) as tickets
    from moments
    inner join process.support_tickets as tickets on tickets.customer_id = moments.customer_id
    where tickets.opened_at < moments.at and tickets.opened_at >= moments.at - interval '60' day
    group by moments.moment_id
),

resolved as (
    select moments.moment_id, max(tickets.resolution_hours) as resolution_hours
    from moments
    inner join process.support_tickets as tickets on tickets.customer_id = moments.customer_id
    where tickets.opened_at < moments.at
        and tickets.resolved_at < moments.at
        and tickets.resolved_at >= moments.at - interval '60' day
    group by moments.moment_id
),

asked as (
    select
        moments.moment_id,
        count(*) as invitations,
        count(case when earlier.responded_at < moments.at then 1 end) as answers,
        cast(avg(
            case when earlier.responded_at < moments.at then earlier.score_of_five end
        ) as double) as mean_score
    from moments
    inner join process.survey_responses as earlier on earlier.customer_id = moments.customer_id
    where earlier.sent_at < moments.at and earlier.sent_at >= moments.at - interval '365' day
    group by moments.moment_id
),

answered as (
    select
        moments.moment_id,
        earlier.score_of_five,
        earlier.responded_at,
        row_number() over (
            partition by moments.moment_id
            order by earlier.responded_at desc, earlier.response_id desc
        ) as newest
    from moments
    inner join process.survey_responses as earlier on earlier.customer_id = moments.customer_id
    where earlier.responded_at < moments.at
        and earlier.responded_at >= moments.at - interval '365' day
        and earlier.sent_at < moments.at
)

select
    cast($period_start as date) as period,  -- First day of the period. [not null]
    moments.moment_id,                      -- The invitation, or 'customer/' and the customer. [not null] [unique]
    moments.is_invitation,                  -- An invitation, or a customer at the period's end. [not null]
    moments.customer_id,                    -- The customer; null for an anonymous invitation.
    moments.at,                             -- The moment: when the survey was sent, or the period's end. [not null]
    moments.survey,                         -- Kind of survey; null at the period's end.
    moments.touchpoint,                     -- What the survey asks about.
    moments.channel,                        -- How the survey was sent.
    own_orders.is_late = 1 as own_order_is_late,  -- Whether the order asked about came late; null without one.
    case when moments.customer_id is not null then coalesce(deliveries.late_deliveries, 0) end
        as late_deliveries,                 -- Late deliveries in 60 days. [>= 0]
    deliveries.delay_days,                  -- Longest delay of a delivery in 60 days; 0 in time, null without one. [>= 0]
    case when moments.customer_id is not null then coalesce(deliveries.returned_orders, 0) end
        as returned_orders,                 -- Orders delivered in 60 days of which something was given back. [>= 0]
    case when moments.customer_id is not null then coalesce(opened.tickets, 0) end
        as tickets,                         -- Support tickets in 60 days. [>= 0]
    cast(resolved.resolution_hours as double) as resolution_hours,  -- Longest resolution of a ticket in 60 days; null without one. [>= 0]
    case when moments.customer_id is not null then coalesce(purchases.orders, 0) end
        as orders,                          -- Orders in a year. [>= 0]
    purchases.mean_order_value,             -- Mean value of an order in a year.
    purchases.discount_share,               -- Mean discount as a share of the price, in a year.
    date_diff('day', purchases.last_ordered_at, moments.at) as days_since_order,  -- Days since the last order; null without one in a year. [>= 0]
    newest_orders.channel as order_channel, -- Where the last order was placed.
    case when moments.customer_id is not null then coalesce(asked.invitations, 0) end
        as invitations,                     -- Surveys sent in a year. [>= 0]
    case when moments.customer_id is not null then coalesce(asked.answers, 0) end
        as answers,                         -- Of them answered. [>= 0]
    asked.mean_score,                       -- Mean of these answers on 1..5. [1 .. 5]
    cast(answered.score_of_five as double) as previous_score,  -- Newest answer of a year on 1..5. [1 .. 5]
    date_diff('day', answered.responded_at, moments.at) as previous_score_days,  -- Days since that answer. [>= 0]
    date_diff('day', customers.known_since, moments.at) as tenure_days,  -- Days since sign-up or first order. [>= 0, warn]
    customers.age,                          -- Age in whole years at the period's end.
    customers.country                       -- Country.
from moments
left join own_orders on own_orders.moment_id = moments.moment_id
left join deliveries on deliveries.moment_id = moments.moment_id
left join purchases on purchases.moment_id = moments.moment_id
left join newest_orders
    on newest_orders.moment_id = moments.moment_id and newest_orders.newest = 1
left join opened on opened.moment_id = moments.moment_id
left join resolved on resolved.moment_id = moments.moment_id
left join asked on asked.moment_id = moments.moment_id
left join answered on answered.moment_id = moments.moment_id and answered.newest = 1
left join process.customers as customers
    on customers.customer_id = moments.customer_id
    and customers.period = cast($period_start as date)
