"""Each side chooses its constants on the validation weeks and is judged on the weeks after."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.processes import Limits, run
from benchmarks.recommend.split import CUT_OFFS
from cx_assets.methods.recommend.quality import per_customer

OURS, POPULARITY = "cx_assets", "popularity"
LIMITS = Limits(seconds=1800, memory_gb=8)
DRAWS, SEED = 10_000, 1
Plan = Mapping[str, Any]

# How much a customer's purchases of a product count: once, by orders, or fading by days.
WEIGHTS: tuple[Plan, ...] = (
    {"weights": "once", "half_life": None},
    {"weights": "orders", "half_life": None},
    *({"weights": "fading", "half_life": days} for days in (90, 60, 30, 14, 7)),
)
BM25 = [
    {"K": k, "K1": k1, "B": b}
    for k, k1, b in product((100, 500, 2000), (0.1, 0.2, 0.5, 1.2), (0.25, 0.5, 0.75))
]
ALS = [
    {"factors": factors, "regularization": regularization, "alpha": alpha, "random_state": 1}
    for factors, regularization, alpha in product((32, 64, 128), (1.0, 10.0, 50.0), (1.0, 10.0))
]


@dataclass(frozen=True)
class Side:
    """Who is judged: a module of benchmarks.recommend.sides and what it may choose from."""

    title: str
    module: str
    plans: tuple[Plan, ...] = ()
    peer: str | None = None


def _implicit(title: str, model: str, options: Sequence[Plan]) -> Side:
    plans = tuple(
        {"model": model, **weights, "options": chosen} for weights in WEIGHTS for chosen in options
    )
    return Side(title, "implicit", plans, peer="implicit")


SIDES = (
    Side(OURS, "ours"),
    Side(POPULARITY, "popularity", tuple({"half_life": days} for days in (None, 60, 30, 14, 7, 3))),
    _implicit("implicit BM25", "bm25", BM25),
    _implicit("implicit TF-IDF", "tfidf", [{"K": 100}, {"K": 500}, {"K": 2000}]),
    _implicit("implicit cosine", "cosine", [{"K": 100}, {"K": 500}, {"K": 2000}]),
    _implicit("implicit ALS", "als", ALS),
)


@dataclass(frozen=True)
class Result:
    """A side on the test weeks: recall and ndcg per customer, and what it took."""

    side: str
    plan: Plan
    plans: int
    validation: float
    customers: pd.DataFrame
    coverage: float
    seconds: dict[str, float]
    peak_mb: float
    versions: dict[str, str]


@dataclass(frozen=True)
class Difference:
    """A mean paired difference over customers, with its 95 % bootstrap interval."""

    mean: float
    low: float
    high: float


def contest(side: Side, python: Path, folder: Path) -> Result:
    """RuntimeError where a side fails."""
    plans = side.plans or ({},)
    validation = _offers(side, python, folder / "validation", plans)
    later = _later(folder / "validation")
    scores = [
        judged(validation[validation["plan"] == place], later)["ndcg"].mean()
        for place in range(len(plans))
    ]
    best = int(np.argmax(scores))
    offers = _offers(side, python, folder / "test", [plans[best]])
    report = json.loads((folder / "test" / "report.json").read_text())
    sold = pd.read_parquet(folder / "test" / "purchases.parquet")["product_id"].nunique()
    return Result(
        side.title,
        plans[best],
        len(side.plans),
        scores[best],
        judged(offers, _later(folder / "test")),
        offers["product_id"].nunique() / sold,
        report["seconds"],
        report["peak_mb"],
        report["versions"],
    )


def judged(offers: pd.DataFrame, later: pd.DataFrame) -> pd.DataFrame:
    """recall and ndcg of everybody in `later`, by what was offered (customer_id, product_id, rank).

    ValueError where a side offers more than it may, or a product twice.
    """
    if offers["rank"].max() > 10 or offers.duplicated(["customer_id", "product_id"]).any():
        raise ValueError("more than ten offers, or one of them twice")
    bought = later.groupby("customer_id").size().sort_index()
    return per_customer(offers.merge(later, on=["customer_id", "product_id"]), bought)


def bootstrap(differences: pd.Series) -> Difference:
    """Percentile bootstrap of a mean over customers."""
    values = differences.to_numpy()
    draws = np.random.default_rng(SEED).integers(len(values), size=(DRAWS, len(values)))
    low, high = np.quantile(values[draws].mean(axis=1), (0.025, 0.975))
    return Difference(float(values.mean()), float(low), float(high))


def _offers(side: Side, python: Path, part: Path, plans: Sequence[Plan]) -> pd.DataFrame:
    cut_off = CUT_OFFS[part.name].isoformat()
    command = [str(python), "-m", f"benchmarks.recommend.sides.{side.module}", str(part), cut_off]
    command += [json.dumps(plans)] if side.plans else []
    failure = run(command, LIMITS, {"OPENBLAS_NUM_THREADS": "1"})
    if failure:
        raise RuntimeError(f"{side.title}: {failure}")
    return pd.read_parquet(part / "offers.parquet")


def _later(part: Path) -> pd.DataFrame:
    return pd.read_parquet(part / "later.parquet")
