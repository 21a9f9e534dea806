"""The pictures of texts: topics with their scores, and words in any script."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cx_assets.metadata import picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Fonts with Chinese, Japanese and Korean letters, of Linux, macOS and Windows; the first one found
# is drawn with.
CJK_FONTS = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "PingFang SC",
    "Heiti SC",
    "Arial Unicode MS",
    "Microsoft YaHei",
    "SimHei",
)


def topics_picture(rows: pd.DataFrame, title: str) -> str:
    """Topics by mentions, coloured by mean score with its interval beside; Markdown.

    A term that no font at hand can draw stands in the table under the picture alone.

    Args:
        rows: topic (0: none), terms, mentions, share, mean_score, mean_low, mean_high and note.
    """
    topics = rows[rows["topic"] > 0]
    if topics.empty:
        return next(iter(rows["note"].dropna()), "Nobody has written anything.")
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 1.3 + 0.34 * len(topics)))
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=(3, 2))
    places = np.arange(len(topics))
    colours = score_colours(topics["mean_score"])
    drawn = left.barh(places, topics["mentions"], color=colours)
    left.bar_label(drawn, padding=3, fontsize=8)
    families, glyphs = drawable()
    left.set_yticks(
        places,
        [_label(topic, terms, glyphs) for topic, terms in topics[["topic", "terms"]].to_numpy()],
        fontfamily=families,
        fontsize=9,
    )
    left.set_title("texts", fontsize=9)
    left.invert_yaxis()
    _means(right, places, topics, colours)
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
    figure.suptitle(title, x=0.01, ha="left", fontsize=11)
    figure.tight_layout()
    return f"{picture(figure, title)}\n\n{_table(rows)}"


def _means(axes: Axes, places: np.ndarray, topics: pd.DataFrame, colours: list[Any]) -> None:
    axes.hlines(places, topics["mean_low"], topics["mean_high"], color="grey", linewidth=1)
    axes.scatter(topics["mean_score"], places, c=colours, edgecolor="grey", zorder=2)
    axes.set_xlim(1, 5)
    axes.set_xticks(range(1, 6))
    axes.grid(axis="x", linewidth=0.4)
    axes.tick_params(axis="y", length=0)
    axes.set_title("mean predicted score, 95 % interval", fontsize=9)


def score_colours(scores: pd.Series) -> list[Any]:
    """Red up to 2, yellow about 3.25, blue from 4.5, as means of many lie; grey without a score."""
    from matplotlib import colormaps

    shade = colormaps["RdYlBu"]
    return [
        "lightgrey" if np.isnan(score) else shade((score - 2) / 2.5)
        for score in scores.astype(float)
    ]


def drawable() -> tuple[list[str], set[int]]:
    """The font families to draw with, and the characters (code points) that they have."""
    from matplotlib.font_manager import fontManager, get_font

    installed = {entry.name: entry.fname for entry in fontManager.ttflist}
    found = [name for name in CJK_FONTS if name in installed][:1]
    families = ["DejaVu Sans", *found]
    glyphs = {code for name in families for code in get_font(installed[name]).get_charmap()}
    return families, glyphs


def _label(topic: int, terms: Iterable[str], glyphs: set[int]) -> str:
    shown = [term for term in list(terms)[:3] if {ord(letter) for letter in term} <= glyphs]
    return f"{', '.join(shown)}  {topic}" if shown else f"topic {topic}"


def _table(rows: pd.DataFrame) -> str:
    lines = ["| topic | terms | texts | share | mean score |", "|---|---|---|---|---|"]
    for row in rows.to_dict("records"):
        terms = ", ".join(row["terms"]) or "none of these"
        score, low, high = row["mean_score"], row["mean_low"], row["mean_high"]
        mean = "" if np.isnan(score) else f"{score:.2f}"
        mean += "" if np.isnan(low) else f" ({low:.2f} to {high:.2f})"
        lines.append(
            f"| {row['topic']} | {terms} | {row['mentions']:,} | {row['share']:.0%} | {mean} |"
        )
    return "\n".join(lines)


def word_table(good: Sequence[str], bad: Sequence[str]) -> str:
    """What speaks for good and for bad, side by side; Markdown, which shows every script."""
    lines = ["| speaks for a good score | speaks for a bad score |", "|---|---|"]
    lines += [f"| {one} | {other} |" for one, other in zip_longest(good, bad, fillvalue="")]
    return "\n".join(lines)
