"""feedback.action_effects: what earlier actions did, against the control group."""

from collections.abc import Sequence

import pandas as pd

from cx_assets.columns import Column, NotNull, OneOf, Range, UniqueTogether
from cx_assets.methods.effects import difference_of_means
from cx_assets.periods import Period
from cx_assets.plots import forest
from cx_assets.settings import Settings
from cx_assets.tables import Table, python_table
from cx_assets.warehouse import Session

# How long an action has to show what it does; shorter than most customers' next purchase would
# miss it, longer would mix in whatever came after.
HORIZON_DAYS = 60

ACTION_EFFECTS = Table(
    name="feedback.action_effects",
    description=(
        "One row per action, segment (null: all), outcome and period: the effect of the action as "
        "known by the period's end.\n"
        "Intention to treat: mean of all customers assigned to the action less mean of its control "
        f"group, over the {HORIZON_DAYS} days after the assignment, delivered or not; Welch's 95 % "
        "interval. Only assignments whose days are over count. csat is on 1..5."
    ),
    columns=(
        Column("period", "DATE", "First day of the period.", (NotNull(),)),
        Column("action", "VARCHAR", "The action.", (NotNull(),)),
        Column("segment_id", "BIGINT", "The segment at assignment; null for all."),
        Column(
            "outcome",
            "VARCHAR",
            "What is measured.",
            (NotNull(), OneOf(("csat", "orders", "profit"))),
        ),
        Column("treated", "BIGINT", "Treated customers measured.", (NotNull(), Range(0))),
        Column("control", "BIGINT", "Control customers measured.", (NotNull(), Range(0))),
        Column("treated_mean", "DOUBLE", "Mean outcome of the treated."),
        Column("control_mean", "DOUBLE", "Mean outcome of the control group."),
        Column("effect", "DOUBLE", "treated_mean less control_mean."),
        Column("ci_low", "DOUBLE", "Lower end of the 95 % interval."),
        Column("ci_high", "DOUBLE", "Upper end of the 95 % interval."),
        Column("p_value", "DOUBLE", "Two-sided p of no effect.", (Range(0, 1),)),
    ),
    tests=(UniqueTogether(("action", "segment_id", "outcome")),),
    reads=("process.action_assignments", "process.survey_responses", "process.orders"),
    lineage={
        "action": [("process.action_assignments", "action")],
        "segment_id": [("process.action_assignments", "segment_id")],
        "treated": [("process.action_assignments", "arm")],
        "control": [("process.action_assignments", "arm")],
        **{
            column: [
                ("process.action_assignments", "arm"),
                ("process.survey_responses", "score_of_five"),
                ("process.orders", "order_id"),
                ("process.orders", "profit"),
            ]
            for column in (
                "treated_mean",
                "control_mean",
                "effect",
                "ci_low",
                "ci_high",
                "p_value",
            )
        },
    },
)

ARMS = f"""
with assignments as (
    select
        action_id, customer_id, action, arm, segment_id, assigned_at,
        assigned_at + interval '{HORIZON_DAYS} days' as until
    from process.action_assignments
    where assigned_at + interval '{HORIZON_DAYS} days' <= $period_end
),
answers as (
    select
        assignments.action_id,
        cast(avg(responses.score_of_five) as decimal(18, 4)) as csat
    from assignments
    inner join process.survey_responses as responses
        on responses.customer_id = assignments.customer_id
        and responses.sent_at > assignments.assigned_at
        and responses.responded_at < assignments.until
    where responses.survey = 'csat'
    group by assignments.action_id
),
purchases as (
    select
        assignments.action_id,
        count(*) as orders,
        sum(purchases.profit) as profit
    from assignments
    inner join process.orders as purchases
        on purchases.customer_id = assignments.customer_id
        and purchases.ordered_at > assignments.assigned_at
        and purchases.ordered_at < assignments.until
    where purchases.is_purchase
    group by assignments.action_id
),
measured as (
    select assignments.*, 'csat' as outcome, answers.csat as y
    from assignments inner join answers on answers.action_id = assignments.action_id
    union all
    select assignments.*, 'orders', cast(coalesce(purchases.orders, 0) as decimal(18, 4))
    from assignments left join purchases on purchases.action_id = assignments.action_id
    union all
    select assignments.*, 'profit', cast(coalesce(purchases.profit, 0) as decimal(18, 4))
    from assignments left join purchases on purchases.action_id = assignments.action_id
),
pooled as (
    select action, segment_id, outcome, arm, y from measured where segment_id is not null
    union all
    select action, cast(null as bigint), outcome, arm, y from measured
)
select
    action,
    segment_id,
    outcome,
    count(case when arm = 'treated' then 1 end) as treated,
    count(case when arm = 'control' then 1 end) as control,
    cast(sum(case when arm = 'treated' then y end) as double) as treated_sum,
    cast(sum(case when arm = 'control' then y end) as double) as control_sum,
    cast(sum(case when arm = 'treated' then y * y end) as double) as treated_squares,
    cast(sum(case when arm = 'control' then y * y end) as double) as control_squares
from pooled
group by action, segment_id, outcome
order by action, segment_id, outcome
"""


def effects_picture(session: Session, periods: Sequence[Period]) -> str:
    effects = session.frame(
        "select action, effect, ci_low, ci_high from feedback.action_effects "
        "where outcome = 'csat' and segment_id is null and period = $period order by effect",
        {"period": periods[-1].start.date()},
    )
    return forest(
        effects["action"],
        effects["effect"],
        effects["ci_low"],
        effects["ci_high"],
        title=f"Effect on csat (1..5) with its 95 % interval, {periods[-1].key}",
    )


@python_table(ACTION_EFFECTS, plot=effects_picture)
def action_effects(session: Session, period: Period, settings: Settings) -> pd.DataFrame:
    arms = session.frame(ARMS, {"period_end": period.end})
    effects = difference_of_means(arms)
    return effects[[column.name for column in ACTION_EFFECTS.columns if column.name != "period"]]
