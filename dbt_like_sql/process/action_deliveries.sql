-- One row per action that reached its customer, in the period it did.
select
    period,                                 -- First day of the period. [not null]
    action_id,                              -- The action. [not null] [unique]
    customer_id,                            -- For whom it was. [not null]
    delivered_at,                           -- When it reached the customer. [not null]
    coalesce(channel, 'unknown') as channel,  -- How it was delivered. [not null]
    opened_at,                              -- When it was opened.
    clicked_at                              -- When it was followed.
from collect.action_deliveries
where period >= $period_start and period < $period_end
