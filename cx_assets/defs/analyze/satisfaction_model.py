"""analyze.satisfaction_model: what customers would answer, learned from those who did."""

import json
from collections.abc import Sequence

import pandas as pd

from cx_assets.columns import Column, NotNull, Range, Unique
from cx_assets.defs.analyze.earlier_answers import learned_answers
from cx_assets.defs.analyze.experience_input import EXPERIENCE, FEATURES
from cx_assets.defs.analyze.response_model import stored_models
from cx_assets.methods.expected_score import (
    FEWEST_ANSWERS,
    ExpectedScore,
    TooFewAnswers,
    Trial,
    try_out,
)
from cx_assets.methods.response import trimmed_weights
from cx_assets.methods.response.learning import ResponseModels
from cx_assets.periods import Period
from cx_assets.plots_expected_score import model_picture
from cx_assets.settings import Settings
from cx_assets.tables import Table, chained_table
from cx_assets.warehouse import Session

# What customers are scored as if asked: anyone can be asked it, and the survey plan asks it.
PREFERRED = ("csat", "relationship")

LEARNED = [
    ("process.survey_responses", "score_of_five"),
    ("process.survey_responses", "responded_at"),
    *(("features.experience", name) for name in FEATURES),
    ("analyze.response_model", "model"),
]
VARIANCES = ("level_variance", "mood_variance", "mood_days", "noise_variance")
ERRORS = tuple(f"{name}_se" for name in VARIANCES)

SATISFACTION_MODEL = Table(
    name="analyze.satisfaction_model",
    description=(
        "One row per period: the model of what a customer would answer, and how good it is.\n"
        "answer = f(experience) + level of the customer + mood of the moment + error of the "
        "answer. f is additive and weighs each answer by the customers it stands for. A level "
        "lasts, a mood fades by half in .69 mood_days: so what is known of a customer ages. "
        "Learned from at most 50,000 answers of two years, on 1..5 whatever their scale. The test: "
        "the answers of the period, predicted by the model of the period before. Customers are "
        "scored as if asked with a csat survey about the relationship; where fewer than 50 such "
        "answers are known, about what csat is mostly answered about, and by the commonest channel."
    ),
    columns=(
        Column("period", "DATE", "First day of the period.", (NotNull(), Unique())),
        Column("answers", "BIGINT", "Answers learned from.", (NotNull(), Range(0))),
        Column("customers", "BIGINT", "Customers who gave them.", (NotNull(), Range(0))),
        Column("repeaters", "BIGINT", "Customers with two or more of them.", (Range(0),)),
        Column("level_variance", "DOUBLE", "Of customers' lasting level.", (Range(0),)),
        Column("mood_variance", "DOUBLE", "Of their passing mood.", (Range(0),)),
        Column("mood_days", "DOUBLE", "Days after which e^-1 of a mood is left.", (Range(0),)),
        Column(
            "noise_variance", "DOUBLE", "Of the error of an answer to asked_survey.", (Range(0),)
        ),
        *(
            Column(error, "DOUBLE", f"Standard error of {name}; null where it has none.")
            for name, error in zip(VARIANCES, ERRORS, strict=True)
        ),
        Column("asked_survey", "VARCHAR", "Kind of survey that customers are scored for."),
        Column("asked_touchpoint", "VARCHAR", "What it would be about."),
        Column("asked_channel", "VARCHAR", "How it would be sent."),
        Column("tested", "BIGINT", "Answers in the test.", (NotNull(), Range(0))),
        Column("r_squared", "DOUBLE", "Share of their variance that was predicted."),
        Column("naive_r_squared", "DOUBLE", "That of the last answer, or else the mean."),
        Column(
            "coverage",
            "DOUBLE",
            "Share of them within their 95 % intervals.",
            (Range(0.9, 0.99, severity="warn"),),
        ),
        Column("bins", "VARCHAR", "JSON: tenths of the test with predicted, stated, low, high."),
        Column("model", "VARCHAR", "JSON: all that scoring needs; null where too few answers."),
        Column("note", "VARCHAR", "What is to be said against the model; null where nothing is."),
    ),
    reads=("process.survey_responses", "features.experience", "analyze.response_model"),
    lineage=dict.fromkeys(
        (*VARIANCES, "r_squared", "naive_r_squared", "coverage", "bins", "model"), LEARNED
    ),
)


