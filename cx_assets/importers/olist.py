"""Olist: about 100,000 orders of a Brazilian marketplace with their reviews, 2016 to 2018.

Kaggle distributes it as "Brazilian E-Commerce Public Dataset by Olist", a folder of CSV files. Six
of them are read; payments, sellers and geolocation are not needed. Money is in reais.
"""

from dataclasses import dataclass
from pathlib import Path

from cx_assets.importers.files import (
    Column,
    NotThatDataSet,
    connect,
    consent_note,
    csv,
    customer_states,
    existing_file,
    land,
    read,
)
from cx_assets.importers.report import ImportReport, account


def _text(name: str, may_be_empty: bool = False) -> Column:
    return Column(name, (name,), "text", may_be_empty)


def _time(name: str, may_be_empty: bool = False) -> Column:
    return Column(name, (name,), "time", may_be_empty)


def _number(name: str) -> Column:
    return Column(name, (name,), "number")


@dataclass(frozen=True)
class InputFile:
    """One file of the folder; `table` is its name here and `sort` puts its lines into buckets.

    `money` is an expression on its columns, and `fates` says what becomes of each bucket.
    """

    name: str
    table: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    sort: str
    fates: dict[str, str]
    money: str | None = None


CUSTOMERS = InputFile(
    "olist_customers_dataset.csv",
    "raw_customers",
    (_text("customer_id"), _text("customer_unique_id"), _text("customer_city", True)),
    ("customer_id",),
    """
    select *, case when customer_id in (select customer_id from raw_orders)
        then 'of an order' else 'without an order' end as bucket
    from raw_customers
    """,
    {
        "of an order": "customers: a row for the first order and for each new city",
        "without an order": "set aside: no time to place them at",
    },
)

ORDERS = InputFile(
    "olist_orders_dataset.csv",
    "raw_orders",
    (
        _text("order_id"),
        _text("customer_id"),
        _text("order_status"),
        _time("order_purchase_timestamp"),
        _time("order_delivered_customer_date", True),
        _time("order_estimated_delivery_date", True),
    ),
    ("order_id",),
    "select *, coalesce(status, 'unknown status') as bucket from placed_orders",
    {
        "placed": "orders",
        "shipped": "orders",
        "delivered": "orders",
        "cancelled": "orders",
        "unknown status": "orders, status empty",
    },
)

ORDER_ITEMS = InputFile(
    "olist_order_items_dataset.csv",
    "raw_order_items",
    (
        _text("order_id"),
        _number("order_item_id"),
        _text("product_id"),
        _number("price"),
        _number("freight_value"),
    ),
    ("order_id", "order_item_id"),
    """
    select *, case when order_id in (select order_id from raw_orders)
        then 'items' else 'without an order' end as bucket
    from raw_order_items
    """,
    {
        "items": "order_items; their freight is the order's shipping_cost",
        "without an order": "set aside: no time to place them at",
    },
    money="price + freight_value",
)

REVIEWS = InputFile(
    "olist_order_reviews_dataset.csv",
    "raw_reviews",
    (
        _text("review_id"),
        _text("order_id"),
        _number("review_score"),
        _text("review_comment_title", True),
        _text("review_comment_message", True),
        _time("review_creation_date"),
        _time("review_answer_timestamp", True),
    ),
    ("review_id", "order_id"),
    """
    select *, case when order_id in (select order_id from raw_orders)
        then 'reviews' else 'without an order' end as bucket
    from raw_reviews
    """,
    {
        "reviews": "survey_responses",
        "without an order": "survey_responses, anonymous",
    },
)

PRODUCTS = InputFile(
    "olist_products_dataset.csv",
    "raw_products",
    (_text("product_id"), _text("product_category_name", True)),
    ("product_id",),
    """
    select *, case when product_id in (select product_id from items)
        then 'sold' else 'never sold' end as bucket
    from raw_products
    """,
    {
        "sold": "products",
        "never sold": "set aside: no time to place them at",
    },
)

