-- One row per product and period: what is sold, as known at the period's end.
with versions as (
    select
        *,
        row_number() over (partition by product_id order by updated_at desc) as newest
    from collect.products
    where updated_at < $period_end
)

select
    cast($period_start as date) as period,  -- First day of the period. [not null]
    product_id,                             -- The product. [not null] [unique]
    name,                                   -- Name in the shop.
    coalesce(category, 'unknown') as category,  -- Category in the shop. [not null]
    unit_price,                             -- List price of one unit. [>= 0]
    unit_cost,                              -- Cost of one unit. [>= 0]
    stock_on_hand                           -- Units in stock; oversold stock is negative.
from versions
where newest = 1
