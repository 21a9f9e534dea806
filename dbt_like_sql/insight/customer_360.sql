-- One row per customer and period: everything we know of the customer, in one place.
select
    cast($period_start as date) as period,  -- First day of the period. [not null]
    customers.customer_id,                  -- The customer. [not null] [unique]
    customers.known_since,                  -- Sign-up or first order, whichever is earlier.
    customers.gender,                       -- Gender, in the company's own words.
    customers.city,                         -- City.
    customers.country,                      -- Country.
    customers.consent_marketing,            -- May be contacted. [not null]
    customers.consent_analytics,            -- May be analysed as a person. [not null]
    features.age,                           -- Age in whole years.
    features.recency_days,                  -- Days since the last purchase.
    features.frequency,                     -- Purchases so far. [not null]
    features.tenure_days,                   -- Days since sign-up or first order. [not null]
    features.monetary,                      -- Mean value of a purchase.
    features.spend,                         -- Money so far. [not null]
    features.profit,                        -- Profit so far. [not null]
    features.sessions,                      -- Web sessions so far. [not null]
    features.tickets,                       -- Support tickets so far. [not null]
    features.mean_resolution_hours,         -- Mean hours until a ticket was resolved.
    features.last_score,                    -- Newest csat answer, on 1..5.
    features.last_score_age_days,           -- Days since that answer.
    features.late_delivery_share,           -- Share of deliveries after the promise.
    segments.segment_id,                    -- The segment. [not null]
    segments.segment_name,                  -- Its name in words. [not null]
    clv.clv_formula                         -- Lifetime value by the article's formula. [not null]
from process.customers as customers
inner join features.customer_features as features
    on features.customer_id = customers.customer_id and features.period = customers.period
left join "analyze".segments as segments
    on segments.customer_id = customers.customer_id and segments.period = customers.period
left join "analyze".clv as clv
    on clv.customer_id = customers.customer_id and clv.period = customers.period
where customers.period = cast($period_start as date)
