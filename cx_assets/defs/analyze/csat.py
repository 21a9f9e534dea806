"""analyze.csat: what the answers of a period say, over all and per group."""

from collections.abc import Sequence

import pandas as pd

from cx_assets.columns import Column, NotNull, OneOf, Range, UniqueTogether
from cx_assets.methods.satisfaction import satisfaction
from cx_assets.periods import Period
from cx_assets.plots import trend
from cx_assets.settings import Settings
from cx_assets.tables import Table, python_table
from cx_assets.warehouse import Session

CSAT = Table(
    name="analyze.csat",
    description=(
        "One row per survey kind, dimension, value and period: satisfaction with its uncertainty.\n"
        "Counts the answers given in the period, also to older invitations. csat is the article's "
        "mean and the share of the top two boxes; nps is promoters less detractors, in percent; "
        "ces is the mean. Intervals are 95 %: Student's t for means, Wilson for shares."
    ),
    columns=(
        Column("period", "DATE", "First day of the period.", (NotNull(),)),
        Column("survey", "VARCHAR", "Kind of survey.", (NotNull(), OneOf(("csat", "nps", "ces")))),
        Column(
            "dimension",
            "VARCHAR",
            "What the answers are grouped by.",
            (NotNull(), OneOf(("all", "segment", "touchpoint", "channel", "country"))),
        ),
        Column("value", "VARCHAR", "The group within the dimension.", (NotNull(),)),
        Column("invited", "BIGINT", "Invitations sent in the period.", (NotNull(), Range(0))),
        Column("responses", "BIGINT", "Answers given in the period.", (NotNull(), Range(0))),
        Column("mean_score", "DOUBLE", "Mean answer on the survey's own scale."),
        Column("csat_share", "DOUBLE", "csat: share of the top two boxes.", (Range(0, 1),)),
        Column("nps", "DOUBLE", "nps: promoters less detractors, percent.", (Range(-100, 100),)),
        Column("ci_low", "DOUBLE", "Lower end of the mean's interval."),
        Column("ci_high", "DOUBLE", "Upper end of the mean's interval."),
        Column("csat_share_low", "DOUBLE", "Lower end of the share's interval.", (Range(0, 1),)),
        Column("csat_share_high", "DOUBLE", "Upper end of the share's interval.", (Range(0, 1),)),
        Column("published", "BOOLEAN", "Enough answers to be shown alone.", (NotNull(),)),
    ),
    tests=(UniqueTogether(("survey", "dimension", "value")),),
    reads=("process.survey_responses", "process.customers", "analyze.segments"),
    lineage={
        "survey": [("process.survey_responses", "survey")],
        "value": [
            ("process.survey_responses", "touchpoint"),
            ("process.survey_responses", "channel"),
            ("process.customers", "country"),
            ("analyze.segments", "segment_name"),
        ],
        "invited": [("process.survey_responses", "sent_at")],
        "responses": [("process.survey_responses", "responded_at")],
        **{
            column: [("process.survey_responses", "score")]
            for column in ("mean_score", "ci_low", "ci_high", "nps")
        },
        **{
            column: [("process.survey_responses", "is_top_two")]
            for column in ("csat_share", "csat_share_low", "csat_share_high")
        },
    },
)

GROUPS = """
with answers as (
    select
        responses.*,
        cast(score as decimal(9, 4)) as exact_score,
        coalesce(segments.segment_name, 'unknown') as segment,
        coalesce(customers.country, 'unknown') as country,
        sent_at >= $period_start as is_invited,
        responded_at >= $period_start and responded_at < $period_end as is_answered
    from process.survey_responses as responses
    left join "analyze".segments as segments
        on segments.customer_id = responses.customer_id
        and segments.period = cast($period_start as date)
    left join process.customers as customers
        on customers.customer_id = responses.customer_id
        and customers.period = cast($period_start as date)
    where sent_at < $period_end and (sent_at >= $period_start or responded_at >= $period_start)
),
grouped as (
    select *, 'all' as dimension, 'all' as value from answers
    union all
    select *, 'segment', segment from answers
    union all
    select *, 'touchpoint', touchpoint from answers
    union all
    select *, 'channel', channel from answers
    union all
    select *, 'country', country from answers
)
select
    survey,
    dimension,
    value,
    count(case when is_invited then 1 end) as invited,
    count(case when is_answered then 1 end) as responses,
    cast(coalesce(sum(case when is_answered then exact_score end), 0) as double) as score_sum,
    cast(
        coalesce(sum(case when is_answered then exact_score * exact_score end), 0) as double
    ) as score_squares,
    count(case when is_answered and is_top_two then 1 end) as top_two,
    count(case when is_answered and nps_group = 'promoter' then 1 end) as promoters,
    count(case when is_answered and nps_group = 'detractor' then 1 end) as detractors
from grouped
group by survey, dimension, value
having count(case when is_invited or is_answered then 1 end) > 0
order by survey, dimension, value
"""


def csat_picture(session: Session, periods: Sequence[Period]) -> str:
    history = session.frame(
        'select period, mean_score, ci_low, ci_high from "analyze".csat '
        "where survey = 'csat' and dimension = 'all' and period <= $period order by period",
        {"period": periods[-1].start.date()},
    )
    return trend(
        history["period"],
        history["mean_score"],
        history["ci_low"],
        history["ci_high"],
        title="Mean csat with its 95 % interval",
    )


@python_table(CSAT, plot=csat_picture)
def csat(session: Session, period: Period, settings: Settings) -> pd.DataFrame:
    groups = session.frame(GROUPS, {"period_start": period.start, "period_end": period.end})
    scored = satisfaction(groups)
    return scored[[column.name for column in CSAT.columns if column.name != "period"]]
