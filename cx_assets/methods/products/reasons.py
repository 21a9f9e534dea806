"""Why an advice is given, in words and with the figures."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from cx_assets.methods.demand import HORIZON, RECENT
from cx_assets.methods.products.findings import LEAD_DAYS, WORSE_BY
from cx_assets.methods.products.shop import Shop

DROP, FIX, RESTOCK, FEATURE, BUNDLE, KEEP = "drop", "fix", "restock", "feature", "bundle", "keep"

Row = Mapping[Any, Any]


def _why_drop(row: Row, shop: Shop) -> list[str]:
    if row["loses"]:
        return [
            f"loses {-row['profit']:,.0f} on sales of {row['revenue']:,.0f} in a year "
            f"(margin {row['margin']:.0%})"
        ]
    if row["units"] == 0:
        return ["none sold in a year", *_stock(row)]
    return [
        f"brought {row['revenue']:,.0f} in a year, the middle product {shop.revenue:,.0f}",
        f"{row['recent_units']:,.0f} of {row['units']:,.0f} units sold in the last {RECENT} weeks",
        *_stock(row),
    ]


def _why_fix(row: Row, shop: Shop) -> list[str]:
    why = []
    if row["comes_back"]:
        why.append(
            f"{row['returning_orders']:,.0f} of {row['orders']:,.0f} orders came back "
            f"({row['returning_orders'] / row['orders']:.0%}; the shop {shop.returning:.1%})"
        )
    if row["annoys"]:
        why.append(_rating(row, shop))
    if row["comment_score"] <= shop.csat - WORSE_BY:
        why.append(f"its comments read like {row['comment_score']:.1f} of 5")
    return why


def _why_restock(row: Row, shop: Shop) -> list[str]:
    missing = 2 * row["demand_forecast"] - max(row["stock_on_hand"], 0)
    return [
        *_stock(row),
        _demand(row),
        f"{missing:,.0f} more are {2 * LEAD_DAYS} days' worth",
    ]


def _why_feature(row: Row, shop: Shop) -> list[str]:
    why = [_rating(row, shop)] if np.isfinite(row["csat_shrunk"]) else []
    if row["wanted"]:
        why.append(
            f"{row['recent_orders']:,.0f} orders in the last {RECENT} weeks after "
            f"{row['earlier_orders']:,.0f} in those before, {row['growth']:.0%} beyond the "
            "shop's own growth"
        )
    if np.isfinite(row["margin"]):
        why.append(f"margin {row['margin']:.0%}")
    return [*why, *_stock(row)]


def _why_bundle(row: Row, shop: Shop) -> list[str]:
    return [
        f"{row['confidence']:.0%} of its orders hold {row['partner_name']} too, "
        f"{row['lift']:.1f} times as many as by chance ({row['both_baskets']:,.0f} orders)"
    ]


def _why_keep(row: Row, shop: Shop) -> list[str]:
    return ["nothing stands out", *_stock(row), _demand(row)]


def _rating(row: Row, shop: Shop) -> str:
    return (
        f"rated {row['csat_mean']:.1f} of 5 in {row['ratings']:,.0f} answers "
        f"({row['csat_low']:.1f} to {row['csat_high']:.1f}, few answers allowed for; "
        f"the shop {shop.csat:.1f})"
    )


def _stock(row: Row) -> list[str]:
    if not np.isfinite(row["stock_on_hand"]):
        return []
    cover = row["stock_cover_days"]
    lasts = f" ({cover:,.0f} days' worth)" if np.isfinite(cover) else ""
    return [f"{row['stock_on_hand']:,.0f} in stock{lasts}"]


def _demand(row: Row) -> str:
    if not np.isfinite(row["demand_forecast"]):
        return "never sold yet"
    return f"{row['demand_forecast']:,.0f} expected in {7 * HORIZON} days"


REASONS: Mapping[str, Callable[[Row, Shop], list[str]]] = {
    DROP: _why_drop,
    FIX: _why_fix,
    RESTOCK: _why_restock,
    FEATURE: _why_feature,
    BUNDLE: _why_bundle,
    KEEP: _why_keep,
}
