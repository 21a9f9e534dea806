"""analyze.text_sentiment: how good or bad every text of a period reads, scored batch by batch."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa

from cx_assets.columns import Column, NotNull, OneOf, Range, UniqueTogether
from cx_assets.defs.analyze.text_input import READS, SOURCES, SURVEY, TEXT_LINEAGE, TEXTS
from cx_assets.methods.texts import TextSentiment
from cx_assets.methods.texts.tokens import script_of
from cx_assets.periods import Period
from cx_assets.settings import Settings
from cx_assets.tables import Table, table_asset
from cx_assets.warehouse import Session

BATCH = 20_000

TEXT_SENTIMENT = Table(
    name="analyze.text_sentiment",
    description=(
        "One row per text and period: the score (1 to 5) that it reads like.\n"
        "Survey comments answered in the period, support tickets opened and social mentions "
        "posted in it, read by the model of analyze.text_model. A comment is read by a model that "
        "knows none of its writer's comments. The interval is where 95 % of the writers' own "
        "scores lay, out of fold. No score where there is no model, where fewer than 20 comments "
        "were in the text's script, or where the text has no part of a word that is known."
    ),
    columns=(
        Column("period", "DATE", "First day of the period.", (NotNull(),)),
        Column("source", "VARCHAR", "Table of the text.", (NotNull(), OneOf(SOURCES))),
        Column("text_id", "VARCHAR", "Its key in that table.", (NotNull(),)),
        Column("customer_id", "VARCHAR", "Who wrote it; null when unknown."),
        Column("script", "VARCHAR", "Script of most letters: latin, han, ...", (NotNull(),)),
        Column("predicted_score", "DOUBLE", "The score it reads like, or null.", (Range(1, 5),)),
        Column("predicted_low", "DOUBLE", "Lower end of the interval.", (Range(1, 5),)),
        Column("predicted_high", "DOUBLE", "Upper end of the interval.", (Range(1, 5),)),
        Column(
            "is_out_of_fold",
            "BOOLEAN",
            "By a model that does not know the writer's comments.",
            (NotNull(),),
        ),
    ),
    tests=(UniqueTogether(("source", "text_id")),),
    reads=(*READS, "analyze.text_model"),
    lineage={
        "text_id": [
            ("process.survey_responses", "response_id"),
            ("process.support_tickets", "ticket_id"),
            ("process.social_mentions", "mention_id"),
        ],
        "customer_id": [(table, "customer_id") for table in READS],
        "script": TEXT_LINEAGE,
        **{
            column: [("analyze.text_model", "model"), *TEXT_LINEAGE]
            for column in ("predicted_score", "predicted_low", "predicted_high")
        },
    },
)

SCHEMA = pa.schema(
    {
        "period": pa.date32(),
        "source": pa.string(),
        "text_id": pa.string(),
        "customer_id": pa.string(),
        "script": pa.string(),
        "predicted_score": pa.float64(),
        "predicted_low": pa.float64(),
        "predicted_high": pa.float64(),
        "is_out_of_fold": pa.bool_(),
    }
)


def score(texts: pd.DataFrame, model: TextSentiment | None) -> pd.DataFrame:
    """The columns of the table, without `period`, for one batch of texts.

    Args:
        texts: source, text_id, customer_id and text.
        model: None where there is none.
    """
    comment = texts["source"] == SURVEY
    keys = texts[["source", "text_id", "customer_id"]]
    if model is None:
        unread = {f"predicted_{name}": np.nan for name in ("score", "low", "high")}
        return keys.assign(script=texts["text"].map(script_of), is_out_of_fold=False, **unread)
    person = texts["customer_id"].where(texts["customer_id"].notna(), texts["text_id"])
    people = [one if known else None for one, known in zip(person, comment, strict=True)]
    read = model.predict(texts["text"].tolist(), people).set_index(texts.index)
    scored = comment & read["predicted_score"].notna()
    return pd.concat([keys, read], axis="columns").assign(is_out_of_fold=scored)


def append_scores(
    session: Session, staged: str, periods: Sequence[Period], settings: Settings
) -> None:
    for period in periods:
        day = period.start.date()
        stored = session.rows(
            'select model from "analyze".text_model where period = $period', {"period": day}
        )[0][0]
        model = TextSentiment.from_json(stored) if stored else None
        window = {"period_start": period.start, "period_end": period.end}
        for batch in session.batches(TEXTS, window, BATCH):
            rows = score(batch.to_pandas(), model).assign(period=day)
            session.append(staged, pa.Table.from_pandas(rows, SCHEMA, preserve_index=False))


text_sentiment = table_asset(TEXT_SENTIMENT, append_scores)
