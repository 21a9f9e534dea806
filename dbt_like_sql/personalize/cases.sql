-- One row per case that is open at the period's end or was closed in the period: a valuable customer
-- who gave a bad answer, and what somebody who calls has to know. How cases open and close:
-- analyze.case_events and analyze.case_states. What the customer had met is as of the survey; worth,
-- risk and segment are as of the period's end.
with known as (
    select
        states.case_id,
        states.customer_id,
        states.opened_at,
        states.due_at,
        states.status,
        states.closed_at,
        states.closed_by,
        answers.survey,
        answers.touchpoint,
        answers.score,
        answers.comment as said,
        regexp_replace(cast(answers.score as varchar), '[.]0$', '')
        || ' of '
        || regexp_replace(cast(answers.scale_max as varchar), '[.]0$', '') as score_in_words,
        greatest(coalesce(clv.clv, clv.clv_formula, 0), 0) as value,
        coalesce(churn.risk_band, 'unknown') as risk_band,
        coalesce(met.late_deliveries, 0) as late_deliveries,
        coalesce(met.tickets, 0) as tickets,
        segments.segment_id,
        segments.segment_name
    from "analyze".case_states as states
    inner join process.survey_responses as answers on answers.response_id = states.response_id
    left join features.experience as met
        on met.moment_id = answers.response_id and met.period = answers.period
    left join "analyze".clv as clv
        on clv.customer_id = states.customer_id and clv.period = states.period
    left join "analyze".churn_risk as churn
        on churn.customer_id = states.customer_id and churn.period = states.period
    left join "analyze".segments as segments
        on segments.customer_id = states.customer_id and segments.period = states.period
    where states.period = cast($period_start as date)
)

select
    cast($period_start as date) as period,  -- First day of the period. [not null]
    case_id,                                -- The case, the same in every period. [not null] [unique]
    customer_id,                            -- Who is unhappy. [not null] [consent: analytics]
    opened_at,                              -- When the bad answer was given. [not null]
    due_at,                                 -- By when somebody should have acted: 3 days for the most valuable, else 7. [not null]
    status,                                 -- How it stands at the period's end. [not null] [one of: open, overdue, closed]
    closed_at,                              -- When it was closed; null while it is not.
    closed_by,                              -- What closed it: a delivered action, or a later answer that was not bad. [one of: delivery, answer]
    survey,                                 -- Kind of survey. [not null] [one of: csat, nps, ces]
    touchpoint,                             -- What it asked about. [not null]
    score,                                  -- The answer on its own scale. [not null]
    said,                                   -- What the customer added, e-mails and phone numbers masked; null without a comment.
    'gave ' || score_in_words
    || case when touchpoint = 'unknown' then '' else ' about ' || touchpoint end
    || ', worth ' || printf('%,d', cast(round(value) as bigint)) || ' over the years'
    || case when risk_band = 'unknown' then '' else ', churn risk ' || risk_band end
    || case late_deliveries
        when 0 then ''
        when 1 then ', 1 late delivery'
        else ', ' || cast(late_deliveries as varchar) || ' late deliveries'
    end
    || case tickets
        when 0 then ''
        when 1 then ', 1 support ticket'
        else ', ' || cast(tickets as varchar) || ' support tickets'
    end as why,                             -- Why it matters, in words; deliveries and tickets are those of the 60 days before the survey. [not null]
    value,                                  -- Lifetime value by the models, else by the formula; at least 0. [not null] [>= 0]
    segment_id,                             -- The customer's segment. [>= 1]
    segment_name                            -- Its name in words.
from known
