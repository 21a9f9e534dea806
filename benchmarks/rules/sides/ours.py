"""Ours, as the asset does it: levels in SQL on the table of a warehouse, and the rules too."""

import sys
import time
from decimal import Decimal
from pathlib import Path

from benchmarks.measure import Measurement
from benchmarks.rules.found import write_sets

CONFIDENCE = Decimal("0.2")
SETS = """
select array_agg(items.item), any_value(sets.baskets)
from rules_sets as sets
inner join rules_subsets as subsets on subsets.id = sets.id
inner join rules_items as items on items.id = subsets.item
group by sets.id
"""


def main(folder: Path, least: int, length: int) -> None:
    measured = Measurement()
    with measured.stage("import"):
        from cx_assets.methods.rules import KEPT, Limits, count_baskets, find_item_sets, rules_query
        from cx_assets.warehouse.duckdb import DuckDBWarehouse

    with DuckDBWarehouse.at(folder / "warehouse.duckdb").connect() as session:
        started = time.process_time()
        with measured.stage("load"):
            baskets = count_baskets(session, "lines", most_items=200)
        with measured.stage("mine"):
            rows = f"select basket, item from lines where {KEPT}"
            found = find_item_sets(session, rows, least, Limits(length or None))
        with measured.stage("rules"):
            query = rules_query(session, len(found.sizes), baskets.kept, CONFIDENCE)
            ((rules,),) = session.rows(f"select count(*) from ({query}) as rules")
        used = time.process_time() - started
        write_sets(folder / "sets.json", session.rows(SETS))
    told = {"cpu": {"seconds": used}, "rules": {"found": rules}}
    measured.write(folder / "report.json", ["duckdb"], told)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
