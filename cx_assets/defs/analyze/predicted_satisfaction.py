"""analyze.predicted_satisfaction: what every customer would answer now, and how sure that is."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from cx_assets.columns import Column, NotNull, Range, Unique
from cx_assets.defs.analyze.earlier_answers import earlier_answers
from cx_assets.defs.analyze.experience_input import (
    DAYS_OPEN,
    EXPERIENCE,
    FEATURES,
    MOST_DAYS_OPEN,
    SELECTED,
)
from cx_assets.defs.analyze.response_model import stored_models
from cx_assets.defs.analyze.satisfaction_model import stored_model
from cx_assets.methods.expected_score import MOST_ANSWERS, ExpectedScore, expected_scores
from cx_assets.methods.response.learning import ResponseModels
from cx_assets.periods import Period
from cx_assets.plots import bars
from cx_assets.settings import Settings
from cx_assets.tables import Table, table_asset
from cx_assets.warehouse import Session
from cx_assets.warehouse.scratch import hash_parts

PREDICTED = [
    ("analyze.satisfaction_model", "model"),
    ("process.survey_responses", "score_of_five"),
    ("process.survey_responses", "responded_at"),
    *(("features.experience", name) for name in EXPERIENCE),
]

PREDICTED_SATISFACTION = Table(
    name="analyze.predicted_satisfaction",
    description=(
        "One row per customer and period: what the customer would answer at the period's end.\n"
        "Asked with the survey that analyze.satisfaction_model names, on 1..5, and by its model: "
        "from what is on record and from the customer's five newest answers of two years. stated "
        "is the newest of them, whatever its survey, stretched to 1..5. Predictions are null where "
        "there is no model, and the note says why."
    ),
    columns=(
        Column("period", "DATE", "First day of the period.", (NotNull(),)),
        Column("customer_id", "VARCHAR", "The customer.", (NotNull(), Unique())),
        Column("predicted_score", "DOUBLE", "Expected answer.", (Range(1, 5),)),
        Column("predicted_low", "DOUBLE", "Lower end of the answer's 95 % interval."),
        Column("predicted_high", "DOUBLE", "Upper end of the answer's 95 % interval."),
        Column(
            "uncertainty",
            "DOUBLE",
            "Variance of the satisfaction itself, without the answer's error, points squared.",
            (Range(0),),
        ),
        Column("response_propensity", "DOUBLE", "P(an answer within 30 days).", (Range(0, 1),)),
        Column("stated_score", "DOUBLE", "Newest answer; null without one.", (Range(1, 5),)),
        Column("stated_days", "BIGINT", "Its age in days.", (Range(0),)),
        Column(
            "expected_before",
            "DOUBLE",
            "What was to be expected of it from the answers before.",
            (Range(1, 5),),
        ),
        Column("disagrees", "BOOLEAN", "It lies outside the 95 % interval expected before."),
        Column("note", "VARCHAR", "Why nothing is predicted; null where something is."),
    ),
    reads=(
        "features.experience",
        "process.survey_responses",
        "analyze.satisfaction_model",
        "analyze.response_model",
    ),
    lineage={
        "customer_id": [("features.experience", "customer_id")],
        **dict.fromkeys(
            (
                *("predicted_score", "predicted_low", "predicted_high", "uncertainty"),
                *("expected_before", "disagrees"),
            ),
            PREDICTED,
        ),
        "response_propensity": [
            ("analyze.response_model", "model"),
            *(("features.experience", name) for name in FEATURES),
        ],
        "stated_score": [("process.survey_responses", "score_of_five")],
        "stated_days": [("process.survey_responses", "responded_at")],
        "note": [("analyze.satisfaction_model", "note")],
    },
)

SCHEMA = pa.schema(
    {
        "period": pa.date32(),
        "customer_id": pa.string(),
        **dict.fromkeys(
            (
                *("predicted_score", "predicted_low", "predicted_high", "uncertainty"),
                *("response_propensity", "stated_score"),
            ),
            pa.float64(),
        ),
        "stated_days": pa.int64(),
        "expected_before": pa.float64(),
        "disagrees": pa.bool_(),
        "note": pa.string(),
    }
)
MOST_AT_ONCE = 100_000

PART = """
from features.experience as moments
where not moments.is_invitation
    and moments.period = $period
    and md5(moments.customer_id) >= $part_start
    and md5(moments.customer_id) < $part_end
