"""What most customers bought, the older the less; for everybody the same, but what they have."""

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path

from benchmarks.measure import Measurement

OFFERS = 10


def main(folder: Path, cut_off: datetime, plans: Sequence[Mapping[str, float | None]]) -> None:
    measured = Measurement()
    with measured.stage("import"):
        import pandas as pd

    with measured.stage("load"):
        purchases = pd.read_parquet(folder / "purchases.parquet")
        tested = pd.read_parquet(folder / "tested.parquet")["customer_id"]

    with measured.stage("fit"):
        age = (pd.Timestamp(cut_off) - purchases["bought_at"]).dt.days
        popular = []
        for plan in plans:
            half_life = plan["half_life"]
            weight = 0.5 ** (age / half_life) if half_life else age * 0 + 1.0
            votes = weight.groupby(purchases["product_id"]).sum()
            popular.append(votes.sort_values(ascending=False, kind="stable").index)

    with measured.stage("recommend"):
        bought = purchases.groupby("customer_id")["product_id"].agg(set)
        rows = []
        for customer in tested:
            for place, products in enumerate(popular):
                known = bought[customer]
                new = (product for product in products if product not in known)
                rows += [
                    (customer, rank, product, place)
                    for rank, product in enumerate(islice(new, OFFERS), start=1)
                ]

    measured.write(folder / "report.json", packages=("pandas",), parameters={})
    columns = ["customer_id", "rank", "product_id", "plan"]
    pd.DataFrame(rows, columns=columns).to_parquet(folder / "offers.parquet")


if __name__ == "__main__":
    main(Path(sys.argv[1]), datetime.fromisoformat(sys.argv[2]), json.loads(sys.argv[3]))
