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
    rfm.rfm,                                -- Quintile scores of recency, frequency and money, 5 best.
    clv.clv_formula,                        -- Lifetime value by the article's formula. [not null]
    clv.p_alive,                            -- P(still a customer); null before a first purchase.
    clv.expected_orders_12m,                -- Expected days with an order in the next 12 months.
    clv.expected_profit_per_order,          -- Expected profit of one such day.
    clv.clv,                                -- Lifetime value by the models; null before a first purchase.
    clv.clv_low,                            -- Lower end of the 95 % interval of what the customer will bring.
    clv.clv_high,                           -- Upper end of that interval.
    churn.churn_probability,                -- P(no purchase, or closed, in the next CX_CHURN_DAYS).
    churn.risk_band,                        -- That risk as low, medium or high; unknown where it is not scored.
    churn.reasons as churn_reasons,         -- What raises it most, in words.
    predicted.predicted_score,              -- The answer to expect if asked now, on 1..5.
    predicted.predicted_low,                -- Lower end of that answer's 95 % interval.
    predicted.predicted_high,               -- Upper end of that interval.
    predicted.stated_score,                 -- Newest answer of any survey, stretched to 1..5.
    predicted.stated_days,                  -- Days since that answer.
    predicted.response_propensity           -- P(an answer if asked).
from process.customers as customers
inner join features.customer_features as features
    on features.customer_id = customers.customer_id and features.period = customers.period
left join "analyze".segments as segments
    on segments.customer_id = customers.customer_id and segments.period = customers.period
left join "analyze".clv as clv
    on clv.customer_id = customers.customer_id and clv.period = customers.period
left join "analyze".rfm as rfm
    on rfm.customer_id = customers.customer_id and rfm.period = customers.period
left join "analyze".predicted_satisfaction as predicted
    on predicted.customer_id = customers.customer_id and predicted.period = customers.period
left join "analyze".churn_risk as churn
    on churn.customer_id = customers.customer_id and churn.period = customers.period
where customers.period = cast($period_start as date)