"""
MOMENTS = f'select moments.moment_id, moments.customer_id, moments.at as "at" {PART}'
CUSTOMERS = (
    f'select moments.moment_id, moments.customer_id, moments.at as "at", {SELECTED} {PART} '
    "order by moments.moment_id"
)


def parts(session: Session, period: Period, most: int = MOST_AT_ONCE) -> Iterator[dict[str, Any]]:
    """Parameters of PART: the customers in parts of about so many, by the hash of their keys."""
    day = period.start.date()
    ((customers,),) = session.rows(
        "select count(*) from features.experience where not is_invitation and period = $period",
        {"period": day},
    )
    for part in hash_parts(customers, most):
        yield {"period": day, **part}


def scored(
    customers: pd.DataFrame,
    answers: pd.DataFrame,
    model: ExpectedScore | None,
    models: ResponseModels | None,
    note: str | None,
) -> pd.DataFrame:
    """The columns of the table, without `period`, for some customers.

    Args:
        customers: moment_id, customer_id, at, and FEATURES as they would be asked.
        answers: their answers, as `earlier_answers` gives them, one more than the model uses.
        model: None where there is none, and then `note` says why.
        models: who answers; None where there are none.
    """
    newest = answers.drop_duplicates("moment_id").set_index("moment_id")
    stated = newest.reindex(customers["moment_id"]).set_axis(customers.index)
    rows = pd.DataFrame(
        {
            "customer_id": customers["customer_id"],
            "response_propensity": np.nan,
            "stated_score": stated["score"],
            "stated_days": (customers["at"] - stated["at"]).dt.days.astype("Int64"),
            "note": None if model else note or "no model",
        }
    )
    if models:
        asked = customers.assign(**{DAYS_OPEN: MOST_DAYS_OPEN})
        rows["response_propensity"] = models.answers.predict(asked)
    if model is None:
        return rows
    found = expected_scores(model, customers, answers)
    before = expected_scores(model, newest.reset_index(), answers[answers.duplicated("moment_id")])
    before = before.set_axis(newest.index).reindex(customers["moment_id"]).set_axis(rows.index)
    outside = (rows["stated_score"] < before["low"]) | (rows["stated_score"] > before["high"])
    return rows.assign(
        predicted_score=found["expected"],
        predicted_low=found["low"],
        predicted_high=found["high"],
        uncertainty=found["uncertainty"],
        expected_before=before["expected"],
        disagrees=outside.astype("boolean").mask(before["expected"].isna()),
    )


def append_predictions(
    session: Session, staged: str, periods: Sequence[Period], settings: Settings
) -> None:
    for period in periods:
        model, asked, note = stored_model(session, period)
        models = stored_models(session, period)
        for part in parts(session, period):
            customers = session.frame(CUSTOMERS, part).assign(**asked)
            answers = earlier_answers(session, MOMENTS, part, MOST_ANSWERS + 1)
            rows = scored(customers, answers, model, models, note)
            rows = rows.assign(period=period.start.date()).reindex(columns=SCHEMA.names)
            session.append(staged, pa.Table.from_pandas(rows, SCHEMA, preserve_index=False))


def known_picture(session: Session, periods: Sequence[Period]) -> str:
    counts = dict(
        session.rows(
            "select case when stated_days is null then 'no answer' "
            "when stated_days <= 30 then '30 days' when stated_days <= 90 then '90 days' "
            "when stated_days <= 180 then '180 days' else 'older' end as age, count(*) "
            'from "analyze".predicted_satisfaction where period = $period group by age',
            {"period": periods[-1].start.date()},
        )
    )
    ages = ("30 days", "90 days", "180 days", "older", "no answer")
    title = f"Customers by the age of their newest answer, {periods[-1].key}"
    return bars(ages, [counts.get(age, 0) for age in ages], title)


predicted_satisfaction = table_asset(PREDICTED_SATISFACTION, append_predictions, known_picture)
