-- One row per request to customer service, in the period it was opened.
select
    period,                                 -- First day of the period. [not null]
    ticket_id,                              -- The ticket. [not null] [unique]
    customer_id,                            -- Who asked; null when unknown.
    opened_at,                              -- When it was opened. [not null]
    first_response_at,                      -- When service first answered.
    resolved_at,                            -- When it was resolved; null while open.
    cast((epoch(first_response_at) - epoch(opened_at)) / 3600 as decimal(18, 4)) as first_response_hours,  -- Hours until the first answer. [>= 0, warn]
    cast((epoch(resolved_at) - epoch(opened_at)) / 3600 as decimal(18, 4)) as resolution_hours,  -- Hours until it was resolved. [>= 0, warn]
    coalesce(channel, 'unknown') as channel,  -- How it came in. [not null]
    coalesce(topic, 'unknown') as topic,    -- What it is about. [not null]
    text                                    -- What the customer wrote, without identifiers.
from collect.support_tickets
where period >= $period_start and period < $period_end
