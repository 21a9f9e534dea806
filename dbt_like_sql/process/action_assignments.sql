-- One row per decision that was published, treated and control, in the period it was made for.
select
    period,                                 -- First day of the period. [not null]
    action_id,                              -- The action. [not null] [unique]
    customer_id,                            -- For whom it was decided. [not null]
    assigned_at,                            -- When it was decided. [not null]
    action,                                 -- What to do. [not null]
    arm,                                    -- Whether it is done. [one of: treated, control]
    propensity,                             -- The probability with which this arm was drawn. [not null] [0 .. 1]
    action_propensity,                      -- The probability with which this action was chosen. [0 .. 1]
    policy_version,                         -- Which policy decided. [not null]
    segment_id,                             -- The customer's segment at that time.
    expected_effect,                        -- What the policy expected.
    expected_net_benefit,                   -- The worth of that less the action's cost.
    reason                                  -- Why this customer, in words.
from collect.action_assignments
where period >= $period_start and period < $period_end
