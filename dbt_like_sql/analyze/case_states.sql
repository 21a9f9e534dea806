-- One row per case that is open at the period's end or was closed in the period, from analyze.case_events.
-- The first bad answer of a valuable customer opens a case; further ones change nothing while it is
-- open. The first action that is delivered after it, or the first answer after it that is not bad,
-- closes it; the next bad answer then opens another. What happened at the same moment came before it.
-- Events older than 730 days are let go: a case that nobody closed ends there, unless a later bad
-- answer of that time takes its place. Who is unknown, was erased or may not be analysed has no case,
-- nor has a test account.
with events as (
    select
        *,
        kind <> 'bad_answer' as closes,
        count(case when kind <> 'bad_answer' then 1 end) over (
            partition by customer_id
            order by occurred_at, kind = 'bad_answer', event_id
            rows between unbounded preceding and current row
        ) as closings
    from "analyze".case_events
    where occurred_at >= $period_end - interval '730' day and occurred_at < $period_end
),

opened as (
    select
        *,
        row_number() over (
            partition by customer_id, closings order by occurred_at, event_id
        ) as position
    from events
    where not closes
),

cases as (
    select
        opened.response_id,
        opened.customer_id,
        opened.occurred_at as opened_at,
        opened.occurred_at + opened.days_to_act * interval '1' day as due_at,
        closed.occurred_at as closed_at,
        closed.kind as closed_by
    from opened
    left join events as closed
        on closed.customer_id = opened.customer_id
        and closed.closings = opened.closings + 1
        and closed.closes
    where opened.position = 1
),

people as (
    select customers.customer_id
    from process.customers as customers
    where customers.period = cast($period_start as date)
        and customers.consent_analytics
        and not customers.is_test_account
        and customers.customer_id not in (
            select customer_id from process.erasure_requests where requested_at < $period_end
        )
)

select
    cast($period_start as date) as period,  -- First day of the period. [not null]
    'case/' || cases.response_id as case_id,  -- The case, the same in every period. [not null] [unique]
    cases.response_id,                      -- The answer that opened it. [not null]
    cases.customer_id,                      -- Whose case it is. [not null]
    cases.opened_at,                        -- When that answer was given. [not null]
    cases.due_at,                           -- By when somebody should have acted. [not null]
    case
        when cases.closed_at is not null then 'closed'
        when cases.due_at < $period_end then 'overdue'
        else 'open'
    end as status,                          -- How it stands at the period's end. [not null] [one of: open, overdue, closed]
    cases.closed_at,                        -- When it was closed; null while it is not.
    cases.closed_by                         -- What closed it; null while nothing did. [one of: delivery, answer]
from cases
inner join people on people.customer_id = cases.customer_id
where cases.closed_at is null or cases.closed_at >= $period_start
