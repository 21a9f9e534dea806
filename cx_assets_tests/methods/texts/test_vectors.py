import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from cx_assets.methods.texts.tokens import character_ngrams, words
from cx_assets.methods.texts.vectors import TermVectors
from cx_assets_tests.methods.texts.corpus import comments


def test_the_weights_are_those_of_scikit_learn() -> None:
    texts = comments(np.random.default_rng(1), 200)["text"].tolist()
    people = [f"p{number}" for number in range(200)]
    vectors, rows = TermVectors.learn(character_ngrams, texts, people, ["any"] * 200, most=100_000)
    oracle = TfidfVectorizer(analyzer=character_ngrams, binary=True, min_df=5)
    expected = oracle.fit_transform(texts)
    assert vectors.terms_ == oracle.get_feature_names_out().tolist()
    assert np.abs((rows - expected).toarray()).max() < 1e-4
    assert (vectors.transform(texts) != rows).nnz == 0


def test_what_fewer_than_five_people_wrote_is_no_term() -> None:
    texts = ["fine Rumpelstiltskin"] * 30 + ["fine goose"] * 5
    people = ["one"] * 15 + ["two", "three", "four"] * 5 + list("abcde")
    vectors, _ = TermVectors.learn(words, texts, people, ["latin"] * 35, most=10)
    assert vectors.terms_ == ["fine", "goose"]


def test_a_script_that_few_write_has_its_terms_too() -> None:
    rng = np.random.default_rng(2)
    many, few = comments(rng, 600, ("en",)), comments(rng, 40, ("zh",))
    texts, scripts = [*many["text"], *few["text"]], ["latin"] * 600 + ["han"] * 40
    vectors, _ = TermVectors.learn(words, texts, list(map(str, range(640))), scripts, most=60)
    assert sum(term > "\u3400" for term in vectors.terms_) == pytest.approx(30, abs=20)
