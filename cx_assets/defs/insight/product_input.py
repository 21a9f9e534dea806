"""What is counted of products: a row per product and week, and what was said of the orders."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import numpy as np
import pandas as pd

from cx_assets.columns import Column
from cx_assets.methods.demand import RECENT, SEASON
from cx_assets.methods.intervals import Floats
from cx_assets.periods import Period
from cx_assets.warehouse import Session
from cx_assets.warehouse.scratch import scratch

# Weeks back from the period's end: a forecast tried half a year ago still sees two seasons.
HISTORY_WEEKS = 3 * SEASON
# What figures of a product are about: a whole season.
YEAR = timedelta(weeks=SEASON)

DEMAND_LINEAGE = [
    ("process.order_items", name) for name in ("product_id", "ordered_at", "quantity", "status")
]

WEEKS = (
    Column("product_id", "VARCHAR", "The product."),
    Column("week", "INTEGER", "Weeks before the period's end; 0 is the newest."),
    Column("demand", "DOUBLE", "Units sold less those that came back in it; at least 0."),
    Column("sold", "DECIMAL(18,4)", "Units sold."),
    Column("returned", "DECIMAL(18,4)", "Units that came back."),
    Column("orders", "BIGINT", "Orders with it."),
    Column("returning_orders", "BIGINT", "Orders of which some of it came back."),
    Column("revenue", "DECIMAL(28,4)", "Money, returns taken off."),
    Column("profit", "DECIMAL(28,4)", "Money less what the goods cost, returns taken off."),
    Column("unknown_costs", "BIGINT", "Orders of which a cost is an estimate."),
)

# An order that was sent back whole says so by its status, by lines with negative quantities, or by
# both: what comes back is the larger of the two.
WEEKLY = """
with lines as (
    select
        product_id,
        order_id,
        min(ordered_at) as ordered_at,
        max(case when status = 'returned' then 1 else 0 end) as is_sent_back,
        sum(cast(case when quantity > 0 then quantity else 0 end as decimal(18, 4))) as sold,
        sum(cast(case when quantity < 0 then -quantity else 0 end as decimal(18, 4))) as negative,
        sum(revenue) as revenue,
        sum(revenue) - sum(cost) as profit,
        max(case when cost_is_estimated then 1 else 0 end) as is_estimate
    from process.order_items as items
    where ordered_at >= $history_start and ordered_at < $period_end
        and product_id is not null and status <> 'cancelled'
        and not exists (
            select 1
            from process.customers as accounts
            where accounts.period = $period and accounts.customer_id = items.customer_id
                and accounts.is_test_account
        )
    group by product_id, order_id
),
settled as (
    select
        product_id,
        cast(floor(
            (date_diff('day', cast(ordered_at as date), cast($period_end as date)) - 1) / 7.0
        ) as integer) as week,
        sold,
        is_estimate,
        case when is_sent_back = 1 then greatest(sold, negative) else negative end as returned,
        case when is_sent_back = 1 and sold > 0 then 0 else revenue end as revenue,
        case when is_sent_back = 1 and sold > 0 then 0 else profit end as profit
    from lines
)
select
    product_id,
    week,
    cast(greatest(sum(sold) - sum(returned), 0) as double) as demand,
    sum(sold) as sold,
    sum(returned) as returned,
    count(case when sold > 0 then 1 end) as orders,
    count(case when returned > 0 then 1 end) as returning_orders,
    cast(sum(revenue) as decimal(28, 4)) as revenue,
    cast(sum(profit) as decimal(28, 4)) as profit,
    cast(sum(is_estimate) as bigint) as unknown_costs
from settled
group by product_id, week
"""

DEMAND = """
with numbered as (
    select product_id, row_number() over (order by product_id) - 1 as number
    from {weeks}
    group by product_id
)
select numbered.number, weeks.week, weeks.demand
from {weeks} as weeks
inner join numbered on numbered.product_id = weeks.product_id
order by numbered.number, weeks.week
"""


def window(period: Period) -> dict[str, object]:
    """The moments that the queries of products name."""
    return {
        "period": period.start.date(),
        "period_end": period.end,
        "year_start": period.end - YEAR,
        "history_start": period.end - timedelta(weeks=HISTORY_WEEKS),
    }


@contextmanager
def product_weeks(session: Session, owner: str, period: Period) -> Iterator[str]:
    """A temporary table of what each product sold in each week before the period's end."""
    with scratch(session, owner, {"weeks": WEEKS}) as tables:
        bound = window(period)
        session.append(
            tables["weeks"],
            WEEKLY,
            {name: bound[name] for name in ("period", "history_start", "period_end")},
        )
        yield tables["weeks"]


def histories(session: Session, weeks: str) -> Floats:
    """Units per product, in the order of their ids, and week, the oldest first."""
    rows = session.frame(DEMAND.format(weeks=weeks))
    products, length = (
        int(rows[name].max()) + 1 if len(rows) else 0 for name in ("number", "week")
    )
    units = np.zeros((products, length))
    units[rows["number"], length - 1 - rows["week"]] = rows["demand"]
    return units


