"""feedback.action_outcomes: what followed each assignment of an action, and what came before it."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from cx_assets.columns import Column, NotNull, OneOf, Range, Unique
from cx_assets.defs.analyze.experience_input import ANSWERS, EXPERIENCE
from cx_assets.methods.effects import ARMS, AnswerWeights, learn_answering
from cx_assets.periods import SQL_UNIT, Period
from cx_assets.settings import Settings
from cx_assets.tables import Table, table_asset
from cx_assets.warehouse import Session

# Long enough for most actions to show, short enough that each period's effects are known by the
# end of the next one.
HORIZON_DAYS = 28
BEFORE_DAYS = 180
# Who answers is learned from a year of assignments, and no more of an arm than move a weight.
LEARNED_FROM = timedelta(days=365)
MOST_ASSIGNMENTS = 30_000

# What was on record of the customer; there is no survey yet that could be described.
RECORD = [
    name
    for name in (*EXPERIENCE, *ANSWERS)
    if name not in ("survey", "touchpoint", "channel", "own_order_is_late")
]

ORDERS = [("process.orders", name) for name in ("ordered_at", "is_purchase")]
ANSWER = [("process.survey_responses", name) for name in ("sent_at", "responded_at")]
SCORE = ("process.survey_responses", "score_of_five")
PROFIT = ("process.orders", "profit")
EXPERIENCED = [("features.experience", name) for name in RECORD]
COPIED = ("action_id", "customer_id", "action", "arm", "policy_version", "segment_id")

ACTION_OUTCOMES = Table(
    name="feedback.action_outcomes",
    description=(
        f"One row per assignment of an action whose {HORIZON_DAYS} days ended in the period: what "
        "the customer did and answered in them, and before.\n"
        f"Both arms, delivered or not. Outcomes: the {HORIZON_DAYS} days from assigned_at; before: "
        f"the {BEFORE_DAYS} days up to it, or the newest answer of any time. csat_weight makes the "
        "answers of an arm stand for all who were assigned to it: 1 / P(answer) given what was on "
        "record at the end of the period before, learned for each arm by itself from at most "
        f"{MOST_ASSIGNMENTS:,} of its assignments of a year."
    ),
    columns=(
        Column("period", "DATE", "First day of the period.", (NotNull(),)),
        Column("action_id", "VARCHAR", "The assignment.", (NotNull(), Unique())),
        Column("customer_id", "VARCHAR", "For whom it was decided.", (NotNull(),)),
        Column("assigned_at", "TIMESTAMP", "When it was decided.", (NotNull(),)),
        Column("action", "VARCHAR", "The action.", (NotNull(),)),
        Column("arm", "VARCHAR", "Whether it was to be done.", (NotNull(), OneOf(ARMS))),
        Column("policy_version", "VARCHAR", "Which policy decided.", (NotNull(),)),
        Column("segment_id", "BIGINT", "The segment at assignment; null where unknown."),
        Column("arm_propensity", "DOUBLE", "P(this arm | action).", (NotNull(), Range(0, 1))),
        Column("csat", "DOUBLE", "Mean csat answer on 1..5; null without one.", (Range(1, 5),)),
        Column(
            "csat_before",
            "DOUBLE",
            "Newest answer before, of any survey, on 1..5; null without one.",
            (Range(1, 5),),
        ),
        Column("csat_weight", "DOUBLE", "Weight of csat; null without one.", (Range(1),)),
        Column("orders", "BIGINT", "Purchases.", (NotNull(), Range(0))),
        Column("orders_before", "BIGINT", "Purchases before.", (NotNull(), Range(0))),
        Column("profit", "DOUBLE", "Their profit, returns taken off.", (NotNull(),)),
        Column("profit_before", "DOUBLE", "Profit before.", (NotNull(),)),
        Column("note", "VARCHAR", "Why csat_weight is but 1 / the response rate; else null."),
    ),
    reads=(
        "process.action_assignments",
        "process.survey_responses",
        "process.orders",
        "features.experience",
    ),
    lineage={
        **{name: [("process.action_assignments", name)] for name in (*COPIED, "assigned_at")},
        "arm_propensity": [("process.action_assignments", "propensity")],
        **{name: [*ANSWER, SCORE] for name in ("csat", "csat_before")},
        **dict.fromkeys(("orders", "orders_before"), ORDERS),
        **{name: [*ORDERS, PROFIT] for name in ("profit", "profit_before")},
        **{name: [*ANSWER, *EXPERIENCED] for name in ("csat_weight", "note")},
    },
)

SCHEMA = pa.schema(
    {
        "period": pa.date32(),
        **dict.fromkeys(
            ("action_id", "customer_id", "action", "arm", "policy_version"), pa.string()
        ),
        "assigned_at": pa.timestamp("us"),
        "segment_id": pa.int64(),
        **dict.fromkeys(("arm_propensity", "csat", "csat_before", "csat_weight"), pa.float64()),
        **dict.fromkeys(("orders", "orders_before"), pa.int64()),
        **dict.fromkeys(("profit", "profit_before"), pa.float64()),
        "note": pa.string(),
    }
)

ASSIGNED = f"""
with assigned as (
    select
        action_id, customer_id, action, arm, policy_version, segment_id, assigned_at,
        propensity as arm_propensity,
        assigned_at + interval '{HORIZON_DAYS}' day as until
    from process.action_assignments
    where assigned_at + interval '{HORIZON_DAYS}' day > $window_start
        and assigned_at + interval '{HORIZON_DAYS}' day <= $window_end
),
answers as (
    select assigned.action_id, cast(avg(responses.score_of_five) as double) as csat
    from assigned
    inner join process.survey_responses as responses
        on responses.customer_id = assigned.customer_id
    where responses.survey = 'csat'
        and responses.sent_at >= assigned.assigned_at
        and responses.responded_at < assigned.until
    group by assigned.action_id
)
"""

# The record is that of the end of the period before the one in which it was decided.
ON_RECORD = """
left join features.experience as moments
    on moments.moment_id = 'customer/' || assigned.customer_id
    and moments.at = date_trunc($unit, assigned.assigned_at)
