"""Pictures of what actions did, in the manner of `plots`."""

import numpy as np
import pandas as pd

from cx_assets.metadata import picture
from cx_assets.plots import COLOUR, LINE_COLOURS, new_axes


def effects_beside_naive(rows: pd.DataFrame, title: str) -> str:
    """Per action the effect with its interval, and apart from it the change of the treated alone.

    Args:
        rows: label, effect, ci_low, ci_high and naive_change, from the bottom of the picture up.
    """
    figure, axes = new_axes(title, height=1.5 + 0.5 * len(rows))
    places = np.arange(len(rows))
    effect, low, high, naive = (
        rows[name].to_numpy(dtype=float) for name in ("effect", "ci_low", "ci_high", "naive_change")
    )
    axes.hlines(places, low, high, color=COLOUR)
    axes.plot(effect, places, "o", color=COLOUR, label="effect, against the control group")
    axes.plot(
        naive,
        places - 0.2,
        "x",
        color=LINE_COLOURS[1],
        label="change of the treated alone: misleading",
    )
    axes.axvline(0, color="grey", linewidth=0.8, linestyle=":")
    axes.set_yticks(places, rows["label"])
    axes.set_ylim(-0.6, len(rows) - 0.4)
    axes.legend(frameon=False, fontsize=8, ncols=2, loc="upper left", bbox_to_anchor=(0, -0.12))
    return picture(figure, title)
