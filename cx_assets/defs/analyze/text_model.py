"""analyze.text_model: what a good or bad text reads like, learned from comments with a score."""

import json
from collections.abc import Sequence

import pandas as pd

from cx_assets.columns import Column, NotNull, Range, Unique
from cx_assets.defs.analyze.text_input import COMMENTS, MOST_COMMENTS
from cx_assets.methods.texts import (
    FEWEST_PEOPLE,
    MODEST,
    TextSentiment,
    TooFewComments,
    telling_words,
    try_out,
)
from cx_assets.periods import Period
from cx_assets.plots import trend
from cx_assets.plots_texts import word_table
from cx_assets.settings import Settings
from cx_assets.tables import Table, python_table
from cx_assets.warehouse import Session

TEXT_MODEL = Table(
    name="analyze.text_model",
    description=(
        "One row per period: the model that reads a score out of a text, and how good it is.\n"
        "Ridge regression of the score (1 to 5) on the character n-grams of the newest "
        f"{MOST_COMMENTS:,} survey comments answered by the period's end, in any language and "
        "without anything pretrained. Every figure is out of fold: each comment is predicted by a "
        "model that knows none of that person's comments; so is the strength of the penalty "
        f"chosen. No model where fewer than {FEWEST_PEOPLE} people have commented: below that, a "
        f"rank correlation of {MODEST} cannot be told from none. The interval of the rank "
        "correlation is Bonett and Wright's over people; the errors are of single comments, and "
        "predicted_low and predicted_high of analyze.text_sentiment are their interval."
    ),
    columns=(
        Column("period", "DATE", "First day of the period.", (NotNull(), Unique())),
        Column("comments", "BIGINT", "Comments learned from.", (NotNull(), Range(0))),
        Column("people", "BIGINT", "Those who wrote them.", (NotNull(), Range(0))),
        Column(
            "rank_correlation",
            "DOUBLE",
            "Spearman's, of predicted and true scores; null without a model.",
            (Range(MODEST, severity="warn"),),
        ),
        Column("rank_low", "DOUBLE", "Lower end of its 95 % interval.", (Range(-1, 1),)),
        Column("rank_high", "DOUBLE", "Upper end of its 95 % interval.", (Range(-1, 1),)),
        Column(
            "length_correlation",
            "DOUBLE",
            "Baseline: that of the text's length alone, the sign apart.",
            (Range(0, 1),),
        ),
        Column("error", "DOUBLE", "Root mean square error of the score.", (Range(0),)),
        Column("baseline_error", "DOUBLE", "That of always the mean score.", (Range(0),)),
        Column("scripts", "VARCHAR", "JSON: script, comments, its rank correlation.", (NotNull(),)),
        Column("strength", "DOUBLE", "Penalty of the model of all comments.", (Range(0),)),
        Column("ngrams", "BIGINT", "Character n-grams in use.", (NotNull(), Range(0))),
        Column("good_words", "VARCHAR[]", "What speaks most for a good score.", (NotNull(),)),
        Column("bad_words", "VARCHAR[]", "What speaks most for a bad score.", (NotNull(),)),
        Column("model", "VARCHAR", "JSON: all that scoring needs; null where there is none."),
        Column("note", "VARCHAR", "What is to be said against the model; null where nothing is."),
    ),
    reads=("process.survey_responses",),
    lineage={
        column: [
            ("process.survey_responses", "comment"),
            ("process.survey_responses", "score_of_five"),
        ]
        for column in (
            "comments",
            "rank_correlation",
            "length_correlation",
            "error",
            "scripts",
            "good_words",
            "bad_words",
            "model",
        )
    },
)

NOTHING_LEARNED = {"scripts": "[]", "ngrams": 0, "good_words": [], "bad_words": [], "model": None}


def text_model_row(comments: pd.DataFrame) -> dict[str, object]:
    """The row of a period, without the column `period`, learned from text, person and score."""
    counted = {"comments": len(comments), "people": comments["person"].nunique()}
    try:
        model = TextSentiment().fit(comments)
    except TooFewComments as reason:
        return {**counted, **NOTHING_LEARNED, "note": f"no model: {reason}"}
    learned = model.learned_
    trial = try_out(learned)
    good, bad = telling_words(
        learned["text"].tolist(), learned["person"].tolist(), learned["predicted"]
    )
    return {
        **counted,
        "rank_correlation": trial.rank_correlation,
        "rank_low": trial.rank_low,
        "rank_high": trial.rank_high,
        "length_correlation": trial.length_correlation,
        "error": trial.error,
        "baseline_error": trial.baseline_error,
        "scripts": json.dumps(trial.scripts),
        "strength": model.strengths_[0],
        "ngrams": len(model.vectors_.terms_),
        "good_words": good,
        "bad_words": bad,
        "model": model.to_json(),
        "note": trial.note,
    }


def text_model_picture(session: Session, periods: Sequence[Period]) -> str:
    history = session.frame(
        "select period, rank_correlation, rank_low, rank_high, good_words, bad_words, note "
        'from "analyze".text_model where period <= $period order by period',
        {"period": periods[-1].start.date()},
    )
    newest = history.iloc[-1]
    shown = [newest["note"]] if isinstance(newest["note"], str) else []
    known = history.dropna(subset="rank_correlation")
    if len(known):
        shown.append(
            trend(
                known["period"],
                known["rank_correlation"],
                known["rank_low"],
                known["rank_high"],
                "Rank correlation with true scores, out of fold",
            )
        )
        shown.append(word_table(newest["good_words"], newest["bad_words"]))
    return "\n\n".join(shown)


@python_table(TEXT_MODEL, plot=text_model_picture)
def text_model(session: Session, period: Period, settings: Settings) -> pd.DataFrame:
    comments = session.frame(COMMENTS, {"period_end": period.end})
    return pd.DataFrame([text_model_row(comments)])
