-- One row per kind of visitor, channel, step and period: of the sessions that began in the period, how
-- many got so far. The channel all has the total. Bots and test accounts have rows of their own.
-- A session that got to a step has taken those before. Intervals are Wilson's, 95 %: sessions count as
-- independent, so with many sessions per visitor they are too narrow.
with visits as (
    select
        coalesce(visitors.visitor_kind, 'person') as visitor_kind,
        case sessions.channel when 'all' then '"all"' else sessions.channel end as channel,
        sessions.visitor_id,
        visitors.customer_id,
        case sessions.furthest_step
            when 'purchase' then 4
            when 'cart' then 3
            when 'product_view' then 2
            else 1
        end as furthest
    from features.web_sessions as sessions
    left join features.web_visitors as visitors
        on visitors.visitor_id = sessions.visitor_id
        and visitors.period = cast($period_start as date)
        and sessions.began_at >= visitors.known_from
        and sessions.began_at < visitors.known_until
    where sessions.began_at >= $period_start and sessions.began_at < $period_end
),

grouped as (
    select * from visits
    union all
    select visitor_kind, 'all', visitor_id, customer_id, furthest from visits
),

steps as (
    select 1 as step_number, 'visit' as step
    union all
    select 2, 'product_view'
    union all
    select 3, 'cart'
    union all
    select 4, 'purchase'
),

counted as (
    select
        grouped.visitor_kind,
        grouped.channel,
        steps.step_number,
        steps.step,
        count(case when grouped.furthest >= steps.step_number then 1 end) as sessions,
        count(
            case when grouped.furthest >= steps.step_number then grouped.customer_id end
        ) as known_sessions,
        count(distinct
            case when grouped.furthest >= steps.step_number then grouped.visitor_id end
        ) as visitors,
        count(*) as visits,
        count(case when grouped.furthest >= steps.step_number - 1 then 1 end) as sessions_before
    from grouped
    cross join steps
    group by grouped.visitor_kind, grouped.channel, steps.step_number, steps.step
),

rated as (
    select
        *,
        sessions / cast(visits as double) as share,
        sessions / nullif(cast(sessions_before as double), 0) as step_share,
        3.841458820694124 / visits as spread,
        3.841458820694124 / nullif(cast(sessions_before as double), 0) as step_spread
    from counted
)

select
    cast($period_start as date) as period,  -- First day of the period. [not null]
    visitor_kind,                           -- Bots and test accounts are set apart. [one of: person, test_account, bot]
    channel,                                -- What brought them, or all. [not null]
    step_number,                            -- Its place in the funnel. [1 .. 4]
    step,                                   -- How far they got. [one of: visit, product_view, cart, purchase]
    sessions,                               -- Sessions that got so far. [not null] [>= 0]
    known_sessions,                         -- Those whose customer is known at the period's end. [not null] [>= 0]
    visitors,                               -- Browsers or devices that got so far. [not null] [>= 0]
    share,                                  -- Of all sessions of the channel. [not null] [0 .. 1]
    (share + spread / 2 - sqrt(spread * share * (1 - share) + spread * spread / 4))
    / (1 + spread) as share_low,            -- Lower end of its interval. [not null]
    (share + spread / 2 + sqrt(spread * share * (1 - share) + spread * spread / 4))
    / (1 + spread) as share_high,           -- Upper end of its interval. [not null]
    step_share,                             -- Of the sessions that got to the step before; null where none did. [0 .. 1]
    (step_share + step_spread / 2
        - sqrt(step_spread * step_share * (1 - step_share) + step_spread * step_spread / 4))
    / (1 + step_spread) as step_low,        -- Lower end of its interval.
    (step_share + step_spread / 2
        + sqrt(step_spread * step_share * (1 - step_share) + step_spread * step_spread / 4))
    / (1 + step_spread) as step_high        -- Upper end of its interval.
from rated
-- [unique: visitor_kind, channel, step]
