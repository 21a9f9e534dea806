"""Pictures of products, in the manner of `plots`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cx_assets.metadata import picture
from cx_assets.plots import new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ADVICE_COLOURS = {
    "drop": "#555555",
    "fix": "#c8323c",
    "restock": "#e07a1f",
    "feature": "#2a9d8f",
    "bundle": "#4f43dd",
    "keep": "#cfcfd6",
}
# Growth beyond is drawn at the edge.
MOST_GROWTH = 16
LABEL_WIDTH = 30


def advice_map(rows: pd.DataFrame, title: str) -> str:
    """A dot per product: the demand expected against what buyers think of it, coloured by advice.

    Where nobody was asked, against the growth of its orders. A product of which the one or the
    other is unknown has no dot, but counts in the legend. Of each advice the product of the highest
    demand is named.

    Args:
        rows: label, advice, demand_forecast, csat_shrunk, growth and orders.
    """
    figure, axes = new_axes(title, height=4.6)
    height = _satisfaction(axes, rows) if rows["csat_shrunk"].notna().any() else _growth(axes, rows)
    drawn = rows.assign(height=height).dropna(subset=["demand_forecast", "height"])
    for advice, colour in reversed(ADVICE_COLOURS.items()):
        own = drawn[drawn["advice"] == advice]
        axes.scatter(
            own["demand_forecast"],
            own["height"],
            s=np.clip(own["orders"], 12, 60),
            color=colour,
            alpha=0.7,
            linewidth=0,
            label=f"{advice} ({(rows['advice'] == advice).sum():,})",
        )
    for advice in ADVICE_COLOURS:
        if advice != "keep":
            _name(axes, drawn[drawn["advice"] == advice].nlargest(1, "demand_forecast"))
    axes.set_xscale("symlog", linthresh=1)
    axes.set_xlim(left=0)
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.set_xlabel("units expected in the next 28 days")
    axes.legend(frameon=False, fontsize=8, ncols=3, loc="upper left", bbox_to_anchor=(0, -0.14))
    return picture(figure, title)


def _satisfaction(axes: Axes, rows: pd.DataFrame) -> pd.Series:
    axes.set_ylabel("satisfaction, few answers allowed for")
    return rows["csat_shrunk"]


def _growth(axes: Axes, rows: pd.DataFrame) -> pd.Series:
    axes.set_yscale("log", base=2)
    axes.yaxis.set_major_formatter("{x:g}")
    axes.set_ylabel("orders, times the shop's own growth")
    return (1 + rows["growth"]).clip(1 / MOST_GROWTH, MOST_GROWTH)


def _name(axes: Axes, rows: pd.DataFrame) -> None:
    for row in rows.to_dict("records"):
        name = str(row["label"])
        short = name if len(name) <= LABEL_WIDTH else f"{name[: LABEL_WIDTH - 1]}…"
        axes.annotate(
            short.replace("$", r"\$"),
            (row["demand_forecast"], row["height"]),
            (0, 6),
            textcoords="offset points",
            ha="center",
            fontsize=8,
            color=ADVICE_COLOURS[row["advice"]],
            bbox={"facecolor": "white", "alpha": 0.8, "linewidth": 0, "pad": 1},
        )
