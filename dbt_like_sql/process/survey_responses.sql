-- One row per survey invitation, in the period it was sent, with its answer on a known scale.
-- A score outside its scale is no answer. A score without a time was given when it was asked.
with scaled as (
    select
        *,
        coalesce(scale_min, case survey when 'nps' then 0 else 1 end) as lowest,
        coalesce(scale_max, case survey when 'csat' then 5 when 'nps' then 10 else 7 end) as highest
    from collect.survey_responses
    where period >= $period_start and period < $period_end
),

judged as (
    select
        *,
        score is not null and lowest < highest and score between lowest and highest as is_answer
    from scaled
)

select
    period,                                 -- First day of the period. [not null]
    response_id,                            -- The invitation and its answer. [not null] [unique]
    customer_id,                            -- Who was asked; null when anonymous.
    sent_at,                                -- When it was sent. [not null]
    case when is_answer then coalesce(responded_at, sent_at) end as responded_at,  -- When it was answered; null without an answer.
    survey,                                 -- Kind of survey. [one of: csat, nps, ces]
    coalesce(touchpoint, 'unknown') as touchpoint,  -- What it asks about. [not null]
    coalesce(channel, 'unknown') as channel,  -- How it was sent. [not null]
    order_id,                               -- The order it asks about.
    case when is_answer then score end as score,  -- The answer on its own scale.
    lowest as scale_min,                    -- Lowest answer possible. [not null]
    highest as scale_max,                   -- Highest answer possible. [not null]
    case
        when is_answer then
            cast(1 + 4 * (score - lowest) / (highest - lowest) as decimal(9, 6))
    end as score_of_five,                   -- The answer stretched to 1..5, to compare scales. [1 .. 5]
    case
        when is_answer and survey = 'csat' then score >= highest - 1
    end as is_top_two,                      -- csat: one of the two best answers.
    case
        when is_answer and survey = 'nps' and score >= highest - 1 then 'promoter'
        when is_answer and survey = 'nps' and score >= highest - 3 then 'passive'
        when is_answer and survey = 'nps' then 'detractor'
    end as nps_group,                       -- nps: promoter (9, 10), passive (7, 8) or detractor. [one of: promoter, passive, detractor]
    score is not null and not is_answer as out_of_scale,  -- Had a score that its scale does not know. [not null]
    regexp_replace(
        regexp_replace(comment, '[[:alnum:]._%+-]+@[[:alnum:].-]+', '[email]', 'g'),
        '[+]?[0-9][0-9 ()/-]{6,}[0-9]', '[phone]', 'g'
    ) as comment                            -- What the customer added; e-mails and phone numbers masked.
from judged
