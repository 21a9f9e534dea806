"""How often each topic comes up, and how good its texts read."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from cx_assets.methods.intervals import mean_interval, sample_variance

# Below this a topic is a few people's, and is counted with what is about none.
FEWEST_MENTIONS = 10
NO_TOPIC = 0
# Scores have four decimals; as whole numbers they add up to the same in any order.
UNIT = 10_000


def topic_sums(topic: ArrayLike, score: ArrayLike, topics: int) -> NDArray[np.int64]:
    """Texts, scored texts, and sums of the scores and of their squares; shape (topics + 1, 4).

    The sums of several batches may be added up, in any order.

    Args:
        topic: of each text, from 0; -1, which is counted in the last row, for none.
        score: of each text, at most four decimals; nan without one.
    """
    units = np.rint(np.nan_to_num(np.asarray(score, dtype=float)) * UNIT).astype(np.int64)
    columns = [np.ones(len(units), np.int64), (units > 0).astype(np.int64), units, units**2]
    sums = np.zeros((topics + 1, 4), dtype=np.int64)
    np.add.at(sums, np.asarray(topic, dtype=np.int64), np.column_stack(columns))
    return sums


def topic_table(sums: NDArray[np.int64], terms: Sequence[Sequence[str]]) -> pd.DataFrame:
    """The topics, numbered from 1 by mentions, and last topic 0: none, or fewer than 10 texts.

    Args:
        sums: of `topic_sums`.
        terms: of each topic.

    Returns:
        topic, name, terms, mentions, share, scored, mean_score, mean_low and mean_high (Student's
        t, 95 %; nan where no text has a score). No rows where there are no texts.
    """
    topics = sums[:-1]
    large = np.flatnonzero(topics[:, 0] >= FEWEST_MENTIONS)
    order = large[np.argsort(-topics[large, 0], kind="stable")]
    others = sums.sum(axis=0) - topics[order].sum(axis=0)
    mentions, scored, total, squares = np.vstack([topics[order], others]).T
    told = [*(list(terms[at]) for at in order), []]
    mean = total / np.where(scored > 0, scored, np.nan) / UNIT
    variance = sample_variance(scored.astype(float), mean, squares / UNIT**2)
    low, high = mean_interval(scored, mean, np.nan_to_num(variance))
    table = pd.DataFrame(
        {
            "topic": [*range(1, len(told)), NO_TOPIC],
            "name": [", ".join(some[:3]) or "none" for some in told],
            "terms": pd.Series(told, dtype=object),
            "mentions": mentions,
            "share": mentions / max(mentions.sum(), 1),
            "scored": scored,
            "mean_score": mean,
            "mean_low": low,
            "mean_high": high,
        }
    )
    return table if mentions.sum() else table.iloc[:0]
