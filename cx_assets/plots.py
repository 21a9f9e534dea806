"""The pictures in the assets' metadata. Each function returns Markdown that carries its own PNG."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cx_assets.metadata import picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOUR = "#4f43dd"
LINE_COLOURS = (COLOUR, "#e07a1f", "#2a9d8f")
MODEL_COLOURS = {
    "naive": "#999999",
    "bg_nbd": "#e07a1f",
    "mbg_nbd": "#2a9d8f",
    "pareto_nbd": COLOUR,
}


def new_axes(title: str, height: float = 3.2) -> tuple[Figure, Axes]:
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
    figure, axes = new_axes(title, height=0.9 + 0.4 * len(names))
    drawn = axes.barh(names, list(values), color=COLOUR)
    axes.bar_label(drawn, fmt="{:,.0f}", padding=3)
    return picture(figure, title)


def trend(
    times: Iterable[Any], values: pd.Series, low: pd.Series, high: pd.Series, title: str
) -> str:
    """A line over time, with its interval as a band."""
    line = pd.DataFrame({"value": values, "low": low, "high": high})
    return trends(times, {title: line}, title)


def trends(times: Iterable[Any], lines: Mapping[str, pd.DataFrame], title: str) -> str:
    """Lines over time (value), each with its interval (low, high) as a band."""
    figure, axes = new_axes(title)
    moments = pd.to_datetime(pd.Series(list(times)))
    for (label, line), colour in zip(lines.items(), LINE_COLOURS, strict=False):
        axes.plot(moments, line["value"], color=colour, marker="o", markersize=3, label=label)
        low, high = (line[end].astype(float) for end in ("low", "high"))
        axes.fill_between(moments, low, high, color=colour, alpha=0.2, linewidth=0)
    if len(lines) > 1:
        axes.legend(frameon=False, fontsize=8)
    figure.autofmt_xdate()
    return picture(figure, title)


def forest(
    labels: Iterable[str], values: pd.Series, low: pd.Series, high: pd.Series, title: str
) -> str:
    """One point per label with its interval, and a line where nothing happens."""
    names = list(labels)
    figure, axes = new_axes(title, height=1.2 + 0.45 * len(names))
    positions = np.arange(len(names))
    axes.hlines(positions, low, high, color=COLOUR)
    axes.plot(values, positions, "o", color=COLOUR)
    axes.axvline(0, color="grey", linewidth=0.8, linestyle=":")
    axes.set_yticks(positions, names)
    axes.set_ylim(-0.6, len(names) - 0.4)
    return picture(figure, title)


def marked_curve(x: Iterable[float], y: pd.Series, marked: pd.Series, title: str) -> str:
    """A line with a point for each value; the marked ones stand out, with their values beside."""
    figure, axes = new_axes(title)
    places = np.asarray(list(x))
    axes.plot(places, y, color="grey", marker="o", markersize=4, linewidth=1)
    chosen = marked.to_numpy(dtype=bool)
    axes.plot(places[chosen], y[chosen], "o", color=COLOUR, markersize=9)
    for place, value in zip(places, y, strict=True):
        if np.isfinite(value):
            axes.annotate(f"{value:.2f}", (place, value), (0, 9), textcoords="offset points")
    axes.set_xticks(places)
    axes.margins(y=0.25)
    return picture(figure, title)


def bubbles(
    x: pd.Series,
    y: pd.Series,
    sizes: pd.Series,
    labels: Iterable[str],
    axes: tuple[str, str],
    title: str,
) -> str:
    """A bubble per label, as large as its share of `sizes`, on logarithmic scales."""
    from matplotlib.ticker import SymmetricalLogLocator

    figure, drawn = new_axes(title, height=4.6)
    share = sizes / sizes.sum()
    drawn.scatter(x, y, s=4_000 * share, color=COLOUR, alpha=0.35, linewidth=0)
    drawn.set(xscale="symlog", yscale="symlog", xlabel=axes[0], ylabel=axes[1])
    for axis, steps in ((drawn.xaxis, (1, 2, 5)), (drawn.yaxis, (1,))):
        axis.set_major_locator(SymmetricalLogLocator(base=10, linthresh=10, subs=steps))
        axis.set_major_formatter("{x:,.0f}")
    drawn.margins(0.25)
    points = drawn.transData.transform(np.column_stack([x, y])) * 72 / figure.dpi
    for place, value, label, part, lower in zip(x, y, labels, share, _lowered(points), strict=True):
        text, offset = f"{label} {part:.0%}", (0, -lower)
        drawn.annotate(
            text, (place, value), offset, textcoords="offset points", ha="center", fontsize=8
        )
    return picture(figure, title)


def _lowered(points: NDArray[np.float64], width: float = 110, height: float = 11) -> list[float]:
    """How far each label must go down, so that it lies on none of those before it."""
    taken: list[tuple[float, float]] = []
    for left, top in points:
        bottom = top
        while any(abs(left - x) < width and abs(bottom - y) < height for x, y in taken):
            bottom -= 1
        taken.append((left, bottom))
    return [top - bottom for (_, top), (_, bottom) in zip(points, taken, strict=True)]


def heat_map(counts: pd.DataFrame, title: str) -> str:
    """A cell per row and column: its share of the row as colour and in percent."""
    shares = counts.div(counts.sum(axis="columns"), axis="index").to_numpy()
    figure, axes = new_axes(title, height=1.4 + 0.5 * len(counts))
    axes.pcolormesh(shares, cmap="Purples", vmin=0, vmax=1, edgecolor="white", linewidth=1)
    for (row, column), share in np.ndenumerate(shares):
        if share > 0:
            colour = "white" if share > 0.5 else "black"
            place = (column + 0.5, row + 0.5)
            axes.annotate(f"{share:.0%}", place, ha="center", va="center", color=colour)
    axes.set_xticks(np.arange(len(counts.columns)) + 0.5, counts.columns, rotation=25, ha="right")
    axes.set_yticks(np.arange(len(counts)) + 0.5, counts.index)
    axes.invert_yaxis()
    return picture(figure, title)


def reliability_curve(bins: pd.DataFrame, title: str) -> str:
    """Predicted probability against what happened, a point per bin, and the line of no error."""
    figure, axes = new_axes(title, height=4.2)
    axes.plot([0, 1], [0, 1], color="grey", linewidth=0.8, linestyle=":")
    spread = np.sqrt(bins["observed"] * (1 - bins["observed"]) / bins["customers"])
    axes.errorbar(
        bins["predicted"], bins["observed"], 1.96 * spread, fmt="o-", color=COLOUR, linewidth=1
    )
    axes.set(xlabel="predicted", ylabel="observed, with its 95 % interval", xlim=(0, 1))
    axes.set_ylim(0, 1)
    return picture(figure, title)


def drivers(strengths: Mapping[str, float], title: str, most: int = 12) -> str:
    """Horizontal bars of the strongest features, the strongest on top."""
    strongest = sorted(strengths.items(), key=lambda item: item[1])[-most:]
    figure, axes = new_axes(title, height=0.9 + 0.35 * len(strongest))
    names = [name.replace("_", " ") for name, _ in strongest]
    drawn = axes.barh(names, [strength for _, strength in strongest], color=COLOUR)
    axes.bar_label(drawn, fmt="{:.2f}", padding=3)
    return picture(figure, title)


def holdout_calibration(rows: pd.DataFrame) -> str:
    """What each model expected of a holdout, against what happened; Markdown with the picture.

    Args:
        rows: one row per model with model, title, mae, holdout_days and the lists decile_expected,
            decile_actual, repeats_expected and repeats_actual.
    """
    from matplotlib.figure import Figure

    if rows.empty:
        return "The history is too short for a holdout."
    models = rows.to_dict("records")
    figure = Figure(figsize=(10, 4.2))
    left, right = figure.subplots(1, 2)
    _by_tenths(left, models)
    _by_repeats(right, models)
    for axes in (left, right):
        axes.legend(frameon=False, fontsize=8)
        axes.spines[["top", "right"]].set_visible(False)
    title = f"Holdout of {models[0]['holdout_days']} days"
    figure.suptitle(title, x=0.01, ha="left", fontsize=11)
    figure.tight_layout()
    return picture(figure, title)


def _by_tenths(axes: Axes, models: Sequence[Mapping[Any, Any]]) -> None:
    for row in models:
        label = f"{row['title']}, error {row['mae']:.3f}"
        axes.plot(row["decile_expected"], row["decile_actual"], label=label, **_style(row))
    highest = max(max(row["decile_actual"]) for row in models)
    axes.plot([0, highest], [0, highest], color="grey", linestyle=":", linewidth=0.8)
    axes.set(xlabel="expected orders per customer", ylabel="actual", title="By tenths")


def _by_repeats(axes: Axes, models: Sequence[Mapping[Any, Any]]) -> None:
    for row in models:
        axes.plot(row["repeats_expected"], label=row["title"], **_style(row))
    actual = models[0]["repeats_actual"]
    axes.plot(actual, color="black", linewidth=2.2, label="what happened")
    most = len(actual) - 1
    axes.set_xticks(range(most + 1), [*map(str, range(most)), f"{most}+"])
    axes.set(xlabel="repeat orders before", ylabel="orders in the holdout", title="By repeats")


def _style(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {
        "color": MODEL_COLOURS[row["model"]],
        "marker": "o",
        "markersize": 3.5,
        "linewidth": 1.2,
    }


def value_distribution(
    edges: NDArray[np.float64], model: pd.Series, formula: pd.Series, title: str
) -> str:
    """Customers by lifetime value, on a log scale: the models beside the formula."""
    figure, axes = new_axes(title)
    axes.stairs(formula, edges, color="#999999", label="formula", linewidth=1.2)
    axes.stairs(model, edges, color=COLOUR, fill=True, alpha=0.35, label="models")
    axes.set_xscale("symlog", linthresh=1)
    axes.set(xlabel="lifetime value", ylabel="customers")
    axes.legend(frameon=False)
    return picture(figure, title)
