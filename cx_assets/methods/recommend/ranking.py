"""The ten best offers of each customer, as a query."""

from cx_assets.methods.recommend import BOUGHT_HALF_LIFE, OFFERS
from cx_assets.methods.recommend.purchases import fading, newest_sql

ITEM_TO_ITEM, POPULARITY = "item_to_item", "popularity"
NO_NEIGHBOURS = """
select
    cast(null as varchar) as product_id,
    cast(null as varchar) as neighbour_id,
    cast(null as double) as similarity
where false
"""
NOTHING = "select cast(null as varchar) as product_id where false"


def ranked_sql(
    customers: str, purchases: str, neighbours: str, popular: str, unavailable: str
) -> str:
    """A query of customer_id, rank, product_id, method, score and because_of.

    First what item-to-item scores highest, then what is popular, up to OFFERS products; equals in
    the order of product_id. Never a product that the customer has bought, nor an unavailable one.
    The scores of the two methods are not on one scale. `because_of` is the bought product that
    adds most to the score; null for what is popular. Its parameter is `$as_of`.

    Args:
        customers: a query of customer_id, one row each.
        purchases: a query of customer_id, product_id and bought_at, all there are of them.
        neighbours: a query of product_id, neighbour_id and similarity.
        popular: a query of product_id and popularity.
        unavailable: a query of product_id.
    """
    return f"""
with neighbours as ({neighbours}),

popular as ({popular}),

purchases as ({purchases}),

people as (
    select customer_id, row_number() over (order by customer_id) as customer
    from ({customers}) as customers
),

known as (
    select product_id from neighbours
    union
    select neighbour_id from neighbours
    union
    select product_id from popular
    union
    select product_id from purchases
),

goods as (
    select
        known.product_id,
        row_number() over (order by known.product_id) as product,
        gone.product_id is not null as unavailable
    from known
    left join (
        select distinct product_id from ({unavailable}) as every_gone
    ) as gone on gone.product_id = known.product_id
),

bought as (
    select people.customer, goods.product
    from purchases
    inner join people on people.customer_id = purchases.customer_id
    inner join goods on goods.product_id = purchases.product_id
),

history as (
    select people.customer, goods.product, {fading(BOUGHT_HALF_LIFE, "newest.bought_at")} as weight
    from ({newest_sql("select * from purchases")}) as newest
    inner join people on people.customer_id = newest.customer_id
    inner join goods on goods.product_id = newest.product_id
),

alike as (
    select goods.product, offers.product as offer, neighbours.similarity
    from neighbours
    inner join goods on goods.product_id = neighbours.product_id
    inner join goods as offers on offers.product_id = neighbours.neighbour_id
    where not offers.unavailable
),

scored as (
    select
        history.customer,
        alike.offer,
        cast(sum(cast(history.weight * alike.similarity as decimal(18, 9))) as double) as score
    from history
    inner join alike on alike.product = history.product
    group by history.customer, alike.offer
),

placed as (
    select
        scored.*,
        row_number() over (
            partition by scored.customer order by scored.score desc, scored.offer
        ) as rank
    from scored
    where scored.score > 0
        and not exists (
            select 1
            from bought
            where bought.customer = scored.customer and bought.product = scored.offer
        )
),

best as (select * from placed where rank <= {OFFERS}),

reasons as (
    select
        best.*,
        history.product as because,
        row_number() over (
            partition by best.customer, best.rank
            order by history.weight * alike.similarity desc, history.product
        ) as place
    from best
    inner join history on history.customer = best.customer
    inner join alike on alike.product = history.product and alike.offer = best.offer
),

sizes as (select customer, count(*) as products from bought group by customer),

found as (select customer, count(*) as offers from best group by customer),

lacking as (
    select
        people.customer,
        coalesce(found.offers, 0) as found,
        {OFFERS} + coalesce(sizes.products, 0) as enough
    from people
    left join found on found.customer = people.customer
    left join sizes on sizes.customer = people.customer
    where coalesce(found.offers, 0) < {OFFERS}
),

fallback as (
    select
        goods.product as offer,
        popular.popularity,
        row_number() over (order by popular.popularity desc, goods.product) as place
    from popular
    inner join goods on goods.product_id = popular.product_id
    where not goods.unavailable
),

filled as (
    select
        lacking.customer,
        lacking.found + row_number() over (
            partition by lacking.customer order by fallback.place
        ) as rank,
        fallback.offer,
        fallback.popularity as score
    from lacking
    inner join fallback on fallback.place <= lacking.enough
    where not exists (
            select 1
            from bought
            where bought.customer = lacking.customer and bought.product = fallback.offer
        )
        and not exists (
            select 1
            from best
            where best.customer = lacking.customer and best.offer = fallback.offer
        )
),

chosen as (
    select customer, rank, offer, score, because from reasons where place = 1
    union all
    select customer, rank, offer, score, null as because from filled where rank <= {OFFERS}
)

select
    people.customer_id,
    chosen.rank,
    offers.product_id,
    case
        when chosen.because is null then '{POPULARITY}'
        else '{ITEM_TO_ITEM}'
    end as method,
    chosen.score,
    reasons.product_id as because_of
from chosen
inner join people on people.customer = chosen.customer
inner join goods as offers on offers.product = chosen.offer
left join goods as reasons on reasons.product = chosen.because
"""
