"""Texts as sparse rows of unit length: which of the known terms a text has, weighted by rarity."""

from collections.abc import Callable, Sequence
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.preprocessing import normalize

from cx_assets.methods.intervals import Floats

# A term that fewer people wrote may be a name, and teaches little.
FEWEST_WRITERS = 5
DECIMALS = 4
Analyzer = Callable[[str], list[str]]


class TermVectors:
    """TF-IDF of whether a term is there; how often a short text repeats it says little more.

    A row depends on its own text alone, to the last digit, whatever batch it is in.

    Attributes:
        terms_: the terms, in the order of the columns.
        idf_: ln((1 + texts) / (1 + texts with the term)) + 1 of each term, or a power of it.
    """

    def __init__(self, analyzer: Analyzer, terms: Sequence[str], idf: ArrayLike) -> None:
        self.terms_ = list(terms)
        self.idf_ = np.asarray(idf, dtype=float)
        self._count = CountVectorizer(analyzer=analyzer, binary=True, vocabulary=self.terms_)

    @classmethod
    def learn(
        cls,
        analyzer: Analyzer,
        texts: Sequence[str],
        people: Sequence[str],
        scripts: Sequence[str],
        most: int,
        rarity_power: int = 1,
    ) -> tuple[Self, sparse.csr_matrix]:
        """Learn the terms, and give the rows of the texts.

        The `most` terms are taken that stand in the largest share of the texts of a script, so that
        a script which few write has its terms too; and none that fewer than five people wrote.

        Args:
            people: who wrote each text.
            scripts: the script of each text.
            rarity_power: the power of the inverse document frequency; with 2, common words weigh
                less still.
        """
        counter = CountVectorizer(analyzer=analyzer, binary=True)
        try:
            present = counter.fit_transform(texts)
        except ValueError:  # No text has a term.
            return cls(analyzer, [], []), sparse.csr_matrix((len(texts), 0))
        share = _largest_share(present, np.asarray(scripts))
        share[writers(present, people) < FEWEST_WRITERS] = 0
        by_share = np.argsort(-share, kind="stable")[:most]
        kept = np.sort(by_share[share[by_share] > 0])
        texts_with = np.bincount(present.indices, minlength=present.shape[1])[kept]
        rarity = np.log((1 + len(texts)) / (1 + texts_with)) + 1
        idf = np.round(rarity**rarity_power, DECIMALS)
        learned = cls(analyzer, counter.get_feature_names_out()[kept].tolist(), idf)
        return learned, learned._weighted(present[:, kept])

    def transform(self, texts: Sequence[str]) -> sparse.csr_matrix:
        """The rows of the texts; zeros where a text has none of the terms."""
        return self._weighted(self._count.transform(texts))

    def _weighted(self, present: sparse.csr_matrix) -> sparse.csr_matrix:
        if not self.terms_:
            return sparse.csr_matrix((present.shape[0], 0))
        weighted = present.astype(float)
        weighted.sort_indices()
        weighted.data = self.idf_[weighted.indices]
        return normalize(weighted)


def writers(present: sparse.csr_matrix, people: Sequence[str]) -> NDArray[np.int64]:
    """How many different people have each term in a text of theirs."""
    codes, names = pd.factorize(np.asarray(people, dtype=object))
    theirs = sparse.csr_matrix(
        (np.ones(len(codes)), (codes, np.arange(len(codes)))), shape=(len(names), len(codes))
    )
    used = theirs @ present
    return np.bincount(used.indices, minlength=present.shape[1])


def _largest_share(present: sparse.csr_matrix, scripts: NDArray[np.str_]) -> Floats:
    shares = [
        np.asarray(present[scripts == script].mean(axis=0)).ravel() for script in np.unique(scripts)
    ]
    return np.max(shares, axis=0)
