"""`python -m benchmarks.recommend.scale`: a shop of many customers, scored by the product's tables.

It runs in a process of its own, so that its peak memory is that of the shop.
"""

import tempfile
from datetime import date
from pathlib import Path

import click

from benchmarks.measure import Measurement
from cx_assets.defs.analyze.item_similarity import ITEM_SIMILARITY, similar_rows
from cx_assets.defs.personalize.recommendations import RECOMMENDATIONS, append_recommendations
from cx_assets.periods import period_at
from cx_assets.settings import Settings
from cx_assets.warehouse import Session
from cx_assets.warehouse.duckdb import DuckDBWarehouse

PERIOD = period_at(date(2025, 6, 1), "monthly")
# One in ten has bought nothing; few products sell much, as the square of a uniform draw has it.
SHOP = """
create schema process;

create table process.customers as
select
    $day as period, 'C' || lpad(cast(number as varchar), 9, '0') as customer_id,
    true as consent_analytics, true as consent_marketing, cast(null as timestamp) as closed_at
from range($customers) as numbers (number);

create table process.products as
select
    $day as period, 'P' || lpad(cast(number as varchar), 6, '0') as product_id,
    'Product ' || cast(number as varchar) as name, number % 50 as stock_on_hand
from range($products) as numbers (number);

create table process.order_items as
with lines as (
    select
        number // $lines as customer,
        hash(number) % 1000003 / 1000003 as taste,
        hash(number + 1) % 1000003 / 1000003 as age
    from range($customers * $lines) as numbers (number)
    where hash(number // $lines) % 10 > 0
)
select
    'C' || lpad(cast(customer as varchar), 9, '0') as customer_id,
    'P' || lpad(
        cast((cast(floor(taste * taste * $products) as bigint) + customer % 7 * 300) % $products
        as varchar), 6, '0'
    ) as product_id,
    cast($end as timestamp) - to_seconds(86400 * 540 * age + 1) as ordered_at,
    false as is_return,
    'delivered' as status
from lines;
"""


def shop(session: Session, customers: int, products: int, lines: int) -> None:
    sizes = {"customers": customers, "products": products, "lines": lines}
    given = {**sizes, "day": PERIOD.start.date(), "end": PERIOD.end}
    for statement in filter(str.strip, SHOP.split(";")):
        used = {name: value for name, value in given.items() if f"${name}" in statement}
        session.execute(statement, used)


@click.command(context_settings={"show_default": True})
@click.option("--customers", default=1_000_000, type=click.IntRange(1))
@click.option("--products", default=5_000, type=click.IntRange(2))
@click.option("--lines", default=20, help="Order lines of each customer.")
@click.option("--memory-limit", default="2GB", help="DuckDB's own limit.")
@click.option("--report", type=click.Path(path_type=Path), help="Where to write the figures.")
def main(customers: int, products: int, lines: int, memory_limit: str, report: Path | None) -> None:
    """Item similarity and recommendations of one period."""
    measured = Measurement()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "shop.duckdb"
        config = {"memory_limit": memory_limit, "temp_directory": f"{folder}/spilled"}
        with DuckDBWarehouse.at(file, connection_config=config).connect() as session:
            with measured.stage("simulate"):
                shop(session, customers, products, lines)
            with measured.stage("similarity"):
                staged = session.stage(ITEM_SIMILARITY.name, ITEM_SIMILARITY.columns)
                rows = similar_rows(PERIOD)
                session.append(staged, rows.sql, rows.parameters)
                session.replace_window(
                    ITEM_SIMILARITY.name, staged, ITEM_SIMILARITY.columns, PERIOD.start, PERIOD.end
                )
            with measured.stage("recommendations"):
                staged = session.stage(RECOMMENDATIONS.name, RECOMMENDATIONS.columns)
                append_recommendations(session, staged, [PERIOD], Settings())
            ((offered,),) = session.rows(f"select count(*) from {staged}")
    told = ", ".join(f"{stage} {seconds:.0f} s" for stage, seconds in measured.seconds.items())
    click.echo(f"{offered:,} recommendations: {told}; peak {measured.peak_mb:,.0f} MB")
    if report:
        measured.write(report, packages=("duckdb",), parameters={})


if __name__ == "__main__":
    main()
