-- One row per metric and period: how the company stands, against the period before.
-- The note says what is to be said against a figure: a model that is no better than a simple rule.
with orders_by_period as (
    select
        period,
        cast(count(distinct customer_id) as double) as active_customers,
        cast(count(*) as double) as orders,
        cast(sum(revenue) as double) as revenue,
        cast(sum(profit) as double) as profit,
        avg(case when is_late then 1.0 when not is_late then 0.0 end) as late_delivery_share
    from process.orders
    where period >= cast($previous_start as date) and ordered_at < $period_end and is_purchase
    group by period
),

customers_by_period as (
    select
        period,
        cast(count(*) as double) as customers,
        avg(cast(clv as decimal(28, 4))) as average_clv,
        avg(cast(clv_formula as decimal(28, 4))) as average_clv_formula,
        cast(sum(cast(clv as decimal(28, 4))) as double) as customer_equity,
        avg(case when churn_probability is not null then
            case when risk_band = 'high' then 1.0 else 0.0 end
        end) as high_churn_risk_share
    from insight.customer_360
    where period between cast($previous_start as date) and cast($period_start as date)
    group by period
),

tickets_by_period as (
    select
        period,
        cast(count(*) as double) as tickets
    from process.support_tickets
    where period >= cast($previous_start as date) and opened_at < $period_end
    group by period
),

gap_by_period as (
    select
        period,
        1 - sum(silent) / cast(sum(customers) as double) as known_share,
        cast(sum(cast(value_at_stake as decimal(28, 4))) as double) as value_at_stake
    from insight.information_gap
    where period between cast($previous_start as date) and cast($period_start as date)
    group by period
),

cases_by_period as (
    select
        period,
        cast(count(case when status <> 'closed' then 1 end) as double) as cases_open,
        cast(count(case when status = 'overdue' then 1 end) as double) as cases_overdue
    from "analyze".case_states
    where period between cast($previous_start as date) and cast($period_start as date)
    group by period
),

metrics as (
    select period, 'customers' as metric, customers as value, null as low, null as high, null as note
    from customers_by_period
    union all
    select period, 'customer_equity', customer_equity, null, null, null from customers_by_period
    union all
    select period, 'average_clv', average_clv, null, null, null from customers_by_period
    union all
    select period, 'average_clv_formula', average_clv_formula, null, null, null
    from customers_by_period
    union all
    select
        period,
        'clv_holdout_gain',
        holdout_gain,
        null,
        null,
        case when holdout_gain <= 0 then 'the model is no better than letting all go on as so far' end
    from "analyze".clv_model
    where holdout_gain is not null
    union all
    select period, 'high_churn_risk_share', high_churn_risk_share, null, null, null
    from customers_by_period
    union all
    select period, 'churn_auc', auc, null, null, note
    from "analyze".churn_model
    union all
    select period, 'churn_auc_gain', auc_gain, null, null, note
    from "analyze".churn_model
    union all
    select period, 'active_customers', active_customers, null, null, null from orders_by_period
    union all
    select period, 'orders', orders, null, null, null from orders_by_period
    union all
    select period, 'revenue', revenue, null, null, null from orders_by_period
    union all
    select period, 'profit', profit, null, null, null from orders_by_period
    union all
    select period, 'late_delivery_share', late_delivery_share, null, null, null
    from orders_by_period
    union all
    select period, 'tickets', tickets, null, null, null from tickets_by_period
    union all
    select period, survey || '_mean', mean_score, ci_low, ci_high, null
    from "analyze".csat
    where dimension = 'all'
    union all
    select
        period,
        survey || '_adjusted_mean',
        adjusted_mean,
        adjusted_low,
        adjusted_high,
        null
    from "analyze".csat
    where dimension = 'all'
    union all
    select period, 'csat_share', csat_share, csat_share_low, csat_share_high, null
    from "analyze".csat
    where dimension = 'all' and survey = 'csat'
    union all
    select period, 'nps', nps, nps_low, nps_high, null
    from "analyze".csat
    where dimension = 'all' and survey = 'nps'
    union all
    select
        period,
        survey || '_response_rate',
        response_rate,
        response_low,
        response_high,
        null
    from "analyze".response_funnel
    where touchpoint = 'all' and channel = 'all'
    union all
    select period, survey || '_recovery_share', recovery_share, recovery_low, recovery_high, null
    from "analyze".score_flips
    where dimension = 'all' and published
    union all
    select period, 'text_rank_correlation', rank_correlation, rank_low, rank_high, note
    from "analyze".text_model
    union all
    select period, 'satisfaction_known_share', known_share, null, null, null from gap_by_period
    union all
    select period, 'value_of_the_silent', value_at_stake, null, null, null from gap_by_period
    union all
    select customers.period, 'cases_open', coalesce(cases.cases_open, 0), null, null, null
    from customers_by_period as customers
    left join cases_by_period as cases on cases.period = customers.period
    union all
    select customers.period, 'cases_overdue', coalesce(cases.cases_overdue, 0), null, null, null
    from customers_by_period as customers
    left join cases_by_period as cases on cases.period = customers.period
    union all
    select period, action || '_effect_on_' || outcome, effect, ci_low, ci_high, null
    from feedback.action_effects
    where segment_id is null
),

with_previous as (
    select
        *,
        lag(value) over (partition by metric order by period) as previous
    from metrics
    where period between cast($previous_start as date) and cast($period_start as date)
)

select
    cast($period_start as date) as period,  -- First day of the period. [not null]
    metric,                                 -- What is measured. [not null] [unique]
    value,                                  -- Its value in the period.
    previous,                               -- Its value in the period before.
    value - previous as change,             -- Value less previous.
    low,                                    -- Lower end of the 95 % interval, where there is one.
    high,                                   -- Upper end of the 95 % interval, where there is one.
    note                                    -- What is to be said against the figure; null where nothing is.
from with_previous
where period = cast($period_start as date)
