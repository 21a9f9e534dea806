-- One row per customer and period: recency, frequency and money as quintile scores, 5 is best.
-- A score is the fifth of the buyers in which the value lies: 5 * cume_dist, rounded up, so that
-- equal values always have equal scores. Where more than a fifth of the buyers share the lowest
-- value (one purchase, mostly), they share a higher score and nobody has the lowest.
-- Who never bought is in no fifth of the buyers, and has no scores.
with scored as (
    select
        customer_id,
        cast(ceil(5 * cume_dist() over (order by recency_days desc)) as bigint) as recency_score,
        cast(ceil(5 * cume_dist() over (order by frequency)) as bigint) as frequency_score,
        cast(ceil(5 * cume_dist() over (order by spend)) as bigint) as monetary_score
    from features.customer_features
    where period = cast($period_start as date) and frequency > 0
)

select
    cast($period_start as date) as period,  -- First day of the period. [not null]
    customers.customer_id,                  -- The customer. [not null] [unique]
    scored.recency_score,                   -- How lately the customer bought; null before a first purchase. [1 .. 5]
    scored.frequency_score,                 -- How often; null before a first purchase. [1 .. 5]
    scored.monetary_score,                  -- How much money so far, returns taken off; null before a first purchase. [1 .. 5]
    cast(scored.recency_score as varchar)
    || cast(scored.frequency_score as varchar)
    || cast(scored.monetary_score as varchar) as rfm  -- The three scores, as 545.
from features.customer_features as customers
left join scored on scored.customer_id = customers.customer_id
where customers.period = cast($period_start as date)