def product_ids(session: Session, weeks: str) -> pd.Series:
    """Of the products of `histories`."""
    found = session.frame(f"select distinct product_id from {weeks} order by product_id")
    return found["product_id"]


# Sums of decimals are rounded once, at the end, so that none depends on the order of rows.
FIGURES = f"""
with weekly as (select * from {{weeks}}),
sales as (
    select
        product_id,
        max(week) + 1 as sold_weeks,
        sum(case when week < {SEASON} then sold else 0 end) as units,
        sum(case when week < {RECENT} then sold else 0 end) as recent_units,
        sum(case when week < {SEASON} then returned else 0 end) as returned_units,
        sum(case when week < {SEASON} then revenue else 0 end) as revenue,
        sum(case when week < {SEASON} then profit else 0 end) as profit,
        sum(case when week < {SEASON} then unknown_costs else 0 end) as unknown_costs,
        sum(case when week < {SEASON} then orders else 0 end) as orders,
        sum(case when week < {SEASON} then returning_orders else 0 end) as returning_orders,
        sum(case when week < {RECENT} then orders else 0 end) as recent_orders,
        sum(case when week >= {RECENT} and week < {2 * RECENT} then orders else 0 end)
            as earlier_orders
    from weekly
    group by product_id
),
listed as (
    select product_id, min(period) as listed_from
    from process.products
    where period <= $period
    group by product_id
),
shelf as (
    select product_id from process.products where period = $period
    union
    select product_id from weekly where week < {SEASON}
)
select
    shelf.product_id,
    products.name,
    coalesce(products.category, 'unknown') as category,
    products.stock_on_hand,
    cast(greatest(
        coalesce(sales.sold_weeks, 0),
        coalesce(date_diff('day', listed.listed_from, cast($period_end as date)) / 7.0, 0)
    ) as double) as known_weeks,
    cast(coalesce(sales.orders, 0) as bigint) as orders,
    cast(least(coalesce(sales.returning_orders, 0), coalesce(sales.orders, 0)) as bigint)
        as returning_orders,
    cast(coalesce(sales.recent_orders, 0) as bigint) as recent_orders,
    cast(coalesce(sales.earlier_orders, 0) as bigint) as earlier_orders,
    cast(coalesce(sales.units, 0) as double) as units,
    cast(coalesce(sales.recent_units, 0) as double) as recent_units,
    cast(coalesce(sales.returned_units, 0) as double) as returned_units,
    cast(coalesce(sales.revenue, 0) as double) as revenue,
    cast(coalesce(sales.profit, 0) as double) as profit,
    case when sales.unknown_costs = 0 and sales.revenue > 0 then
        cast(sales.profit as double) / cast(sales.revenue as double)
    end as margin,
    case when sales.units > 0 then
        least(cast(sales.returned_units as double) / cast(sales.units as double), 1)
    end as return_share
from shelf
left join sales on sales.product_id = shelf.product_id
left join listed on listed.product_id = shelf.product_id
left join process.products as products
    on products.product_id = shelf.product_id and products.period = $period
order by shelf.product_id
"""

# An answer counts for every product of its order.
OPINIONS = """
with answers as (
    select response_id, order_id, survey, score_of_five, trim(comment) <> '' as is_comment
    from process.survey_responses
    where sent_at < $period_end and responded_at >= $year_start and responded_at < $period_end
        and order_id is not null
),
contents as (
    select distinct order_id, product_id
    from process.order_items
    where ordered_at < $period_end and quantity > 0
        and order_id in (select order_id from answers)
),
opinions as (
    select
        contents.product_id,
        answers.is_comment,
        case when answers.survey = 'csat' then answers.score_of_five end as score,
        cast(sentiment.predicted_score as decimal(18, 9)) as read_score
    from answers
    inner join contents on contents.order_id = answers.order_id
    left join "analyze".text_sentiment as sentiment
        on sentiment.source = 'survey_responses'
        and sentiment.text_id = answers.response_id
        and sentiment.period <= $period
)
select
    product_id,
    count(score) as ratings,
    cast(sum(score) as double) / nullif(count(score), 0) as csat_mean,
    cast(sum(score * score) as double) as score_squares,
    count(case when is_comment then 1 end) as comments,
    cast(sum(read_score) as double) / nullif(count(read_score), 0) as comment_score
from opinions
group by product_id
order by product_id
"""

# What lifts the most orders beyond chance comes first.
PARTNERS = """
select
    antecedent[1] as product_id,
    consequent as partner,
    consequent_name as partner_name,
    confidence,
    lift,
    lift * confidence_low / confidence as lift_low,
    both_baskets
from "analyze".association_rules
where period = $period and level = 'product' and items = 2 and confidence > 0
order by antecedent[1], extra_baskets desc, consequent
"""
