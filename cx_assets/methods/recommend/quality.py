"""How good ranked offers are, against what was bought afterwards."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cx_assets.methods.intervals import mean_interval
from cx_assets.methods.recommend import OFFERS


@dataclass(frozen=True)
class Mean:
    """A mean over customers with its 95 % interval (Student's t); nan where there is none."""

    value: float
    low: float
    high: float


def per_customer(hits: pd.DataFrame, bought: pd.Series) -> pd.DataFrame:
    """recall and ndcg of each customer, in the order of `bought`.

    recall = offers that were bought / what was bought. NDCG with gain 1 (Jarvelin and Kekalainen
    2002, ACM TOIS 20, 422-446): the sum of 1 / log2(rank + 1) over the offers that were bought, as
    a share of the most that there could be among OFFERS.

    Args:
        hits: customer_id and rank (from 1), a row for each offer that was bought.
        bought: how many products each customer bought, at least 1, by customer_id.
    """
    gains = 1 / np.log2(np.arange(2, OFFERS + 2))
    best = np.cumsum(gains)[bought.clip(upper=OFFERS).to_numpy(dtype=int) - 1]
    gained = pd.Series(gains[hits["rank"].to_numpy(dtype=int) - 1], hits["customer_id"])
    found = gained.groupby(level=0).agg(["sum", "size"]).reindex(bought.index, fill_value=0)
    return pd.DataFrame({"recall": found["size"] / bought, "ndcg": found["sum"] / best})


def mean_of(values: pd.Series) -> Mean:
    """The mean of a value per customer; of a difference per customer it is the paired one."""
    if values.empty:
        return Mean(np.nan, np.nan, np.nan)
    mean = float(values.mean())
    low, high = mean_interval(len(values), mean, values.var() if len(values) > 1 else 0.0)
    return Mean(mean, float(low), float(high))
