"""The benchmark of recommendations: its split, its judge and our side of it."""

import sys
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest

from benchmarks.environments import REQUIREMENTS, pins
from benchmarks.recommend.contest import SIDES, Result, bootstrap, contest, judged
from benchmarks.recommend.split import CUT_OFFS, TEST_DAYS
from benchmarks.recommend.table import table, targets
from cx_assets_tests.defs.offer_shop import companions


def result(side: str, ndcg: list[float]) -> Result:
    customers = pd.DataFrame({"recall": ndcg, "ndcg": ndcg})
    return Result(side, {}, 0, 0.0, customers, 0.5, {"fit": 1.0, "recommend": 1.0}, 100.0, {})


def test_the_judge_by_hand_and_what_it_refuses() -> None:
    later = pd.DataFrame({"customer_id": ["x", "x", "y"], "product_id": ["a", "b", "a"]})
    offers = pd.DataFrame({"customer_id": ["x", "y"], "product_id": ["a", "b"], "rank": [1, 1]})
    assert judged(offers, later)["recall"].tolist() == [0.5, 0.0]
    for refused in (pd.concat([offers, offers]), offers.assign(rank=11)):
        with pytest.raises(ValueError, match="more than ten"):
            judged(refused, later)


def test_a_target_is_missed_where_a_peer_is_better() -> None:
    sides = [result("cx_assets", [0.2, 0.3] * 30), result("popularity", [0.1, 0.1] * 30)]
    met = targets([*sides, result("peer", [0.2, 0.25] * 30)])
    missed = targets([*sides, result("peer", [0.3, 0.35] * 30)])
    assert [line.rpartition(": ")[2] for line in met] == ["met", "met"]
    assert [line.rpartition(": ")[2] for line in missed] == ["met", "NOT met"]
    found = bootstrap(pd.Series([0.0, 1.0] * 200))
    assert (found.low, found.high) == pytest.approx((0.5 - 0.049, 0.5 + 0.049), abs=0.006)


def test_the_peer_is_pinned() -> None:
    assert {name for name, _ in pins(REQUIREMENTS / "implicit.txt")} >= {"implicit", "scipy"}


@pytest.mark.slow
def test_our_side_finds_companions_where_popularity_cannot(tmp_path: Path) -> None:
    for name, cut_off in CUT_OFFS.items():
        part = tmp_path / name
        part.mkdir()
        lines = pd.DataFrame(
            companions(cut_off + timedelta(days=TEST_DAYS)),
            columns=["customer_id", "product_id", "bought_at"],
        )
        before = lines[lines["bought_at"] < cut_off]
        purchases = before.groupby(["customer_id", "product_id"], as_index=False).agg(
            bought_at=("bought_at", "max"), orders=("bought_at", "size")
        )
        after = lines[lines["bought_at"] >= cut_off].drop(columns="bought_at").drop_duplicates()
        after = after[after["customer_id"].isin(before["customer_id"])]
        known = pd.MultiIndex.from_frame(purchases[["customer_id", "product_id"]])
        later = after[~pd.MultiIndex.from_frame(after).isin(known)]
        purchases.to_parquet(part / "purchases.parquet")
        later.to_parquet(part / "later.parquet")
        later[["customer_id"]].drop_duplicates().to_parquet(part / "tested.parquet")
    results = [contest(side, Path(sys.executable), tmp_path) for side in SIDES if side.peer is None]
    ours, popular = (each.customers["ndcg"] for each in results)
    assert bootstrap(ours - popular).low > 0.03
    assert len(results[0].customers) == len(results[1].customers) > 50
    assert table(results).count("\n| ") == 3
