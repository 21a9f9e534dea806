-- One row per segment and period: how large it is, and what its customers are like.
with answers as (
    select customer_id, cast(avg(score_of_five) as decimal(9, 6)) as csat
    from process.survey_responses
    where sent_at < $period_end and responded_at < $period_end and survey = 'csat'
    group by customer_id
)

select
    cast($period_start as date) as period,  -- First day of the period. [not null]
    segments.segment_id,                    -- The segment. [not null] [unique]
    segments.segment_name,                  -- Its name in words. [not null] [unique]
    count(*) as customers,                  -- Customers in it. [not null] [>= 1]
    count(*) / sum(cast(count(*) as double)) over () as share,  -- Share of all customers. [0 .. 1]
    avg(features.age) as avg_age,           -- Mean age; null where no age is known.
    avg(cast(features.spend as decimal(28, 4))) as avg_spend,       -- Mean money so far. [not null]
    avg(features.recency_days) as avg_recency_days,  -- Mean days since the last purchase, of buyers.
    avg(features.frequency) as avg_frequency,  -- Mean purchases so far. [not null]
    avg(cast(clv.clv as decimal(28, 4))) as avg_clv,                -- Mean lifetime value by the models; null where nobody has bought.
    avg(cast(clv.clv_formula as decimal(28, 4))) as avg_clv_formula,  -- Mean lifetime value by the article's formula. [not null]
    avg(answers.csat) as csat_mean          -- Mean csat of the customers who ever answered, on 1..5. [1 .. 5]
from "analyze".segments as segments
inner join features.customer_features as features
    on features.customer_id = segments.customer_id and features.period = segments.period
inner join "analyze".clv as clv
    on clv.customer_id = segments.customer_id and clv.period = segments.period
left join answers on answers.customer_id = segments.customer_id
where segments.period = cast($period_start as date)
group by segments.segment_id, segments.segment_name
