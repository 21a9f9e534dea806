"""Pictures of surveys, in the manner of `plots`."""

import pandas as pd

from cx_assets.metadata import picture
from cx_assets.plots import COLOUR, new_axes

SENT = "#dcdaf5"


def response_funnel(rows: pd.DataFrame, title: str) -> str:
    """Per touchpoint, invitations as a pale bar, answers and comments within; rate at its end.

    Args:
        rows: label, invited, answered, commented, response_rate, response_low and response_high,
            from the top of the picture down.
    """
    drawn = rows.iloc[::-1]
    figure, axes = new_axes(title, height=1.1 + 0.5 * len(drawn))
    places = range(len(drawn))
    axes.barh(places, drawn["invited"], height=0.72, color=SENT, label="invited")
    axes.barh(places, drawn["answered"], height=0.46, color=COLOUR, alpha=0.6, label="answered")
    axes.barh(places, drawn["commented"], height=0.2, color=COLOUR, label="with a comment")
    for place, row in zip(places, drawn.to_dict("records"), strict=True):
        rate = f"{row['response_rate']:.0%}"
        interval = f"{row['response_low']:.0%} to {row['response_high']:.0%}"
        text = f"{rate} of {row['invited']:,} ({interval})"
        end = (row["invited"], place)
        axes.annotate(text, end, (4, 0), textcoords="offset points", va="center", fontsize=8)
    axes.set_yticks(places, drawn["label"])
    axes.margins(x=0.35)
    axes.set_xlim(left=0)
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.legend(frameon=False, fontsize=8, ncols=3, loc="upper left", bbox_to_anchor=(0, -0.08))
    return picture(figure, title)
