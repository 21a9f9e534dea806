"""One piece of advice per product, with its reason: a list of decisions, the first that fits.

1. drop: it sells at a loss; or it has been known for a year, hardly sells and sells ever less.
2. fix: it comes back, or is rated, far worse than the shop. No stock and no campaign mends that.
3. restock: what is there will not last until new goods are.
4. feature: buyers love it or come for it more and more, it earns what the shop earns, and it is
   there.
5. bundle: who buys it often buys another product too, one that is neither to drop nor to fix.
6. keep: nothing of this; the honest answer for most of a healthy shop.

What stands beside a product is the shop: its median, its share, its mean. A difference counts only
where it is large enough to matter and larger than chance: an end of a 95 % interval is compared.
"""

import numpy as np
import pandas as pd

from cx_assets.methods.products.findings import LEAD_DAYS, TOGETHER_TIMES, findings
from cx_assets.methods.products.reasons import (
    BUNDLE,
    DROP,
    FEATURE,
    FIX,
    KEEP,
    REASONS,
    RESTOCK,
)
from cx_assets.methods.products.shop import Shop

ADVICE = (DROP, FIX, RESTOCK, FEATURE, BUNDLE, KEEP)


def advise(products: pd.DataFrame, rules: pd.DataFrame) -> pd.DataFrame:
    """The advice for each product.

    Args:
        products: one row per product, with figures of the last year (52 weeks): product_id, units,
            recent_units (of the last 13 weeks), orders, returning_orders, recent_orders (of the
            last 13 weeks), earlier_orders (of the 13 before), known_weeks (since when it is
            listed or sold), revenue, profit, margin (nan: costs unknown), csat_mean, ratings,
            csat_shrunk, csat_low, csat_high, comment_score, demand_forecast, stock_on_hand and
            stock_cover_days. Whatever is unknown is nan.
        rules: what is bought together, the best first: product_id, partner, partner_name,
            confidence, lift, lift_low, both_baskets.

    Returns:
        growth, advice, bundle_with (a product_id or None) and reason, with the products' index.
    """
    shop = Shop.of(products)
    facts = products.assign(**findings(products, shop))
    fits = {
        DROP: facts["loses"] | facts["fades"],
        FIX: facts["comes_back"] | facts["annoys"],
        RESTOCK: (facts["stock_cover_days"] < LEAD_DAYS) & (facts["demand_forecast"] >= 1),
        FEATURE: facts["is_there"] & facts["earns"] & (facts["loved"] | facts["wanted"]),
    }
    unwanted = products["product_id"][fits[DROP] | fits[FIX]]
    partner = _partners(rules, unwanted).reindex(products["product_id"]).set_index(products.index)
    fits[BUNDLE] = partner["partner"].notna()
    advice = pd.Series(
        np.select([fits[each] for each in ADVICE[:-1]], ADVICE[:-1], KEEP), products.index
    )
    rows = facts.join(partner).to_dict("records")
    return pd.DataFrame(
        {
            "growth": facts["growth"],
            "advice": advice,
            "bundle_with": partner["partner"].astype(object).where(advice == BUNDLE, None),
            "reason": [
                "; ".join(REASONS[each](row, shop)) for each, row in zip(advice, rows, strict=True)
            ],
        },
        index=products.index,
    )


def _partners(rules: pd.DataFrame, unwanted: pd.Series) -> pd.DataFrame:
    """By product_id, the first rule that is strong enough and leads to a product worth selling."""
    strong = rules[(rules["lift_low"] >= TOGETHER_TIMES) & ~rules["partner"].isin(unwanted)]
    return strong.drop_duplicates("product_id").set_index("product_id")
