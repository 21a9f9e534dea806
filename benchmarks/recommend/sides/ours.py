"""Ours, by the product's own SQL."""

import sys
from datetime import datetime
from pathlib import Path

from benchmarks.measure import Measurement


def main(folder: Path, cut_off: datetime) -> None:
    measured = Measurement()
    with measured.stage("import"):
        import duckdb
        import pandas  # noqa: F401 -- DuckDB imports it when it writes Parquet

        from cx_assets.methods.recommend.ranking import NOTHING, ranked_sql
        from cx_assets.methods.recommend.similarity import popularity_sql, similarity_sql

    connection = duckdb.connect()
    as_of = {"as_of": cut_off}
    every_purchase = "select customer_id, product_id, bought_at from purchases"
    with measured.stage("load"):
        for name in ("purchases", "tested"):
            connection.execute(
                f"create table {name} as from read_parquet($file)",
                {"file": str(folder / f"{name}.parquet")},
            )

    with measured.stage("fit"):
        connection.execute(f"create table neighbours as {similarity_sql(every_purchase)}", as_of)
        connection.execute(f"create table popular as {popularity_sql(every_purchase)}", as_of)

    with measured.stage("recommend"):
        ranked = ranked_sql(
            customers="select customer_id from tested",
            purchases=f"{every_purchase} where customer_id in (select customer_id from tested)",
            neighbours="select product_id, neighbour_id, similarity from neighbours",
            popular="select product_id, popularity from popular",
            unavailable=NOTHING,
        )
        connection.execute(
            "create table offers as "
            f"select customer_id, rank, product_id, 0 as plan from ({ranked})",
            as_of,
        )

    measured.write(folder / "report.json", packages=("duckdb",), parameters={})
    connection.table("offers").write_parquet(str(folder / "offers.parquet"))


if __name__ == "__main__":
    main(Path(sys.argv[1]), datetime.fromisoformat(sys.argv[2]))
