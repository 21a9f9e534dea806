"""The words that make a text read as good or bad."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from cx_assets.methods.texts.tokens import first_apart, script_of, words
from cx_assets.methods.texts.vectors import TermVectors

MOST_WORDS = 2_000


def telling_words(
    texts: Sequence[str], people: Sequence[str], predicted: ArrayLike, most: int = 12
) -> tuple[list[str], list[str]]:
    """The words that speak most for a good and for a bad score, the strongest first.

    A word (bigram, where a script has no spaces) that five people wrote is as strong as the mean
    predicted score of its texts is far from that of all, times the square root of how many there
    are: as in a test of means, so that neither a rare word nor a common one has it easy.

    Args:
        predicted: score of each text.
    """
    scripts = [script_of(text) for text in texts]
    vectors, rows = TermVectors.learn(words, texts, people, scripts, MOST_WORDS)
    present = rows.astype(bool).astype(float)
    size = np.asarray(present.sum(axis=0)).ravel()
    score = np.asarray(predicted, dtype=float)
    strength = (present.T @ (score - score.mean())) / np.sqrt(np.maximum(size, 1))
    sides = []
    for side in (strength, -strength):
        order = np.argsort(-side, kind="stable")
        sides.append(first_apart((vectors.terms_[at] for at in order if side[at] > 0), most))
    return sides[0], sides[1]
