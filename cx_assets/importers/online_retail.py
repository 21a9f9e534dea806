"""UCI Online Retail: every invoice line of a gift shop in Britain, 2010-12 to 2011-12.

Read as UCI distributes it (Excel), as the common CSV export, or as Parquet; the column names of
"Online Retail II" are understood too. Money is in pounds.
"""

from pathlib import Path

import duckdb

from cx_assets.importers.files import (
    Column,
    NotThatDataSet,
    connect,
    consent_note,
    csv,
    customer_states,
    existing_file,
    land,
    literal,
    read,
)
from cx_assets.importers.report import ImportReport, account

COLUMNS = (
    Column("invoice", ("InvoiceNo", "Invoice")),
    Column("stock_code", ("StockCode",)),
    Column("description", ("Description",), may_be_empty=True),
    Column("quantity", ("Quantity",), "number"),
    Column("invoiced_at", ("InvoiceDate",), "time"),
    Column("unit_price", ("UnitPrice", "Price"), "number"),
    Column("customer", ("CustomerID", "Customer ID"), "number", may_be_empty=True),
    Column("country", ("Country",), may_be_empty=True),
)

FATES = {
    "goods": "order_items",
    "returns": "order_items: an invoice starting with C, quantity below 0",
    "duplicates": "set aside: equal to an earlier line in every column",
    "stock adjustments": "set aside: stock written off or found, nothing sold",
    "postage": "set aside: POST, DOT, C2",
    "gift vouchers": "set aside: GIFT...",
    "discounts": "set aside: D",
    "manual entries": "set aside: M",
    "fees": "set aside: AMAZONFEE, BANK CHARGES, CRUK",
    "bad debt": "set aside: B, or a price below 0",
    "other charges": "set aside: any other code that is no good's",
}

# - The code of a good starts with five digits or with DCGS (sold through dotcomgiftshop). Whatever
#   else is invoiced is a charge.
# - Codes are upper-cased: 85123a and 85123A bear the same name, as do all such pairs.
# - An invoice with neither a customer nor a price on any line records stock that was found; so
#   does a negative quantity outside a cancellation record stock written off.
# - The time of a few invoices runs over into the next minute. An order has one time, the first.
# - line_number is the position on the invoice as filed, so charges and duplicates leave gaps.
LINES = r"""
    create table invoice_lines as
    with named as (
        select
            * exclude (stock_code, customer),
            stock_code as stock_code_as_filed,
            upper(stock_code) as product_id,
            customer::bigint::varchar as customer_id,
            starts_with(upper(invoice), 'C') as cancellation
        from raw
    ),
    placed as (
        select
            *,
            row_number() over (partition by invoice order by line) as line_number,
            min(invoiced_at) over (partition by invoice) as ordered_at,
            max(unit_price) over (partition by invoice) = 0 and customer_id is null as nothing_sold,
            row_number() over (
                partition by invoice, stock_code_as_filed, description, quantity, invoiced_at,
                    unit_price, customer_id, country
                order by line
            ) as copy
        from named
    )
    select
        *,
        case
            when copy > 1 then 'duplicates'
            when product_id = 'B' or unit_price < 0 then 'bad debt'
            when product_id in ('POST', 'DOT', 'C2') then 'postage'
            when product_id = 'D' then 'discounts'
            when product_id = 'M' then 'manual entries'
            when product_id in ('AMAZONFEE', 'BANK CHARGES', 'CRUK') then 'fees'
            when starts_with(product_id, 'GIFT') then 'gift vouchers'
            when not regexp_matches(product_id, '^([0-9]{5}|DCGS)') then 'other charges'
            when cancellation and quantity < 0 then 'returns'
            when cancellation or quantity <= 0 or nothing_sold then 'stock adjustments'
            else 'goods'
        end as bucket
    from placed
"""

ITEMS = "create view items as from invoice_lines where bucket in ('goods', 'returns')"

