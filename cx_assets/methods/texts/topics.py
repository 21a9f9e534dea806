"""What texts are about: non-negative matrix factorisation of their words."""

import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.decomposition import NMF
from sklearn.exceptions import ConvergenceWarning

from cx_assets.methods.intervals import Floats
from cx_assets.methods.texts.tokens import first_apart, script_of, words
from cx_assets.methods.texts.vectors import TermVectors

MOST_TERMS = 2_000
# More topics than this nobody reads; and one needs some texts to be more than a few people's words.
MOST_TOPICS = 20
TEXTS_PER_TOPIC = 20
# In fewer topics than this a script's texts would not differ.
FEWEST_TOPICS = 2
FEWEST_TEXTS = FEWEST_TOPICS * TEXTS_PER_TOPIC
# A text that is less like its best topic than this (cosine) is about none of them.
LIKE = 0.1
NONE = -1
# Of what names a topic, this much is how often its texts have the term, the rest how much oftener
# than others have it (Sievert and Shirley 2014).
RELEVANCE = 0.6
SEED = 0


class TooFewTexts(ValueError):
    """There is nothing to find topics in; the message says why."""


class TextTopics:
    """Topics as sets of words that go together; one text has one topic or none.

    Texts are TF-IDF of their words (of bigrams where a script has no spaces between words), with
    the rarity squared, or greetings and small words would make topics of their own. There is one
    topic for every 20 texts, 20 at most. Each script is factorised by itself and has topics by its
    share of the texts, two at least: words of two scripts do not go together, and the larger script
    would take all.

    Attributes:
        vectors_: the terms.
        components_: (topics, terms); rows of unit length.
    """

    vectors_: TermVectors
    components_: Floats

    def fit(self, texts: Sequence[str], people: Sequence[str]) -> Self:
        """Find the topics of texts that these people wrote.

        Raises:
            TooFewTexts: fewer than 40 of one script, or too few words that five people wrote.
        """
        scripts = [script_of(text) for text in texts]
        self.vectors_, rows = TermVectors.learn(
            words, texts, people, scripts, MOST_TERMS, rarity_power=2
        )
        # A text without a known word is of no script here.
        of = np.where(np.diff(rows.indptr) > 0, scripts, "")
        found = [
            factorise(rows[of == script], number)
            for script, number in topics_of(Counter(of[of != ""].tolist())).items()
        ]
        if not found:
            raise TooFewTexts(
                f"no script has {FEWEST_TEXTS} texts with words that several people wrote"
            )
        self.components_ = np.vstack(found)
        return self

    def assign(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """The topic of each text, from 0; -1 for none. A row depends on its own text alone."""
        likeness = self.vectors_.transform(texts) @ self.components_.T
        return np.where(likeness.max(axis=1) >= LIKE, likeness.argmax(axis=1), NONE)

    def terms(self, topic: int, most: int = 10) -> list[str]:
        """The terms that say what the topic is, the most telling first."""
        share = self.components_ / self.components_.sum(axis=1, keepdims=True)
        mine = share[topic]
        has = np.flatnonzero(mine)
        lift = mine[has] / share.mean(axis=0)[has]
        relevance = RELEVANCE * np.log(mine[has]) + (1 - RELEVANCE) * np.log(lift)
        order = has[np.argsort(-relevance, kind="stable")]
        return first_apart((self.vectors_.terms_[at] for at in order), most)


def topics_of(texts: Mapping[str, int]) -> dict[str, int]:
    """How many topics each script has, by its texts; a script that has too few is left out."""
    total = sum(texts.values())
    numbers = {
        script: min(size // TEXTS_PER_TOPIC, max(FEWEST_TOPICS, MOST_TOPICS * size // total))
        for script, size in sorted(texts.items())
    }
    return {script: number for script, number in numbers.items() if number >= FEWEST_TOPICS}


def factorise(rows: sparse.csr_matrix, topics: int) -> Floats:
    """The topics as rows of unit length over the terms; the same for the same rows.

    Fewer than `topics` where the texts have fewer different words, or a topic comes out empty.
    """
    number = min(topics, len(np.unique(rows.indices)), rows.shape[0])
    nmf = NMF(number, init="nndsvd", tol=1e-3, max_iter=400, random_state=SEED)
    with warnings.catch_warnings():
        # Now and then the last digits go on moving; the terms that lead a topic do not.
        warnings.simplefilter("ignore", ConvergenceWarning)
        found = nmf.fit(rows).components_
    length = np.linalg.norm(found, axis=1, keepdims=True)
    return (found / np.maximum(length, 1e-12))[length.ravel() > 0]
