"""Online Retail in two time splits: one to choose constants on, and the later one to be judged."""

import tempfile
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from cx_assets.importers.online_retail import import_online_retail

# The last invoice is of 9 December 2011.
END = datetime(2011, 12, 10)
TEST_DAYS = 28
CUT_OFFS = {
    "validation": END - timedelta(days=2 * TEST_DAYS),
    "test": END - timedelta(days=TEST_DAYS),
}

LINES = """
create or replace table lines as
select orders.customer_id, items.product_id, items.order_id, cast(items.ordered_at as timestamp)
    as bought_at
from read_parquet($items) as items
inner join read_parquet($orders) as orders on orders.order_id = items.order_id
where orders.status = 'delivered' and items.quantity > 0 and orders.customer_id is not null
"""
PURCHASES = """
select
    customer_id, product_id, max(bought_at) as bought_at, count(distinct order_id) as orders
from lines
where bought_at < $cut_off
group by customer_id, product_id
order by customer_id, product_id
"""
# What who had bought before bought then that was new to them.
LATER = f"""
with purchases as ({PURCHASES})
select distinct lines.customer_id, lines.product_id
from lines
where lines.bought_at >= $cut_off
    and lines.bought_at < $until
    and lines.customer_id in (select customer_id from purchases)
    and not exists (
        select 1
        from purchases
        where purchases.customer_id = lines.customer_id
            and purchases.product_id = lines.product_id
    )
order by lines.customer_id, lines.product_id
"""


def split(source: Path, folder: Path) -> None:
    """Write purchases, later and tested (who is in later) into a folder per split."""
    with tempfile.TemporaryDirectory() as landing, duckdb.connect() as connection:
        import_online_retail(source, Path(landing))
        landed = {
            name: str(Path(landing) / folder_name / "*.parquet")
            for name, folder_name in (("items", "order_items"), ("orders", "orders"))
        }
        connection.execute(LINES, landed)
        for name, cut_off in CUT_OFFS.items():
            part = folder / name
            part.mkdir(parents=True, exist_ok=True)
            until = cut_off + timedelta(days=TEST_DAYS)
            later = connection.execute(LATER, {"cut_off": cut_off, "until": until}).df()
            later.to_parquet(part / "later.parquet")
            later[["customer_id"]].drop_duplicates().to_parquet(part / "tested.parquet")
            purchases = connection.execute(PURCHASES, {"cut_off": cut_off}).df()
            purchases.to_parquet(part / "purchases.parquet")
