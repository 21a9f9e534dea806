"""analyze.score_flips: customers whose answer turned from good to bad, or from bad to good."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from cx_assets.columns import Column, NotNull, OneOf, Range, UniqueTogether, names
from cx_assets.methods.intervals import wilson_interval
from cx_assets.methods.satisfaction import FEWEST_ANSWERS
from cx_assets.periods import Period
from cx_assets.plots import trend
from cx_assets.settings import Settings
from cx_assets.tables import Table, python_table
from cx_assets.warehouse import Session

CHANGE = [("process.survey_responses", "verdict"), ("process.survey_responses", "responded_at")]

SCORE_FLIPS = Table(
    name="analyze.score_flips",
    description=(
        "One row per survey kind, dimension, value and period: answers that turned since the same "
        "customer's last answer to the same kind of survey.\n"
        "A pair is an answer given in the period and the one before it, however old; good and bad "
        "are the verdict of process.survey_responses. Intervals are Wilson's, 95 %. Recovery "
        "proves nothing without a control group: whoever has just had a bad day answers better "
        "next time whatever the company does (regression to the mean), and who was lost does not "
        "answer again."
    ),
    columns=(
        Column("period", "DATE", "First day of the period.", (NotNull(),)),
        Column("survey", "VARCHAR", "Kind of survey.", (NotNull(), OneOf(("csat", "nps", "ces")))),
        Column(
            "dimension",
            "VARCHAR",
            "What the pairs are grouped by.",
            (NotNull(), OneOf(("all", "segment"))),
        ),
        Column("value", "VARCHAR", "The group within the dimension.", (NotNull(),)),
        Column("pairs", "BIGINT", "Answers with an earlier one.", (NotNull(), Range(1))),
        Column("good_to_bad", "BIGINT", "Pairs from good to bad.", (NotNull(), Range(0))),
        Column("bad_to_good", "BIGINT", "Pairs from bad to good.", (NotNull(), Range(0))),
        Column("flip_share", "DOUBLE", "Both of these, of all pairs.", (NotNull(), Range(0, 1))),
        Column("flip_low", "DOUBLE", "Lower end of its interval.", (Range(0, 1),)),
        Column("flip_high", "DOUBLE", "Upper end of its interval.", (Range(0, 1),)),
        Column("detractors", "BIGINT", "Pairs that began with bad.", (NotNull(), Range(0))),
        Column("recovered", "BIGINT", "Those of them now not bad.", (NotNull(), Range(0))),
        Column("recovery_share", "DOUBLE", "Recovered of detractors.", (Range(0, 1),)),
        Column("recovery_low", "DOUBLE", "Lower end of its interval.", (Range(0, 1),)),
        Column("recovery_high", "DOUBLE", "Upper end of its interval.", (Range(0, 1),)),
        Column("median_days_between", "DOUBLE", "Median days from answer to answer.", (Range(0),)),
        Column("published", "BOOLEAN", "Ten pairs: enough to be shown alone.", (NotNull(),)),
    ),
    tests=(UniqueTogether(("survey", "dimension", "value")),),
    reads=("process.survey_responses", "analyze.segments"),
    lineage={
        "survey": [("process.survey_responses", "survey")],
        "value": [("analyze.segments", "segment_name")],
        "median_days_between": [("process.survey_responses", "responded_at")],
        **dict.fromkeys(("pairs", "good_to_bad", "bad_to_good", "published"), CHANGE),
        **dict.fromkeys(("flip_share", "flip_low", "flip_high"), CHANGE),
        **dict.fromkeys(("detractors", "recovered"), CHANGE),
        **dict.fromkeys(("recovery_share", "recovery_low", "recovery_high"), CHANGE),
    },
)

FLIPS = """
with answers as (
    select customer_id, survey, responded_at, response_id, verdict
    from process.survey_responses
    where sent_at < $period_end and responded_at < $period_end and customer_id is not null
),
followed as (
    select
        *,
        lag(verdict) over in_turn as before,
        lag(responded_at) over in_turn as answered_before
    from answers
    where customer_id in (select customer_id from answers where responded_at >= $period_start)
    window in_turn as (partition by customer_id, survey order by responded_at, response_id)
),
pairs as (
    select
        followed.*,
        (epoch(responded_at) - epoch(answered_before)) / 86400 as days,
        coalesce(segments.segment_name, 'unknown') as segment
    from followed
    left join "analyze".segments as segments
        on segments.customer_id = followed.customer_id
        and segments.period = cast($period_start as date)
    where responded_at >= $period_start and before is not null
),
grouped as (
    select *, 'all' as dimension, 'all' as value from pairs
    union all
    select *, 'segment', segment from pairs
)
select
    survey,
    dimension,
    value,
    count(*) as pairs,
    count(case when before = 'good' and verdict = 'bad' then 1 end) as good_to_bad,
    count(case when before = 'bad' and verdict = 'good' then 1 end) as bad_to_good,
    count(case when before = 'bad' then 1 end) as detractors,
    count(case when before = 'bad' and verdict <> 'bad' then 1 end) as recovered,
    median(days) as median_days_between
from grouped
group by survey, dimension, value
order by survey, dimension, value
"""


def recovery_picture(session: Session, periods: Sequence[Period]) -> str:
    history = session.frame(
        'select period, recovery_share, recovery_low, recovery_high from "analyze".score_flips '
        "where survey = 'csat' and dimension = 'all' and period <= $period order by period",
        {"period": periods[-1].start.date()},
    )
    return trend(
        history["period"],
        history["recovery_share"],
        history["recovery_low"],
        history["recovery_high"],
        title="Of those who were unhappy (csat), the share that no longer is",
    )


@python_table(SCORE_FLIPS, plot=recovery_picture)
def score_flips(session: Session, period: Period, settings: Settings) -> pd.DataFrame:
    rows = session.frame(FLIPS, {"period_start": period.start, "period_end": period.end})
    flips, pairs = rows["good_to_bad"] + rows["bad_to_good"], rows["pairs"]
    detractors = rows["detractors"]
    flip_low, flip_high = wilson_interval(flips, pairs)
    recovery_low, recovery_high = wilson_interval(rows["recovered"], detractors)
    shares = rows.assign(
        flip_share=flips / pairs,
        flip_low=flip_low,
        flip_high=flip_high,
        recovery_share=rows["recovered"] / detractors.where(detractors > 0, np.nan),
        recovery_low=recovery_low,
        recovery_high=recovery_high,
        published=pairs >= FEWEST_ANSWERS,
    )
    return shares[[name for name in names(SCORE_FLIPS.columns) if name != "period"]]
