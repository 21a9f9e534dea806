"""analyze.text_topics: what the texts of a period are about, and how good each topic reads."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from cx_assets.columns import Column, NotNull, Range, Unique
from cx_assets.defs.analyze.text_input import READS, TEXT_LINEAGE, TEXTS
from cx_assets.methods.texts import TextTopics, TooFewTexts, topic_sums, topic_table
from cx_assets.methods.texts.topics import NONE
from cx_assets.periods import Period
from cx_assets.plots_texts import topics_picture
from cx_assets.settings import Settings
from cx_assets.tables import Table, python_table
from cx_assets.warehouse import Session

# Topics are found in so many texts at most, and then looked for in all.
SAMPLE_SIZE = 5_000
BATCH = 20_000

TEXT_TOPICS = Table(
    name="analyze.text_topics",
    description=(
        "One row per topic and period: words that go together in the period's comments, tickets "
        "and mentions.\n"
        "Non-negative matrix factorisation of TF-IDF of the words (in scripts without spaces: of "
        "neighbouring characters), each script by itself: a topic has one language, and topics "
        "are found anew in each period. Every text counts to the topic that it is most like, or "
        "to topic 0: none of them, or one with fewer than 10 texts. A term was written by at "
        "least five people, and by nobody's e-mail address, handle or phone number. mentions and "
        "share count all texts, so they have no interval; mean_score is that of "
        "analyze.text_sentiment, with Student's t interval over texts: what the model may have "
        "wrong about all of them is not in it."
    ),
    columns=(
        Column("period", "DATE", "First day of the period.", (NotNull(),)),
        Column("topic", "BIGINT", "1 has most mentions; 0 is none.", (NotNull(), Unique())),
        Column("name", "VARCHAR", "Its three most telling terms.", (NotNull(),)),
        Column("terms", "VARCHAR[]", "Up to ten, the most telling first.", (NotNull(),)),
        Column("mentions", "BIGINT", "Texts with this main topic.", (NotNull(), Range(0))),
        Column("share", "DOUBLE", "Of all texts of the period.", (NotNull(), Range(0, 1))),
        Column("scored", "BIGINT", "Texts that have a score.", (NotNull(), Range(0))),
        Column("mean_score", "DOUBLE", "Mean predicted score of them.", (Range(1, 5),)),
        Column(
            "mean_low", "DOUBLE", "Lower end of its 95 % interval; null where all scores are equal."
        ),
        Column(
            "mean_high",
            "DOUBLE",
            "Upper end of its 95 % interval; null where all scores are equal.",
        ),
        Column("note", "VARCHAR", "Why there are no topics or scores; null where there are."),
    ),
    reads=(*READS, "analyze.text_sentiment"),
    lineage={
        **dict.fromkeys(("topic", "name", "terms", "mentions", "share"), TEXT_LINEAGE),
        **{
            column: [("analyze.text_sentiment", "predicted_score"), *TEXT_LINEAGE]
            for column in ("scored", "mean_score", "mean_low", "mean_high")
        },
    },
)

# The same texts every time, in the same order.
SAMPLE = f"""
select text, coalesce(customer_id, source || ' ' || text_id) as person
from ({TEXTS}) as texts
order by md5(source || ' ' || text_id), source, text_id
limit {SAMPLE_SIZE}
"""

SCORED = f"""
select texts.text, scores.predicted_score
from ({TEXTS}) as texts
left join "analyze".text_sentiment as scores
    on scores.source = texts.source and scores.text_id = texts.text_id
    and scores.period = cast($period_start as date)
"""


def topic_rows(session: Session, period: Period) -> pd.DataFrame:
    """The rows of a period, without the column `period`; none where nobody wrote anything."""
    window = {"period_start": period.start, "period_end": period.end}
    sample = session.frame(SAMPLE, window)
    topics, missing = None, None
    try:
        topics = TextTopics().fit(sample["text"].tolist(), sample["person"].tolist())
    except TooFewTexts as reason:
        missing = f"no topics: {reason}"
    terms = [topics.terms(one) for one in range(len(topics.components_))] if topics else []
    sums = topic_sums([], [], len(terms))
    for batch in session.batches(SCORED, window, BATCH):
        texts = batch.to_pandas()
        main = topics.assign(texts["text"].tolist()) if topics else np.full(len(texts), NONE)
        sums += topic_sums(main, texts["predicted_score"], len(terms))
    table = topic_table(sums, terms)
    unscored = "no text has a score"
    notes = [missing or (None if scored else unscored) for scored in table["scored"]]
    return table.assign(note=pd.Series(notes, dtype=object))


def topics_plot(session: Session, periods: Sequence[Period]) -> str:
    rows = session.frame(
        "select topic, terms, mentions, share, mean_score, mean_low, mean_high, note "
        'from "analyze".text_topics where period = $period order by topic = 0, topic',
        {"period": periods[-1].start.date()},
    )
    return topics_picture(rows, f"What customers write about, {periods[-1].key}")


@python_table(TEXT_TOPICS, plot=topics_plot)
def text_topics(session: Session, period: Period, settings: Settings) -> pd.DataFrame:
    return topic_rows(session, period)
