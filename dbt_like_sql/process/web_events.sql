-- One row per web event; an anonymous visitor is the customer as whom they log in, in that period.
with named as (
    select
        *,
        coalesce(
            customer_id, max(customer_id) over (partition by period, visitor_id)
        ) as known_customer_id,
        lag(occurred_at) over (
            partition by period, visitor_id order by occurred_at, event_id
        ) as previous_at
    from collect.web_events
    where period >= $period_start and period < $period_end
)

select
    period,                                 -- First day of the period. [not null]
    event_id,                               -- The event. [not null] [unique]
    occurred_at,                            -- When it happened. [not null]
    visitor_id,                             -- The browser or device. [not null]
    known_customer_id as customer_id,       -- The customer, where the visitor logged in within the period.
    coalesce(event_type, 'view') as event_type,  -- What happened. [not null]
    page,                                   -- The page.
    product_id,                             -- The product that was looked at.
    device,                                 -- desktop, mobile, tablet, ...
    referrer,                               -- Where the visit came from.
    coalesce(previous_at < occurred_at - interval '30 minutes', true) as starts_session  -- First event, or 30 quiet minutes before it. [not null]
from named
