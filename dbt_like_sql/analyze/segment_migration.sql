-- One row per segment of the period before, segment of now and period: who went from which to which.
-- Customers whom the period before did not know have no from_segment, so that the rows of a period
-- add up to all customers of now. Customers who are gone since are in no row.
-- A segment keeps its id from period to period; its name says what it was like in each.
-- [unique: from_segment, to_segment]
with moves as (
    select
        was.segment_id as from_segment,
        was.segment_name as from_name,
        present.segment_id as to_segment,
        present.segment_name as to_name,
        count(*) as customers
    from "analyze".segments as present
    left join "analyze".segments as was
        on was.customer_id = present.customer_id
        and was.period = cast($previous_start as date)
    where present.period = cast($period_start as date)
    group by was.segment_id, was.segment_name, present.segment_id, present.segment_name
)

select
    cast($period_start as date) as period,  -- First day of the period. [not null]
    from_segment,                           -- The segment in the period before; null for new customers. [>= 1]
    from_name,                              -- Its name then.
    to_segment,                             -- The segment now. [not null] [>= 1]
    to_name,                                -- Its name now. [not null]
    customers,                              -- Customers who went this way. [not null] [>= 1]
    customers / sum(cast(customers as double)) over (
        partition by from_segment
    ) as share                              -- Their share of those from this segment. [not null] [0 .. 1]
from moves
