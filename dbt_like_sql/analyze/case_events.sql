-- One row per event of the period that opens or closes a case: the bad answer of a valuable customer,
-- any other answer, a delivered action. What became of the cases stands in analyze.case_states.
-- Valuable is who belongs to the top quarter by lifetime value at the period's end, among all who
-- have any; the top twentieth is answered within 3 days, the others within 7.
-- A bad answer of anyone else neither opens nor closes a case.
with ranked as (
    select
        customer_id,
        value,
        (rank() over (order by value desc) - 1) / cast(count(*) over () as double) as worth_more_share
    from (
        select customer_id, coalesce(clv, clv_formula) as value
        from "analyze".clv
        where period = cast($period_start as date)
    )
    where value > 0
),

answers as (
    select
        response_id,
        customer_id,
        -- No answer comes before its question.
        greatest(sent_at, responded_at) as answered_at,
        verdict
    from process.survey_responses
    where sent_at < $period_end
        and responded_at < $period_end
        and verdict is not null
        and customer_id is not null
),

events as (
    select
        'answer/' || answers.response_id as event_id,
        answers.customer_id,
        answers.answered_at as occurred_at,
        case when answers.verdict = 'bad' then 'bad_answer' else 'answer' end as kind,
        answers.response_id,
        case when answers.verdict = 'bad' then ranked.value end as value,
        case when answers.verdict = 'bad' then ranked.worth_more_share end as worth_more_share
    from answers
    left join ranked on ranked.customer_id = answers.customer_id
    where answers.answered_at >= $period_start
        and (answers.verdict <> 'bad' or ranked.worth_more_share < 0.25)
    union all
    select 'action/' || action_id, customer_id, delivered_at, 'delivery', null, null, null
    from process.action_deliveries
    where delivered_at >= $period_start and delivered_at < $period_end
)

select
    cast($period_start as date) as period,  -- First day of the period. [not null]
    event_id,                               -- The event. [not null] [unique]
    customer_id,                            -- Whose it is. [not null]
    occurred_at,                            -- When the answer was given or the action was delivered. [not null]
    kind,                                   -- bad_answer opens a case; answer and delivery close it. [not null] [one of: bad_answer, answer, delivery]
    response_id,                            -- The answer; null for a delivery.
    value,                                  -- What the customer was worth; null where the event opens no case. [>= 0]
    worth_more_share,                       -- Share of the valued customers who were worth more. [0 .. 1]
    case
        when worth_more_share < 0.05 then 3
        when worth_more_share is not null then 7
    end as days_to_act                      -- Within how many days somebody should have acted. [>= 1]
from events