# An invoice of charges alone is no order: it would count as a purchase of nothing.
ORDERS = """
    select
        invoice as order_id,
        min(customer_id) as customer_id,
        min(ordered_at) as ordered_at,
        case when bool_or(cancellation) then 'returned' else 'delivered' end as status
    from items
    group by invoice
"""

ORDER_ITEMS = """
    select invoice as order_id, line_number, ordered_at, product_id, quantity, unit_price
    from items
"""

# The name and the price are those of the whole file: the shop published no price list.
PRODUCTS = """
    with names as (
        select product_id, description, count(*) as uses
        from items
        where description is not null
        group by product_id, description
    ),
    named as (
        select product_id, first(description order by uses desc, description) as name
        from names
        group by product_id
    ),
    priced as (
        select
            product_id,
            min(ordered_at) as updated_at,
            median(unit_price::double) filter (unit_price > 0) as unit_price
        from items
        group by product_id
    )
    select product_id, updated_at, name, unit_price
    from priced
    left join named using (product_id)
"""

# Every invoice speaks of its customer, also one of charges alone.
CUSTOMERS = customer_states(
    "(select customer_id, invoice as order_id, ordered_at, country from invoice_lines)", "country"
)


def import_online_retail(path: Path, landing: Path, assume_consent: bool = False) -> ImportReport:
    """Land an .xlsx, .csv or .parquet file of Online Retail's invoice lines.

    An invoice with goods is an order: delivered, or returned where its number starts with C.
    Charges (postage, fees, vouchers, discounts) are neither products nor order items; the account
    holds their money. Raises NotThatDataSet where `path` is not such a file.
    """
    existing_file(path, "Online Retail as .xlsx, .csv or .parquet")
    with connect() as con:
        read(con, "raw", path, _rows(con, path), COLUMNS)
        con.execute(LINES)
        con.execute(ITEMS)
        lines = account(con, path.name, "raw", "invoice_lines", FATES, "quantity * unit_price")
        landed = land(
            con,
            landing,
            "online_retail",
            {
                "customers": CUSTOMERS,
                "products": PRODUCTS,
                "orders": ORDERS,
                "order_items": ORDER_ITEMS,
            },
            assume_consent,
        )
        notes = (*_notes(con), consent_note(assume_consent))
    return ImportReport("Online Retail", path, landed, (lines,), notes)


def _rows(con: duckdb.DuckDBPyConnection, path: Path) -> str:
    match path.suffix.lower():
        case ".parquet":
            return f"read_parquet({literal(path)})"
        case ".csv":
            return csv(path)
        case ".xlsx":
            return _excel(con, path)
        case suffix:
            raise NotThatDataSet(
                f"{path} ends in {suffix or 'nothing'}: expected .xlsx, .csv or .parquet."
            )


def _excel(con: duckdb.DuckDBPyConnection, path: Path) -> str:
    """All sheets as one table: Online Retail II has a sheet for each year."""
    import pandas as pd

    try:
        sheets = pd.read_excel(
            path, sheet_name=None, dtype=str, keep_default_na=False, engine="calamine"
        )
    except ImportError as error:
        raise NotThatDataSet(
            f"{path} is an Excel file: install python-calamine to read it, or save it as CSV."
        ) from error
    except Exception as error:
        raise NotThatDataSet(f"{path} cannot be read as Excel ({error}).") from error
    con.register("sheets", pd.concat(sheets.values(), ignore_index=True))
    return "sheets"


def _notes(con: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    charges_only, several_times = con.execute(
        """
        select count(*) filter (items = 0), count(*) filter (times > 1)
        from (
            select
                count(*) filter (bucket in ('goods', 'returns')) as items,
                count(distinct invoiced_at) as times
            from invoice_lines
            group by invoice
        )
        """
    ).fetchall()[0]
    return (
        f"{charges_only:,} invoices hold no goods and are no orders.",
        f"{several_times:,} invoices carry more than one time; their orders have the first.",
    )
