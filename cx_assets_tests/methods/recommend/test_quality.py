"""recall and NDCG of ranked offers, by hand and against scikit-learn."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import ndcg_score

from cx_assets.methods.recommend.quality import mean_of, per_customer


def test_by_hand() -> None:
    hits = pd.DataFrame({"customer_id": ["a", "a", "b"], "rank": [1, 3, 10]})
    bought = pd.Series({"a": 4, "b": 1, "c": 2})
    found = per_customer(hits, bought)
    ideal = 1 + 1 / np.log2(3) + 1 / np.log2(4) + 1 / np.log2(5)
    assert found["recall"].tolist() == [0.5, 1.0, 0.0]
    assert found["ndcg"].tolist() == pytest.approx([(1 + 0.5) / ideal, 1 / np.log2(11), 0])


def test_ndcg_is_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(1)
    customers, products = 40, 60
    relevant = rng.random((customers, products)) < rng.uniform(0.05, 0.6, (customers, 1))
    relevant[:, 0] = True
    scores = rng.permuted(np.tile(np.arange(products), (customers, 1)), axis=1)
    top = np.argsort(-scores, axis=1)[:, :10]
    customer, place = np.nonzero(np.take_along_axis(relevant, top, axis=1))
    hits = pd.DataFrame({"customer_id": customer, "rank": place + 1})
    found = per_customer(hits, pd.Series(relevant.sum(axis=1)))
    each = [ndcg_score([row], [score], k=10) for row, score in zip(relevant, scores, strict=True)]
    np.testing.assert_allclose(found["ndcg"], each)


def test_a_mean_of_nobody_is_none_and_one_customer_gives_no_interval() -> None:
    nobody, one = mean_of(pd.Series(dtype=float)), mean_of(pd.Series([0.5]))
    assert np.isnan([nobody.value, nobody.low, nobody.high]).all()
    assert one.value == 0.5
    assert np.isnan([one.low, one.high]).all()
