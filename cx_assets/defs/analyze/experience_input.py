"""What is learned from survey invitations: who answers, and what, by what was on record then."""

from datetime import timedelta

import pandas as pd

from cx_assets.periods import Period
from cx_assets.warehouse import Session

# What the survey itself is, and what the customer had met by then.
EXPERIENCE = (
    "survey",
    "touchpoint",
    "channel",
    "own_order_is_late",
    "late_deliveries",
    "delay_days",
    "returned_orders",
    "tickets",
    "resolution_hours",
    "orders",
    "mean_order_value",
    "discount_share",
    "days_since_order",
    "order_channel",
    "invitations",
    "tenure_days",
    "age",
    "country",
)
# The customer's own earlier answers.
ANSWERS = ("answers", "mean_score", "previous_score", "previous_score_days")
FEATURES = (*EXPERIENCE, *ANSWERS)
# An invitation of yesterday may still be answered; after a month hardly one is.
DAYS_OPEN, MOST_DAYS_OPEN = "days_open", 30

# A year of invitations, and no more of them than move a figure visibly.
LEARNED_FROM = timedelta(days=365)
MOST_INVITATIONS = 30_000

SELECTED = ", ".join(
    f"cast(moments.{name} as integer) as {name}"
    if name == "own_order_is_late"
    else f"moments.{name}"
    for name in FEATURES
)

INVITATIONS = f"""
select
    moments.moment_id,
    moments.customer_id,
    moments.at,
    {SELECTED},
    least({MOST_DAYS_OPEN}, date_diff('day', moments.at, $period_end)) as {DAYS_OPEN},
    coalesce(responses.responded_at < $period_end, false) as is_answered,
    case when responses.responded_at < $period_end then responses.responded_at end as responded_at,
    case when responses.responded_at < $period_end then cast(responses.score as double) end
        as score,
    case when responses.responded_at < $period_end then cast(responses.score_of_five as double) end
        as score_of_five,
    cast(responses.scale_min as double) as scale_min,
    cast(responses.scale_max as double) as scale_max
from features.experience as moments
inner join process.survey_responses as responses
    on responses.response_id = moments.moment_id and responses.period = moments.period
where moments.is_invitation
    and moments.period >= cast($first_period as date)
    and moments.period <= cast($period_start as date)
"""

CUSTOMERS = f"""
select
    moments.customer_id,
    moments.at,
    {SELECTED},
    {MOST_DAYS_OPEN} as {DAYS_OPEN}
from features.experience as moments
where not moments.is_invitation and moments.period = cast($period_start as date)
"""


def training_invitations(session: Session, period: Period) -> pd.DataFrame:
    """The invitations of the year to the period's end, with their answers as of it.

    Returns:
        At most 30,000 rows, picked and ordered by a hash: moment_id, customer_id (null when
        anonymous), at, FEATURES, days_open (30 at most), is_answered, and of the answer
        responded_at, score, score_of_five (null without one); scale_min, scale_max.
    """
    return session.frame(
        f"{INVITATIONS} order by md5(moments.moment_id), moments.moment_id "
        f"limit {MOST_INVITATIONS}",
        {
            "first_period": (period.end - LEARNED_FROM).date(),
            "period_start": period.start.date(),
            "period_end": period.end,
        },
    )
