"""implicit's recommenders, as its documentation uses them, on matrices of several weightings."""

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks.measure import Measurement

OFFERS = 10


def main(folder: Path, cut_off: datetime, plans: Sequence[Mapping[str, Any]]) -> None:
    measured = Measurement()
    with measured.stage("import"):
        import numpy as np
        import pandas as pd
        from implicit.als import AlternatingLeastSquares
        from implicit.nearest_neighbours import (
            BM25Recommender,
            CosineRecommender,
            TFIDFRecommender,
        )
        from scipy import sparse

    models = {
        "als": AlternatingLeastSquares,
        "bm25": BM25Recommender,
        "cosine": CosineRecommender,
        "tfidf": TFIDFRecommender,
    }
    with measured.stage("load"):
        purchases = pd.read_parquet(folder / "purchases.parquet").assign(once=1.0)
        tested = pd.read_parquet(folder / "tested.parquet")["customer_id"]
        customer, customers = pd.factorize(purchases["customer_id"], sort=True)
        product, products = pd.factorize(purchases["product_id"], sort=True)
        age = (pd.Timestamp(cut_off) - purchases["bought_at"]).dt.days.to_numpy()

    seconds = {"fit": 0.0, "recommend": 0.0}
    found = []
    for place, plan in enumerate(plans):
        with measured.stage("fit"):
            if plan["half_life"]:
                weights = 0.5 ** (age / plan["half_life"])
            else:
                weights = purchases[plan["weights"]].to_numpy(dtype=float)
            matrix = sparse.csr_matrix((weights, (customer, product)))
            model = models[plan["model"]](**plan["options"])
            model.fit(matrix, show_progress=False)
        seconds["fit"] += measured.seconds["fit"]
        with measured.stage("recommend"):
            rows = customers.get_indexer(pd.Index(tested))
            ids, _ = model.recommend(rows, matrix[rows], N=OFFERS, filter_already_liked_items=True)
        seconds["recommend"] += measured.seconds["recommend"]
        offers = pd.DataFrame(
            {
                "customer_id": np.repeat(tested.to_numpy(), OFFERS),
                "rank": np.tile(np.arange(1, OFFERS + 1), len(tested)),
                "product": ids.ravel(),
                "plan": place,
            }
        )
        # A model without a tenth offer says -1.
        offers = offers[offers["product"] >= 0]
        found.append(offers.assign(product_id=products[offers["product"]]).drop(columns="product"))

    measured.seconds.update(seconds)
    measured.write(folder / "report.json", packages=("implicit", "numpy", "scipy"), parameters={})
    pd.concat(found).to_parquet(folder / "offers.parquet")


if __name__ == "__main__":
    main(Path(sys.argv[1]), datetime.fromisoformat(sys.argv[2]), json.loads(sys.argv[3]))
