"""analyze.csat_drivers: what moves satisfaction, in score points."""

from collections.abc import Sequence

import pandas as pd

from cx_assets.columns import Column, NotNull, Range, Unique, names
from cx_assets.defs.analyze.experience_input import DAYS_OPEN, FEATURES, training_invitations
from cx_assets.defs.analyze.response_model import stored_models
from cx_assets.methods.drivers import TooFewAnswers, driver_effects
from cx_assets.methods.response.weights import trimmed_weights
from cx_assets.periods import Period
from cx_assets.plots import forest
from cx_assets.settings import Settings
from cx_assets.tables import Table, python_table
from cx_assets.warehouse import Session

# Two days, what most service desks promise at the latest.
LONG_RESOLUTION_HOURS = 48
FEWEST_ANSWERS = 100
MOST_CHANNELS = 4
CONTROLS = ("survey", "touchpoint", "country", "orders", "tenure_days", "tickets")

CSAT_DRIVERS = Table(
    name="analyze.csat_drivers",
    description=(
        "One row per driver and period: how many points of 1..5 it moves an answer, all other "
        "drivers held equal.\n"
        "A weighted regression of the answers of the year to the period's end (all kinds of "
        "surveys, stretched to 1..5; at most those to 30,000 invitations) on what was on record "
        "when the survey was sent: a late delivery, goods given back and a ticket that took "
        f"longer than {LONG_RESOLUTION_HOURS} hours, each within 60 days; the discount of a year; "
        "the channel of the last order against the most common one. What is asked about, country, "
        "orders, tenure and tickets are held equal. Answers stand for those who did not answer by "
        "analyze.response_model; intervals are 95 %, by customer. What customers choose "
        "themselves, such as price and channel, goes along with who they are: those effects are "
        "differences between customers, not what a change would do."
    ),
    columns=(
        Column("period", "DATE", "First day of the period.", (NotNull(),)),
        Column("driver", "VARCHAR", "What moves the score.", (NotNull(), Unique())),
        Column("effect", "DOUBLE", "Points of 1..5.", (NotNull(), Range(-4, 4, severity="warn"))),
        Column("ci_low", "DOUBLE", "Lower end of its interval.", (NotNull(),)),
        Column("ci_high", "DOUBLE", "Upper end of its interval.", (NotNull(),)),
        Column(
            "share_of_variance",
            "DOUBLE",
            "Its share of what the drivers explain together; the shares add up to 1.",
        ),
        Column("variance_explained", "DOUBLE", "Its share of all variance of the answers."),
        Column("exposed", "BIGINT", "Answers that met it.", (NotNull(), Range(1))),
        Column("answers", "BIGINT", "Answers in all.", (NotNull(), Range(FEWEST_ANSWERS))),
    ),
    reads=("features.experience", "process.survey_responses", "analyze.response_model"),
    lineage={
        column: [
            ("process.survey_responses", "score_of_five"),
            ("analyze.response_model", "model"),
            *(
                ("features.experience", name)
                for name in (
                    *("late_deliveries", "resolution_hours", "returned_orders"),
                    *("discount_share", "order_channel"),
                )
            ),
        ]
        for column in ("effect", "ci_low", "ci_high", "share_of_variance", "variance_explained")
    },
)


def met(answers: pd.DataFrame) -> pd.DataFrame:
    """What each answer's customer had met: one column per driver, named in words."""
    known = answers.fillna(
        {"late_deliveries": 0, "resolution_hours": 0, "returned_orders": 0, "discount_share": 0}
    )
    drivers = {
        "late delivery": known["late_deliveries"] > 0,
        "slow resolution": known["resolution_hours"] > LONG_RESOLUTION_HOURS,
        "goods given back": known["returned_orders"] > 0,
        "discount of 10 %": 10 * known["discount_share"],
    }
    counts = answers["order_channel"].dropna().astype(str).value_counts().sort_index()
    channels = list(counts.sort_values(ascending=False, kind="stable").index[:MOST_CHANNELS])
    channel = answers["order_channel"].astype(str)
    for other in channels[1:]:
        drivers[f"{other} instead of {channels[0]}"] = channel == other
    return pd.DataFrame(drivers).astype(float)


def forest_of_drivers(session: Session, periods: Sequence[Period]) -> str:
    rows = session.frame(
        "select driver, effect, ci_low, ci_high, share_of_variance "
        'from "analyze".csat_drivers where period = $period order by effect desc, driver',
        {"period": periods[-1].start.date()},
    )
    if rows.empty:
        return "Too few answers to tell what moves them."
    labels = [
        f"{driver} ({share:.0%})"
        for driver, share in zip(rows["driver"], rows["share_of_variance"].fillna(0), strict=True)
    ]
    return forest(
        labels,
        rows["effect"],
        rows["ci_low"],
        rows["ci_high"],
        title="Points of 1..5, and the share of what the drivers explain",
    )


@python_table(CSAT_DRIVERS, plot=forest_of_drivers)
def csat_drivers(session: Session, period: Period, settings: Settings) -> pd.DataFrame:
    columns = [name for name in names(CSAT_DRIVERS.columns) if name != "period"]
    models = stored_models(session, period)
    invitations = training_invitations(session, period)
    known = invitations["is_answered"] & invitations["customer_id"].notna()
    answers = invitations[known].reset_index(drop=True)
    if models is None or len(answers) < FEWEST_ANSWERS:
        return pd.DataFrame(columns=columns)
    exposures = met(answers)
    controls = answers[list(CONTROLS)].fillna(
        {"country": "unknown", "orders": 0, "tenure_days": 0, "tickets": 0}
    )
    propensity = models.answers.predict(answers[[*FEATURES, DAYS_OPEN]])
    weights = trimmed_weights(propensity, models.answers.base_rate_)
    score, whose = answers["score_of_five"], answers["customer_id"]
    try:
        effects = driver_effects(exposures, controls, score, weights, whose)
    except TooFewAnswers:
        return pd.DataFrame(columns=columns)
    exposed = exposures.gt(0).sum()
    return effects.assign(exposed=effects["driver"].map(exposed).astype(int), answers=len(answers))[
        columns
    ]
