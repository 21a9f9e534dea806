"""Sums per comparison from plain rows, as the warehouse adds them up."""

import numpy as np
import pandas as pd

from cx_assets.methods.effects.comparison import ARMS, PARTS, PRODUCTS


def sums_of(rows: pd.DataFrame) -> dict[str, float]:
    """One comparison's sums.

    Args:
        rows: customer, treated (boolean), y, x (NaN where missing), w.
    """
    customer, who = np.unique(rows["customer"], return_inverse=True)
    treated, w = rows["treated"].to_numpy(dtype=bool), rows["w"].to_numpy(dtype=float)
    y, x = rows["y"].to_numpy(dtype=float), rows["x"].to_numpy(dtype=float)
    known = ~np.isnan(x)
    x = np.where(known, x, x[known].mean() if known.any() else 0.0)
    found: dict[str, float] = {}
    totals = {}
    for arm, inside in zip(ARMS, (treated, ~treated), strict=True):
        found[arm] = float(inside.sum())
        for part, values in zip(PARTS, (np.ones_like(y), y, x), strict=True):
            totals[f"{arm}_{part}"] = np.bincount(who, w * values * inside, len(customer))
        found[f"{arm}_covariate_square"] = float((w * x * x)[inside].sum())
        found[f"{arm}_covariate_outcome"] = float((w * x * y)[inside].sum())
    found.update({name: float(values.sum()) for name, values in totals.items()})
    found.update({name: float(totals[a] @ totals[b]) for name, (a, b) in PRODUCTS.items()})
    return found
