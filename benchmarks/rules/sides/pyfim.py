"""Borgelt's programs in C behind PyFIM: apriori, eclat or fpgrowth, on lists of lists."""

import sys
import time
from pathlib import Path

from benchmarks.measure import Measurement
from benchmarks.rules.found import write_sets


def main(folder: Path, least: int, length: int, program: str) -> None:
    measured = Measurement()
    with measured.stage("import"):
        import fim
        import pyarrow.parquet as pq

    started = time.process_time()
    with measured.stage("load"):
        rows = pq.read_table(folder / "lines.parquet")
        grouped = rows.group_by("basket", use_threads=False).aggregate([("item", "list")])
        baskets = grouped["item_list"].to_pylist()
        del rows, grouped
    with measured.stage("mine"):
        # A negative support is a number of baskets.
        longest = {"zmax": length} if length else {}
        sets = getattr(fim, program)(baskets, supp=-least, **longest)
    used = time.process_time() - started
    write_sets(folder / "sets.json", sets)
    measured.write(folder / "report.json", ["pyfim", "pyarrow"], {"cpu": {"seconds": used}})


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
