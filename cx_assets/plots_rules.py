"""Pictures of what goes together, in the manner of `plots`."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cx_assets.metadata import picture
from cx_assets.plots import new_axes

LABEL_WIDTH = 64


def rule_dots(rules: pd.DataFrame, title: str) -> str:
    """A dot per rule at its confidence with the 95 % interval; colour is lift, size the baskets.

    Args:
        rules: label, confidence, confidence_low, confidence_high, lift and both_baskets, the first
            on top.
    """
    from matplotlib.colors import LogNorm

    shown = rules.iloc[::-1]
    figure, axes = new_axes(title, height=1.6 + 0.34 * len(shown))
    places = np.arange(len(shown))
    low, high = shown["confidence_low"], shown["confidence_high"]
    axes.hlines(places, low, high, color="lightgrey", zorder=1)
    axes.scatter(
        shown["confidence"],
        places,
        s=30 + 170 * shown["both_baskets"] / shown["both_baskets"].max(),
        c=shown["lift"],
        cmap="Purples",
        norm=LogNorm(shown["lift"].min() / 4, shown["lift"].max()),
        zorder=2,
    )
    for heading, column, left, form in (
        ("baskets", "both_baskets", 1.12, "{:,.0f}"),
        ("lift", "lift", 1.25, "{:.3g}"),
    ):
        told = [heading, *map(form.format, shown[column])]
        for place, text in zip([len(shown) - 0.2, *places], told, strict=True):
            axes.annotate(
                text, (left, place), ha="right", va="center", fontsize=8, annotation_clip=False
            )
    axes.set_yticks(places, [_shortened(label) for label in shown["label"]], fontsize=8)
    axes.set(xlim=(0, 1), ylim=(-0.6, len(shown) - 0.4))
    axes.set_xlabel("in so many of its baskets, with the 95 % interval")
    axes.xaxis.set_major_formatter("{x:.0%}")
    return picture(figure, title)


def shelf(lift: pd.DataFrame, title: str) -> str:
    """A cell per pair of categories: how many times as often as by chance they share a basket.

    Neighbours belong together: rows and columns are in the order of a clustering by lift. Red is
    more often than chance, blue less, and a hundredth of chance is as far as colours go.

    Args:
        lift: symmetric, categories by categories, at least two; the diagonal is not looked at.
    """
    from matplotlib.colors import TwoSlopeNorm

    order = _neighbours(lift.to_numpy(dtype=float))
    names = lift.index[order]
    drawn = lift.to_numpy(dtype=float)[np.ix_(order, order)]
    np.fill_diagonal(drawn, np.nan)
    strength = _log(drawn)
    furthest = max(0.5, float(np.nanmax(np.abs(strength))))
    figure, axes = new_axes(title, height=1.8 + 0.42 * len(names))
    axes.pcolormesh(
        strength,
        cmap="RdBu_r",
        norm=TwoSlopeNorm(0, -furthest, furthest),
        edgecolor="white",
        linewidth=1,
    )
    for (row, column), value in np.ndenumerate(drawn):
        if np.isfinite(value):
            colour = "white" if abs(strength[row, column]) > 0.6 * furthest else "black"
            place = (column + 0.5, row + 0.5)
            axes.annotate(f"{value:.2g}", place, ha="center", va="center", color=colour, fontsize=8)
    axes.set_xticks(np.arange(len(names)) + 0.5, names, rotation=30, ha="right")
    axes.set_yticks(np.arange(len(names)) + 0.5, names)
    axes.invert_yaxis()
    return picture(figure, title)


def _log(lift: NDArray[np.float64]) -> NDArray[np.float64]:
    """log2 of the lift; what is never together counts as a hundredth of chance."""
    return np.log2(np.maximum(lift, 0.01))


def _neighbours(lift: NDArray[np.float64]) -> NDArray[np.int64]:
    """An order in which what is bought together stands side by side, by average linkage."""
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import squareform

    closeness = _log(lift)
    distance = np.nanmax(closeness) - closeness
    np.fill_diagonal(distance, 0)
    tree = linkage(squareform(distance, checks=False), "average", optimal_ordering=True)
    return leaves_list(tree).astype(np.int64)


def _shortened(label: str) -> str:
    """Of a length that leaves room."""
    return label if len(label) <= LABEL_WIDTH else label[: LABEL_WIDTH - 1] + "…"
