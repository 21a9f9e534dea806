-- One row per customer and period: lifetime value by the article's formula.
-- The formula adds up a year's profit for each of the next T years, discounted at r a year:
-- the sum of profit / (1 + r)^t for t = 1 .. T. For 100 a year, 5 years and 10 % that is 379.08.
-- (The article prints 393.7 for its example, which its own formula does not give.)
-- A year's profit is the profit so far per year of tenure; under a year counts as a year.
with yearly as (
    select
        customer_id,
        profit / (greatest(tenure_days, 365) / 365.0) as yearly_profit
    from features.customer_features
    where period = cast($period_start as date)
)

select
    cast($period_start as date) as period,  -- First day of the period. [not null]
    customer_id,                            -- The customer. [not null] [unique]
    yearly_profit,                          -- Profit per year of tenure. [not null]
    yearly_profit * case
        when $discount_rate = 0 then $lifetime_years
        else (1 - power(1 + $discount_rate, -$lifetime_years)) / $discount_rate
    end as clv_formula                      -- Value of the next T years at r a year. [not null]
from yearly
