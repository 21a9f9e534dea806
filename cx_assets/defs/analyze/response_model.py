"""analyze.response_model: who answers a survey and what, tried on the newest invitations."""

import json
from collections.abc import Sequence

import pandas as pd

from cx_assets.columns import Column, NotNull, Range, Unique
from cx_assets.defs.analyze.experience_input import DAYS_OPEN, FEATURES, training_invitations
from cx_assets.methods.additive import AdditiveLinear, AdditiveLogistic
from cx_assets.methods.response.learning import (
    ResponseModels,
    TooFew,
    Trial,
    learn,
    try_out,
)
from cx_assets.periods import Period
from cx_assets.plots import drivers, reliability_curve
from cx_assets.settings import Settings
from cx_assets.tables import Table, chained_table
from cx_assets.warehouse import Session

LEARNED = [
    *(("features.experience", name) for name in FEATURES),
    ("process.survey_responses", "responded_at"),
]

RESPONSE_MODEL = Table(
    name="analyze.response_model",
    description=(
        "One row per period: the model of who answers a survey, and of what is answered, by what "
        "was on record when it was sent.\n"
        "Learned from at most 30,000 invitations of the year to the period's end, with the answers "
        "given by then. The figures are those of the models of the period before, tried on this "
        "period's invitations."
    ),
    columns=(
        Column("period", "DATE", "First day of the period.", (NotNull(), Unique())),
        Column("invitations", "BIGINT", "Invitations learned from.", (NotNull(), Range(0))),
        Column("answered", "BIGINT", "Of them answered.", (NotNull(), Range(0))),
        Column("response_rate", "DOUBLE", "answered / invitations.", (Range(0, 1),)),
        Column("auc", "DOUBLE", "How well answerers are told apart in the test.", (Range(0, 1),)),
        Column(
            "calibration_error",
            "DOUBLE",
            "Mean distance of predicted and observed response rate over ten equal bins.",
            (Range(0, 0.1, severity="warn"),),
        ),
        Column("r_squared", "DOUBLE", "Share of the scores' variance that was expected there."),
        Column("reliability", "VARCHAR", "JSON: bin, predicted, observed, customers of the test."),
        Column("model", "VARCHAR", "JSON: P(answer), with days_open; null where too few."),
        Column("score_model", "VARCHAR", "JSON: the expected score_of_five; null where too few."),
        Column("note", "VARCHAR", "What is to be said against the model; null where nothing is."),
    ),
    reads=("features.experience", "process.survey_responses"),
    lineage={
        **dict.fromkeys(("auc", "calibration_error", "reliability", "model"), LEARNED),
        **{
            column: [*LEARNED, ("process.survey_responses", "score_of_five")]
            for column in ("r_squared", "score_model")
        },
        "answered": [("process.survey_responses", "responded_at")],
    },
)


def stored_models(session: Session, period: Period) -> ResponseModels | None:
    """The models of a period; None where there are none."""
    found = session.rows(
        'select model, score_model from "analyze".response_model '
        "where period = $period and model is not null",
        {"period": period.start.date()},
    )
    if not found:
        return None
    return from_json(*found[0])


def from_json(model: str, score_model: str) -> ResponseModels:
    return ResponseModels(AdditiveLogistic.from_json(model), AdditiveLinear.from_json(score_model))


def response_pictures(session: Session, periods: Sequence[Period]) -> str:
    ((reliability, model, note),) = session.rows(
        'select reliability, model, note from "analyze".response_model where period = $period',
        {"period": periods[-1].start.date()},
    )
    shown = [note] if note else []
    if bins := json.loads(reliability):
        shown.append(reliability_curve(pd.DataFrame(bins), "Who answers: predicted and observed"))
    if model:
        importance = AdditiveLogistic.from_json(model).importance_
        shown.append(drivers(importance, "What moves an answer (log-odds, standard deviation)"))
    return "\n\n".join(shown)


@chained_table(RESPONSE_MODEL, plot=response_pictures)
def response_model(
    session: Session, period: Period, settings: Settings, previous: pd.DataFrame
) -> pd.DataFrame:
    invitations = training_invitations(session, period)
    models, note = None, None
    try:
        models = learn(invitations, FEATURES, DAYS_OPEN)
    except TooFew as reason:
        note = f"no model: {reason}"
    before = previous.dropna(subset="model")
    newest = invitations[invitations["at"] >= period.start]
    trial = Trial()
    if len(before):
        trial = try_out(from_json(before["model"].item(), before["score_model"].item()), newest)
    elif models:
        note = "not tried yet: the period before has no model"
    answered = int(invitations["is_answered"].sum())
    row = {
        "invitations": len(invitations),
        "answered": answered,
        "response_rate": answered / len(invitations) if len(invitations) else None,
        "auc": trial.auc,
        "calibration_error": trial.calibration_error,
        "r_squared": trial.r_squared,
        "reliability": json.dumps(trial.reliability.to_dict(orient="records")),
        "model": models.answers.to_json() if models else None,
        "score_model": models.score.to_json() if models else None,
        "note": note,
    }
    return pd.DataFrame([row])