def asked_as(answers: pd.DataFrame) -> dict[str, str]:
    """The survey, touchpoint and channel that customers are scored for.

    Only what has been answered often is known well enough to be asked of everybody.
    """
    if answers.empty:
        return {}
    counts = answers.value_counts(["survey", "touchpoint"]).sort_index()

    def preference(kind: tuple[str, str]) -> tuple[bool, bool, int]:
        enough = counts[kind] >= FEWEST_ANSWERS
        return enough and kind == PREFERRED, enough and kind[0] == PREFERRED[0], counts[kind]

    survey, touchpoint = max(counts.index, key=preference)
    channel = answers["channel"].value_counts().sort_index().idxmax()
    return {"asked_survey": survey, "asked_touchpoint": touchpoint, "asked_channel": channel}


def answer_weights(answers: pd.DataFrame, models: ResponseModels | None) -> pd.Series:
    """For how many of the asked each answer stands; all the same without a response model."""
    if models is None:
        return pd.Series(1.0, answers.index)
    propensity = models.answers.predict(answers)
    return pd.Series(trimmed_weights(propensity, models.answers.base_rate_), answers.index)


def fitted(answers: pd.DataFrame, models: ResponseModels | None) -> ExpectedScore:
    return ExpectedScore().fit(answers, EXPERIENCE, answer_weights(answers, models))


def trial(answers: pd.DataFrame, previous: pd.DataFrame, period: Period) -> Trial:
    """The answers of the period, predicted by the model of the period before."""
    before = previous.dropna(subset="model")
    if before.empty:
        return Trial()
    model = ExpectedScore.from_json(before["model"].item())
    return try_out(model, answers[answers["at"] >= period.start], answers)


def verdict(model: ExpectedScore, tried: Trial) -> str | None:
    found = []
    if model.components_.assumed:
        found.append("too few answered twice: how much is the customer's own is assumed")
    if tried.r_squared < tried.naive_r_squared:
        found.append("does not predict better than the last answer")
    return "; ".join(found) or None


def satisfaction_row(session: Session, period: Period, previous: pd.DataFrame) -> dict[str, object]:
    """The row of a period, without the column `period`."""
    answers = learned_answers(session, period)
    models = stored_models(session, period)
    asked = asked_as(answers)
    row = {
        "answers": len(answers),
        "customers": answers["customer_id"].nunique(),
        **asked,
        "tested": 0,
    }
    try:
        model = fitted(answers, models)
    except TooFewAnswers as reason:
        return {**row, "note": f"no model: {reason}"}
    tried = trial(answers, previous, period)
    estimate, errors = model.components_.estimate, model.components_.standard_errors
    survey = pd.Series([asked["asked_survey"]])
    return {
        **row,
        "repeaters": model.components_.repeaters,
        "level_variance": estimate.level,
        "mood_variance": estimate.mood,
        "mood_days": estimate.mood_days,
        "noise_variance": estimate.noise_of(survey)[0],
        "level_variance_se": errors.level,
        "mood_variance_se": errors.mood,
        "mood_days_se": errors.mood_days,
        "noise_variance_se": errors.noise_of(survey)[0],
        "tested": tried.tested,
        "r_squared": tried.r_squared,
        "naive_r_squared": tried.naive_r_squared,
        "coverage": tried.coverage,
        "bins": tried.bins.to_json(orient="records", double_precision=15),
        "model": model.to_json(),
        "note": verdict(model, tried),
    }


def stored_model(
    session: Session, period: Period
) -> tuple[ExpectedScore | None, dict[str, str], str | None]:
    """The model of a period, None where there is none; what customers are asked; and the note."""
    ((stored, survey, touchpoint, channel, note),) = session.rows(
        "select model, asked_survey, asked_touchpoint, asked_channel, note "
        'from "analyze".satisfaction_model where period = $period',
        {"period": period.start.date()},
    )
    model = ExpectedScore.from_json(stored) if stored else None
    return model, {"survey": survey, "touchpoint": touchpoint, "channel": channel}, note


def satisfaction_picture(session: Session, periods: Sequence[Period]) -> str:
    ((bins, model, note),) = session.rows(
        'select bins, model, note from "analyze".satisfaction_model where period = $period',
        {"period": periods[-1].start.date()},
    )
    shown = [note] if note else []
    if model:
        mood = ExpectedScore.from_json(model).mood_
        title = f"What customers would answer, {periods[-1].key}"
        shown.append(model_picture(pd.DataFrame(json.loads(bins)), mood, title))
    return "\n\n".join(shown)


@chained_table(SATISFACTION_MODEL, plot=satisfaction_picture)
def satisfaction_model(
    session: Session, period: Period, settings: Settings, previous: pd.DataFrame
) -> pd.DataFrame:
    row = pd.DataFrame([satisfaction_row(session, period, previous)])
    return row.reindex(columns=[column.name for column in SATISFACTION_MODEL.columns[1:]])
