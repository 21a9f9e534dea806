"""CDNOW: the purchases of 23,570 customers of a music shop on the web, 1997-01 to 1998-06.

Two files are distributed: CDNOW_master.txt (a header; customer, date, CDs, dollars) and
CDNOW_sample.txt (no header; the same with the sample's own id second).
"""

from pathlib import Path

import duckdb

from cx_assets.importers.files import (
    Column,
    NotThatDataSet,
    connect,
    consent_note,
    existing_file,
    land,
    literal,
    read,
    readable,
)
from cx_assets.importers.report import ImportReport, account

COLUMNS = (
    Column("customer_id", ("customer_id",)),
    Column("ordered_at", ("date",), "time"),
    Column("cds", ("number_of_cds",), "number"),
    Column("dollars", ("dollar_value",), "number"),
)

FATES = {
    "purchases": "orders, order_items",
    "purchases for nothing": "orders, order_items at price 0",
    "without CDs": "set aside: nothing to put a price on",
}

# Two lines that are equal are two purchases: the file has no time of day and no order number.
PURCHASES = """
    create table purchases as
    select
        *,
        case
            when cds <= 0 then 'without CDs'
            when dollars = 0 then 'purchases for nothing'
            else 'purchases'
        end as bucket,
        concat_ws(
            '-',
            customer_id,
            strftime(ordered_at, '%Y%m%d'),
            row_number() over (partition by customer_id, ordered_at order by line)
        ) as order_id
    from raw
"""

CUSTOMERS = """
    select customer_id, min(ordered_at) as updated_at, min(ordered_at) as signed_up_at
    from purchases
    group by customer_id
"""

PRODUCTS = """
    select 'CD' as product_id, min(ordered_at) as updated_at, 'CD' as name, 'music' as category
    from purchases
    having count(*) > 0
"""

ORDERS = """
    select order_id, customer_id, ordered_at, 'delivered' as status, 'web' as channel
    from purchases
    where bucket <> 'without CDs'
"""

ORDER_ITEMS = """
    select
        order_id,
        1 as line_number,
        ordered_at,
        'CD' as product_id,
        cds as quantity,
        dollars::double / cds::double as unit_price
    from purchases
    where bucket <> 'without CDs'
"""


def import_cdnow(path: Path, landing: Path, assume_consent: bool = False) -> ImportReport:
    """Land CDNOW_master.txt or CDNOW_sample.txt: each line is an order with one item, "CD".

    Customers are named by the master's id, so the sample's rows are rows of the master. Money is
    in dollars. Raises NotThatDataSet where `path` is not one of the two files.
    """
    existing_file(path, "CDNOW_master.txt or CDNOW_sample.txt")
    with connect() as con:
        read(con, "raw", path, _split(con, path), COLUMNS)
        con.execute(PURCHASES)
        report_account = account(con, path.name, "raw", "purchases", FATES, "dollars")
        landed = land(
            con,
            landing,
            "cdnow",
            {
                "customers": CUSTOMERS,
                "products": PRODUCTS,
                "orders": ORDERS,
                "order_items": ORDER_ITEMS,
            },
            assume_consent,
        )
    return ImportReport("CDNOW", path, landed, (report_account,), (consent_note(assume_consent),))


def _split(con: duckdb.DuckDBPyConnection, path: Path) -> str:
    """SQL to read from: the four columns of either file, split at white space."""
    with readable(path):
        con.execute(
            f"""
            create table words as
            select row_number() over () as line, regexp_split_to_array(trim(text), '\\s+') as words
            from read_csv({literal(path)}, columns = {{'text': 'VARCHAR'}}, auto_detect = false,
                header = false, delim = '\\0', quote = '', escape = '')
            where trim(text) <> ''
            """
        )
    con.execute("delete from words where line = 1 and words[1] = 'customer_id'")
    odd = con.execute(
        "select line, len(words) from words where len(words) not in (4, 5)"
        " or len(words) <> (select len(first(words order by line)) from words)"
        " order by line limit 1"
    ).fetchone()
    if odd:
        raise NotThatDataSet(
            f"{path}, line {odd[0]} has {odd[1]} columns: expected customer_id, date,"
            " number_of_cds and dollar_value, with the sample's id second or not at all."
        )
    return (
        "(select words[1] as customer_id, words[-3] as date, words[-2] as number_of_cds,"
        " words[-1] as dollar_value from words order by line)"
    )
