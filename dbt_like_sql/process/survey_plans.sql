-- One row per invitation of a survey plan that was published, in the period it was made for.
select
    period,                                 -- First day of the period. [not null]
    plan_id,                                -- The planned invitation. [not null] [unique]
    customer_id,                            -- Whom to ask. [not null]
    planned_at,                             -- When it was planned. [not null]
    survey,                                 -- Kind of survey. [one of: csat, nps, ces]
    rank,                                   -- In which order to ask; 1 comes first. [not null] [>= 1]
    reason,                                 -- Asked for what the answer is worth, or drawn at random. [one of: value, random]
    propensity,                             -- The probability with which this candidate got into the plan. [not null] [0 .. 1]
    expected_information,                   -- What an answer was expected to be worth. [>= 0]
    why                                     -- What was known and at stake, in words.
from collect.survey_plans
where period >= $period_start and period < $period_end
