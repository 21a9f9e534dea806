"""Which products go with which: the similarity of the package's docstring, as a query."""

from cx_assets.methods.recommend import (
    BOUGHT_HALF_LIFE,
    LEAST_TOGETHER,
    NEIGHBOURS,
    OFFERED_HALF_LIFE,
    POPULAR_HALF_LIFE,
    SHRINKAGE,
)
from cx_assets.methods.recommend.purchases import fading, newest_sql


def similarity_sql(purchases: str) -> str:
    """A query of product_id, neighbour_id, rank (1 is nearest), similarity and customers.

    `customers` bought both, in any order. A product has at most NEIGHBOURS neighbours, each bought
    with it by LEAST_TOGETHER customers or more. Votes are decimals, so that no similarity depends
    on the order of rows. Its parameter is `$as_of`.

    Args:
        purchases: a query of customer_id, product_id and bought_at, one row per both.
    """
    return f"""
with newest as ({newest_sql(purchases)}),

products as (
    select product_id, row_number() over (order by product_id) as number
    from (select distinct product_id from newest) as bought
),

customers as (
    select customer_id, row_number() over (order by customer_id) as number, count(*) as products
    from newest
    group by customer_id
),

votes as (
    select
        customers.number as customer,
        products.number as product,
        customers.products,
        {fading(BOUGHT_HALF_LIFE, "newest.bought_at")} as bought,
        {fading(OFFERED_HALF_LIFE, "newest.bought_at")} as offered
    from newest
    inner join products on products.product_id = newest.product_id
    inner join customers on customers.customer_id = newest.customer_id
),

weights as (
    select
        product,
        cast(sum(cast(bought / products as decimal(18, 9))) as double) as bought,
        cast(sum(cast(offered / products as decimal(18, 9))) as double) as offered
    from votes
    group by product
),

pairs as (
    select
        one.product as one,
        other.product as other,
        count(*) as customers,
        sum(cast(one.bought * other.offered / one.products as decimal(18, 9))) as there,
        sum(cast(other.bought * one.offered / one.products as decimal(18, 9))) as back
    from votes as one
    inner join votes as other on other.customer = one.customer and other.product > one.product
    group by one.product, other.product
    having count(*) >= {LEAST_TOGETHER}
),

directed as (
    select
        case when forth then one else other end as product,
        case when forth then other else one end as neighbour,
        customers,
        cast(case when forth then there else back end as double) as votes
    from pairs
    cross join (values (true), (false)) as directions (forth)
),

measured as (
    select
        directed.product,
        directed.neighbour,
        directed.customers,
        directed.votes / (sqrt(weights.bought * offers.offered) + {SHRINKAGE}) as similarity
    from directed
    inner join weights on weights.product = directed.product
    inner join weights as offers on offers.product = directed.neighbour
    where directed.votes > 0
),

ranked as (
    select
        *,
        row_number() over (partition by product order by similarity desc, neighbour) as rank
    from measured
)

select
    products.product_id,
    neighbours.product_id as neighbour_id,
    ranked.rank,
    ranked.similarity,
    ranked.customers
from ranked
inner join products on products.number = ranked.product
inner join products as neighbours on neighbours.number = ranked.neighbour
where ranked.rank <= {NEIGHBOURS}
"""


def popularity_sql(purchases: str) -> str:
    """A query of product_id and popularity: its buyers, each counting less the longer ago it was.

    Products that nobody bought for years are not in it. Its parameter is `$as_of`.

    Args:
        purchases: as in `similarity_sql`.
    """
    return f"""
select product_id, cast(popularity as double) as popularity
from (
    select
        product_id, sum(cast({fading(POPULAR_HALF_LIFE)} as decimal(18, 9))) as popularity
    from ({purchases}) as purchases
    group by product_id
) as products
where popularity > 0
"""
