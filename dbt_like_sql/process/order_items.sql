-- One row per order line, in the period of its order, with the customer and what the line earned.
-- Money is decimal, here and wherever it is added up, so that no sum depends on the order of rows.
with costed as (
    select
        items.*,
        coalesce(products.category, 'unknown') as category,
        coalesce(items.unit_cost, products.unit_cost) is null as cost_is_estimated,
        coalesce(
            items.unit_cost, products.unit_cost, items.unit_price * (1 - $default_margin)
        ) as known_unit_cost
    from collect.order_items as items
    left join process.products as products
        on products.product_id = items.product_id and products.period = items.period
    where items.period >= $period_start and items.period < $period_end
)

select
    items.period,                           -- First day of the period. [not null]
    items.order_id,                         -- The order. [not null]
    items.line_number,                      -- The line within the order. [not null]
    orders.customer_id,                     -- Who ordered; null for a guest.
    items.ordered_at,                       -- When it was ordered. [not null]
    items.product_id,                       -- The product. [not null]
    items.category,                         -- The product's category at that time. [not null]
    items.quantity,                         -- Units; negative for a return. [not null]
    items.unit_price,                       -- Price paid for one unit. [not null] [>= 0]
    items.known_unit_cost as unit_cost,     -- Cost of one unit; by the default margin where unknown. [not null]
    items.cost_is_estimated,                -- Whether the default margin gave the cost. [not null]
    cast(items.quantity * items.unit_price as decimal(28, 4)) as revenue,  -- Money of the line; negative for a return. [not null]
    cast(items.quantity * items.known_unit_cost as decimal(28, 4)) as cost,  -- Cost of the line; negative for a return. [not null]
    coalesce(orders.status, 'placed') as status,  -- Where the order stands. [one of: placed, shipped, delivered, cancelled, returned]
    items.quantity < 0 as is_return         -- Whether the line gives goods back. [not null]
from costed as items
left join collect.orders as orders
    on orders.order_id = items.order_id and orders.period = items.period
-- [unique: order_id, line_number]