"""
RECORDED = ", ".join(f"moments.{name} as record_{name}" for name in RECORD)
FEATURES = ["action", *(f"record_{name}" for name in RECORD)]

SAMPLE = f"""
{ASSIGNED}
select assigned.action, answers.csat is not null as is_answered, {RECORDED}
from assigned
left join answers on answers.action_id = assigned.action_id
{ON_RECORD}
where assigned.arm = $arm
order by md5(assigned.action_id), assigned.action_id
limit {MOST_ASSIGNMENTS}
"""

OUTCOMES = f"""
{ASSIGNED},
earlier_answers as (
    select
        assigned.action_id,
        responses.score_of_five,
        row_number() over (
            partition by assigned.action_id
            order by responses.responded_at desc, responses.response_id desc
        ) as newest
    from assigned
    inner join process.survey_responses as responses
        on responses.customer_id = assigned.customer_id
    where responses.responded_at < assigned.assigned_at
),
purchases as (
    select
        assigned.action_id,
        orders.profit,
        orders.ordered_at >= assigned.assigned_at as is_after
    from assigned
    inner join process.orders as orders on orders.customer_id = assigned.customer_id
    where orders.is_purchase
        and orders.ordered_at >= assigned.assigned_at - interval '{BEFORE_DAYS}' day
        and orders.ordered_at < assigned.until
),
bought as (
    select
        action_id,
        count(case when is_after then 1 end) as orders,
        count(case when not is_after then 1 end) as orders_before,
        sum(case when is_after then profit end) as profit,
        sum(case when not is_after then profit end) as profit_before
    from purchases
    group by action_id
)
select
    {", ".join(f"assigned.{name}" for name in (*COPIED, "assigned_at", "arm_propensity"))},
    answers.csat,
    cast(earlier_answers.score_of_five as double) as csat_before,
    coalesce(bought.orders, 0) as orders,
    coalesce(bought.orders_before, 0) as orders_before,
    cast(coalesce(bought.profit, 0) as double) as profit,
    cast(coalesce(bought.profit_before, 0) as double) as profit_before,
    {RECORDED}
from assigned
left join answers on answers.action_id = assigned.action_id
left join earlier_answers
    on earlier_answers.action_id = assigned.action_id and earlier_answers.newest = 1
left join bought on bought.action_id = assigned.action_id
{ON_RECORD}
"""


def append_outcomes(
    session: Session, staged: str, periods: Sequence[Period], settings: Settings
) -> None:
    unit = {"unit": SQL_UNIT[settings.period]}
    for period in periods:
        year = {"window_start": period.end - LEARNED_FROM, "window_end": period.end}
        weights = learn_answering(
            {arm: session.frame(SAMPLE, {**year, **unit, "arm": arm}) for arm in ARMS}, FEATURES
        )
        window = {"window_start": period.start, "window_end": period.end}
        for batch in session.batches(OUTCOMES, {**window, **unit}):
            rows = weighted(batch.to_pandas(), weights).assign(period=period.start.date())
            columns: dict[str, Any] = {name: rows[name] for name in SCHEMA.names}
            session.append(
                staged, pa.Table.from_pandas(pd.DataFrame(columns), SCHEMA, preserve_index=False)
            )


def weighted(outcomes: pd.DataFrame, weights: AnswerWeights) -> pd.DataFrame:
    """Adds csat_weight and note to one batch of outcomes."""
    answered = outcomes["csat"].notna()
    weight = np.full(len(outcomes), np.nan)
    weight[answered] = weights.predict(outcomes[answered])
    return outcomes.assign(
        csat_weight=weight, note=pd.Series(weights.note, outcomes.index).where(answered)
    )


action_outcomes = table_asset(ACTION_OUTCOMES, append_outcomes)
