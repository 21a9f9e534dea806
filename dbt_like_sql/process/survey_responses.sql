-- One row per survey invitation, in the period it was sent, with its answer on a known scale.
-- A score outside its scale is no answer. A score without a time was given when it was asked.
-- What counts as a good answer follows the length of the scale, counted in points (0..10 has 11).
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
        score is not null and lowest < highest and score between lowest and highest as is_answer,
        case
            when highest - lowest + 1 < 4 then highest
            when highest - lowest + 1 < 8 then highest - 1
            else lowest + 0.75 * (highest - lowest)
        end as top_from,
        case
            when highest - lowest + 1 < 8 then highest
            else highest - greatest(1, (highest - lowest) / 10)
        end as promoter_from,
        case
            when highest - lowest + 1 < 8 then highest - 1
            else highest - 3 * greatest(1, (highest - lowest) / 10)
        end as passive_from
    from scaled
),

graded as (
    select
        *,
        case when is_answer then score >= top_from end as is_top,
        case
            when not is_answer or survey <> 'nps' then null
            when score >= promoter_from then 'promoter'
            when score >= passive_from then 'passive'
            else 'detractor'
        end as nps_group,
        case
            when is_answer then
                cast(1 + 4 * (score - lowest) / (highest - lowest) as decimal(9, 6))
        end as score_of_five
    from judged
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
    score_of_five,                          -- The answer stretched to 1..5, to compare scales. [1 .. 5]
    case when survey = 'csat' then is_top end as is_top_two,  -- csat: one of the best answers: the top one of up to 3 points, the top two of 4 to 7, else the top quarter of the range (three of 10 or 11).
    nps_group,                              -- nps: promoter (9, 10), passive (7, 8) or detractor; likewise on scales of 8 to 11 points, in proportion on longer ones; the top, the next and the rest on shorter ones. [one of: promoter, passive, detractor]
    case
        when not is_answer then null
        when nps_group = 'promoter' or (survey <> 'nps' and is_top) then 'good'
        when nps_group = 'detractor' or (survey <> 'nps' and score_of_five <= 2.5) then 'bad'
        else 'neutral'
    end as verdict,                         -- good: a promoter, or among the top answers as for is_top_two; bad: a detractor, or at most 2.5 of five; null without an answer. [one of: good, neutral, bad]
    score is not null and not is_answer as out_of_scale,  -- Had a score that its scale does not know. [not null]
    comment                                 -- What the customer added, without identifiers.
from graded
