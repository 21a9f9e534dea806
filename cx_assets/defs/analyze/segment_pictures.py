"""The pictures of the segments: where they stand, and who went from which to which."""

from collections.abc import Sequence

from cx_assets.defs.analyze.segment_sample import CUSTOMERS
from cx_assets.periods import Period, period_before
from cx_assets.plots import bubbles, heat_map
from cx_assets.warehouse import Session

PROFILE = f"""
with customers as ({CUSTOMERS})
select
    segments.segment_id, segments.segment_name, median(customers.recency_days) as recency_days,
    median(customers.spend) as spend, count(*) as customers
from "analyze".segments as segments
inner join customers on customers.customer_id = segments.customer_id
where segments.period = cast($period_start as date)
group by segments.segment_id, segments.segment_name
order by segments.segment_id
"""

MOVES = """
with labelled as (
    select period, customer_id, segment_id, concat(segment_id, ' ', segment_name) as label
    from "analyze".segments
)
select
    was.label as came_from, now.label as went_to, now.segment_id as to_segment,
    count(*) as customers
from labelled as now
inner join labelled as was on was.customer_id = now.customer_id
where now.period = cast($period_start as date) and was.period = cast($previous_start as date)
group by was.segment_id, was.label, now.segment_id, now.label
order by was.segment_id, now.segment_id
"""


def segment_map(session: Session, periods: Sequence[Period]) -> str:
    """Days since the last purchase against money, and how many customers, of the last period."""
    segments = session.frame(PROFILE, {"period_start": periods[-1].start})
    return bubbles(
        segments["recency_days"],
        segments["spend"],
        segments["customers"],
        segments["segment_name"],
        axes=("Days since the last purchase, median (since sign-up without one)", "Spend, median"),
        title=f"Segments and their share of all customers, {periods[-1].key}",
    )


def segment_moves(session: Session, periods: Sequence[Period]) -> str:
    """Who went where in the last period, as a heat map."""
    period = periods[-1]
    before = period_before(period)
    moves = session.frame(MOVES, {"period_start": period.start, "previous_start": before.start})
    if moves.empty:
        return "There is no period before to come from."
    counts = moves.pivot_table(
        index="came_from", columns="went_to", values="customers", fill_value=0, sort=False
    )
    return heat_map(
        counts[moves.sort_values("to_segment")["went_to"].unique()],
        title=f"Share of each segment of {before.key} (rows) by segment of {period.key}",
    )
