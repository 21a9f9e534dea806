-- One row per customer and period: what the customer is worth, by the article's formula and by models.
-- The formula adds up a year's profit for each of the next T years, discounted at r a year:
-- the sum of profit / (1 + r)^t for t = 1 .. T. For 100 a year, 5 years and 10 % that is 379.08.
-- (The article prints 393.7 for its example, which its own formula does not give.)
-- A year's profit is the profit so far per year of tenure; under a year counts as a year.
-- The models ask instead whether the customer still is one, how often orders will come and what
-- each brings; clv adds these up over the same T years at the same r. They need a first purchase.
-- Who has closed the account will order nothing more, whatever the history looks like.
with customers as (
    select
        features.customer_id,
        features.tenure_days,
        features.profit / (greatest(features.tenure_days, 365) / 365.0) as yearly_profit,
        history.customer_id is not null as has_bought,
        people.closed_at is null as is_open,
        case when people.closed_at is null then 1.0 else 0.0 end as open_share,
        outlook.p_alive,
        outlook.expected_orders_12m,
        outlook.expected_orders_low,
        outlook.expected_orders_high,
        outlook.discounted_orders,
        outlook.value_low,
        outlook.value_high,
        (outlook.value_base + outlook.value_weight * greatest(coalesce(history.repeat_value, 0), 0))
        * (
            outlook.company_margin
            + outlook.margin_weight * coalesce(history.own_margin - outlook.company_margin, 0)
        ) as profit_per_order
    from features.customer_features as features
    left join process.customers as people
        on people.customer_id = features.customer_id and people.period = features.period
    left join features.purchase_history as history
        on history.customer_id = features.customer_id and history.period = features.period
    left join "analyze".purchase_outlook as outlook
        on outlook.period = history.period
        and outlook.repeat_orders = history.repeat_orders
        and outlook.days_to_last_order = history.days_to_last_order
        and outlook.days_observed = history.days_observed
    where features.period = cast($period_start as date)
),

valued as (
    select
        *,
        yearly_profit * case
            when $discount_rate = 0 then $lifetime_years
            else (1 - power(1 + $discount_rate, -$lifetime_years)) / $discount_rate
        end as clv_formula,
        open_share * profit_per_order * discounted_orders as clv
    from customers
)

select
    cast($period_start as date) as period,  -- First day of the period. [not null]
    customer_id,                            -- The customer. [not null] [unique]
    yearly_profit,                          -- Profit per year of tenure. [not null]
    clv_formula,                            -- Value of the next T years at r a year, by the article's formula. [not null]
    open_share * p_alive as p_alive,        -- P(still a customer); null before a first purchase. [0 .. 1]
    open_share * expected_orders_12m as expected_orders_12m,  -- Expected days with an order in the next 12 months. [>= 0]
    open_share * expected_orders_low as expected_orders_low,  -- Lower end of the 95 % interval of that expectation. [>= 0]
    open_share * expected_orders_high as expected_orders_high,  -- Upper end of the 95 % interval of that expectation. [>= 0]
    profit_per_order as expected_profit_per_order,  -- Expected profit of one such day, returns taken off.
    clv,                                    -- Expected profit of the next T years, discounted at r a year; null before a first purchase.
    open_share * least(profit_per_order * value_low, profit_per_order * value_high) as clv_low,  -- Lower end of the 95 % interval of what the customer will bring.
    open_share * greatest(profit_per_order * value_low, profit_per_order * value_high) as clv_high,  -- Upper end of the 95 % interval of what the customer will bring.
    clv - clv_formula as clv_less_formula,  -- How far the models are from the formula.
    case
        when not has_bought then 'has not bought yet: there is no history to go by'
        when not is_open then 'the account is closed'
        when clv is null then 'too few customers for a model yet'
        when p_alive < 0.5 then 'the formula does not see that the customer is probably gone'
        when tenure_days < 365 then 'the formula takes less than a year for a whole one'
        when clv < clv_formula then 'the formula goes on at the past pace; customers slow down and leave'
        else 'the models expect more than the past pace: the last order was not long ago'
    end as why                              -- Why the two differ. [not null]
from valued
