"""efficient-apriori's item sets, on lists of tuples as its documentation has them."""

import sys
import time
from pathlib import Path

from benchmarks.measure import Measurement
from benchmarks.rules.found import write_sets


def main(folder: Path, least: int, length: int) -> None:
    measured = Measurement()
    with measured.stage("import"):
        import pyarrow.parquet as pq
        from efficient_apriori import itemsets_from_transactions

    started = time.process_time()
    with measured.stage("load"):
        rows = pq.read_table(folder / "lines.parquet")
        grouped = rows.group_by("basket", use_threads=False).aggregate([("item", "list")])
        baskets = [tuple(items) for items in grouped["item_list"].to_pylist()]
        del rows, grouped
    with measured.stage("mine"):
        # Half a basket lower: a share as a float may come out just above the whole count.
        support = (least - 0.5) / len(baskets)
        by_size, _ = itemsets_from_transactions(baskets, support, length or 100)
    used = time.process_time() - started
    sets = [found for same_size in by_size.values() for found in same_size.items()]
    write_sets(folder / "sets.json", sets)
    measured.write(
        folder / "report.json", ["efficient-apriori", "pyarrow"], {"cpu": {"seconds": used}}
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
