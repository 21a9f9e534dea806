"""The pictures in the assets' metadata. Each function returns Markdown that carries its own PNG."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cx_assets.metadata import picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOUR = "#4f43dd"


def _axes(title: str, height: float = 3.2) -> tuple[Figure, Axes]:
    # Imported here, since only a run draws and every load of the project would wait for it.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, height))
    axes = figure.subplots()
    axes.set_title(title, loc="left", fontsize=11)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def bars(labels: Iterable[str], values: Iterable[float], title: str) -> str:
    """Horizontal bars, with the value at the end of each."""
    names = list(labels)
    figure, axes = _axes(title, height=0.9 + 0.4 * len(names))
    drawn = axes.barh(names, list(values), color=COLOUR)
    axes.bar_label(drawn, fmt="{:,.0f}", padding=3)
    return picture(figure, title)


def trend(
    times: Iterable[Any], values: pd.Series, low: pd.Series, high: pd.Series, title: str
) -> str:
    """A line over time, with its interval as a band."""
    figure, axes = _axes(title)
    moments = pd.to_datetime(pd.Series(list(times)))
    axes.plot(moments, values, color=COLOUR, marker="o", markersize=3)
    axes.fill_between(moments, low, high, color=COLOUR, alpha=0.2, linewidth=0)
    figure.autofmt_xdate()
    return picture(figure, title)


def forest(
    labels: Iterable[str], values: pd.Series, low: pd.Series, high: pd.Series, title: str
) -> str:
    """One point per label with its interval, and a line where nothing happens."""
    names = list(labels)
    figure, axes = _axes(title, height=1.2 + 0.45 * len(names))
    positions = np.arange(len(names))
    axes.hlines(positions, low, high, color=COLOUR)
    axes.plot(values, positions, "o", color=COLOUR)
    axes.axvline(0, color="grey", linewidth=0.8, linestyle=":")
    axes.set_yticks(positions, names)
    axes.set_ylim(-0.6, len(names) - 0.4)
    return picture(figure, title)
