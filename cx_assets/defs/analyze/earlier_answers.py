"""The answers that the satisfaction model learns from and predicts from, with what was on record
when each was asked for."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from cx_assets.defs.analyze.experience_input import DAYS_OPEN, MOST_DAYS_OPEN, SELECTED
from cx_assets.methods.expected_score import MOST_ANSWERS
from cx_assets.periods import Period
from cx_assets.warehouse import Session

# An older answer says hardly more of a customer than the experience does.
YEARS_BACK = "interval '730' day"
# More answers move no parameter visibly.
MOST_LEARNED_FROM = 50_000

ANSWERED = """
from process.survey_responses as responses
inner join features.experience as moments
    on moments.moment_id = responses.response_id
    and moments.period = responses.period
    and moments.is_invitation
"""

LEARNED_FROM = f"""
select
    responses.response_id as moment_id,
    responses.customer_id,
    responses.responded_at as "at",
    cast(responses.score_of_five as double) as score,
    {SELECTED},
    least({MOST_DAYS_OPEN}, date_diff('day', moments.at, $period_end)) as {DAYS_OPEN}
{ANSWERED}
where responses.responded_at < $period_end
    and responses.responded_at >= $period_end - {YEARS_BACK}
    and responses.sent_at < $period_end
order by
    md5(coalesce(responses.customer_id, responses.response_id)),
    responses.customer_id,
    responses.responded_at,
    responses.response_id
limit {MOST_LEARNED_FROM}
"""

EARLIER = f"""
with asked as ({{moments}}),

answers as (
    select
        asked.moment_id,
        responses.response_id,
        responses.responded_at as answered_at,
        cast(responses.score_of_five as double) as score,
        {SELECTED},
        row_number() over (
            partition by asked.moment_id
            order by responses.responded_at desc, responses.response_id desc
        ) as newest
    {ANSWERED}
    inner join asked on asked.customer_id = responses.customer_id
    where responses.responded_at < asked.at
        and responses.responded_at >= asked.at - {YEARS_BACK}
        and responses.sent_at < asked.at
)

select * exclude (answered_at, newest), answered_at as "at"
from answers
where newest <= $most_answers
order by moment_id, newest
"""


def learned_answers(session: Session, period: Period) -> pd.DataFrame:
    """The answers of the two years to the period's end, as of it, to learn from.

    Returns:
        moment_id (the invitation), customer_id (null when anonymous), at (when answered), score
        (1..5), FEATURES as of the invitation, days_open. At most 50,000 rows: all answers of as
        many customers, who are picked and ordered by a hash.
    """
    return session.frame(LEARNED_FROM, {"period_end": period.end})


def earlier_answers(
    session: Session,
    moments: str,
    parameters: Mapping[str, Any],
    most_answers: int = MOST_ANSWERS,
) -> pd.DataFrame:
    """The newest answers of the two years before each moment, as `expected_scores` takes them.

    Args:
        moments: a query of moment_id (unique), customer_id and "at"; no more of them than a frame
            of their answers may be long.
        parameters: those of the query.

    Returns:
        moment_id, response_id, at (when answered), score (1..5) and FEATURES as of the answered
        invitation; per moment the newest first.
    """
    sql = EARLIER.format(moments=moments)
    return session.frame(sql, {**parameters, "most_answers": most_answers})
