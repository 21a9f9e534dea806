import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_mutual_info_score

from cx_assets.methods.texts import TextTopics, TooFewTexts, topic_sums, topic_table
from cx_assets.methods.texts.topics import topics_of
from cx_assets_tests.methods.texts.corpus import comments


@pytest.fixture(scope="module")
def told() -> pd.DataFrame:
    return comments(np.random.default_rng(1), 1_500)


@pytest.fixture(scope="module")
def topics(told: pd.DataFrame) -> TextTopics:
    return TextTopics().fit(told["text"].tolist(), told["person"].tolist())


def test_the_topics_of_both_languages_are_found(told: pd.DataFrame, topics: TextTopics) -> None:
    found = topics.assign(told["text"].tolist())
    for language in ("en", "zh"):
        texts = (told["language"] == language).to_numpy()
        agreed = adjusted_mutual_info_score(told.loc[texts, "topic"], found[texts])
        assert agreed > 0.5, language
        largest = pd.crosstab(found[texts], told.loc[texts, "topic"]).max(axis=1).sum()
        assert largest / texts.sum() > 0.8, language
    # A topic is of one script.
    assert (pd.crosstab(found[found >= 0], told["language"][found >= 0]).min(axis=1) == 0).all()


def test_terms_name_no_one(told: pd.DataFrame) -> None:
    signed = [f"{text} [email] [handle]" for text in told["text"]]
    signed[:30] = [f"{text} says Rumpelstiltskin" for text in signed[:30]]
    people = told["person"].tolist()
    people[:30] = ["one"] * 30
    topics = TextTopics().fit(signed, people)
    terms = {term for one in range(len(topics.components_)) for term in topics.terms(one)}
    assert len(terms) > 50
    assert not terms & {"email", "handle", "says", "rumpelstiltskin"}


def test_the_same_texts_have_the_same_topics(told: pd.DataFrame, topics: TextTopics) -> None:
    again = TextTopics().fit(told["text"].tolist(), told["person"].tolist())
    assert np.array_equal(again.components_, topics.components_)
    some = told["text"].head(50).tolist()
    assert topics.assign(some).tolist() == [topics.assign([text])[0] for text in some]


def test_what_shares_no_word_has_no_topic(topics: TextTopics) -> None:
    assert topics.assign(["очень плохо", "[email]", ""]).tolist() == [-1, -1, -1]


@pytest.mark.parametrize(
    ("texts", "topics"),
    [
        ({}, {}),
        ({"latin": 39}, {}),
        ({"latin": 40}, {"latin": 2}),
        ({"latin": 300, "han": 100}, {"latin": 15, "han": 5}),
        (
            {"latin": 9_000, "han": 1_000, "thai": 60, "kana": 39},
            {"latin": 17, "han": 2, "thai": 2},
        ),
    ],
)
def test_a_script_has_topics_by_its_texts(texts: dict[str, int], topics: dict[str, int]) -> None:
    assert topics_of(texts) == topics


def test_few_texts_have_no_topics(told: pd.DataFrame) -> None:
    some = told.head(30)
    with pytest.raises(TooFewTexts, match="40 texts"):
        TextTopics().fit(some["text"].tolist(), some["person"].tolist())


def test_mentions_and_means_by_hand() -> None:
    topic = [0] * 10 + [1] * 12 + [2] * 9 + [-1]
    score = [4.0, 5.0] * 5 + [1.5] * 12 + [3.0] * 9 + [np.nan]
    whole = topic_sums(topic, score, 3)
    parts = topic_sums(topic[:7], score[:7], 3) + topic_sums(topic[7:], score[7:], 3)
    assert np.array_equal(whole, parts)
    table = topic_table(whole, [["a", "b", "c", "d"], ["late"], ["few"]])
    assert table["topic"].tolist() == [1, 2, 0]
    assert table["name"].tolist() == ["late", "a, b, c", "none"]
    assert table["mentions"].tolist() == [12, 10, 10]
    assert table["scored"].tolist() == [12, 10, 9]
    assert table["share"].tolist() == pytest.approx([12 / 32, 10 / 32, 10 / 32])
    assert table["mean_score"].tolist() == [1.5, 4.5, 3.0]
    # Student's t with nine degrees of freedom: 2.262157 x sqrt(0.2777778 / 10).
    assert table["mean_high"][1] == pytest.approx(4.5 + 2.262157 * 0.1666667)
    assert table["mean_low"].isna().tolist() == [True, False, True]


def test_no_texts_are_no_rows() -> None:
    assert topic_table(topic_sums([], [], 0), []).empty
