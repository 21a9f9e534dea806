-- One row per request to be forgotten, in the period it was made.
select
    period,                                 -- First day of the period. [not null]
    request_id,                             -- The request. [not null] [unique]
    customer_id,                            -- Who asked. [not null]
    requested_at                            -- When it was asked. [not null]
from collect.erasure_requests
where period >= $period_start and period < $period_end
