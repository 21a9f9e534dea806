"""The shop as a whole: what stands beside a product."""

from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Shop:
    """What a product is held against; nan where the shop does not know it."""

    revenue: float
    """Of the year, of the median product that sold."""
    returning: float
    """Share of orders that came back."""
    csat: float
    margin: float
    recent: float
    """Share of the orders of two quarters that fell into the newer one."""

    @classmethod
    def of(cls, products: pd.DataFrame) -> "Shop":
        sold = products["revenue"][products["units"] > 0]
        priced = products[products["margin"].notna()]
        both = products["recent_orders"] + products["earlier_orders"]
        return cls(
            revenue=float(sold.median()),
            returning=_share(products["returning_orders"], products["orders"]),
            csat=_share(products["csat_mean"] * products["ratings"], products["ratings"]),
            margin=_share(priced["profit"], priced["revenue"]),
            recent=_share(products["recent_orders"], both),
        )


def _share(part: pd.Series, whole: pd.Series) -> float:
    total = float(whole.sum())
    return float(part.sum()) / total if total > 0 else np.nan