TRANSLATION = InputFile(
    "product_category_name_translation.csv",
    "raw_translation",
    (_text("product_category_name"), _text("product_category_name_english")),
    ("product_category_name",),
    """
    select *, case when product_category_name in (select product_category_name from raw_products)
        then 'used' else 'not used' end as bucket
    from raw_translation
    """,
    {"used": "products.category", "not used": "set aside: no product has it"},
)

FILES = (CUSTOMERS, ORDERS, ORDER_ITEMS, REVIEWS, PRODUCTS, TRANSLATION)

# customer_id is new with every order; customer_unique_id is the person.
PLACED_ORDERS = """
    create view placed_orders as
    select
        order_id,
        customer_unique_id as customer_id,
        customer_city as city,
        order_purchase_timestamp as ordered_at,
        case
            when order_status in ('created', 'approved', 'invoiced', 'processing') then 'placed'
            when order_status in ('shipped', 'delivered') then order_status
            when order_status in ('canceled', 'unavailable') then 'cancelled'
        end as status,
        order_estimated_delivery_date as promised_at,
        order_delivered_customer_date as delivered_at
    from raw_orders
    left join raw_customers using (customer_id)
"""

ITEMS = """
    create view items as
    select raw_order_items.*, ordered_at
    from raw_order_items
    join placed_orders using (order_id)
"""

# What was asked after delivery is about the delivery; Olist also asks when a parcel is overdue.
LANDED = {
    "customers": f"select *, 'Brazil' as country from ({customer_states('placed_orders', 'city')})",
    "products": """
        select
            product_id,
            min(ordered_at) as updated_at,
            coalesce(product_category_name_english, product_category_name) as category,
            median(price::double) as unit_price
        from raw_products
        join items using (product_id)
        left join raw_translation using (product_category_name)
        group by product_id, category
    """,
    "orders": """
        select placed_orders.* exclude (city), freight as shipping_cost
        from placed_orders
        left join (select order_id, sum(freight_value) as freight from items group by order_id)
            using (order_id)
    """,
    "order_items": """
        select
            order_id,
            order_item_id as line_number,
            ordered_at,
            product_id,
            1 as quantity,
            price as unit_price
        from items
    """,
    "survey_responses": """
        select
            review_id || '-' || order_id as response_id,
            customer_id,
            review_creation_date as sent_at,
            review_answer_timestamp as responded_at,
            'csat' as survey,
            case when delivered_at <= coalesce(review_answer_timestamp, review_creation_date)
                then 'delivery' else 'order' end as touchpoint,
            'email' as channel,
            order_id,
            review_score as score,
            1 as scale_min,
            5 as scale_max,
            nullif(concat_ws(chr(10), review_comment_title, review_comment_message), '') as comment
        from raw_reviews
        left join placed_orders using (order_id)
    """,
}


def import_olist(path: Path, landing: Path, assume_consent: bool = False) -> ImportReport:
    """Land the folder with Olist's CSV files; a review is an answer to csat on the scale 1 to 5.

    Raises NotThatDataSet where the folder lacks one of the six files, or a file a column.
    """
    names = ", ".join(file.name for file in FILES)
    if not path.is_dir():
        raise NotThatDataSet(f"{path} is no folder: expected one that holds {names}.")
    for file in FILES:
        existing_file(path / file.name, f"a folder that holds {names}")
    with connect() as con:
        for file in FILES:
            csv_path = path / file.name
            read(con, file.table, csv_path, csv(csv_path), file.columns, file.key)
        con.execute(PLACED_ORDERS)
        con.execute(ITEMS)
        accounts = tuple(
            account(con, file.name, file.table, f"({file.sort})", file.fates, file.money)
            for file in FILES
        )
        landed = land(con, landing, "olist", LANDED, assume_consent)
    return ImportReport("Olist", path, landed, accounts, (consent_note(assume_consent),))
