-- One row per web event, with the session it belongs to.
-- A session ends after 30 quiet minutes. One that runs over the period's end is cut there, and what
-- follows is a session of the next period, so that no period sees another's events.
-- A customer on an event is a fact; other events of a session belong to the last who logged in before
-- them, or else to the first after. Who came without a log-in is in features.web_visitors.
with timed as (
    select
        *,
        lag(occurred_at) over (
            partition by period, visitor_id order by occurred_at, event_id
        ) as previous_at
    from collect.web_events
    where period >= $period_start and period < $period_end
),

counted as (
    select
        *,
        sum(case when previous_at >= occurred_at - interval '30 minutes' then 0 else 1 end) over (
            partition by period, visitor_id order by occurred_at, event_id
            rows between unbounded preceding and current row
        ) as session_number
    from timed
),

joined as (
    select
        *,
        first_value(event_id) over (
            partition by period, visitor_id, session_number order by occurred_at, event_id
            rows between unbounded preceding and current row
        ) as session_id,
        last_value(customer_id ignore nulls) over (
            partition by period, visitor_id, session_number order by occurred_at, event_id
            rows between unbounded preceding and current row
        ) as last_customer_id,
        first_value(customer_id ignore nulls) over (
            partition by period, visitor_id, session_number order by occurred_at, event_id
            rows between current row and unbounded following
        ) as next_customer_id
    from counted
)

select
    period,                                 -- First day of the period. [not null]
    event_id,                               -- The event. [not null] [unique]
    session_id,                             -- The session: the id of its first event. [not null]
    occurred_at,                            -- When it happened. [not null]
    visitor_id,                             -- The browser or device. [not null]
    coalesce(last_customer_id, next_customer_id) as customer_id,  -- The customer, where one logged in within the session.
    coalesce(event_type, 'view') as event_type,  -- What happened. [not null]
    page,                                   -- The page.
    product_id,                             -- The product that was looked at.
    device,                                 -- desktop, mobile, tablet, ...
    referrer,                               -- Where the visit came from.
    event_id = session_id as starts_session  -- First event, or 30 quiet minutes before it. [not null]
from joined
