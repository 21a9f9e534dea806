-- One row per customer and period: what the customer did and met, as of the period's end.
with purchases as (
    select
        customer_id,
        count(*) as frequency,
        max(ordered_at) as last_ordered_at,
        avg(revenue) as monetary
    from process.orders
    where ordered_at < $period_end and is_purchase
    group by customer_id
),

money as (
    select
        customer_id,
        cast(sum(revenue) as double) as spend,
        cast(sum(profit) as double) as profit
    from process.orders
    where ordered_at < $period_end and status <> 'cancelled'
    group by customer_id
),

deliveries as (
    select
        customer_id,
        avg(case when delivered_at > promised_at then 1.0 else 0.0 end) as late_delivery_share
    from process.orders
    where ordered_at < $period_end and delivered_at < $period_end and promised_at is not null
    group by customer_id
),

visits as (
    select customer_id, cast(sum(sessions) as bigint) as sessions
    from features.web_visitors
    where period = cast($period_start as date) and visitor_kind = 'person'
    group by customer_id
),

service as (
    select
        customer_id,
        count(*) as tickets,
        avg(case when resolved_at < $period_end then resolution_hours end) as mean_resolution_hours
    from process.support_tickets
    where opened_at < $period_end
    group by customer_id
),

answers as (
    select
        customer_id,
        score_of_five,
        responded_at,
        row_number() over (
            partition by customer_id order by responded_at desc, response_id desc
        ) as newest
    from process.survey_responses
    where sent_at < $period_end and responded_at < $period_end and survey = 'csat'
)

select
    cast($period_start as date) as period,  -- First day of the period. [not null]
    customers.customer_id,                  -- The customer. [not null] [unique]
    date_diff(
        'day', cast(purchases.last_ordered_at as date), cast($period_end as date)
    ) as recency_days,                      -- Days from the last purchase to the period's end; null before a first. [>= 0]
    coalesce(purchases.frequency, 0) as frequency,  -- Purchases so far. [not null] [>= 0]
    date_diff(
        'day', cast(customers.known_since as date), cast($period_end as date)
    ) as tenure_days,                       -- Days since sign-up or first order. [not null] [>= 0]
    purchases.monetary,                     -- Mean value of a purchase; null before a first.
    coalesce(money.spend, 0) as spend,      -- Money so far, returns taken off. [not null]
    coalesce(money.profit, 0) as profit,    -- Profit so far, returns taken off. [not null]
    customers.age,                          -- Age in whole years.
    coalesce(visits.sessions, 0) as sessions,  -- Web sessions so far, those before the first log-in too. [not null] [>= 0]
    coalesce(service.tickets, 0) as tickets,  -- Support tickets so far. [not null] [>= 0]
    service.mean_resolution_hours,          -- Mean hours until a ticket was resolved; null without one.
    cast(answers.score_of_five as double) as last_score,    -- Newest csat answer, on 1..5; null without one. [1 .. 5]
    date_diff(
        'day', cast(answers.responded_at as date), cast($period_end as date)
    ) as last_score_age_days,               -- Days since that answer. [>= 0]
    deliveries.late_delivery_share          -- Share of deliveries after the promise; null without one. [0 .. 1]
from process.customers as customers
left join purchases on purchases.customer_id = customers.customer_id
left join money on money.customer_id = customers.customer_id
left join deliveries on deliveries.customer_id = customers.customer_id
left join visits on visits.customer_id = customers.customer_id
left join service on service.customer_id = customers.customer_id
left join answers on answers.customer_id = customers.customer_id and answers.newest = 1
where customers.period = cast($period_start as date)
