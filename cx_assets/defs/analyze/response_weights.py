"""analyze.response_weights: for how many of the asked each answer stands, batch by batch."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa

from cx_assets.columns import Column, NotNull, Range, Unique
from cx_assets.defs.analyze.experience_input import DAYS_OPEN, FEATURES, INVITATIONS
from cx_assets.defs.analyze.response_model import LEARNED, stored_models
from cx_assets.methods.response.learning import ResponseModels
from cx_assets.methods.response.weights import trimmed_weights
from cx_assets.periods import Period
from cx_assets.settings import Settings
from cx_assets.tables import Table, table_asset
from cx_assets.warehouse import Session

RESPONSE_WEIGHTS = Table(
    name="analyze.response_weights",
    description=(
        "One row per survey invitation of the period: how likely an answer was, for how many of "
        "the asked the answer stands, and what was expected of it.\n"
        "By the models of analyze.response_model; no rows where there are none. An answer counts "
        "that was given by the period's end."
    ),
    columns=(
        Column("period", "DATE", "First day of the period.", (NotNull(),)),
        Column("response_id", "VARCHAR", "The invitation.", (NotNull(), Unique())),
        Column("is_answered", "BOOLEAN", "Answered by the period's end.", (NotNull(),)),
        Column("propensity", "DOUBLE", "P(an answer by then).", (NotNull(), Range(0, 1))),
        Column(
            "weight",
            "DOUBLE",
            "1 / propensity, at most 5 / the response rate; null without an answer.",
            (Range(1),),
        ),
        Column("expected_score", "DOUBLE", "Expected score on the survey's scale.", (NotNull(),)),
        Column("score", "DOUBLE", "The answer on the survey's scale; null without one."),
    ),
    reads=("features.experience", "process.survey_responses", "analyze.response_model"),
    lineage={
        "response_id": [("features.experience", "moment_id")],
        "is_answered": [("process.survey_responses", "responded_at")],
        "score": [("process.survey_responses", "score")],
        "propensity": [("analyze.response_model", "model"), *LEARNED],
        "weight": [("analyze.response_model", "model"), *LEARNED],
        "expected_score": [("analyze.response_model", "score_model"), *LEARNED],
    },
)

SCHEMA = pa.schema(
    {
        "period": pa.date32(),
        "response_id": pa.string(),
        "is_answered": pa.bool_(),
        "propensity": pa.float64(),
        "weight": pa.float64(),
        "expected_score": pa.float64(),
        "score": pa.float64(),
    }
)


def weighted(invitations: pd.DataFrame, models: ResponseModels) -> pd.DataFrame:
    """The columns of the table, without `period`, for one batch of invitations."""
    propensity = models.answers.predict(invitations[[*FEATURES, DAYS_OPEN]])
    answered = invitations["is_answered"].to_numpy(dtype=bool)
    weight = trimmed_weights(propensity, models.answers.base_rate_)
    lowest, highest = invitations["scale_min"], invitations["scale_max"]
    of_five = np.clip(models.score.predict(invitations[list(FEATURES)]), 1, 5)
    return pd.DataFrame(
        {
            "response_id": invitations["moment_id"],
            "is_answered": answered,
            "propensity": propensity,
            "weight": np.where(answered, weight, np.nan),
            "expected_score": lowest + (of_five - 1) / 4 * (highest - lowest),
            "score": invitations["score"],
        }
    )


def append_weights(
    session: Session, staged: str, periods: Sequence[Period], settings: Settings
) -> None:
    for period in periods:
        models = stored_models(session, period)
        if models is None:
            continue
        window = {
            "first_period": period.start.date(),
            "period_start": period.start.date(),
            "period_end": period.end,
        }
        for batch in session.batches(INVITATIONS, window):
            rows = weighted(batch.to_pandas(), models).assign(period=period.start.date())
            session.append(staged, pa.Table.from_pandas(rows, SCHEMA, preserve_index=False))


response_weights = table_asset(RESPONSE_WEIGHTS, append_weights)
