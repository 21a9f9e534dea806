-- One row per customer who may be contacted: the one action decided at the period's end, and why.
-- A hash of the policy and the customer holds out a control group: the same customer is always in
-- the same arm of a policy, and a control customer gets nothing, so that effects can be measured.
with candidates as (
    select
        customer_id,
        segment_id,
        case
            when last_score <= 2 then 'service_call'
            when frequency > 0 and recency_days > 90 then 'voucher'
            else 'feature_tips'
        end as action,
        case
            when last_score <= 2 then 'the newest answer was ' || cast(last_score as varchar) || ' of 5'
            when frequency > 0 and recency_days > 90 then
                'no purchase for ' || cast(recency_days as varchar) || ' days'
            when frequency = 0 then 'has not bought yet'
            else 'bought ' || cast(recency_days as varchar) || ' days ago'
        end as reason,
        case
            when substring(md5('rules-1/' || customer_id), 1, 8) < $holdout_below then 'control'
            else 'treated'
        end as arm
    from insight.customer_360
    where period = cast($period_start as date) and consent_marketing and consent_analytics
)

select
    cast($period_start as date) as period,  -- First day of the period. [not null]
    candidates.customer_id,                 -- The customer. [not null] [unique]
    cast(cast($period_start as date) as varchar) || '/' || candidates.customer_id as action_id,  -- The action. [not null] [unique]
    candidates.action,                      -- What to do. [one of: service_call, voucher, feature_tips] [not null]
    candidates.arm,                         -- Whether it is done. [one of: treated, control] [not null]
    case
        when candidates.arm = 'control' then $holdout_share
        else 1 - $holdout_share
    end as propensity,                      -- The probability with which this arm was drawn. [not null] [0 .. 1]
    'rules-1' as policy_version,            -- Which policy decided. [not null]
    candidates.segment_id,                  -- The customer's segment. [not null]
    effects.effect as expected_effect,      -- What the action did to csat so far; null before it was measured.
    candidates.reason                       -- Why this action, in words. [not null]
from candidates
left join feedback.action_effects as effects
    on effects.action = candidates.action
    and effects.outcome = 'csat'
    and effects.segment_id is null
    and effects.period = cast($period_start as date)
