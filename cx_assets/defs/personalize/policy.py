"""personalize.policy: what is believed about every action in every segment, and how surely."""

from collections.abc import Sequence

import pandas as pd

from cx_assets.catalogue import OUTCOMES, Catalogue, catalogue_of
from cx_assets.columns import Column, NotNull, OneOf, Range, UniqueTogether
from cx_assets.methods.policy.beliefs import SOURCES, beliefs
from cx_assets.periods import SETTINGS, Period
from cx_assets.plots import forest
from cx_assets.settings import Settings
from cx_assets.tables import Table, python_table
from cx_assets.warehouse import Session

EFFECT = [
    ("feedback.action_effects", "pooled_effect"),
    ("feedback.action_effects", "pooled_se"),
]

BELIEVED = (
    *("effect_mean", "effect_sd", "net_benefit_mean", "net_benefit_sd"),
    *("net_benefit_low", "net_benefit_high", "probability_best", "source"),
)

POLICY = Table(
    name="personalize.policy",
    description=(
        "One row per segment, action of the catalogue and period: the belief that the period's "
        "decisions are drawn from.\n"
        "The effect on the action's own outcome as known by the period's end, as a normal: the "
        "partially pooled posterior of the segment, else of all segments. An action that was not "
        "measured yet is believed to be worth its cost, give or take (one standard deviation) that "
        "of the dearest action. Net benefit: worth times effect, less cost, as money per treated "
        "customer."
    ),
    columns=(
        Column("period", "DATE", "First day of the period.", (NotNull(),)),
        Column("segment_id", "BIGINT", "The segment.", (NotNull(),)),
        Column("segment_name", "VARCHAR", "Its name in words.", (NotNull(),)),
        Column("action", "VARCHAR", "The action.", (NotNull(),)),
        Column("outcome", "VARCHAR", "What it should move.", (NotNull(), OneOf(OUTCOMES))),
        Column("cost", "DOUBLE", "Money per delivery.", (NotNull(), Range(0))),
        Column("effect_mean", "DOUBLE", "Expected effect on that outcome.", (NotNull(),)),
        Column("effect_sd", "DOUBLE", "Standard deviation of the belief.", (NotNull(), Range(0))),
        Column("net_benefit_mean", "DOUBLE", "Expected net benefit, as money.", (NotNull(),)),
        Column("net_benefit_sd", "DOUBLE", "Its standard deviation.", (NotNull(), Range(0))),
        Column("net_benefit_low", "DOUBLE", "Lower end of its 95 % interval.", (NotNull(),)),
        Column("net_benefit_high", "DOUBLE", "Upper end of that interval.", (NotNull(),)),
        Column(
            "probability_best",
            "DOUBLE",
            "P(best of all actions, and better than none); what is left to 1 is none's.",
            (NotNull(), Range(0, 1)),
        ),
        Column(
            "source",
            "VARCHAR",
            "measured: in this segment; pooled: over all segments; prior: not measured yet.",
            (NotNull(), OneOf(SOURCES)),
        ),
        Column("policy_version", "VARCHAR", "Which policy believes it.", (NotNull(),)),
    ),
    tests=(UniqueTogether(("segment_id", "action")),),
    reads=("analyze.segments", "feedback.action_effects"),
    # Another catalogue makes another table.
    code_version=f"1-{catalogue_of(SETTINGS).policy_version(SETTINGS.holdout_share)}",
    lineage={
        "segment_id": [("analyze.segments", "segment_id")],
        "segment_name": [("analyze.segments", "segment_name")],
        **dict.fromkeys(BELIEVED, EFFECT),
    },
)

SEGMENTS = """
select distinct segment_id, segment_name
from "analyze".segments
where period = $period
order by segment_id
"""

EFFECTS = """
select action, segment_id, outcome, pooled_effect, pooled_se
from feedback.action_effects
where period = $period
order by action, segment_id, outcome
"""

NET_BENEFITS = """
select action || ': ' || segment_name as label, net_benefit_mean, net_benefit_low, net_benefit_high
from personalize.policy
where period = $period
order by action desc, net_benefit_mean
"""


def actions_of(catalogue: Catalogue) -> pd.DataFrame:
    """action, outcome, cost and worth, as `beliefs` wants them."""
    return pd.DataFrame(
        {
            "action": [action.name for action in catalogue.actions],
            "outcome": [action.outcome for action in catalogue.actions],
            "cost": [float(action.cost) for action in catalogue.actions],
            "worth": [float(action.worth) for action in catalogue.actions],
        }
    )


def policy_picture(session: Session, periods: Sequence[Period]) -> str:
    rows = session.frame(NET_BENEFITS, {"period": periods[-1].start.date()})
    return forest(
        rows["label"],
        rows["net_benefit_mean"],
        rows["net_benefit_low"],
        rows["net_benefit_high"],
        title=f"Net benefit per action as believed, with its 95 % interval, {periods[-1].key}",
    )


@python_table(POLICY, plot=policy_picture)
def policy(session: Session, period: Period, settings: Settings) -> pd.DataFrame:
    catalogue = catalogue_of(settings)
    day = {"period": period.start.date()}
    segments = session.frame(SEGMENTS, day)
    effects = session.frame(EFFECTS, day)
    believed = beliefs(effects, segments["segment_id"].tolist(), actions_of(catalogue))
    return believed.merge(segments, on="segment_id", validate="many_to_one").assign(
        policy_version=catalogue.policy_version(settings.holdout_share)
    )
