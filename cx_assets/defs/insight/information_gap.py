"""insight.information_gap: whose satisfaction is known, what the silent feel, what hangs on it."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import special

from cx_assets.columns import Column, NotNull, Range, Unique, names
from cx_assets.defs.analyze.experience_input import EXPERIENCE, SELECTED
from cx_assets.defs.analyze.satisfaction_model import stored_model
from cx_assets.methods.expected_score import ExpectedScore, misfit
from cx_assets.methods.intervals import mean_interval, sample_variance
from cx_assets.periods import Period
from cx_assets.plots_expected_score import gap_picture
from cx_assets.settings import Settings
from cx_assets.tables import Table, python_table
from cx_assets.warehouse import Session

# An older answer says little of how the customer feels now.
KNOWN_FOR_DAYS = 180
Z = special.ndtri(0.975)
# Enough to know what the silent of a segment are like on average.
SILENT_SEEN = 2_000

AGE = ("analyze.predicted_satisfaction", "stated_days")
SCORE = ("analyze.predicted_satisfaction", "predicted_score")
STATED = ("analyze.predicted_satisfaction", "stated_score")
INTERVAL = [
    AGE,
    SCORE,
    STATED,
    ("analyze.predicted_satisfaction", "uncertainty"),
    ("analyze.predicted_satisfaction", "expected_before"),
    ("analyze.satisfaction_model", "model"),
    *(("features.experience", name) for name in EXPERIENCE),
]

INFORMATION_GAP = Table(
    name="insight.information_gap",
    description=(
        "One row per segment and period: whose satisfaction is known, what the silent feel, and "
        "what hangs on not knowing.\n"
        f"Known: an answer at most {KNOWN_FOR_DAYS} days old. Everybody else is silent. Intervals "
        "are 95 %. That of the silent adds up what their predictions miss together (the errors of "
        "the model's coefficients, and how far it is off for whole segments where the answers "
        "are known) and what each customer adds. No interval knows whether those who answer feel "
        "otherwise than those who do not in a way that nothing on record shows."
    ),
    columns=(
        Column("period", "DATE", "First day of the period.", (NotNull(),)),
        Column("segment_id", "BIGINT", "The segment.", (NotNull(), Unique())),
        Column("segment_name", "VARCHAR", "Its name in words.", (NotNull(),)),
        Column("customers", "BIGINT", "Customers in it.", (NotNull(), Range(1))),
        Column("silent", "BIGINT", "Of them without such an answer.", (NotNull(), Range(0))),
        Column("known_share", "DOUBLE", "1 - silent / customers.", (NotNull(), Range(0, 1))),
        Column(
            "median_age_of_knowledge_days",
            "DOUBLE",
            "Median age of the newest answer of those known.",
            (Range(0, KNOWN_FOR_DAYS),),
        ),
        Column("predicted_mean", "DOUBLE", "Mean predicted score of the silent.", (Range(1, 5),)),
        Column("predicted_low", "DOUBLE", "Lower end of the interval of their mean."),
        Column("predicted_high", "DOUBLE", "Upper end of the interval of their mean."),
        Column(
            "observed_mean",
            "DOUBLE",
            "Mean newest answer of those known, of any survey stretched to 1..5.",
            (Range(1, 5),),
        ),
        Column("observed_low", "DOUBLE", "Lower end of the interval of that mean."),
        Column("observed_high", "DOUBLE", "Upper end of the interval of that mean."),
        Column(
            "gap",
            "DOUBLE",
            "observed_mean less predicted_mean: by how much the answers flatter the segment.",
        ),
        Column(
            "disagreements",
            "BIGINT",
            "Customers known whose answer lies outside what was to be expected of it.",
            (NotNull(), Range(0)),
        ),
        Column(
            "value_at_stake",
            "DOUBLE",
            "Lifetime value of the silent; a negative one counts as 0.",
            (NotNull(), Range(0)),
        ),
    ),
    reads=(
        "analyze.segments",
        "analyze.predicted_satisfaction",
        "analyze.satisfaction_model",
        "analyze.clv",
        "features.experience",
    ),
    lineage={
        "segment_id": [("analyze.segments", "segment_id")],
        "segment_name": [("analyze.segments", "segment_name")],
        "customers": [("analyze.segments", "customer_id")],
        **dict.fromkeys(("silent", "known_share", "median_age_of_knowledge_days"), (AGE,)),
        "predicted_mean": (AGE, SCORE),
        "predicted_low": INTERVAL,
        "predicted_high": INTERVAL,
        **dict.fromkeys(("observed_mean", "observed_low", "observed_high"), (AGE, STATED)),
        "gap": (AGE, SCORE, STATED),
        "disagreements": (AGE, ("analyze.predicted_satisfaction", "disagrees")),
        "value_at_stake": (AGE, ("analyze.clv", "clv"), ("analyze.clv", "clv_formula")),
    },
)

MEMBERS = f"""
select
    segments.segment_id,
    segments.segment_name,
    segments.customer_id,
    coalesce(predicted.stated_days <= {KNOWN_FOR_DAYS}, false) as is_known,
    cast(predicted.predicted_score as decimal(18, 9)) as predicted,
    cast(predicted.uncertainty as decimal(18, 9)) as uncertainty,
    cast(predicted.stated_score as decimal(18, 9)) as stated,
    cast(predicted.stated_score - predicted.expected_before as decimal(18, 9)) as error,
    predicted.stated_days,
    predicted.disagrees,
    cast(greatest(coalesce(clv.clv, clv.clv_formula, 0), 0) as decimal(28, 4)) as worth
