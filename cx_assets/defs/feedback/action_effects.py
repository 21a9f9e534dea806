"""feedback.action_effects: what earlier actions did, against the control group."""

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd

from cx_assets.columns import Column, NotNull, OneOf, Range, UniqueTogether, names
from cx_assets.defs.feedback.action_outcomes import BEFORE_DAYS, HORIZON_DAYS
from cx_assets.defs.feedback.effect_sums import BEFORE, EFFECT_SUMS
from cx_assets.methods.effects import compare, pool
from cx_assets.methods.effects.comparison import FEWEST
from cx_assets.periods import Period
from cx_assets.plots_effects import effects_beside_naive
from cx_assets.settings import Settings
from cx_assets.tables import Table, python_table
from cx_assets.warehouse import Session

OUTCOMES = tuple(BEFORE)
TOO_FEW = f"fewer than {FEWEST} customers in an arm, or nothing varies: no interval"
UNPAIRED = "no customer of one arm was measured: no effect"

OUTCOME = [
    ("feedback.action_outcomes", name)
    for name in ("arm", "arm_propensity", *OUTCOMES, "csat_weight")
]
WITH_BEFORE = [*OUTCOME, *(("feedback.action_outcomes", f"{name}_before") for name in OUTCOMES)]
ADJUSTED = (
    *("effect", "ci_low", "ci_high", "p_value", "variance_reduction"),
    *("pooled_effect", "pooled_se", "pooled_low", "pooled_high", "naive_change", "note"),
)

ACTION_EFFECTS = Table(
    name="feedback.action_effects",
    description=(
        "One row per action, segment (null: all), outcome and period: the effect of the action as "
        "known by the period's end.\n"
        "Intention to treat: all assigned to the action, delivered or not, less its control group, "
        f"over the {HORIZON_DAYS} days after the assignment. Every assignment counts by the "
        "inverse probability of its arm, and an answer by csat_weight. What the customer did or "
        "answered before is taken out (CUPED), which narrows the interval and moves nothing on "
        "average. "
        "Intervals are 95 %, a customer who was assigned again counting as one. csat is on 1..5, "
        "orders and profit are per assignment. naive_change is what one would see without a "
        "control group, and it is no effect: actions go to those who are unhappy just then or have "
        "not bought lately, and such customers recover by themselves (regression to the mean). It "
        "has no interval because there is nothing that it estimates; it stands beside the effect "
        "so that nobody has to work it out and believe it."
    ),
    columns=(
        Column("period", "DATE", "First day of the period.", (NotNull(),)),
        Column("action", "VARCHAR", "The action.", (NotNull(),)),
        Column("segment_id", "BIGINT", "The segment at assignment; null for all."),
        Column("outcome", "VARCHAR", "What is measured.", (NotNull(), OneOf(OUTCOMES))),
        Column("treated", "BIGINT", "Treated assignments measured.", (NotNull(), Range(0))),
        Column("control", "BIGINT", "Control assignments measured.", (NotNull(), Range(0))),
        Column("treated_mean", "DOUBLE", "Weighted mean outcome of the treated."),
        Column("control_mean", "DOUBLE", "Weighted mean outcome of the control group."),
        Column("raw_effect", "DOUBLE", "treated_mean less control_mean."),
        Column("effect", "DOUBLE", "The same with what was before taken out."),
        Column("ci_low", "DOUBLE", "Lower end of the effect's interval."),
        Column("ci_high", "DOUBLE", "Upper end of the effect's interval."),
        Column("p_value", "DOUBLE", "Two-sided p of no effect.", (Range(0, 1),)),
        Column(
            "variance_reduction",
            "DOUBLE",
            "1 - variance of effect / variance of raw_effect.",
            (Range(maximum=1),),
        ),
        Column("pooled_effect", "DOUBLE", "The effect, given those in the other segments."),
        Column(
            "pooled_se",
            "DOUBLE",
            "Standard deviation of what it may be; for all: in a segment never seen.",
            (Range(0),),
        ),
        Column("pooled_low", "DOUBLE", "pooled_effect less 1.96 pooled_se."),
        Column("pooled_high", "DOUBLE", "pooled_effect plus 1.96 pooled_se."),
        Column(
            "naive_change",
            "DOUBLE",
            "Mean outcome of the treated less their own before, as a rate of as many days; csat: "
            f"less the newest answer. Before is {BEFORE_DAYS} days. Not an effect.",
        ),
        Column("note", "VARCHAR", "Why there is no interval; null where there is one."),
    ),
    tests=(UniqueTogether(("action", "segment_id", "outcome")),),
    reads=("feedback.action_outcomes",),
    lineage={
        **{name: [("feedback.action_outcomes", name)] for name in ("action", "segment_id")},
        **{name: [("feedback.action_outcomes", "arm")] for name in ("treated", "control")},
        **dict.fromkeys(("treated_mean", "control_mean", "raw_effect"), OUTCOME),
        **dict.fromkeys(ADJUSTED, WITH_BEFORE),
    },
)


def effects_picture(session: Session, periods: Sequence[Period]) -> str:
    effects = session.frame(
        "select action || ', ' || outcome as label, outcome, effect, ci_low, ci_high, naive_change "
        "from feedback.action_effects where segment_id is null and period = $period "
        "order by action desc",
        {"period": periods[-1].start.date()},
    )
    return "\n\n".join(
        effects_beside_naive(rows, f"Effect on {outcome} with its 95 % interval, {periods[-1].key}")
        for outcome in OUTCOMES
        if len(rows := effects[effects["outcome"] == outcome])
    )


def measured_effects(session: Session, day: date) -> pd.DataFrame:
    """The rows of the period that starts on `day`, without the column `period`."""
    effects = pool(compare(session.frame(EFFECT_SUMS, {"period_start": day})))
    note = np.select(
        [effects["effect"].isna(), effects["standard_error"].isna()], [UNPAIRED, TOO_FEW], ""
    )
    effects["note"] = pd.Series(note, effects.index).where(note != "")
    return effects[[name for name in names(ACTION_EFFECTS.columns) if name != "period"]]


@python_table(ACTION_EFFECTS, plot=effects_picture)
def action_effects(session: Session, period: Period, settings: Settings) -> pd.DataFrame:
    return measured_effects(session, period.start.date())
