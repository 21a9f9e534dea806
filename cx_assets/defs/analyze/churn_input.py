"""What the churn model learns from and scores: features at a cut-off, and what came after it."""

from datetime import date, datetime, timedelta

import pandas as pd

from cx_assets.methods.churn.cutoffs import MOST_CUTOFFS
from cx_assets.periods import Period, period_at
from cx_assets.settings import Settings
from cx_assets.warehouse import Session

FEATURES = (
    "recency_days",
    "frequency",
    "tenure_days",
    "monetary",
    "spend",
    "profit",
    "age",
    "sessions",
    "tickets",
    "mean_resolution_hours",
    "last_score",
    "last_score_age_days",
    "late_delivery_share",
)
# And one that is reckoned from them: the silence against the usual time between purchases.
INPUT = (*FEATURES, "silence_ratio")
NO_PURCHASE, CLOSED = "no purchase", "closed"
# 200,000 rows in all; more move no probability by a visible amount.
ROWS_PER_CUTOFF = 200_000 // MOST_CUTOFFS
# With fewer accounts closed, a business without contracts has seen a few people off.
FEWEST_CLOSED = 10

CUSTOMERS = f"""
select
    customer_id,
    {", ".join(FEATURES)},
    case
        when frequency > 1 then
            recency_days / greatest(1, (tenure_days - recency_days) * 1.0 / (frequency - 1))
    end as silence_ratio
from features.customer_features
where period = cast($feature_period as date)
"""

# Of a kind, who is asked about (still open, at least), and who has left in [cutoff, window_end).
POPULATION = {NO_PURCHASE: "customers.frequency > 0", CLOSED: "true"}
LEFT = {
    NO_PURCHASE: "buyers.customer_id is null",
    CLOSED: "coalesce(closings.closed_at < $window_end, false)",
}

LABELLED = """
with customers as ({customers}),
closings as (
    select customer_id, closed_at
    from process.customers
    where period = $known_period and closed_at is not null
),
buyers as (
    select distinct customer_id
    from process.orders
    where is_purchase and ordered_at >= $cutoff and ordered_at < $window_end
)
select {features}, case when {left} then 1 else 0 end as churned
from customers
left join closings on closings.customer_id = customers.customer_id
left join buyers on buyers.customer_id = customers.customer_id
where {population} and (closings.closed_at is null or closings.closed_at >= $cutoff)
order by md5(customers.customer_id), customers.customer_id
limit {limit}
"""

KNOWN = """
select
    (select count(*) from process.customers where period = $known_period and closed_at is not null),
    (select count(*) from process.orders where is_purchase and ordered_at < $known_until)
"""


def churn_kind(session: Session, period: Period) -> str:
    """What leaving means as of the period's end: an account closed, or else no purchase."""
    known = {"known_period": period.start.date(), "known_until": period.end}
    ((closed, purchases),) = session.rows(KNOWN, known)
    return CLOSED if closed >= FEWEST_CLOSED or (closed and not purchases) else NO_PURCHASE


def cutoff_periods(session: Session, period: Period, settings: Settings) -> dict[datetime, date]:
    """Cut-off -> period, of all earlier periods that have features."""
    days = session.rows(
        "select distinct period from features.customer_features where period < $period",
        {"period": period.start.date()},
    )
    return {period_at(day, settings.period).end: day for (day,) in days}


def labelled_customers(
    session: Session,
    kind: str,
    feature_period: date,
    cutoff: datetime,
    horizon: timedelta,
    known_period: date,
) -> pd.DataFrame:
    """The customers at a cut-off with their features and `churned`, at most 33,333 of them.

    Customers whose account was closed by then are left out, and for `no purchase` those who have
    never bought. Nobody else is: who has been silent for years counts too, and is easy to predict.
    """
    sql = LABELLED.format(
        customers=CUSTOMERS,
        features=", ".join(INPUT),
        left=LEFT[kind],
        population=POPULATION[kind],
        limit=ROWS_PER_CUTOFF,
    )
    window = {"cutoff": cutoff, "window_end": cutoff + horizon}
    periods = {"feature_period": feature_period, "known_period": known_period}
    return session.frame(sql, {**window, **periods})
