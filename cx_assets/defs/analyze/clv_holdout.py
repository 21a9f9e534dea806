"""analyze.clv_holdout: the purchase models, tried on the newest part of the history."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pandas as pd

from cx_assets.columns import Column, NotNull, OneOf, Range, Unique, names
from cx_assets.defs.analyze.clv_fitting import (
    DAYS_PER_UNIT,
    PURCHASE_MODELS,
    TITLES,
    fit_purchase_models,
    in_units,
)
from cx_assets.methods.clv.holdout import NAIVE, Histories, validate
from cx_assets.periods import Period
from cx_assets.plots import holdout_calibration
from cx_assets.settings import Settings
from cx_assets.tables import Table, python_table
from cx_assets.warehouse import Session

# A longer holdout says little more and leaves less to learn from.
LONGEST_DAYS = 365
# Less than this on either side is no test of models that think in weeks.
SHORTEST_DAYS = 28

CLV_HOLDOUT = Table(
    name="analyze.clv_holdout",
    description=(
        "One row per purchase model and period: what it expected of the newest part of the "
        "history, and what happened.\n"
        "Fitted on the days before `calibrated_until`, compared with the CX_HOLDOUT_DAYS from "
        "there to the period's end (default: half of the history, at most a year). Only customers "
        "of the calibration count. The naive rate lets everybody go on as so far: x / T. "
        "Empty while the history is too short."
    ),
    columns=(
        Column("period", "DATE", "First day of the period.", (NotNull(),)),
        Column(
            "model",
            "VARCHAR",
            "The model, or the naive rate.",
            (NotNull(), Unique(), OneOf((NAIVE, *PURCHASE_MODELS))),
        ),
        Column("calibrated_until", "DATE", "First day of the holdout.", (NotNull(),)),
        Column("holdout_days", "BIGINT", "Length of the holdout.", (NotNull(), Range(1))),
        Column("customers", "BIGINT", "Customers of the calibration.", (NotNull(), Range(1))),
        Column("actual_orders", "DOUBLE", "Their orders in the holdout.", (NotNull(), Range(0))),
        Column("expected_orders", "DOUBLE", "What the model expected.", (NotNull(), Range(0))),
        Column("mae", "DOUBLE", "Mean absolute error, orders per customer.", (NotNull(), Range(0))),
        Column("rmse", "DOUBLE", "Root mean squared error.", (NotNull(), Range(0))),
        Column("mae_gain", "DOUBLE", "The naive rate's mae less the model's; null for the naive."),
        Column(
            "auc_expected", "DOUBLE", "AUC of the expectation: who orders again.", (Range(0, 1),)
        ),
        Column("auc_alive", "DOUBLE", "AUC of P(alive): who orders again.", (Range(0, 1),)),
        Column("decile_lift", "DOUBLE", "Orders of the best tenth against the mean.", (Range(0),)),
        Column("decile_expected", "DOUBLE[]", "Expected orders per customer, by tenths of them."),
        Column("decile_actual", "DOUBLE[]", "Actual orders per customer of the same tenths."),
        Column("repeats_expected", "DOUBLE[]", "Expected, by repeat orders: 0 to 6, 7 and more."),
        Column("repeats_actual", "DOUBLE[]", "Actual orders per customer of the same groups."),
    ),
    reads=("process.orders",),
    kinds=frozenset({"python", "scipy"}),
    lineage={
        column: [("process.orders", "ordered_at"), ("process.orders", "customer_id")]
        for column in ("actual_orders", "expected_orders", "mae", "rmse", "mae_gain", "customers")
    },
)

FIRST_DAY = """
select min(cast(ordered_at as date))
from process.orders
where ordered_at < $period_end and is_purchase and customer_id is not null
"""

HISTORIES = """
with days as (
    select distinct customer_id, cast(ordered_at as date) as day
    from process.orders
    where ordered_at < $period_end and is_purchase and customer_id is not null
),
calibration as (
    select customer_id, min(day) as first_day, max(day) as last_day, count(*) - 1 as repeat_orders
    from days
    where day < cast($holdout_start as date)
    group by customer_id
),
holdout as (
    select customer_id, count(*) as orders
    from days
    where day >= cast($holdout_start as date)
    group by customer_id
)
select
    calibration.repeat_orders,
    date_diff('day', first_day, last_day) as days_to_last_order,
    date_diff('day', first_day, cast($holdout_start as date)) - 1 as days_observed,
    coalesce(holdout.orders, 0) as holdout_orders,
    count(*) as customers
from calibration
left join holdout on holdout.customer_id = calibration.customer_id
group by all
order by all
"""


def holdout_days(history: int, wanted: int | None) -> int | None:
    """Days to keep for the test, of a history of so many; None where too little is left."""
    days = wanted or min(history // 2, LONGEST_DAYS)
    return days if min(days, history - days) >= SHORTEST_DAYS else None


def calibration_rows(session: Session, period: Period, days: int) -> pd.DataFrame:
    """Distinct histories of the calibration, with what their customers ordered in the holdout."""
    return session.frame(
        HISTORIES, {"period_end": period.end, "holdout_start": period.end - timedelta(days=days)}
    )


def holdout_picture(session: Session, periods: Sequence[Period]) -> str:
    rows = session.frame(
        'select * from "analyze".clv_holdout where period = $period order by model',
        {"period": periods[-1].start.date()},
    )
    return holdout_calibration(rows.assign(title=rows["model"].map(TITLES)))


@python_table(CLV_HOLDOUT, plot=holdout_picture)
def clv_holdout(session: Session, period: Period, settings: Settings) -> pd.DataFrame:
    nothing = pd.DataFrame(columns=names(CLV_HOLDOUT.columns))
    ((first_day,),) = session.rows(FIRST_DAY, {"period_end": period.end})
    if first_day is None:
        return nothing
    history = (period.end - datetime.combine(first_day, datetime.min.time())).days
    days = holdout_days(history, settings.holdout_days)
    if days is None:
        return nothing
    rows = calibration_rows(session, period, days)
    models = fit_purchase_models(rows)
    if not models:
        return nothing
    x, t_x, T = in_units(rows)
    ordered, customers = (
        rows[name].to_numpy(dtype=float) for name in ("holdout_orders", "customers")
    )
    return validate(Histories(x, t_x, T, ordered, customers), models, days / DAYS_PER_UNIT).assign(
        calibrated_until=(period.end - timedelta(days=days)).date(), holdout_days=days
    )
