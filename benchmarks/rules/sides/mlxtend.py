"""mlxtend's fpgrowth on a sparse one-hot frame, the form that its documentation has for memory."""

import sys
import time
from pathlib import Path

from benchmarks.measure import Measurement
from benchmarks.rules.found import write_sets


def main(folder: Path, least: int, length: int) -> None:
    measured = Measurement()
    with measured.stage("import"):
        import numpy as np
        import pandas as pd
        import pyarrow.parquet as pq
        from mlxtend.frequent_patterns import fpgrowth
        from scipy.sparse import csc_matrix

    started = time.process_time()
    with measured.stage("load"):
        rows = pq.read_table(folder / "lines.parquet")
        basket, item = rows["basket"].to_numpy(), rows["item"].to_numpy()
        baskets = int(basket.max()) + 1
        held = csc_matrix((np.ones(len(basket), dtype=bool), (basket, item)))
        frame = pd.DataFrame.sparse.from_spmatrix(held)  # type: ignore[attr-defined]
    with measured.stage("mine"):
        # Half a basket lower: a share as a float may come out just above the whole count.
        sets = fpgrowth(frame, min_support=(least - 0.5) / baskets, max_len=length or None)
    used = time.process_time() - started
    counts = (sets["support"] * baskets).round()
    write_sets(folder / "sets.json", zip(sets["itemsets"], counts, strict=True))
    measured.write(
        folder / "report.json", ["mlxtend", "pandas", "scipy"], {"cpu": {"seconds": used}}
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
