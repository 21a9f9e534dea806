"""The pictures of what customers would answer: how well it is predicted, how knowledge fades, and
the gap between those who speak and those who are silent."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cx_assets.metadata import picture
from cx_assets.methods.expected_score import Mood
from cx_assets.plots import COLOUR

GREY = "#8a8a8a"
DAYS = np.arange(0, 366)


def model_picture(bins: pd.DataFrame, mood: Mood, title: str) -> str:
    """Predicted against stated, and how the uncertainty grows with the age of the answers.

    Args:
        bins: predicted, stated, low, high per tenth of the tested answers; empty without a test.
        mood: what is known of satisfaction over time.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4.2))
    left, right = figure.subplots(1, 2)
    if len(bins):
        ends = [bins["predicted"].min(), bins["predicted"].max()]
        left.plot(ends, ends, color=GREY, linewidth=0.8, linestyle=":")
        left.vlines(bins["predicted"], bins["low"], bins["high"], color=COLOUR)
        left.plot(bins["predicted"], bins["stated"], "o", color=COLOUR)
    left.set(xlabel="predicted score", ylabel="mean answer, 95 % interval", title="By tenths")
    noise = next(iter(mood.noise.values()))
    for count, style in ((1, "-"), (3, "--")):
        ages = np.repeat(DAYS[:, None], count, axis=1) + 30.0 * np.arange(count)
        flat = np.zeros_like(ages)
        _, left_over = mood.carried(ages, flat, flat + noise)
        label = "one answer" if count == 1 else f"{count} answers, a month apart"
        right.plot(DAYS, np.sqrt(left_over), color=COLOUR, linestyle=style, label=label)
    right.axhline(np.sqrt(mood.satisfaction), color=GREY, linestyle=":", label="no answer")
    right.set(
        xlabel="days since the newest answer",
        ylabel="standard error, points",
        title="What is known fades",
    )
    right.set_ylim(0, None)
    right.legend(frameon=False, fontsize=8, loc="lower right")
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
    figure.suptitle(title, x=0.01, ha="left", fontsize=11)
    figure.tight_layout()
    return picture(figure, title)


def gap_picture(rows: pd.DataFrame, title: str) -> str:
    """Per segment what is stated and what the silent would state; and what hangs on not knowing.

    Args:
        rows: segment_name, known_share, observed_mean, observed_low, observed_high, predicted_mean,
            predicted_low, predicted_high and value_at_stake, from the top of the picture down.
    """
    from matplotlib.figure import Figure

    drawn = rows.iloc[::-1].reset_index(drop=True)
    figure = Figure(figsize=(10, 1.6 + 0.55 * len(drawn)))
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=(3, 2))
    for kind, label, colour, up in (
        ("observed", "known: what they said", GREY, 0.12),
        ("predicted", "silent: what they would say", COLOUR, -0.12),
    ):
        places = drawn.index + up
        left.hlines(places, drawn[f"{kind}_low"], drawn[f"{kind}_high"], color=colour)
        left.plot(drawn[f"{kind}_mean"], places, "o", color=colour, label=label)
    left.set_yticks(drawn.index, drawn["segment_name"])
    left.set_ylim(-0.6, len(drawn) - 0.4)
    left.set_xlabel("mean score with its 95 % interval")
    left.legend(frameon=False, fontsize=8, loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2)
    bars = right.barh(drawn.index, drawn["value_at_stake"], height=0.5, color=COLOUR, alpha=0.35)
    labels = [
        f"{value:,.0f}, {share:.0%} known"
        for value, share in zip(drawn["value_at_stake"], drawn["known_share"], strict=True)
    ]
    right.bar_label(bars, labels, padding=3, fontsize=8)
    right.set_xlabel("lifetime value of those not known")
    right.margins(x=0.6)
    right.set_xlim(left=0)
    right.locator_params(axis="x", nbins=4)
    right.xaxis.set_major_formatter("{x:,.0f}")
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
    figure.suptitle(title, x=0.01, ha="left", fontsize=11)
    figure.tight_layout()
    return picture(figure, title)