from "analyze".segments as segments
left join "analyze".predicted_satisfaction as predicted
    on predicted.customer_id = segments.customer_id and predicted.period = segments.period
left join "analyze".clv as clv
    on clv.customer_id = segments.customer_id and clv.period = segments.period
where segments.period = $period
"""

SEGMENTS = f"""
select
    segment_id,
    min(segment_name) as segment_name,
    count(*) as customers,
    count(case when is_known then 1 end) as known,
    cast(median(case when is_known then stated_days end) as double)
        as median_age_of_knowledge_days,
    cast(avg(case when not is_known then predicted end) as double) as predicted_mean,
    cast(sum(case when not is_known then uncertainty end) as double) as uncertainty,
    cast(avg(case when is_known then stated end) as double) as observed_mean,
    cast(sum(case when is_known then stated * stated end) as double) as stated_squares,
    cast(avg(case when is_known then error end) as double) as mean_error,
    cast(sum(case when is_known then error * error end) as double) as error_squares,
    count(case when is_known and disagrees then 1 end) as disagreements,
    cast(coalesce(sum(case when not is_known then worth end), 0) as double) as value_at_stake
from ({MEMBERS})
group by segment_id
order by segment_id
"""

SILENT = f"""
with silent as (
    select
        segment_id,
        customer_id,
        row_number() over (
            partition by segment_id order by md5(customer_id), customer_id
        ) as place
    from ({MEMBERS})
    where not is_known
)
select silent.segment_id, {SELECTED}
from silent
inner join features.experience as moments
    on moments.customer_id = silent.customer_id
    and moments.period = $period
    and not moments.is_invitation
where silent.place <= {SILENT_SEEN}
order by silent.segment_id, silent.place
"""


def shared_variance(
    segments: pd.DataFrame, model: ExpectedScore, silent: pd.DataFrame
) -> pd.Series:
    """Variance of what the predictions of a segment's silent customers miss together.

    Args:
        segments: known, mean_error and error_squares per segment.
        model: what they were predicted with.
        silent: segment_id and the model's features, as asked, of some of them.

    Returns:
        By segment_id, for those with silent customers.
    """
    known = segments["known"].to_numpy(dtype=float)
    error = segments["mean_error"].to_numpy(dtype=float)
    squares = segments["error_squares"].to_numpy(dtype=float)
    missed = misfit(error, sample_variance(known, error, squares) / np.where(known > 0, known, 1))
    of_mean = {
        segment: model.spread_.of_mean(rows) for segment, rows in silent.groupby("segment_id")
    }
    return pd.Series(of_mean, dtype=float) + missed


def with_intervals(segments: pd.DataFrame, shared: pd.Series) -> pd.DataFrame:
    """The columns of the table, from the rows of SEGMENTS and the shared variance by segment_id."""
    known, silent = segments["known"], segments["customers"] - segments["known"]
    own = segments["uncertainty"] / silent.where(silent > 0) ** 2
    half = Z * np.sqrt(own + segments["segment_id"].map(shared))
    low, high = mean_interval(
        known,
        segments["observed_mean"],
        sample_variance(
            known.to_numpy(dtype=float),
            segments["observed_mean"].to_numpy(dtype=float),
            segments["stated_squares"].to_numpy(dtype=float),
        ),
    )
    rows = segments.assign(
        silent=silent,
        known_share=known / segments["customers"],
        predicted_low=(segments["predicted_mean"] - half).clip(lower=1),
        predicted_high=(segments["predicted_mean"] + half).clip(upper=5),
        observed_low=np.maximum(low, 1),
        observed_high=np.minimum(high, 5),
        gap=segments["observed_mean"] - segments["predicted_mean"],
    )
    return rows[names(INFORMATION_GAP.columns[1:])]


def biggest_gaps(session: Session, periods: Sequence[Period]) -> str:
    rows = session.frame(
        "select * from insight.information_gap where period = $period "
        "order by value_at_stake desc, segment_id",
        {"period": periods[-1].start.date()},
    )
    if rows.empty:
        return "No segments."
    return gap_picture(rows, f"What we know, and what the silent feel, {periods[-1].key}")


@python_table(INFORMATION_GAP, plot=biggest_gaps)
def information_gap(session: Session, period: Period, settings: Settings) -> pd.DataFrame:
    window = {"period": period.start.date()}
    segments = session.frame(SEGMENTS, window)
    model, asked, _ = stored_model(session, period)
    shared = pd.Series(dtype=float)
    if model:
        silent = session.frame(SILENT, window).assign(**asked)
        shared = shared_variance(segments, model, silent)
    return with_intervals(segments, shared)
