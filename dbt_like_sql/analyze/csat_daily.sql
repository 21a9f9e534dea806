-- One row per survey kind, dimension, value and day of the period: that day's invitations and answers.
-- For trends at day grain. An answer counts on the day it was given, to however old an invitation.
-- A day is too thin for intervals: the counts and sums add up over any days, and a group's days to
-- its row of analyze.csat, where the intervals are.
with happenings as (
    select
        survey,
        touchpoint,
        channel,
        customer_id,
        cast(sent_at as date) as day,
        1 as invited,
        0 as responses,
        cast(null as decimal(9, 4)) as score,
        cast(null as boolean) as is_top_two,
        cast(null as varchar) as nps_group
    from process.survey_responses
    where sent_at >= $period_start and sent_at < $period_end
    union all
    select
        survey,
        touchpoint,
        channel,
        customer_id,
        cast(responded_at as date),
        0,
        1,
        cast(score as decimal(9, 4)),
        is_top_two,
        nps_group
    from process.survey_responses
    where sent_at < $period_end and responded_at >= $period_start and responded_at < $period_end
),

grouped as (
    select *, 'all' as dimension, 'all' as value from happenings
    union all
    select *, 'touchpoint', touchpoint from happenings
    union all
    select *, 'channel', channel from happenings
    union all
    select happenings.*, 'country', coalesce(customers.country, 'unknown')
    from happenings
    left join process.customers as customers
        on customers.customer_id = happenings.customer_id
        and customers.period = cast($period_start as date)
),

days as (
    select
        survey,
        dimension,
        value,
        day,
        cast(sum(invited) as bigint) as invited,
        cast(sum(responses) as bigint) as responses,
        cast(coalesce(sum(score), 0) as decimal(28, 4)) as score_sum,
        cast(coalesce(sum(score * score), 0) as decimal(28, 8)) as score_squares,
        count(case when is_top_two then 1 end) as top_two,
        count(case when nps_group = 'promoter' then 1 end) as promoters,
        count(case when nps_group = 'detractor' then 1 end) as detractors
    from grouped
    group by survey, dimension, value, day
)

select
    cast($period_start as date) as period,  -- First day of the period. [not null]
    survey,                                 -- Kind of survey. [one of: csat, nps, ces]
    dimension,                              -- What the answers are grouped by. [one of: all, touchpoint, channel, country]
    value,                                  -- The group within the dimension. [not null]
    day,                                    -- The day. [not null]
    invited,                                -- Invitations sent on the day. [>= 0]
    responses,                              -- Answers given on the day. [>= 0]
    cast(score_sum as double) / nullif(responses, 0) as mean_score,  -- Mean answer on the survey's own scale; null without one.
    case
        when survey = 'csat' then cast(top_two as double) / nullif(responses, 0)
    end as csat_share,                      -- csat: share of the top boxes. [0 .. 1]
    case
        when survey = 'nps' then 100 * cast(promoters - detractors as double) / nullif(responses, 0)
    end as nps,                             -- nps: promoters less detractors, percent. [-100 .. 100]
    score_sum,                              -- Sum of the scores. [not null]
    score_squares,                          -- Sum of their squares. [not null]
    top_two,                                -- csat: answers in the top boxes. [>= 0]
    promoters,                              -- nps: promoters. [>= 0]
    detractors,                             -- nps: detractors. [>= 0]
    responses >= 10 as published            -- Ten answers: enough to be shown alone. [not null]
from days
-- [unique: survey, dimension, value, day]
