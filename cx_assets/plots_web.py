"""Pictures of the web shop: how far sessions get, and which channels bring the orders."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from cx_assets.metadata import picture
from cx_assets.periods import Period
from cx_assets.plots import COLOUR, LINE_COLOURS, new_axes
from cx_assets.warehouse import Session

CHANNELS = 12
PALE = "#dcdaf5"

FUNNEL = f"""
with channels as (
    select
        channel,
        max(case when step = 'visit' then sessions end) as visits,
        max(case when step = 'product_view' then share end) as viewed,
        max(case when step = 'cart' then share end) as carted,
        max(case when step = 'purchase' then share end) as bought,
        max(case when step = 'purchase' then share_low end) as bought_low,
        max(case when step = 'purchase' then share_high end) as bought_high
    from "analyze".web_funnel
    where period = $period and visitor_kind = 'person'
    group by channel
)
select * from channels
order by case when channel = 'all' then 0 else 1 end, visits desc, channel
limit {CHANNELS + 1}
"""
SET_APART = """
select visitor_kind, sessions, visitors
from "analyze".web_funnel
where period = $period and visitor_kind <> 'person' and channel = 'all' and step = 'visit'
order by visitor_kind
"""
ATTRIBUTION = f"""
select
    channel,
    orders,
    cast(revenue as double) as revenue,
    first_touch_orders,
    cast(first_touch_revenue as double) as first_touch_revenue
from "analyze".attribution
where period = $period and customer_kind = 'person'
order by revenue desc, channel
limit {CHANNELS}
"""
KINDS = {"bot": "bots", "test_account": "devices of test accounts"}


def web_funnel(session: Session, periods: Sequence[Period]) -> str:
    """Per channel the share of people's sessions at each step, and below it who was set apart."""
    bound = {"period": periods[-1].start.date()}
    rows = session.frame(FUNNEL, bound)
    apart = session.frame(SET_APART, bound)
    parts = [_funnel(rows, f"Sessions by channel, {periods[-1].key}")] if len(rows) else []
    parts += [_set_apart(apart)] if len(apart) else []
    return "\n\n".join(parts) or "Nobody came to the web shop."


def attribution(session: Session, periods: Sequence[Period]) -> str:
    """Revenue per channel by the last touch, and by the first."""
    rows = session.frame(ATTRIBUTION, {"period": periods[-1].start.date()})
    if rows.empty:
        return "Nobody bought anything."
    drawn = rows.iloc[::-1]
    title = f"Revenue by the channel that brought the customer, {periods[-1].key}"
    figure, axes = new_axes(title, height=1.3 + 0.6 * len(drawn))
    places = np.arange(len(drawn))
    for name, prefix, above, colour in (
        ("last touch", "", 0.19, COLOUR),
        ("first touch", "first_touch_", -0.19, LINE_COLOURS[1]),
    ):
        revenue, orders = drawn[f"{prefix}revenue"], drawn[f"{prefix}orders"]
        bars = axes.barh(places + above, revenue, height=0.36, color=colour, label=name)
        labels = [
            f"{money:,.0f} ({count:,} orders)" for money, count in zip(revenue, orders, strict=True)
        ]
        axes.bar_label(bars, labels, padding=3, fontsize=8)
    axes.set_yticks(places, drawn["channel"])
    axes.margins(x=0.3)
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.legend(frameon=False, fontsize=8, ncols=2, loc="upper left", bbox_to_anchor=(0, -0.08))
    return picture(figure, title)


def _funnel(rows: pd.DataFrame, title: str) -> str:
    drawn = rows.iloc[::-1]
    figure, axes = new_axes(title, height=1.3 + 0.5 * len(drawn))
    places = range(len(drawn))
    axes.barh(places, drawn["viewed"], height=0.72, color=PALE, label="saw a product")
    axes.barh(places, drawn["carted"], height=0.46, color=COLOUR, alpha=0.6, label="cart")
    axes.barh(places, drawn["bought"], height=0.2, color=COLOUR, label="purchase")
    for place, row in zip(places, drawn.to_dict("records"), strict=True):
        interval = f"{row['bought_low']:.1%} to {row['bought_high']:.1%}"
        text = f"{row['bought']:.1%} of {row['visits']:,} bought ({interval})"
        axes.annotate(text, (1.02, place), va="center", fontsize=8)
    axes.set_yticks(places, drawn["channel"])
    axes.set_xlim(0, 1.75)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1])
    axes.xaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
    axes.legend(frameon=False, fontsize=8, ncols=3, loc="upper left", bbox_to_anchor=(0, -0.08))
    return picture(figure, title)


def _set_apart(rows: pd.DataFrame) -> str:
    counts = [
        f"{row['sessions']:,} sessions of {row['visitors']:,} {KINDS[row['visitor_kind']]}"
        for row in rows.to_dict("records")
    ]
    return f"Set apart: {', '.join(counts)}."
