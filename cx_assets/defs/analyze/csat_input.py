"""What analyze.csat counts: the answers of a period by group, and what corrects them."""

GROUPED = """
with asked as (
    select *
    from process.survey_responses
    where sent_at < $period_end and (sent_at >= $period_start or responded_at >= $period_start)
),
money as (
    select
        order_id,
        category,
        row_number() over (partition by order_id order by sum(revenue) desc, category) as place
    from process.order_items
    where ordered_at < $period_end and order_id in (select order_id from asked)
    group by order_id, category
),
answers as (
    select
        asked.*,
        coalesce(segments.segment_name, 'unknown') as segment,
        coalesce(customers.country, 'unknown') as country,
        coalesce(money.category, 'no order') as product_category,
        sent_at >= $period_start as is_invited,
        coalesce(
            responded_at >= $period_start and responded_at < $period_end, false
        ) as is_answered
    from asked
    left join "analyze".segments as segments
        on segments.customer_id = asked.customer_id
        and segments.period = cast($period_start as date)
    left join process.customers as customers
        on customers.customer_id = asked.customer_id
        and customers.period = cast($period_start as date)
    left join money on money.order_id = asked.order_id and money.place = 1
),
grouped as (
    select *, 'all' as dimension, 'all' as value from answers
    union all
    select *, 'segment', segment from answers
    union all
    select *, 'touchpoint', touchpoint from answers
    union all
    select *, 'channel', channel from answers
    union all
    select *, 'product_category', product_category from answers
    union all
    select *, 'country', country from answers
)
"""

# A score's bin is its place on its scale in steps of 0.1 %: on a scale of points every point has
# a bin of its own, and a slider of any precision has no more than 1,001 of them.
BINS = f"""
{GROUPED}
select
    survey,
    dimension,
    value,
    scale_min,
    scale_max,
    case when is_answered then cast(round(250 * (score_of_five - 1)) as bigint) end as bin,
    count(case when is_invited then 1 end) as invited,
    count(case when is_answered then 1 end) as responses,
    cast(
        coalesce(sum(case when is_answered then cast(score as decimal(9, 4)) end), 0) as double
    ) as score_sum,
    count(case when is_answered and is_top_two then 1 end) as top_two,
    count(case when is_answered and nps_group = 'promoter' then 1 end) as promoters,
    count(case when is_answered and nps_group = 'detractor' then 1 end) as detractors
from grouped
where is_invited or is_answered
group by all
order by all
"""

# What is added up is decimal, so that no sum depends on the order of rows.
CORRECTION = f"""
{GROUPED},
weighted as (
    select
        grouped.*,
        weights.expected_score,
        coalesce(weights.is_answered, false) as counts,
        coalesce(cast(weights.weight as decimal(18, 9)), 0) as weight,
        coalesce(cast(weights.score - weights.expected_score as decimal(18, 9)), 0) as residual,
        coalesce(cast(weights.weight - 1 as decimal(18, 9)), 0) as spare
    from grouped
    inner join "analyze".response_weights as weights
        on weights.response_id = grouped.response_id
        and weights.period = cast($period_start as date)
    where is_invited
)
select
    survey,
    dimension,
    value,
    min(scale_min) as scale_min,
    max(scale_max) as scale_max,
    count(*) as asked,
    cast(sum(cast(expected_score as decimal(18, 9))) as double) as expected,
    count(case when counts then 1 end) as answered,
    coalesce(
        cast(sum(case when counts then cast(score as decimal(9, 4)) end) as double), 0
    ) as score_sum,
    cast(sum(weight) as double) as weight,
    cast(sum(cast(weight * residual as decimal(28, 12))) as double) as residual,
    cast(sum(cast(cast(weight as double) * spare as decimal(28, 12))) as double) as spare,
    cast(
        sum(cast(cast(weight as double) * spare * residual as decimal(28, 12))) as double
    ) as spare_residual,
    cast(
        sum(cast(cast(weight as double) * spare * residual * residual as decimal(28, 12)))
        as double
    ) as spare_squares
from weighted
group by survey, dimension, value
order by survey, dimension, value
"""

POPULATION = """
select segment_name as value, count(*) as customers
from "analyze".segments
where period = cast($period_start as date)
group by segment_name
order by segment_name
"""
