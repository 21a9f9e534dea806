"""What is true of each product, against its shop, and what counts as a difference."""

import numpy as np
import pandas as pd

from cx_assets.methods.demand import HORIZON, RECENT, SEASON
from cx_assets.methods.intervals import wilson_interval
from cx_assets.methods.products.shop import Shop

LEAD_DAYS = 7 * HORIZON
"""Days until ordered goods are there; no landing file tells, so as long as a forecast looks."""
HARDLY = 0.1
"""Of the median product's revenue: ten such products bring what one does."""
FADING = 0.5
"""Of its mean quarter, sold in the last one."""
RETURNED_TIMES = 2.0
"""Times the shop's share of orders that come back: what lies beyond is the product's own."""
LEAST_RETURNED = 0.05
"""Of the orders: twice next to nothing is nothing to mend."""
WORSE_BY = 0.3
"""Points of five below the shop; less is the taste of the buyers."""
GROWING = 0.25
"""More orders than the quarter before, beyond what the whole shop grew by."""
TOGETHER_TIMES = 2.0
"""Lift at the low end of its interval."""
FEWEST_ORDERS = 10
"""A loss on fewer is one clearance or one slip."""


def findings(products: pd.DataFrame, shop: Shop) -> dict[str, pd.Series]:
    """What is true of each product, as the list of decisions needs it."""
    orders, returning = products["orders"], products["returning_orders"]
    both = products["recent_orders"] + products["earlier_orders"]
    growth = _growth(products, shop)
    returned_low, _ = wilson_interval(returning, orders)
    recent_low, recent_high = wilson_interval(products["recent_orders"], both)
    rated = products["csat_shrunk"]
    liked = (rated >= shop.csat) | (rated.isna() & (returning <= shop.returning * orders))
    return {
        "growth": growth,
        "loses": (products["margin"] < 0) & (orders >= FEWEST_ORDERS),
        "fades": (products["known_weeks"] >= SEASON)
        & ~(products["revenue"] > HARDLY * shop.revenue)
        & (products["recent_units"] <= FADING * RECENT / SEASON * products["units"]),
        "comes_back": (returning >= LEAST_RETURNED * orders)
        & (returned_low > RETURNED_TIMES * shop.returning),
        "annoys": (products["csat_high"] < shop.csat) & (rated <= shop.csat - WORSE_BY),
        "loved": (products["csat_low"] > shop.csat) & ~(recent_high < shop.recent),
        "wanted": (growth >= GROWING) & liked & (recent_low > shop.recent),
        "earns": ~(products["margin"] < shop.margin),
        "is_there": ~(products["stock_on_hand"] <= 0) & ~(products["stock_cover_days"] < LEAD_DAYS),
    }


def _growth(products: pd.DataFrame, shop: Shop) -> pd.Series:
    """Change of its orders from one quarter to the next, beyond the shop's; nan while it is new."""
    known = (products["known_weeks"] >= 2 * RECENT) & (products["earlier_orders"] > 0)
    ratio = products["recent_orders"] / products["earlier_orders"].where(known)
    return ratio * (1 - shop.recent) / shop.recent - 1 if 0 < shop.recent < 1 else ratio * np.nan
