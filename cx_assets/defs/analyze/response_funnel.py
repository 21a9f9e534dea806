"""analyze.response_funnel: of the invitations of a period, how many were answered, and how soon."""

from collections.abc import Sequence

import pandas as pd

from cx_assets.columns import Column, NotNull, OneOf, Range, UniqueTogether, names
from cx_assets.methods.intervals import wilson_interval
from cx_assets.periods import Period
from cx_assets.plots_satisfaction import response_funnel as drawn_funnel
from cx_assets.settings import Settings
from cx_assets.tables import Table, python_table
from cx_assets.warehouse import Session

RESPONSE_FUNNEL = Table(
    name="analyze.response_funnel",
    description=(
        "One row per survey kind, touchpoint, channel and period: the invitations sent in the "
        "period and what came of them by its end.\n"
        "A touchpoint's total has the channel `all`, a survey's total the touchpoint `all` as "
        "well. Late invitations have had less time, so rates of periods of equal length compare, "
        "and those of short ones are low. The interval is Wilson's, 95 %."
    ),
    columns=(
        Column("period", "DATE", "First day of the period.", (NotNull(),)),
        Column("survey", "VARCHAR", "Kind of survey.", (NotNull(), OneOf(("csat", "nps", "ces")))),
        Column("touchpoint", "VARCHAR", "What it asks about, or all.", (NotNull(),)),
        Column("channel", "VARCHAR", "How it was sent, or all.", (NotNull(),)),
        Column("invited", "BIGINT", "Invitations sent in the period.", (NotNull(), Range(1))),
        Column("answered", "BIGINT", "Those answered by its end.", (NotNull(), Range(0))),
        Column("commented", "BIGINT", "Those answered with a comment.", (NotNull(), Range(0))),
        Column("response_rate", "DOUBLE", "Answered of invited.", (NotNull(), Range(0, 1))),
        Column("response_low", "DOUBLE", "Lower end of the rate's interval.", (Range(0, 1),)),
        Column("response_high", "DOUBLE", "Upper end of the rate's interval.", (Range(0, 1),)),
        Column(
            "median_hours_to_answer",
            "DOUBLE",
            "Median hours from invitation to answer, of answers with a time of their own.",
            (Range(0),),
        ),
    ),
    tests=(UniqueTogether(("survey", "touchpoint", "channel")),),
    reads=("process.survey_responses",),
    lineage={
        **{
            column: [("process.survey_responses", column)]
            for column in ("survey", "touchpoint", "channel")
        },
        "invited": [("process.survey_responses", "sent_at")],
        "commented": [("process.survey_responses", "comment")],
        **{
            column: [
                ("process.survey_responses", "sent_at"),
                ("process.survey_responses", "responded_at"),
            ]
            for column in (
                *("answered", "response_rate", "response_low", "response_high"),
                "median_hours_to_answer",
            )
        },
    },
)

# A touchpoint or channel that somebody has named `all` must not be taken for the total.
FUNNEL = """
with invitations as (
    select
        survey,
        case touchpoint when 'all' then '"all"' else touchpoint end as touchpoint,
        case channel when 'all' then '"all"' else channel end as channel,
        responded_at < $period_end as is_answered,
        comment is not null as has_comment,
        case when responded_at > sent_at then (epoch(responded_at) - epoch(sent_at)) / 3600 end
            as hours
    from process.survey_responses
    where sent_at >= $period_start and sent_at < $period_end
)
select
    survey,
    coalesce(touchpoint, 'all') as touchpoint,
    coalesce(channel, 'all') as channel,
    count(*) as invited,
    count(case when is_answered then 1 end) as answered,
    count(case when is_answered and has_comment then 1 end) as commented,
    cast(median(case when is_answered then hours end) as double) as median_hours_to_answer
from invitations
group by grouping sets ((survey), (survey, touchpoint), (survey, touchpoint, channel))
order by survey, touchpoint, channel
"""


def funnel_picture(session: Session, periods: Sequence[Period]) -> str:
    touchpoints = session.frame(
        "select survey || ', ' || touchpoint as label, invited, answered, commented, "
        'response_rate, response_low, response_high from "analyze".response_funnel '
        "where period = $period and channel = 'all' and touchpoint <> 'all' "
        "order by survey, invited desc, touchpoint limit 20",
        {"period": periods[-1].start.date()},
    )
    if touchpoints.empty:
        return "No invitations were sent."
    return drawn_funnel(touchpoints, f"Invitations and answers, {periods[-1].key}")


@python_table(RESPONSE_FUNNEL, plot=funnel_picture)
def response_funnel(session: Session, period: Period, settings: Settings) -> pd.DataFrame:
    rows = session.frame(FUNNEL, {"period_start": period.start, "period_end": period.end})
    low, high = wilson_interval(rows["answered"], rows["invited"])
    rates = rows.assign(
        response_rate=rows["answered"] / rows["invited"], response_low=low, response_high=high
    )
    return rates[[name for name in names(RESPONSE_FUNNEL.columns) if name != "period"]]
