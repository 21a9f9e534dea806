-- One row per visitor and stretch of time in which it was one customer's, and one per bot, as of the
-- period's end. A visitor is a browser or device; one that nobody ever logged in with is in no row.
-- A session belongs to the customer who logged in within it, else to the last who did so before, else
-- to the first who did so later, up to the period's end. So a log-in in June tells who came in May, but
-- to the snapshots of June and later only.
-- A bot is a visitor whose device says so (bot, crawler, spider, headless), or with which nobody ever
-- logged in or bought and that in one session made 30 events or more at less than 2 seconds apiece, or
-- 300 or more, or that began 20 sessions or more on one day. Bots have one row, whoever logged in.
-- Test accounts are those of process.customers, and customers unknown to it whose id starts with test.
with sessions as (
    select
        visitor_id,
        session_id,
        customer_id,
        began_at,
        events,
        epoch(ended_at) - epoch(began_at) as seconds,
        furthest_step = 'purchase' as has_purchase,
        regexp_matches(lower(device), 'bot|crawler|spider|headless') as says_so,
        count(*) over (
            partition by visitor_id, cast(began_at as date)
        ) as sessions_that_day
    from features.web_sessions
    where began_at < $period_end
),

suspects as (
    select
        visitor_id,
        case
            when max(case when says_so then 1 else 0 end) = 1 then 'its device says so'
            when count(customer_id) > 0 or max(case when has_purchase then 1 else 0 end) = 1 then null
            when max(case when events >= 30 and seconds < 2 * (events - 1) then 1 else 0 end) = 1
                then 'events less than 2 seconds apart'
            when max(events) >= 300 then '300 events in a session'
            when max(sessions_that_day) >= 20 then '20 sessions on a day'
        end as bot_because
    from sessions
    group by visitor_id
),

owned as (
    select
        sessions.visitor_id,
        sessions.began_at,
        suspects.bot_because,
        case
            when suspects.bot_because is null then coalesce(
                last_value(sessions.customer_id ignore nulls) over (
                    partition by sessions.visitor_id order by sessions.began_at
                    rows between unbounded preceding and current row
                ),
                first_value(sessions.customer_id ignore nulls) over (
                    partition by sessions.visitor_id order by sessions.began_at
                    rows between current row and unbounded following
                )
            )
        end as customer_id
    from sessions
    inner join suspects on suspects.visitor_id = sessions.visitor_id
),

changes as (
    select
        *,
        case
            when customer_id is not distinct from lag(customer_id) over (
                partition by visitor_id order by began_at
            ) then 0
            else 1
        end as is_change
    from owned
    where customer_id is not null or bot_because is not null
),

numbered as (
    select
        *,
        sum(is_change) over (
            partition by visitor_id order by began_at
            rows between unbounded preceding and current row
        ) as stretch
    from changes
),

stretches as (
    select
        visitor_id,
        stretch,
        customer_id,
        bot_because,
        min(began_at) as known_from,
        count(*) as sessions
    from numbered
    group by visitor_id, stretch, customer_id, bot_because
)

select
    cast($period_start as date) as period,  -- First day of the period. [not null]
    stretches.visitor_id,                   -- The browser or device. [not null]
    stretches.known_from,                   -- When the stretch's first session began. [not null]
    lead(stretches.known_from, 1, $period_end) over (
        partition by stretches.visitor_id order by stretches.known_from
    ) as known_until,                       -- When the next one's began, else the period's end. [not null]
    stretches.customer_id,                  -- Whose sessions they are; null for a bot.
    case
        when stretches.bot_because is not null then 'bot'
        when coalesce(
            customers.is_test_account, regexp_matches(lower(stretches.customer_id), '^test')
        ) then 'test_account'
        else 'person'
    end as visitor_kind,                    -- Bots and test accounts are set apart. [one of: person, test_account, bot]
    stretches.bot_because,                  -- What gave the bot away; null for others.
    stretches.sessions                      -- Sessions of the stretch so far. [not null] [>= 1]
from stretches
left join process.customers as customers
    on customers.customer_id = stretches.customer_id
    and customers.period = cast($period_start as date)
-- [unique: visitor_id, known_from]
